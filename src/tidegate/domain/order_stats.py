"""Order statistics: what became of the decisions of this run."""

from collections.abc import Iterator, Mapping


class OrderStats(Mapping[str, int]):
    """Counters that read like a mapping.

    `attempted` orders sent, `successful` those the venue took, `failed` those it refused or that ended by an error of
    ours, `refused` decisions that never left, `unknown` orders whose outcome is not known now.
    """

    __slots__ = ("attempted", "failed", "refused", "successful", "unknown")

    def __init__(self) -> None:
        self.attempted = 0
        self.successful = 0
        self.failed = 0
        self.refused = 0
        self.unknown = 0

    _NAMES = ("attempted", "successful", "failed", "refused", "unknown")

    def __getitem__(self, name: str) -> int:
        if name not in self._NAMES:
            raise KeyError(name)
        count: int = getattr(self, name)
        return count

    def __iter__(self) -> Iterator[str]:
        return iter(self._NAMES)

    def __len__(self) -> int:
        return len(self._NAMES)

    def __repr__(self) -> str:
        return "OrderStats(" + ", ".join(f"{name}={count}" for name, count in self.items()) + ")"
