"""Publishing: telling subscribers what happened, so that none of them can stand in an order's way."""

from collections.abc import Callable, Iterable

from tidegate.domain.events import JournalEvent
from tidegate.domain.ports import EventSubscriberPort


class Publisher:
    """Hands every event to every subscriber, in order; a subscriber that raises is counted and the next one is told."""

    def __init__(self) -> None:
        self.subscribers: tuple[EventSubscriberPort, ...] = ()
        self.errors: dict[str, int] = {}

    def subscribe(self, subscriber: EventSubscriberPort) -> Callable[[], None]:
        """Tell this subscriber from now on; the returned call ends it and may be repeated.

        Raises:
            TypeError: it has no `notice(event)` to be told by.
        """
        if not callable(getattr(subscriber, "notice", None)):
            raise TypeError(f"a subscriber has a method notice(event), and {type(subscriber).__name__} has none")
        self.subscribers = (*self.subscribers, subscriber)

        def unsubscribe() -> None:
            left = list(self.subscribers)
            if subscriber in left:
                left.remove(subscriber)
                self.subscribers = tuple(left)

        return unsubscribe

    def publish(self, events: Iterable[JournalEvent]) -> None:
        for event in events:
            # A tuple, so that one may come or go while the others are being told.
            for subscriber in self.subscribers:
                try:
                    subscriber.notice(event)
                except (Exception, SystemExit):  # noqa: BLE001 -- an observer's bug, of any kind, must not become an order's
                    name = type(subscriber).__name__
                    self.errors[name] = self.errors.get(name, 0) + 1
