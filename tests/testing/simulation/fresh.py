"""What a fresh window of seeds came to, for the summary."""

from dataclasses import dataclass, field


@dataclass
class Fresh:
    """The window, and its violations in words."""

    seeds: range = range(0)
    found: list[str] = field(default_factory=list)


FRESH = Fresh()
