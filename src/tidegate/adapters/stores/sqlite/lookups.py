"""Lookups: whether decision ids have been used, all that are asked for in one turn of the loop by one statement.

A statement gives the interpreter's lock away, and while the writer is at work it comes back late: a statement for each
decision would cost more than everything else that is done with it.
"""

import asyncio
import sqlite3

import msgspec

from tidegate.domain.identifiers import client_order_id


class Lookups:
    """Asks over one connection, from one loop."""

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id
        self._asked: list[tuple[str, asyncio.Future[bool]]] = []

    async def is_used(self, decision_id: str) -> bool:
        """Whether the store knows the decision, as far as it is durable.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._answer)
        self._asked.append((decision_id, waiter))
        return await waiter

    def _answer(self) -> None:
        asked, self._asked = self._asked, []
        keys = {decision_id: client_order_id(self._account_id, decision_id) for decision_id, _ in asked}
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
