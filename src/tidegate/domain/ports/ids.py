"""IdPort: the only source of new identifiers."""

from typing import Protocol


class IdPort(Protocol):
    """Draws identifiers that are unique for as long as any store remembers them; seeded in replay and simulation."""

    def draw(self) -> str:
        """32 lower-case letters and digits."""
        ...
