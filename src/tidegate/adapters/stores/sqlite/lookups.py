"""Lookups: whether decision ids have been used, from memory where that is sure, or else by one statement a turn.

A statement gives the interpreter's lock away, and while the writer is at work it comes back late: a statement for each
decision would cost more than everything else that is done with it.
"""

import asyncio
import sqlite3
from contextlib import suppress

import msgspec

from tidegate.adapters.stores.sqlite.seen import Seen
from tidegate.adapters.stores.sqlite.units import claim_key

PAUSE_SECONDS = 0.01
"""Between two pieces of a long file, in seconds of the computer's own time: they take a twentieth of the loop's."""


class Lookups:
    """Asks over one connection, from one loop."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id
        self._seen = Seen(connection, account_id)
        self._reads_on = False
        self._asked: list[tuple[str, asyncio.Future[bool]]] = []

    def begin(self) -> None:
        """Take in the beginning of the file, which of a new or a short one is all.

        Raises:
            sqlite3.Error: it cannot be read.
        """
        self._seen.read_on()

    def note(self, claim_key: str) -> None:
        """A decision is about to be claimed under this key."""
        self._seen.note(claim_key)

    def is_new(self, decision_id: str) -> bool:
        """Whether the decision is surely unknown, without a look into the file; False says nothing."""
        return self._seen.is_new(claim_key(self._account_id, decision_id))

    async def is_used(self, decision_id: str) -> bool:
        """Whether the store knows the decision, as far as it is durable.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        loop = asyncio.get_running_loop()
        if not (self._seen.is_complete or self._reads_on):
            self._reads_on = True
            loop.call_later(PAUSE_SECONDS, self._read_on, loop)
        waiter: asyncio.Future[bool] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._answer)
        self._asked.append((decision_id, waiter))
        return await waiter

    def _read_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take in a long file bit by bit, beside the work."""
        # Whoever asks next is told what is wrong with the file, or begins again on a loop that still runs.
        self._reads_on = False
        with suppress(sqlite3.Error):
            self._seen.read_on()
            if not self._seen.is_complete:
                self._reads_on = True
                loop.call_later(PAUSE_SECONDS, self._read_on, loop)

    def _answer(self) -> None:
        asked, self._asked = self._asked, []
        keys = {decision_id: claim_key(self._account_id, decision_id) for decision_id, _ in asked}
        try:
            used = self._used(list(keys), list(keys.values()))
        except sqlite3.Error as error:
            for _, waiter in asked:
                if not waiter.done():
                    waiter.set_exception(error)
            return
        for decision_id, waiter in asked:
            if not waiter.done():
                waiter.set_result(decision_id in used or keys[decision_id] in used)

    def _used(self, decision_ids: list[str], keys: list[str]) -> set[str]:
        """Of the ids those that stand by themselves, of the order ids that follow from them those that carry one."""
        rows = self._connection.execute(_USED, (_listed(decision_ids), _listed(keys)))
        return {row[0] for row in rows}


def _listed(names: list[str]) -> str:
    return msgspec.json.encode(names).decode()


_USED = """
    SELECT decision_id FROM decisions WHERE decision_id IN (SELECT value FROM json_each(?))
    UNION ALL
    SELECT client_order_id FROM orders
        WHERE decided IS NOT NULL AND client_order_id IN (SELECT value FROM json_each(?))"""
