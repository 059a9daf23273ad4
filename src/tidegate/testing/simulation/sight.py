"""Sight: what each process has asked for and been told since it last may have missed something."""

LISTINGS = ("fills", "open_orders", "positions", "balances")
"""What a complete pass over an account has read."""


class Sight:
    """A process is blind from its start, and from every gap that it was told of, until it has read each listing."""

    def __init__(self) -> None:
        self._lost_at: dict[str, float] = {}
        self._read_at: dict[tuple[str, str], float] = {}

    def lost(self, process: str, at: float) -> None:
        """From now on it may have missed something."""
        self._lost_at[process] = at

    def read(self, process: str, what: str, asked_at: float) -> None:
        """A question that was asked then has been answered in full."""
        self._read_at[process, what] = asked_at

    def blindness(self, process: str) -> str:
        """Which listing it has not read since it lost sight; empty where it has read all."""
        lost_at = self._lost_at.get(process, -1.0)
        for what in LISTINGS:
            if self._read_at.get((process, what), -1.0) < lost_at:
                return f"the venue's {what.replace('_', ' ')} have not been read since {lost_at:.3f} s"
        return ""
