"""Evidence: what a life left behind, in its store and in the truth, read once for everyone who judges."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import get_args

from msgspec import Struct

from tidegate.domain.events import (
    DecisionRefused,
    IncidentRaised,
    JournalEvent,
    NoOrderDecided,
    OrderNews,
    OrderRejected,
    OrderSending,
)
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import OrderStorePort
from tidegate.domain.records import JournalRow, StoredAccount

_ALL = 1_000_000
_NEWS = get_args(OrderNews)


class Records(Struct, frozen=True, kw_only=True):
    """Everything that a store holds."""

    rows: tuple[JournalRow, ...]
    orders: dict[str, OrderRecord]
    fills: tuple[Fill, ...]
    account: StoredAccount
    flaws: tuple[str, ...]


async def read_records(store: OrderStorePort) -> Records:
    """Read a store through its port, and have it check itself where it can."""
    verify, disagreements = getattr(store, "verify_chain", None), getattr(store, "disagreements", None)
    flaw = verify() if callable(verify) else None
    return Records(
        account=await store.load(),
        rows=tuple(await store.journal(limit=_ALL)),
        orders={one.client_order_id: one for one in await store.orders(limit=_ALL)},
        fills=tuple(await store.fills(limit=_ALL)),
        flaws=(*(() if flaw is None else (flaw,)), *(disagreements() if callable(disagreements) else ())),
    )


class Evidence:
    """The records as they ended, taken apart in the ways in which they are asked about."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def events(self) -> Iterator[tuple[int, JournalEvent]]:
        """Every event with the number of its row."""
        for row in self.records.rows:
            for event in row.events:
                yield row.sequence, event

    @cached_property
    def incidents(self) -> set[tuple[str, str]]:
        """Kind and order of every incident."""
        return {(one.kind, one.client_order_id) for _, one in self.events() if isinstance(one, IncidentRaised)}

    @cached_property
    def sendings(self) -> dict[str, list[OrderSending]]:
        """Attempts by order."""
        found: dict[str, list[OrderSending]] = defaultdict(list)
        for _, event in self.events():
            if isinstance(event, OrderSending):
                found[event.order.client_order_id].append(event)
        return found

    @cached_property
    def news(self) -> dict[str, list[OrderNews]]:
        """What was learnt of each order, as it was written down."""
        found: dict[str, list[OrderNews]] = defaultdict(list)
        for _, event in self.events():
            if isinstance(event, _NEWS):
                found[event.client_order_id].append(event)
        return found

    @cached_property
    def rejections(self) -> list[OrderRejected]:
        return [one for _, one in self.events() if isinstance(one, OrderRejected)]

    @cached_property
    def outcomes(self) -> dict[str, list[str]]:
        """What each decision id came to: its order's id, REFUSED, or NONE for no order needed."""
        found: dict[str, list[str]] = defaultdict(list)
        for _, event in self.events():
            if isinstance(event, OrderSending) and event.decision is not None:
                found[event.decision.decision_id].append(event.order.client_order_id)
            elif isinstance(event, DecisionRefused):
                found[event.decision.decision_id].append("REFUSED")
            elif isinstance(event, NoOrderDecided):
                found[event.decision.decision_id].append("NONE")
        return found

    def is_quarantined(self, client_order_id: str) -> bool:
        """Whether it is listed as what is never adopted: other terms at the venue, or a poisoned intent (B20, P11)."""
        return self.names("TERMS_DIFFER", client_order_id) or self.names("QUARANTINE", client_order_id)

    def names(self, kind: str, client_order_id: str) -> bool:
        """Whether an incident of this kind names the order."""
        return (kind, client_order_id) in self.incidents


def difference(before: OrderRecord | None, after: OrderRecord) -> str:
    """Which fields of an order are not what they were."""
    if before is None:
        return "was not there"
    names = after.__struct_fields__
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return ", ".join(f"{name} was {getattr(before, name)} and is {getattr(after, name)}" for name in changed)
