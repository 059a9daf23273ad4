"""The page of a chart: one HTML file that asks nothing of a network, with all that was told escaped on its way in."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from msgspec import Struct

from tidegate.adapters.charts.buckets import Buckets
from tidegate.adapters.charts.notes import ChartNotes, Standing
from tidegate.adapters.charts.tape import Tape
from tidegate.adapters.recordings.header import microseconds_of
from tidegate.adapters.recordings.joined import AnyRecording
from tidegate.domain.amounts import plain
from tidegate.domain.fills import Fill
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import TradingState

_FILLS_IN_TABLE_MAX = 5_000
_PRICE_DIGITS = 8
_MONEY_DIGITS = 2
_TEN_THOUSAND = Decimal(10_000)


class ChartFacts(Struct, frozen=True, kw_only=True):
    """What is known of the run beside its events; `facts` and `assumptions` are printed as they are."""

    title: str
    begin: datetime
    end: datetime
    state: TradingState
    positions: dict[str, Decimal]
    equity: Decimal | None
    closing_equity: Decimal | None
    currency: str
    facts: tuple[tuple[str, str], ...]
    assumptions: str


def write_chart(path: Path, recording: AnyRecording, notes: ChartNotes, facts: ChartFacts) -> None:
    """Read the recording once more, and write the page.

    Raises:
        RecordingDamaged: in the rows of the session.
        OSError: the recording cannot be read, or the page cannot be written.
    """
    span_us = (microseconds_of(facts.begin), microseconds_of(facts.end))
    tape = Tape(recording.header, span_us, facts.positions, facts.equity)
    tape.read(recording.rows(), [fill for fill, _ in notes.fills])
    path.write_text(page(recording, notes, facts, tape), encoding="utf-8")


def page(recording: AnyRecording, notes: ChartNotes, facts: ChartFacts, tape: Tape) -> str:
    """The page as text."""
    folder = files("tidegate.adapters.charts").joinpath("templates")
    parts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.html", "chart.css", "chart.js")}
    provenance = recording.header.provenance
    source = f"SYNTHETIC, no real market: {provenance.source}" if provenance.is_synthetic else provenance.source
    names = " and ".join(path.name for path in recording.paths)
    rows = [*facts.facts, ("Recording", f"{names}, made by {provenance.made_by}"), _check(facts, tape)]
    return Template(parts["page.html"]).substitute(
        title=escape(facts.title),
        provenance=escape(source),
        style=parts["chart.css"],
        script=parts["chart.js"],
        data=_embedded(_data(recording, notes, facts, tape)),
        facts="\n".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in rows),
        assumptions=escape(facts.assumptions),
        width=f"{tape.width_us / 1e6:.3g}",
        fills="\n".join(_table_rows(notes.fills[-_FILLS_IN_TABLE_MAX:])),
        fill_count=_counted(len(notes.fills)),
    )


def _check(facts: ChartFacts, tape: Tape) -> tuple[str, str]:
    """The drawn curve's end beside the books': who looks at a picture may know how far it is from them."""
    if facts.closing_equity is None or tape.last_equity is None:
        return "Equity at the end", "not known: a price is missing"
    return (
        "Equity at the end",
        f"{facts.closing_equity:,.2f} {facts.currency} by the books, {tape.last_equity:,.2f} as drawn",
    )


def _counted(count: int) -> str:
    shown = (
        f"the last {_FILLS_IN_TABLE_MAX:,} of {count:,} fills" if count > _FILLS_IN_TABLE_MAX else f"{count:,} fills"
    )
    return shown if count != 1 else "1 fill"


def _embedded(data: Any) -> str:
    """JSON that can stand inside a script element: nothing in it can end that."""
    text = msgspec.json.encode(data).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _data(recording: AnyRecording, notes: ChartNotes, facts: ChartFacts, tape: Tape) -> dict[str, Any]:
    header = recording.header
    return {
        "begin": tape.begin_us / 1e3,
        "end": tape.end_us / 1e3,
        "step": tape.width_us / 1e3,
        "currency": facts.currency,
        "books": [
            {
                "symbol": product.symbol,
                "traded": [
                    other.symbol
                    for other in header.products
                    if header.prices_from.get(other.symbol, other.symbol) == product.symbol
                ],
                "curve": _curve(tape.mids[number], _PRICE_DIGITS),
                "gaps": [
                    [gap.begin_us / 1e3, gap.end_us / 1e3, gap.reason] for gap in tape.gaps if gap.product == number
                ],
            }
            for number, product in enumerate(header.products[: header.recorded_count])
        ],
        "equity": _curve(tape.equity, _MONEY_DIGITS),
        "drawdown": _curve(tape.drawdown, _PRICE_DIGITS // 2),
        "positions": _positions(notes, facts),
        "orders": [_order(one, facts.end) for one in notes.standings if not one.order.is_taker_only],
        "fills": [_fill(fill, order) for fill, order in notes.fills],
        "states": _states(notes, facts),
    }


def _curve(curve: Buckets, digits: int) -> dict[str, Any]:
    points = [None if one is None else [round(value, digits) for value in one] for one in curve.values]
    return {"points": points, "breaks": curve.breaks}


def _ms(at: datetime) -> float:
    return microseconds_of(at) / 1e3


def _order(one: Standing, end: datetime) -> list[Any]:
    order = one.order
    price = "market" if one.price is None else plain(one.price)
    terms = f"{order.order_type.value} {order.side.value} {plain(one.quantity)} {order.symbol} at {price}"
    return [
        _ms(one.begin),
        _ms(one.end or end),
        None if one.price is None else float(one.price),
        order.symbol,
        order.side.value,
        f"{terms}: {one.ending}",
    ]


def _slippage(fill: Fill, order: Order | None) -> str:
    """Against the mid when the order was decided, in basis points; positive is a cost."""
    if order is None or not order.arrival_mid:
        return ""
    cost = (fill.price - order.arrival_mid) * fill.side.sign / order.arrival_mid * _TEN_THOUSAND
    return f"{cost:+.2f}"


def _fill(fill: Fill, order: Order | None) -> list[Any]:
    fee = f"{plain(fill.fee)} {fill.fee_currency}"
    return [
        _ms(fill.at),
        float(fill.price),
        fill.symbol,
        fill.side.value,
        f"{fill.side.value} {plain(fill.quantity)} {fill.symbol} at {plain(fill.price)}",
        fill.liquidity.value.lower(),
        fee,
        _slippage(fill, order),
    ]


def _table_rows(fills: Sequence[tuple[Fill, Order | None]]) -> Iterable[str]:
    for fill, order in fills:
        cells = (
            f"{fill.at:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            fill.symbol,
            fill.side.value,
            plain(fill.quantity),
            plain(fill.price),
            fill.liquidity.value.lower(),
            f"{plain(fill.fee)} {fill.fee_currency}",
            _slippage(fill, order),
        )
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _positions(notes: ChartNotes, facts: ChartFacts) -> dict[str, list[list[float]]]:
    """Steps of every position that was held or traded."""
    now = {symbol: quantity for symbol, quantity in facts.positions.items() if quantity}
    steps = {symbol: [[_ms(facts.begin), float(quantity)]] for symbol, quantity in now.items()}
    for fill, _ in notes.fills:
        before = now.get(fill.symbol, Decimal(0))
        now[fill.symbol] = before + fill.quantity * fill.side.sign
        steps.setdefault(fill.symbol, [[_ms(facts.begin), 0.0]]).append([_ms(fill.at), float(now[fill.symbol])])
    return steps


def _states(notes: ChartNotes, facts: ChartFacts) -> list[list[Any]]:
    """Bands of what was not ACTIVE: begin, end, state, whose, why."""
    bands: list[list[Any]] = []
    current: dict[str, tuple[datetime, TradingState, str]] = {"": (facts.begin, facts.state, "")}
    ended = [(facts.end, symbol, TradingState.ACTIVE, "") for symbol in {"", *(one[1] for one in notes.states)}]
    for at, symbol, state, reason in (*notes.states, *ended):
        begin, before, why = current.get(symbol, (facts.begin, TradingState.ACTIVE, ""))
        if before is not TradingState.ACTIVE:
            bands.append([_ms(begin), _ms(at), before.value, symbol or "account", why])
        current[symbol] = (at, state, reason)
    return bands
