"""The commands that only look: orders, fills, positions, account, products, quote and events."""

from contextlib import AbstractAsyncContextManager
from typing import Annotated

import typer
from rich.text import Text

from tidegate.adapters.cli import figures, lines, tables
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED, UsageError
from tidegate.adapters.cli.stored import looking, require_store
from tidegate.adapters.cli.symbols import require_product, require_symbol
from tidegate.application.application import Application
from tidegate.application.moving import words as movement_words
from tidegate.domain.events import AccountMoved, ExternalFlow, JournalEvent
from tidegate.domain.records import JournalRow

LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="How many, the latest first.")]
SymbolOption = Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="Of this symbol only.")]


def _opened(call: Call) -> AbstractAsyncContextManager[Application]:
    """The account as its store has it, without a lock and without writing."""
    require_store(call.settings)
    return call.doors.open_application(call.settings, is_read_only=True)


async def orders(
    call: Call,
    limit: LimitOption = 50,
    symbol: SymbolOption = "",
    open_only: Annotated[bool, typer.Option("--open", help="Only those that may still fill.")] = False,
) -> int:
    """List orders, the latest first.

    [dim]tidegate orders --open --symbol BTC-USD[/dim]
    """
    require_symbol(symbol)
    async with _opened(call) as app:
        found = await app.orders(limit=limit, open_only=open_only, symbol=symbol)
    shown_as = tables.orders_table(found, is_verbose=call.terminal.is_verbose) if found else Text("No orders.")
    call.terminal.answer(map(lines.order_line, found), shown_as)
    return DONE


async def fills(call: Call, limit: LimitOption = 50, symbol: SymbolOption = "") -> int:
    """List executions, the latest first."""
    require_symbol(symbol)
    async with _opened(call) as app:
        found = await app.fills(limit=limit, symbol=symbol)
    call.terminal.answer(map(lines.fill_line, found), tables.fills_table(found) if found else Text("No fills."))
    return DONE


async def positions(call: Call) -> int:
    """Show positions with their profit and loss."""
    async with _opened(call) as app:
        found = await app.positions()
    shown_as = tables.positions_table(found) if found else Text("No positions.")
    call.terminal.answer(map(lines.position_line, found), shown_as)
    return DONE


async def account(call: Call) -> int:
    """Show equity, balances, exposure and the trading state."""
    async with _opened(call) as app:
        summary = await app.account()
    call.terminal.answer([lines.account_line(summary)], tables.account_table(summary))
    return DONE


async def products(call: Call) -> int:
    """List what can be traded, with increments and fees."""
    async with looking(call) as app:
        found = app.products
    call.terminal.answer(map(lines.product_line, found), tables.products_table(found))
    return DONE


async def quote(
    call: Call, symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="A product, as `products` lists it.")]
) -> int:
    """Show the market of one symbol as last heard."""
    async with looking(call) as app:
        known = [product.symbol for product in app.products]
        require_product(symbol, known)
        line = lines.quote_line(app.quote(symbol), app.now)
    if line.bid is None and line.ask is None:
        call.terminal.answer([line], Text(f"Nothing has been heard of {symbol}.", style="yellow"))
        return REFUSED
    words = (
        f"{symbol}  bid {line.bid or figures.UNKNOWN} ({line.bid_quantity or 0})  ask {line.ask or figures.UNKNOWN} "
    )
    age = "never" if line.age_seconds is None else f"{figures.span(line.age_seconds)} ago"
    call.terminal.answer([line], Text(f"{words}({line.ask_quantity or 0})  heard {age}, {figures.moment(line.at)} UTC"))
    return DONE


async def events(
    call: Call,
    after: Annotated[int, typer.Option("--after", min=0, metavar="SEQUENCE", help="Only rows after this one.")] = 0,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=1_000_000, help="How many, the oldest first.")
    ] = 200,
    last: Annotated[int | None, typer.Option("--last", min=1, metavar="ROWS", help="The last so many rows.")] = None,
) -> int:
    """Show the journal: everything that happened, with the hash that chains each row to the one before.

    [dim]tidegate events --last 20[/dim]

    [dim]tidegate events --after 120 --json[/dim]
    """
    if last is not None and after:
        raise UsageError("--after begins at a row and --last counts from the end: give one of them")
    async with _opened(call) as app:
        rows = await (app.events(after=after, limit=limit) if last is None else app.last_events(last))
    call.terminal.answer(map(lines.event_line, rows), *(map(_row, rows) if rows else [Text("No events.")]))
    return DONE


def _row(row: JournalRow) -> Text:
    return Text.assemble(
        (f"{row.sequence:>6} {figures.moment(row.at)}  ", "dim"), figures.clean("; ".join(map(event_words, row.events)))
    )


def event_words(event: JournalEvent) -> str:
    """One event in a few words: its kind, and what it is about."""
    kind = str(event.__struct_config__.tag)
    about = (
        getattr(event, name, "")
        for name in ("client_order_id", "symbol", "state", "kind", "guard", "reason", "message")
    )
    order = getattr(event, "order", None)
    words = [f"{order.side} {figures.quantity(order.quantity)} {order.symbol}"] if order is not None else []
    fill = getattr(event, "fill", None)
    if fill is not None:
        words.append(f"{figures.quantity(fill.quantity)} at {figures.price(fill.price)}")
    refusal = getattr(event, "refusal", None)
    if refusal is not None:
        words.append(f"{refusal.code}: {refusal.message}")
    if isinstance(event, ExternalFlow):
        words.append(f"{figures.quantity(event.amount)} {event.currency}")
    if isinstance(event, AccountMoved):
        words.append(movement_words(event.movement))
    words.extend(str(one) for one in about if one)
    return " ".join([kind, *words])
