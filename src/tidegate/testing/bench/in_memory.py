"""In memory: what one decision costs from its arrival to its fill, with the null venue and with the paper venue."""

from decimal import Decimal
from itertools import count

from tidegate.adapters.clocks import WallClock
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.testing.bench.markets import PaperMarket, recording_of
from tidegate.testing.bench.null_venue import SYMBOL, NullVenue
from tidegate.testing.bench.rounds import median_of_rounds, seconds
from tidegate.testing.bench.services import ACCOUNT, decisions, must_be, open_services
from tidegate.testing.bench.sizes import Sizes

_SIZE = Decimal("0.001")
_ORDERS_A_READING = 500


async def in_memory_us(sizes: Sizes) -> float:
    """Microseconds an order: decision to accepted and filled, with every check, the null venue and the memory store.

    Nothing is encoded: that store writes its journal's bytes when they are asked for.
    """
    clock = WallClock()
    venue = NullVenue(clock)
    numbers = count(1)
    async with open_services(venue, MemoryOrderStore(ACCOUNT, clock), clock) as application:
        execute_decision = application.coordinator.execute_decision

        async def one_round() -> float:
            made = decisions(sizes.orders, _SIZE, f"round{next(numbers)}")
            took = 0.0
            for start in range(0, len(made), _ORDERS_A_READING):
                venue.hear()
                part = made[start : start + _ORDERS_A_READING]
                began = seconds()
                results = [await execute_decision(SYMBOL, decision) for decision in part]
                took += seconds() - began
                for result in results:
                    must_be(result)
            return took / len(made) * 1e6

        return await median_of_rounds(one_round)


async def paper_us(sizes: Sizes) -> float:
    """The same with the paper venue's book and ledger, without latencies. Between orders the market moves by one row.

    Moving it is not in the figure; reading the moved book is.
    """
    market = PaperMarket(recording_of(sizes))
    market.open()
    numbers = count(1)
    async with open_services(market.broker, MemoryOrderStore(ACCOUNT, market.clock), market.clock) as application:
        execute_decision = application.coordinator.execute_decision

        async def one_round() -> float:
            made = decisions(sizes.orders, _SIZE, f"round{next(numbers)}")
            took = 0.0
            for decision in made:
                market.move()
                began = seconds()
                result = await execute_decision(market.symbol, decision)
                took += seconds() - began
                must_be(result)
            return took / len(made) * 1e6

        return await median_of_rounds(one_round)
