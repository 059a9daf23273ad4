"""The contract of OrderStorePort as tests: subclass it, say how your store is opened, and run pytest.

```python
class TestMyStore(DurableOrderStoreContract):
    def open_store(self, folder, clock):
        return MyStore(folder / "my.db", account_id=ACCOUNT_ID, clock=clock)

    async def leave_request(self, folder, store, kind, payload):
        return await MyInbox(folder / "my.db").submit_request(kind, payload)
```
"""

from tidegate.testing.contracts.order_stores.durability import DurabilityClaims
from tidegate.testing.contracts.order_stores.intents import IntentClaims
from tidegate.testing.contracts.order_stores.journal import JournalClaims
from tidegate.testing.contracts.order_stores.opened import ACCOUNT_ID, OpenedStore
from tidegate.testing.contracts.order_stores.projections import ProjectionClaims
from tidegate.testing.contracts.order_stores.states import StateClaims
from tidegate.testing.contracts.order_stores.steps import FixedClock, OrderSteps

__all__ = [
    "ACCOUNT_ID",
    "DurableOrderStoreContract",
    "FixedClock",
    "OpenedStore",
    "OrderSteps",
    "OrderStoreContract",
]


class OrderStoreContract(IntentClaims, StateClaims, JournalClaims, ProjectionClaims):
    """What every store promises."""


class DurableOrderStoreContract(OrderStoreContract, DurabilityClaims):
    """What a store promises that outlives its process."""
