"""`decide` and `plan`: one decision from the command line, executed or only thought through."""

from typing import Annotated

import typer
from returns.result import Failure

from tidegate.adapters.cli import lines, wording
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.decision_options import DecisionOptions
from tidegate.adapters.cli.failures import DONE, REFUSED
from tidegate.adapters.cli.first_word import first_word
from tidegate.adapters.cli.hands import reach
from tidegate.adapters.cli.looking import RecordingOption, looking
from tidegate.adapters.cli.symbols import warn_of_unmatched
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.vocabulary import OrderStatus

LiveOption = Annotated[
    str | None, typer.Option("--live", metavar="ACCOUNT", help="Trade money: the account id, typed once more.")
]

_UNSETTLED = frozenset({OrderStatus.UNKNOWN, OrderStatus.REFUSED})


async def decide(
    call: Call,
    options: DecisionOptions,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but send and keep.")] = False,
    live: LiveOption = None,
) -> int:
    """Execute one decision: one order, no order needed, or one refusal that says what would pass.

    A running [bold]tidegate run[/bold] of the same account carries it out. Exit code 1: refused, or not known yet.

    [dim]tidegate decide BTC-USD BUY --notional 250[/dim]

    [dim]tidegate decide BTC-USD SELL --quantity 0.01 --limit 80000 --post-only --id exit-7[/dim]
    """
    call.confirm_live(live, call.settings)
    if dry_run or call.settings.engine.dry_run:
        return await _think(call, options, None, is_dry_run=True)
    async with reach(call) as hand:
        outcome = await hand.decide(options)
    call.terminal.answer([lines.outcome_line(outcome)], wording.outcome(outcome))
    return _exit_code(outcome)


async def plan(call: Call, options: DecisionOptions, recording: RecordingOption = None) -> int:
    """Show the exact order that a decision would make, and what every check says of it.

    Nothing is sent, reserved or kept, and a decision id is not used up. The market is the one that the account was last
    played on, where its session stands.

    [dim]tidegate plan BTC-USD BUY --notional 1000000[/dim]
    """
    return await _think(call, options, recording, is_dry_run=False)


async def _think(call: Call, options: DecisionOptions, recording: list[str] | None, *, is_dry_run: bool) -> int:
    async with looking(call, recording) as app:
        await first_word(call, app, options.symbol)
        warn_of_unmatched(call.terminal, call.settings, app)
        decision = options.decision(app.now)
        result = await app.coordinator.plan(options.symbol, decision)
    if isinstance(result, Failure):
        refusal: AnyRefusal = result.failure()
        call.terminal.answer([lines.refusal_line(refusal)], wording.refused(refusal))
        return REFUSED
    made = result.unwrap()
    if is_dry_run:
        needless = NoOrderNeeded(decision_id=decision.decision_id, reason="a dry run", plan=made)
        call.terminal.answer([lines.no_order_line(needless)], wording.no_order(needless))
    else:
        call.terminal.answer([lines.plan_line(made)], wording.planned(made))
    return DONE


def _exit_code(outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> int:
    if isinstance(outcome, OrderPlaced):
        return REFUSED if outcome.order.status in _UNSETTLED else DONE
    return DONE if isinstance(outcome, NoOrderNeeded) else REFUSED
