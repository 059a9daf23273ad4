"""Matching examples as tables: each row says when, what the tape or an order does, and what follows from it.

A file holds one example a heading, which is its claim. Lines of text before its table explain the arithmetic; one of
`key: value` sets the venue up (`depth`, `balances`, a setting). In the table the tape's column takes

    book 99:5 98:10 / 101:2      a snapshot, bids before the stroke
    bid 99 7                     a level has this size from now on (`ask` likewise)
    print sell 98 1 [of a]       a trade by that aggressor, of a recorded order where it is known
    add a buy 99 1, resize a 2, delete a, gap, status [restrictions]

and the order's column

    b1 buy 2 limit 99 [ioc | fok | gtd 5 | post-only | reduce-only | perp]
    b1 buy 2 market
    s1 sell 2 stop 98 [limit 97] [on mark], s1 sell 2 take-profit 105, s1 sell 2 trail 3
    cancel b1, amend b1 4 [99], kill

where `kill` is the death of the process, and the world taken up again from its file. The last column lists every fill
of the step ("b1 2@99 M", T for a taker, with "large" where the example speaks of that), and of orders what they are
then: a state, or a code they were refused with, or `of 3`, their quantity.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import msgspec

from tests.adapters.brokers.simulated import exchange_floor as floors
from tests.adapters.brokers.simulated.exchange_floor import ExchangeFloor, moment
from tidegate.adapters.brokers.simulated import INSTANT, SessionStart, VenueSettings
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.recordings.format import Depth, Restriction, Row
from tidegate.adapters.recordings.header import microseconds_of
from tidegate.domain.instructions import trigger_direction
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import OrderSide, OrderType, TimeInForce, TriggerSource

TABLES = Path(__file__).parent / "tables"
RICH = {"USD": Decimal(100_000), "BTC": Decimal(100)}


@dataclass(frozen=True)
class TableRow:
    """One step, and what follows from it."""

    at: float
    tape: str
    order: str
    follows: tuple[str, ...]


@dataclass
class Table:
    """One example worked by hand."""

    claim: str
    set_up: dict[str, str] = field(default_factory=dict)
    rows: list[TableRow] = field(default_factory=list)


def tables_in(name: str) -> list[Table]:
    """Every example of a file."""
    tables: list[Table] = []
    for line in (TABLES / name).read_text().splitlines():
        if line.startswith("## "):
            tables.append(Table(line.removeprefix("## ")))
        elif line.startswith("|") and not line.startswith(("| at", "|--")):
            tables[-1].rows.append(_row(line))
        elif tables and line.startswith(_KEYS):
            key, value = line.split(": ", 1)
            tables[-1].set_up[key] = value
    return tables


_SETTINGS = ("queue_model", "queue_power", "self_trade_prevention")
_KEYS = tuple(f"{key}: " for key in ("depth", "balances", "opens_at", "expires_at", *_SETTINGS))


def _row(line: str) -> TableRow:
    at, tape, order, follows = (cell.strip() for cell in line.strip("|").split("|"))
    return TableRow(float(at), tape, order, tuple(one.strip() for one in follows.split(",") if one.strip()))


class Play:
    """One table played: `happened` is what each step led to, in the table's words."""

    def __init__(self, table: Table, path: Path) -> None:
        self._table, self._path = table, path
        settings = {key: value for key, value in table.set_up.items() if key in _SETTINGS}
        self._settings = msgspec.convert({**msgspec.structs.asdict(INSTANT), **settings}, VenueSettings, strict=False)
        self._played: list[Row] = []
        self._marks_large = any("large" in one for row in table.rows for one in row.follows)
        self.opening = _balances(table.set_up["balances"]) if "balances" in table.set_up else dict(RICH)
        self.floor = self._opened()

    def _opened(self) -> ExchangeFloor:
        set_up = self._table.set_up
        dates = {name: moment(float(set_up[name])) for name in ("opens_at", "expires_at") if name in set_up}
        products = floors.header(
            cast(Depth, set_up.get("depth", "levels")), msgspec.structs.replace(floors.SPOT, **dates)
        )
        return ExchangeFloor(
            balances=dict(self.opening),
            settings=self._settings,
            path=self._path,
            start=SessionStart.AUTO,
            products=products,
        )

    def close(self) -> None:
        """Close the world's file."""
        self.floor.venue.world.close()

    def step(self, row: TableRow) -> tuple[str, ...]:
        """Let a row happen; every fill that it led to, and of the orders that it speaks of what is said of them."""
        before = len(self.floor.fills)
        self.floor.venue.advance(microseconds_of(moment(row.at)))
        if row.tape:
            played = _tape(row.tape.split(), row.at)
            self._played.append(played)
            self.floor.play(played)
        if row.order:
            self._act(row.order.split(), row.at)
        fills = [
            f"{fill.client_order_id} {fill.quantity.normalize():f}@{fill.price.normalize():f} {fill.liquidity[0]}"
            + (" large" if self._marks_large and fill.is_large else "")
            for fill in self.floor.fills[before:]
        ]
        said = [one for one in row.follows if "@" not in one]
        return (*fills, *(self._said(one) for one in said))

    def _said(self, claim: str) -> str:
        name, *words = claim.split()
        order = self.floor.order(name)
        return f"{name} of {order.quantity.normalize():f}" if words[0] == "of" else f"{name} {_state(order)}"

    def _act(self, words: list[str], at: float) -> None:
        match words:
            case ["kill"]:
                # The file is left as it was written; a process that died has said goodbye to nobody.
                self.floor.venue.world.close()
                self.floor = self._opened()
                rows = iter(self._played)
                self.floor.venue.rebuild(rows)
                self.floor.play(*rows)
            case ["cancel", name]:
                self.floor.cancel(name, at)
            case ["amend", name, quantity]:
                self.floor.amend(name, quantity, at=at)
            case ["amend", name, quantity, price]:
                self.floor.amend(name, quantity, price, at=at)
            case _:
                self.floor.submit(order_of(words), at)


