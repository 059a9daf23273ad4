"""The commands that only look: orders, fills, positions, account, products, quote and events."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import typer
from rich.text import Text

from tidegate.adapters.cli import figures, lines, tables
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED, UsageError
from tidegate.adapters.cli.first_word import first_word
from tidegate.adapters.cli.looking import RecordingOption, looking, market_of, opened
from tidegate.adapters.cli.stored import clock_reading, require_store
from tidegate.adapters.cli.symbols import require_product, require_symbol
from tidegate.adapters.cli.valued import account_without_value, position_without_value, valuation
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.stores.sqlite.reader import SqliteStoreReader, open_sqlite_reader
from tidegate.application.application import Application
from tidegate.application.moving import words as movement_words
from tidegate.application.readings import with_strategies
from tidegate.domain.events import AccountMoved, DayOpened, EquityMarked, EquityShifted, ExternalFlow, JournalEvent
from tidegate.domain.records import JournalRow, StepCommitted

T = TypeVar("T")

LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="How many, the latest first.")]
SymbolOption = Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="Of this symbol only.")]


def _records(call: Call) -> SqliteStoreReader:
    """What the store has written, for which no market is needed."""
    return open_sqlite_reader(require_store(call.settings), clock=WallClock(), account_id=call.settings.account_id)


def _first(call: Call, limit: int, found: Sequence[T], how: str = "the latest {}; more with --limit") -> Sequence[T]:
    """So many of what was found, and a word of it where there is more: a list that stops in silence looks whole."""
    if len(found) > limit:
        call.terminal.note(f"shown: {how.format(limit)}")
    return found[:limit]


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
    with _records(call) as reader:
        found = _first(call, limit, await reader.orders(limit=limit + 1, open_only=open_only, symbol=symbol))
    now, is_verbose = clock_reading(call.settings), call.terminal.is_verbose
    shown_as = tables.orders_table(found, now, is_verbose=is_verbose) if found else Text("No orders.")
    call.terminal.answer(map(lines.order_line, found), shown_as)
    return DONE


async def fills(call: Call, limit: LimitOption = 50, symbol: SymbolOption = "") -> int:
    """List executions, the latest first."""
    require_symbol(symbol)
    with _records(call) as reader:
        latest = _first(call, limit, await reader.fills(limit=limit + 1, symbol=symbol))
        found = await with_strategies(latest, reader.find_order)
    shown_as = tables.fills_table(found, clock_reading(call.settings)) if found else Text("No fills.")
    call.terminal.answer(map(lines.fill_line, found), shown_as)
    return DONE


async def positions(call: Call, recording: RecordingOption = None) -> int:
    """Show positions with their profit and loss, at the last mark where the account's session stands."""
    market = market_of(call, recording)
    async with opened(call, market) as app:
        await first_word(call, app, *await _held(app))
        found = [position_without_value(one) if market.unknown else one for one in await app.positions()]
        valued = valuation(app, [one.position.symbol for one in found], market.unknown)
    made = [lines.position_line(one, valued.ages.get(one.position.symbol)) for one in found]
    if market.unknown and call.terminal.is_json:
        call.terminal.note(valued.words.plain)
    if found:
        call.terminal.answer(made, tables.positions_table(found), Text.assemble(("Valued  ", "dim"), valued.words))
    else:
        call.terminal.answer(made, Text("No positions."))
    return DONE


async def account(call: Call, recording: RecordingOption = None) -> int:
    """Show equity, balances, exposure and the trading state, valued where the account's session stands."""
    market = market_of(call, recording)
    async with opened(call, market) as app:
        held = await _held(app)
        await first_word(call, app, *held)
        summary = await app.account()
        valued = valuation(app, held, market.unknown)
    if market.unknown:
        summary = account_without_value(summary)
    call.terminal.answer([lines.account_line(summary, valued)], tables.account_table(summary, valued))
    return DONE


async def _held(app: Application) -> list[str]:
    return [one.position.symbol for one in await app.positions()]


async def products(call: Call, recording: RecordingOption = None) -> int:
    """List what can be traded, with increments and fees."""
    async with looking(call, recording) as app:
        await first_word(call, app)
        found = app.products
    call.terminal.answer(map(lines.product_line, found), tables.products_table(found))
    return DONE


async def quote(
    call: Call,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="A product, as `products` lists it.")],
    recording: RecordingOption = None,
) -> int:
    """Show the market of one symbol as last heard, where the account's session stands."""
    async with looking(call, recording) as app:
        await first_word(call, app, symbol)
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
    """Show the journal: everything that happened. With --json each row has its hash, which chains it to the one before.

    [dim]tidegate events --last 20[/dim]

    [dim]tidegate events --after 120 --json[/dim]
    """
    if last is not None and after:
        raise UsageError("--after begins at a row and --last counts from the end: give one of them")
    with _records(call) as reader:
        if last is None:
            on = f"the first {{}} rows; go on with --after {after + limit}"
            rows = _first(call, limit, await reader.journal(after=after, limit=limit + 1), on)
        else:
            rows = await _last_rows(reader, last)
    if rows and call.terminal.is_plain:
        for row in rows:
            call.terminal.line(_row(row))
        return DONE
    call.terminal.answer(map(lines.event_line, rows), *(map(_row, rows) if rows else [Text("No events.")]))
    return DONE


async def _last_rows(reader: SqliteStoreReader, count: int) -> Sequence[JournalRow]:
    """The last rows of the journal, oldest first."""
    outcome = await reader.flush()
    sequence = outcome.sequence if isinstance(outcome, StepCommitted) else 0
    return await reader.journal(after=max(0, sequence - count), limit=count)


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
    words.extend(_account_words(event))
    words.extend(str(one) for one in about if one)
    refusal = getattr(event, "refusal", None)
    if refusal is not None:
        words.append(f"{refusal.code}: {refusal.message}")
    return " ".join([kind, *words])


def _account_words(event: JournalEvent) -> list[str]:
    match event:
        case ExternalFlow(currency=currency, amount=amount):
            return [f"{figures.quantity(amount)} {currency}"]
        case AccountMoved(movement=movement):
            return [movement_words(movement)]
        case DayOpened(equity=equity, currency=currency):
            return [figures.money(equity, currency)]
        case EquityMarked(equity=equity, high=high, has_tripped=has_tripped):
            tripped = ", the drawdown has tripped" if has_tripped else ""
            return [f"{figures.money(equity)}, high {figures.money(high)}{tripped}"]
        case EquityShifted(amount=amount, unpriced=unpriced):
            waiting = (f"{figures.quantity(one)} {currency} has no price yet" for currency, one in unpriced.items())
            return [", ".join((figures.money(amount), *waiting))]
        case _:
            return []
