"""Parts: what of the outside a life is made with, so that an adapter's author can put in an engine or a store."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from tidegate.domain.ports import Broker, ClockPort, OrderStorePort
from tidegate.testing.simulation.broker import SimulatedBroker
from tidegate.testing.simulation.gate import Gate
from tidegate.testing.simulation.store import abandon_file_store, open_file_store
from tidegate.testing.simulation.world import World


class Parts(Struct, frozen=True, kw_only=True):
    """How a process gets its broker and its store.

    `make_broker(world, gate, account_id)` is called for each process: an engine of your own reaches the venue through
    `world.wire` and passes `gate.reach` before and after each effect. `open_store(path, account_id, clock, process)` is
    called for each process too, and `abandon_store` when it is killed: nothing that was queued may be written then.
    """

    make_broker: Callable[[World, Gate, str], Broker] = SimulatedBroker
    open_store: Callable[[Path, str, ClockPort, str], OrderStorePort] = open_file_store
    abandon_store: Callable[[OrderStorePort], None] = abandon_file_store


SIMULATED = Parts()
"""The simulated broker over the simulated venue, and the real SQLite store."""
