"""`settle`: an operator's word on an order that no question can settle."""

from decimal import Decimal
from typing import Annotated

import typer

from tidegate.adapters.cli import lines, wording
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED, UsageError
from tidegate.adapters.cli.hands import reach
from tidegate.adapters.cli.operating import ReasonOption, whole_id
from tidegate.application.operations import recordable
from tidegate.domain.amounts import InvalidAmount, money
from tidegate.domain.orders import OrderRecord
from tidegate.domain.requests import SettleRequest, Verdict


async def settle(
    call: Call,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Its client order id, or how it begins.")],
    never_arrived: Annotated[bool, typer.Option("--never-arrived", help="The venue never had it.")] = False,
    as_venue: Annotated[bool, typer.Option("--as-venue", help="Take it with the terms that the venue works.")] = False,
    filled: Annotated[
        str | None,
        typer.Option("--filled", metavar="QUANTITY", help="So much of it was filled, at a venue without order ids."),
    ] = None,
    price: Annotated[str | None, typer.Option("--price", metavar="PRICE", help="At this average price.")] = None,
    fee: Annotated[str, typer.Option("--fee", metavar="AMOUNT", help="For this fee, in quote currency.")] = "0",
    reason: ReasonOption = "",
) -> int:
    """Say what became of an order that no question can settle, because you have looked at the venue.

    An order of unknown outcome never arrived, or was filled so far; one that the venue works with other terms is taken
    as it is there. Not before the venue has had its time: until then the outcome may still become known by itself.

    [dim]tidegate settle tg3f9a12 --never-arrived --reason "not in the venue's history"[/dim]

    [dim]tidegate settle tg3f9a12 --filled 0.5 --price 60010 --reason "trade 4711"[/dim]
    """
    if [never_arrived, as_venue, filled is not None].count(True) != 1:
        raise UsageError("say one thing of it: --never-arrived, --filled QUANTITY with --price, or --as-venue")
    if (filled is None) != (price is None):
        raise UsageError("--filled and --price go together")
    if not reason:
        raise UsageError("--reason says what you have seen: it is all that the records will have of it")
    verdict = Verdict.NEVER_ARRIVED if never_arrived else Verdict.AS_VENUE if as_venue else Verdict.FILLED
    request = SettleRequest(
        client_order_id=await whole_id(call, order),
        verdict=verdict,
        reason=recordable(reason),
        filled_quantity=_amount("--filled", filled),
        price=_amount("--price", price),
        fee=_amount("--fee", fee) or Decimal(0),
    )
    async with reach(call) as hand:
        outcome = await hand.settle(request)
    if isinstance(outcome, OrderRecord):
        call.terminal.answer([lines.order_line(outcome)], wording.standing(outcome))
        return DONE
    call.terminal.answer([lines.refusal_line(outcome)], wording.refused(outcome))
    return REFUSED


def _amount(option: str, given: str | None) -> Decimal | None:
    if given is None:
        return None
    try:
        return money(given, option)
    except InvalidAmount as error:
        raise UsageError(str(error)) from None
