"""EventSubscriberPort: who is told what happened."""

from typing import Protocol

from tidegate.domain.events import JournalEvent


class EventSubscriberPort(Protocol):
    """Told of every event after it was applied. Observers only: what they do never changes the order's way."""

    def notice(self, event: JournalEvent) -> None:
        """Take note, quickly and without waiting. An exception is caught, counted and reported, and stops nothing."""
        ...
