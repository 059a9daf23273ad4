"""ConfigurationError: a setting or argument that cannot be used, told in one line that names it, never its value."""


class ConfigurationError(Exception):
    """Ends the program before anything is traded (C1 to C4).

    `keys` are the settings to look at, as they are written in the file (`risk.max_leverage`). The message is one line,
    and holds no value: a value may be a secret that stands under the wrong key.
    """

    def __init__(self, message: str, keys: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys


class BadArgument(ConfigurationError, TypeError):
    """What a caller handed over is not what is wanted there; `argument` names the parameter."""

    def __init__(self, argument: str, value: object, wanted: str) -> None:
        super().__init__(f"{argument} must be {wanted}, not {type(value).__name__}", (argument,))
        self.argument = argument


def require(argument: str, value: object, wanted: str, *calls: str) -> None:
    """Have what is handed over be something with these methods, now and not when one of them is first used.

    Raises:
        BadArgument: it is not.
    """
    if value is None or not all(callable(getattr(value, name, None)) for name in calls):
        raise BadArgument(argument, value, wanted)


def require_kind(argument: str, value: object, kind: type, wanted: str) -> None:
    """The same for what must be of a type.

    Raises:
        BadArgument: it is not.
    """
    if not isinstance(value, kind):
        raise BadArgument(argument, value, wanted)
