"""A program that opens a store and records orders, saying a line of each once it is durable, until it is killed."""

import asyncio
import json
import os
import sys
from itertools import count
from pathlib import Path

from tidegate.adapters.stores.sqlite import SqliteOrderStore, open_sqlite_store
from tidegate.domain.orders import RecordedOrder
from tidegate.testing.contracts.order_store import FixedClock, OrderSteps


def say(**words: object) -> None:
    # One write a line, so that a killed writer leaves no half of another's.
    os.write(1, (json.dumps(words) + "\n").encode())


async def record(store: SqliteOrderStore, steps: OrderSteps, numbers: "count[int]") -> None:
    for number in numbers:
        sent = steps.sending(f"e{store.epoch}-{number}")
        outcome = await store.record_sending(sent.approved, sent.step)
        if not isinstance(outcome, RecordedOrder):
            say(outcome=type(outcome).__name__)
            return
        say(order=sent.order_id, decision=sent.decision_id)
        if number % 3:
            store.append(steps.filled(sent.order_id, f"trade-{store.epoch}-{number}"))


async def main(path: Path, in_flight: int) -> None:
    store = open_sqlite_store(path, account_id="paper", clock=FixedClock(), process="elsewhere")
    say(pid=os.getpid(), epoch=store.epoch)
    steps, numbers = OrderSteps(store.account_id, store.epoch), count()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(record(store, steps, numbers))
    store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
