"""Seen: which decision ids may have been used, in memory of a fixed size that errs only on the side of asking the file.

Nearly every id that is asked for is new, and the file takes longer to say so than all else that is done with it.
"""

import sqlite3

from tidegate.adapters.stores.sqlite.codec import checked
from tidegate.adapters.stores.sqlite.units import claim_key

ROWS_AT_A_TIME = 500
"""Rows of the file that are read in one go, in about half a millisecond."""

_BITS = 1 << 24
"""Two megabytes, however many orders there are: of a million, one new id in seventeen is asked of the file as well."""


class Seen:
    """A bit for each order id that follows from a decision, by its hash; `is_complete` once the whole file is in it.

    It needs to be told of every claim of this process, from before it is recorded. No other process makes any.
    """

    def __init__(self, connection: sqlite3.Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id
        self._bits = bytearray(_BITS // 8)
        self._last_order = 0
        self._last_decision = ""
        self.is_complete = False

    def note(self, key: str) -> None:
        """A decision is about to be claimed."""
        bit = hash(key) % _BITS
        self._bits[bit >> 3] |= 1 << (bit & 7)

    def is_new(self, key: str) -> bool:
        """Whether the file surely has no decision of this key; False says nothing."""
        bit = hash(key) % _BITS
        return self.is_complete and not self._bits[bit >> 3] >> (bit & 7) & 1

    def read_on(self) -> None:
        """Take in some more of the file.

        Raises:
            sqlite3.Error: it cannot be read.
        """
        orders = self._connection.execute(_ORDERS, (self._last_order, ROWS_AT_A_TIME)).fetchall()
        for self._last_order, key in orders:
            self.note(key)
        if len(orders) == ROWS_AT_A_TIME:
            return
        decisions = self._connection.execute(_DECISIONS, (self._last_decision, ROWS_AT_A_TIME)).fetchall()
        for (self._last_decision,) in (checked("a decision", row, str) for row in decisions):
            self.note(claim_key(self._account_id, self._last_decision))
        self.is_complete = len(decisions) < ROWS_AT_A_TIME


_ORDERS = "SELECT order_row, client_order_id FROM orders WHERE order_row > ? ORDER BY order_row LIMIT ?"
_DECISIONS = "SELECT decision_id FROM decisions WHERE decision_id > ? ORDER BY decision_id LIMIT ?"