def _balances(text: str) -> dict[str, Decimal]:
    words = text.split()
    return {currency: Decimal(amount) for amount, currency in zip(words[::2], words[1::2], strict=True)}


def _state(order: WorkingOrder) -> str:
    if order.rejected_code:
        return order.rejected_code
    return "waits" if order.waits else order.state.value.lower()


def _tape(words: list[str], at: float) -> Row:
    match words:
        case ["book", *levels]:
            stroke = levels.index("/")
            return floors.book(_levels(levels[:stroke]), _levels(levels[stroke + 1 :]), at)
        case ["bid" | "ask" as side, price, size]:
            return floors.level(OrderSide.BUY if side == "bid" else OrderSide.SELL, price, size, at)
        case ["print", side, price, size]:
            return floors.trade(OrderSide(side.upper()), price, size, at=at)
        case ["print", side, price, size, "of", maker]:
            return floors.trade(OrderSide(side.upper()), price, size, maker, at=at)
        case ["add", order_id, side, price, size]:
            return floors.add(order_id, OrderSide(side.upper()), price, size, at)
        case ["resize", order_id, size]:
            return floors.resize(order_id, size, at)
        case ["delete", order_id]:
            return floors.delete(order_id, at)
        case ["gap"]:
            return floors.gap(at)
        case ["status", *restrictions]:
            return floors.status(*(cast(Restriction, one) for one in restrictions), at=at)
        case _:
            raise ValueError(f"no such row of a tape: {' '.join(words)}")


def _levels(words: list[str]) -> list[tuple[str, str]]:
    return [cast(tuple[str, str], tuple(word.split(":"))) for word in words]


_TYPES = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "take-profit": OrderType.TAKE_PROFIT,
    "trail": OrderType.TRAILING_STOP,
}


def order_of(words: list[str]) -> Order:
    """An order as a table writes it."""
    name, side, quantity, kind, *more = words
    own_side, tif, limit, trigger = OrderSide(side.upper()), TimeInForce.GTC, None, None
    order_type, expire_at, source = _TYPES[kind], None, None
    if kind != "market":
        trigger = more.pop(0)
    if order_type is OrderType.LIMIT:
        limit, trigger = trigger, None
    flags = set()
    while more:
        word = more.pop(0)
        if word == "limit":
            limit, order_type = more.pop(0), OrderType.STOP_LIMIT
        elif word == "on":
            source = TriggerSource(more.pop(0).upper())
        elif word == "gtd":
            tif, expire_at = TimeInForce.GTD, moment(float(more.pop(0)))
        elif word in ("ioc", "fok"):
            tif = TimeInForce(word.upper())
        else:
            flags.add(word)
    is_perp = "perp" in flags
    order = _an_order(name, own_side, quantity, limit, tif, order_type, expire_at, flags)
    if trigger is None:
        return order
    is_trail = order_type is OrderType.TRAILING_STOP
    return msgspec.structs.replace(
        order,
        time_in_force=tif,
        trigger_price=None if is_trail else Decimal(trigger),
        trail=Decimal(trigger) if is_trail else None,
        trigger_direction=trigger_direction(order_type, own_side),
        trigger_source=source or (TriggerSource.MARK if is_perp else TriggerSource.LAST),
    )


def _an_order(
    name: str,
    side: OrderSide,
    quantity: str,
    limit: str | None,
    tif: TimeInForce,
    order_type: OrderType,
    expire_at: datetime | None,
    flags: set[str],
) -> Order:
    return floors.an_order(
        name,
        side,
        quantity,
        limit,
        tif,
        symbol="BTC-PERP" if "perp" in flags else "BTC-USD",
        post_only="post-only" in flags,
        reduce_only="reduce-only" in flags,
        order_type=order_type,
        expire_at=expire_at,
    )
