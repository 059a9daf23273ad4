"""AccountPort: the venue's own reading of our money and derivative positions."""

from datetime import datetime
from typing import Protocol

from tidegate.domain.movements import Movement
from tidegate.domain.submissions import Unreachable, VenueBalances, VenuePositions


class AccountPort(Protocol):
    """What the venue says we have; truth for balances and derivative positions, a check for spot positions."""

    async def balances(self) -> VenueBalances | Unreachable:
        """All balances; a failed or partial fetch is Unreachable, never an empty set (R7)."""
        ...

    async def positions(self) -> VenuePositions | Unreachable:
        """All derivative positions, flat ones left out; a failed or partial fetch is Unreachable (R7)."""
        ...

    async def movements(self, since: datetime) -> tuple[Movement, ...] | Unreachable:
        """What the venue moved by no order of ours, stamped at or after `since`, oldest first; partial is Unreachable.

        A venue that tells of none answers with an empty tuple; what it does all the same is then a mismatch.
        """
        ...
