"""The head: what a transaction reads before it judges anything, since another process may have written it meanwhile."""

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from tidegate.adapters.stores.journal import genesis
from tidegate.adapters.stores.sqlite.codec import checked, decode_state_change
from tidegate.adapters.stores.sqlite.units import AnyUnit, SendingUnit, StepUnit
from tidegate.adapters.stores.steps import forbids
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import Order
from tidegate.domain.records import StateForbids
from tidegate.domain.states import TradingStates

StateRows = list[tuple[str]]


class Head:
    """Epoch, end of the chain and trading states, as they are inside the transaction."""

    def __init__(self, account_id: str) -> None:
        self.epoch = 0
        self.sequence = 0
        self._genesis = genesis(account_id)
        self.hash = self._genesis
        self._state_rows: StateRows | None = None
        self._states = TradingStates()

    def read(self, connection: sqlite3.Connection) -> None:
        """Read all three anew."""
        (self.epoch,) = connection.execute("SELECT epoch FROM account").fetchone()
        last = connection.execute("SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1").fetchone()
        self.sequence, self.hash = (
            (0, self._genesis) if last is None else checked(f"journal row {last[0]}", last, int, bytes)
        )
        rows: StateRows = connection.execute("SELECT change FROM states").fetchall()
        if rows != self._state_rows:
            self._state_rows = rows
            self._states = states_of(rows)

    def apply(self, change: TradingStateChanged) -> None:
        """Take a state that this transaction itself writes: it holds for everything queued after it."""
        self._states.apply(change)
        self._state_rows = None

    def forbids(self, order: Order) -> StateForbids | None:
        """The state that does not let such an order go out, if there is one."""
        return forbids(self._states, order)


def states_of(rows: StateRows) -> TradingStates:
    """Trading states from the last change stored of each."""
    states = TradingStates()
    for (change,) in rows:
        states.apply(decode_state_change(change))
    return states


class Taken:
    """The decisions and attempts of a batch that are taken already; grows as its units are accepted."""

    def __init__(self, connection: sqlite3.Connection, units: Iterable[AnyUnit]) -> None:
        claims, keys = _names(units)
        self._decisions: set[str] = set()
        self._keys: set[str] = set()
        self._attempts: dict[str, int] = {}
        if claims:
            self._decisions.update(row[0] for row in connection.execute(_DECISIONS, (_listed(claims),)))
        if keys:
            for key, attempt, decided in connection.execute(_ORDERS, (_listed(keys),)):
                (self._attempts[key],) = checked(f"order {key}", (attempt,), int)
                if decided is not None:
                    self._keys.add(key)

    def has_decision(self, unit: StepUnit[Any]) -> bool:
        return unit.claims in self._decisions or unit.claim_key in self._keys

    def take_decision(self, unit: StepUnit[Any]) -> None:
        self._decisions.add(unit.claims)

    def attempt(self, client_order_id: str) -> int:
        """The last attempt recorded of an order; 0 where there is none."""
        return self._attempts.get(client_order_id, 0)

    def take_attempt(self, client_order_id: str, attempt: int) -> None:
        self._attempts[client_order_id] = attempt


def _names(units: Iterable[AnyUnit]) -> tuple[list[str], list[str]]:
    claims, keys = [], []
    for unit in units:
        if not isinstance(unit, StepUnit):
            continue
        if unit.claims:
            claims.append(unit.claims)
            keys.append(unit.claim_key)
        if isinstance(unit, SendingUnit) and unit.event.order.client_order_id != unit.claim_key:
            keys.append(unit.event.order.client_order_id)
    return claims, keys


# One statement for a batch of any size: each gives the interpreter's lock away once, and not once a unit.
_DECISIONS = "SELECT decision_id FROM decisions WHERE decision_id IN (SELECT value FROM json_each(?))"
_ORDERS = (
    "SELECT client_order_id, attempt, decided FROM orders WHERE client_order_id IN (SELECT value FROM json_each(?))"
)


def _listed(names: list[str]) -> str:
    return msgspec.json.encode(names).decode()
