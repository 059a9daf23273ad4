"""Adoption: balances that changed by none of our orders, taken up because an operator says so."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from tidegate.application.desk import AccountDesk
from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.events import DayOpened, ExternalFlow, JournalEvent
from tidegate.domain.reconciliation import Difference, DifferenceKind
from tidegate.domain.records import StepCommitted
from tidegate.domain.submissions import VenueBalances


class Adoption(Struct, frozen=True, kw_only=True):
    """An operator's word that what differs in the balances came from outside."""

    by: str
    reason: str


async def adopt(
    desk: AccountDesk, adoption: Adoption, confirmed: Sequence[Difference], theirs: VenueBalances
) -> tuple[tuple[Difference, ...], str]:
    """Take up what differs in balances, as the venue has just told them; what was taken up, or why the store refused.

    The day's opening equity moves with them, so that what was deposited is no profit, and what was withdrawn no loss.
    """
    balances = [one for one in confirmed if one.kind is DifferenceKind.BALANCE]
    if not balances:
        return (), ""
    at, ledger = desk.clock.now(), desk.ledger
    flows = [
        ExternalFlow(
            currency=one.subject,
            amount=DOMAIN_CONTEXT.subtract(
                theirs.balances.get(one.subject, ZERO), ledger.balances.get(one.subject, ZERO)
            ),
            by=adoption.by,
            reason=adoption.reason,
            at=at,
        )
        for one in balances
    ]
    outcome = await desk.commit(at, *flows, *day_after(desk, [(flow.currency, flow.amount) for flow in flows]))
    if not isinstance(outcome, StepCommitted):
        return (), f"the store did not take up what came from outside: {getattr(outcome, 'reason', outcome)}"
    return tuple(balances), ""


def day_after(desk: AccountDesk, flows: Sequence[tuple[str, Decimal]]) -> tuple[JournalEvent, ...]:
    """The day's opening as if the flows had been there already; where one cannot be priced equity is blind anyhow."""
    ledger = desk.ledger
    opening, opened_at = ledger.day_opening_equity, ledger.day_opened_at
    for currency, amount in flows:
        value = desk.valuation.flow_value(ledger, currency, amount)
        opening = None if opening is None or value is None else DOMAIN_CONTEXT.add(opening, value)
    if opening is None or opened_at is None or opening == ledger.day_opening_equity:
        return ()
    return (DayOpened(equity=opening, at=opened_at),)
