"""The commands that intervene: cancel, close, cancel-all, halt, reduce, resume and reconcile."""

from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from tidegate.adapters.cli import lines, tables, wording
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED, UsageError
from tidegate.adapters.cli.hands import InboxHand, reach
from tidegate.adapters.cli.stored import require_store
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.spelling import shown
from tidegate.adapters.stores.sqlite.errors import StoreUnusable
from tidegate.adapters.stores.sqlite.inbox import open_sqlite_inbox
from tidegate.adapters.stores.sqlite.reader import SqliteStoreReader, open_sqlite_reader
from tidegate.application.operations import StateReceipt
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.identifiers import is_symbol
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.records import StepCommitted
from tidegate.domain.requests import StateRequest
from tidegate.domain.vocabulary import OrderStatus, TradingState

_OPERATOR = "operator"
_WHOLE_ID = 32
_OPEN_LIMIT = 100_000

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")]
SymbolOption = Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="Of this symbol only.")]


async def cancel(
    call: Call,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Its client order id, or how it begins.")],
    reason: ReasonOption = "",
) -> int:
    """Cancel one order.

    [dim]tidegate cancel tg3f9a12[/dim]
    """
    client_order_id = await _whole_id(call, order)
    async with reach(call) as hand:
        outcome = await hand.cancel(client_order_id, reason)
    if isinstance(outcome, OrderRecord):
        call.terminal.answer([lines.order_line(outcome)], wording.standing(outcome))
        return DONE if outcome.is_terminal else REFUSED
    call.terminal.answer([lines.refusal_line(outcome)], wording.refused(outcome))
    return REFUSED


async def _whole_id(call: Call, given: str) -> str:
    """The client order id that begins so; a whole one as it is."""
    path = require_store(call.settings)
    if len(given) >= _WHOLE_ID:
        return given
    with open_sqlite_reader(path, clock=WallClock(), account_id=call.settings.account_id) as reader:
        live = await reader.orders(limit=_OPEN_LIMIT, open_only=True)
    found = [record.client_order_id for record in live if record.client_order_id.startswith(given)] if given else []
    if len(found) == 1:
        return found[0]
    how_many = "no open order begins" if not found else f"{len(found)} open orders begin"
    raise UsageError(f"{how_many} with {shown(given)}; `orders --open -v` shows whole ids")


async def close(
    call: Call,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="A product, as `products` lists it.")],
    reason: ReasonOption = "",
) -> int:
    """Close the account's position on a symbol, as an operator: it works while HALTED, and no limit blocks it."""
    require_store(call.settings)
    async with reach(call) as hand:
        outcome = await hand.close(symbol, reason)
    call.terminal.answer([lines.outcome_line(outcome)], wording.outcome(outcome))
    if isinstance(outcome, OrderPlaced):
        return REFUSED if outcome.order.status in (OrderStatus.UNKNOWN, OrderStatus.REFUSED) else DONE
    return DONE if isinstance(outcome, NoOrderNeeded) else REFUSED


async def cancel_all(
    call: Call,
    include_protection: Annotated[bool, typer.Option("--include-protection", help="Stops and targets too.")] = False,
    reason: ReasonOption = "",
) -> int:
    """Cancel every open order; protection stays unless it is included."""
    require_store(call.settings)
    async with reach(call) as hand:
        records = await hand.cancel_all(include_protection, reason)
    shown_as = tables.orders_table(records, is_verbose=call.terminal.is_verbose) if records else Text("No open orders.")
    call.terminal.answer(map(lines.order_line, records), shown_as)
    return DONE if all(record.is_terminal for record in records) else REFUSED


async def halt(
    call: Call,
    reason: Annotated[str, typer.Argument(metavar="[REASON]", help="Why, for the record.")] = "halted by an operator",
    symbol: SymbolOption = "",
) -> int:
    """Stop all trading: no order of a strategy is sent from here on.

    Protection and an operator's closes still work. The state is durable before this returns, and a running process is
    stopped at its next send, whatever else it is doing.

    [dim]tidegate halt "the feed looks wrong"[/dim]
    """
    return await _change(call, TradingState.HALTED, reason, symbol)


async def reduce(
    call: Call,
    reason: Annotated[str, typer.Argument(metavar="[REASON]", help="Why, for the record.")] = "reduced by an operator",
    symbol: SymbolOption = "",
) -> int:
    """Stop entries: only cancels, and orders that shrink a position."""
    return await _change(call, TradingState.REDUCING, reason, symbol)


async def resume(
    call: Call,
    reason: Annotated[str, typer.Argument(metavar="[REASON]", help="Why, for the record.")] = "resumed by an operator",
    symbol: SymbolOption = "",
) -> int:
    """Trade again after a halt or a guard's trip: an operator has looked."""
    return await _change(call, TradingState.ACTIVE, reason, symbol)


async def _change(call: Call, state: TradingState, reason: str, symbol: str) -> int:
    """Write the state where the next send reads it, then have a running process enforce it and say so."""
    path = require_store(call.settings)
    clock = WallClock()
    if symbol and not is_symbol(symbol):
        raise UsageError(f"{shown(symbol)} is no symbol: a symbol is upper-case, such as BTC-USD")
    with open_sqlite_reader(path, clock=clock, account_id=call.settings.account_id) as reader:
        epoch, at = reader.epoch, await _account_time(call, reader, clock)
    with open_sqlite_inbox(path, clock=clock) as inbox:
        is_latched = state is not TradingState.ACTIVE
        change = TradingStateChanged(
            state=state, reason=reason, by=_OPERATOR, symbol=symbol, is_latched=is_latched, at=at
        )
        outcome = await inbox.write_state(change)
        if not isinstance(outcome, StepCommitted):
            raise StoreUnusable(path, str(getattr(outcome, "reason", outcome)))
        process = ""
        if inbox.writer_alive():
            answer = await InboxHand(inbox).enforce(StateRequest(state=state, reason=reason, symbol=symbol))
            process, epoch = answer.process, answer.epoch
    receipt = StateReceipt(state=state, symbol=symbol, process=process, epoch=epoch)
    call.terminal.answer([lines.state_line(receipt)], wording.state(receipt))
    return DONE


async def _account_time(call: Call, reader: SqliteStoreReader, clock: WallClock) -> datetime:
    """Now, as the account has it: on paper what its session has come to, so that its journal never goes back."""
    if call.settings.profile != "paper":
        return clock.now()
    last = await reader.journal(after=(await reader.load()).sequence - 1, limit=1)
    return last[-1].at if last else clock.now()


async def reconcile(
    call: Call,
    report_only: Annotated[bool, typer.Option("--report-only", help="Say what differs, and change nothing.")] = False,
) -> int:
    """Compare records and venue now: orders, fills, positions and money. Exit code 1 where they do not agree."""
    require_store(call.settings)
    async with reach(call, only_looks=report_only) as hand:
        report = await hand.reconcile(report_only)
    call.terminal.answer([lines.reconciliation_line(report)], wording.reconciliation(report))
    return DONE if report.agrees else REFUSED
