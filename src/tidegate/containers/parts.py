"""Parts: providers whose override must come before the first use of what it replaces; a late one is an error."""

from typing import Any

from dependency_injector import providers


class LateOverrideError(RuntimeError):
    """An override after the original had been handed out: somebody would go on using what was to be replaced."""


class Part(providers.Singleton[Any]):
    """One object a container, made on first use, that may be overridden until then.

    It stays one object whatever kind of provider takes its place: a factory would give desk and placement a store each.
    """

    is_used = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.is_used = True
        return super().__call__(*args, **kwargs)

    def override(self, provider: Any) -> Any:
        _refuse_late(self, self.is_used)
        return super().override(_one(provider))


class Opening(providers.Dependency[Any]):
    """A port left open, which a container for an environment fills; like a part, it is not filled once it was used."""

    is_used = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.is_used = True
        return super().__call__(*args, **kwargs)

    def override(self, provider: Any) -> Any:
        _refuse_late(self, self.is_used)
        return super().override(_one(provider))


class Made(providers.Factory[Any]):
    """A new object a call, that may be overridden until the first."""

    is_used = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.is_used = True
        return super().__call__(*args, **kwargs)

    def override(self, provider: Any) -> Any:
        _refuse_late(self, self.is_used)
        return super().override(provider)


def same(part: Any) -> Any:
    """One object under another name, so that the name can be overridden alone."""
    return part


def _one(provider: Any) -> Any:
    """The provider of one object: a factory's first."""
    is_one = isinstance(provider, providers.BaseSingleton | providers.Object | providers.Dependency)
    return provider if is_one or not isinstance(provider, providers.Provider) else providers.Singleton(provider)


def _refuse_late(provider: object, is_used: bool) -> None:
    if is_used:
        raise LateOverrideError(
            f"{provider} has been used already: override a part before anything that needs it has been made"
        )
