"""What the tests of the SQLite store have in common: how a store is opened, filled, tampered with and run elsewhere."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tidegate.adapters.stores.sqlite import SqliteOrderStore, open_sqlite_store
from tidegate.domain.orders import RecordedOrder
from tidegate.testing.contracts.order_store import FixedClock, OrderSteps

ACCOUNT = "paper"
WRITER = Path(__file__).with_name("writer_process.py")


def open_at(
    path: Path, *, inline: bool = True, account_id: str = ACCOUNT, busy_timeout_ms: int = 50
) -> SqliteOrderStore:
    return open_sqlite_store(
        path,
        account_id=account_id,
        clock=FixedClock(),
        process="a test",
        inline=inline,
        busy_timeout_ms=busy_timeout_ms,
    )


def steps_for(store: SqliteOrderStore) -> OrderSteps:
    return OrderSteps(store.account_id, store.epoch)


async def fill_with(store: SqliteOrderStore, orders: int, prefix: str = "d") -> list[str]:
    """So many orders, every other one filled and the last refused; the ids of the orders."""
    steps = steps_for(store)
    sent = [steps.sending(f"{prefix}{number}") for number in range(orders)]
    for number, one in enumerate(sent):
        assert isinstance(await store.record_sending(one.approved, one.step), RecordedOrder)
        if number % 2:
            store.append(steps.filled(one.order_id, f"{prefix}-trade-{number}"))
    await store.commit(steps.refused(f"{prefix}-refused"))
    return [one.order_id for one in sent]


def tamper(path: Path, statement: str, *values: object) -> None:
    """Change a closed store behind its back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


@contextmanager
def unprivileged_folder() -> Iterator[Path]:
    """A folder as somebody sees it who may read and not write it; root is made nobody for as long."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def lose_privileges(folder: Path) -> None:
    """From here on nothing in the folder can be written, nor anything new made."""
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65_534)


@dataclass
class Elsewhere:
    """A writer in a process of its own; what it has been told is durable is in `acknowledged`."""

    process: subprocess.Popen[str]

    def line(self) -> dict[str, object]:
        assert self.process.stdout is not None
        found = json.loads(self.process.stdout.readline())
        assert isinstance(found, dict)
        return found

    def kill(self) -> list[dict[str, object]]:
        """SIGKILL it; what it had still said."""
        self.process.kill()
        rest, _ = self.process.communicate()
        # The last line may be cut off in the middle.
        return [json.loads(line) for line in rest.splitlines() if line.endswith("}")]


@contextmanager
def writer_elsewhere(path: Path, *words: str) -> Iterator[Elsewhere]:
    """Another process that opens the store and records orders until it is stopped."""
    command = [sys.executable, str(WRITER), str(path), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Elsewhere(process)
        finally:
            process.kill()
