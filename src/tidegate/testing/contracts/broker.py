"""The contract of Broker as tests: subclass it, say how your venue is opened, and run pytest.

```python
class TestMyVenue(BrokerContract):
    @asynccontextmanager
    async def open_venue(self, folder):
        async with MyVenue(folder / "emulator.sock") as broker:
            yield OpenedVenue(broker=broker, clock=WallClock(), symbol="BTC-USD")
```

The venue is one that nobody else trades on, with money and a book for `symbol`: an emulator, a sandbox, a paper venue.
The suite places orders of a few times the product's minimum.
"""

from tidegate.testing.contracts.brokers.account import AccountClaims
from tidegate.testing.contracts.brokers.identity import IdentityClaims
from tidegate.testing.contracts.brokers.market import MarketClaims
from tidegate.testing.contracts.brokers.opened import OpenedVenue
from tidegate.testing.contracts.brokers.orders import OrderClaims
from tidegate.testing.contracts.brokers.streams import StreamClaims

__all__ = ["BrokerContract", "OpenedVenue"]


class BrokerContract(MarketClaims, OrderClaims, IdentityClaims, AccountClaims, StreamClaims):
    """What every venue behind the Broker port promises, as far as it can be seen without breaking it."""
