"""Ended orders: remembered until they are durable, since a store that fails would tell of them as they were before."""

from tidegate.application.store_watch import StoreWatch
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import TERMINAL, OrderRecord
from tidegate.domain.ports import OrderStorePort
from tidegate.domain.records import Step, StepCommitted


class EndedOrders:
    """What has ended and has been handed to the store, which may not have written it yet."""

    def __init__(self, store: OrderStorePort, watch: StoreWatch) -> None:
        self._store = store
        self._watch = watch
        self._records: dict[ClientOrderId, OrderRecord] = {}

    def remember(self, step: Step) -> None:
        """Take what has ended in a step that was handed to the store."""
        for record in step.orders:
            if record.status in TERMINAL:
                self.keep(record)

    def keep(self, record: OrderRecord) -> None:
        """Take one that has ended."""
        self._records[record.order.client_order_id] = record

    def find(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        """An order that has ended; None says nothing."""
        return self._records.get(client_order_id)

    async def leave_to_store(self) -> None:
        """Forget what is durable: everything handed over so far, if the store says so."""
        before = dict(self._records)
        outcome = await self._store.flush() if before else None
        self._watch.heard(outcome)
        if type(outcome) is StepCommitted:
            for order_id, record in before.items():
                if self._records.get(order_id) is record:
                    del self._records[order_id]
