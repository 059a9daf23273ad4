"""Adoption: balances and positions that changed by none of our orders, taken up because an operator says so."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from tidegate.application.desk import AccountDesk
from tidegate.application.equity_flows import equity_shift
from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO, exact, to_finest
from tidegate.domain.events import AccountMoved, ExternalFlow
from tidegate.domain.movements import Movement, MovementKind
from tidegate.domain.positions import Position
from tidegate.domain.reconciliation import Difference, DifferenceKind
from tidegate.domain.records import NotCommitted, StepCommitted, why_not
from tidegate.domain.submissions import VenueBalances, VenuePosition, VenuePositions


class Adoption(Struct, frozen=True, kw_only=True):
    """An operator's word that what differs came from outside."""

    by: str
    reason: str


async def adopt(
    desk: AccountDesk,
    adoption: Adoption,
    confirmed: Sequence[Difference],
    balances: VenueBalances,
    positions: VenuePositions | None,
) -> tuple[tuple[Difference, ...], str]:
    """Take up what differs in positions and balances, as the venue has just told them; what was taken up, or why not.

    Derivative positions first: what their change realises is in the venue's balances too. The day's opening equity, the
    marks of the last 24 hours and the high move with the flows, so that what was deposited is no profit, and what was
    withdrawn no loss; and with what a position stands at.
    """
    taken: list[Difference] = []
    at = desk.clock.now()
    moved, failures = _moved(desk, adoption, confirmed, positions)
    flawed = "; ".join(failures)
    if moved:
        day = equity_shift(desk, more=_standing_at(desk, moved.values()))
        outcome = await desk.commit(at, *(AccountMoved(movement=one, at=at) for one in moved.values()), *day)
        if not isinstance(outcome, StepCommitted):
            return (), _not_durable(outcome)
        taken += [one for one in confirmed if one.kind is DifferenceKind.POSITION and one.subject in moved]
    found = [one for one in confirmed if one.kind is DifferenceKind.BALANCE]
    # What a position realised here is in the venue's balance already, in whatever it says.
    settled = (desk.ledger.product(symbol).settlement_currency for symbol in moved)
    flows = _flows(desk, adoption, (*(one.subject for one in found), *settled), balances)
    if not flows:
        return tuple(taken), flawed
    shift = equity_shift(desk, [(flow.currency, flow.amount) for flow in flows])
    outcome = await desk.commit(at, *flows, *shift)
    if not isinstance(outcome, StepCommitted):
        return tuple(taken), _not_durable(outcome)
    return (*taken, *found), flawed


def _flows(
    desk: AccountDesk, adoption: Adoption, currencies: Iterable[str], theirs: VenueBalances
) -> list[ExternalFlow]:
    """What brings these balances to where the venue has them."""
    flows = []
    for currency in dict.fromkeys(currencies):
        ours = desk.ledger.balances.get(currency, ZERO)
        amount = DOMAIN_CONTEXT.subtract(theirs.balances.get(currency, ZERO), ours)
        if amount:
            flows.append(
                ExternalFlow(
                    currency=currency, amount=amount, by=adoption.by, reason=adoption.reason, at=desk.clock.now()
                )
            )
    return flows


def _not_durable(outcome: NotCommitted) -> str:
    return f"the store did not take up what came from outside: {why_not(outcome)}"


def _moved(
    desk: AccountDesk, adoption: Adoption, confirmed: Sequence[Difference], theirs: VenuePositions | None
) -> tuple[dict[str, Movement], list[str]]:
    """What brings each position that differs to where the venue has it, by symbol; and what has no price for it."""
    held = {} if theirs is None else {one.symbol: one for one in theirs.positions}
    at, moved, failures = desk.clock.now(), dict[str, Movement](), list[str]()
    for one in confirmed:
        if one.kind is not DifferenceKind.POSITION or theirs is None:
            continue
        symbol, ours = one.subject, desk.ledger.account_position(one.subject)
        their = held.get(symbol, VenuePosition(symbol=symbol))
        change = DOMAIN_CONTEXT.subtract(their.quantity, ours.quantity)
        price = _price(desk, their, ours)
        if price is None:
            failures.append(
                f"the position of {symbol} cannot be taken up: neither the venue nor the market gives a price"
            )
        elif change:
            moved[symbol] = Movement(
                movement_id=f"adopted-{desk.store.epoch}-{symbol}-{at.timestamp():.6f}",
                kind=MovementKind.ADJUSTMENT,
                at=at,
                symbol=symbol,
                quantity=change,
                price=price,
                reason=f"taken up by {adoption.by}: {adoption.reason}",
            )
    return moved, failures


@exact
def _price(desk: AccountDesk, their: VenuePosition, ours: Position) -> Decimal | None:
    """At what the change is booked: what makes the position cost what it does at the venue, else the mark.

    One that is new or turned costs the venue's entry price, one that grew comes to it with what was added; at the mark,
    it would realise another profit here than there once it is closed. Of a product that is gone nobody says what a unit
    is worth.
    """
    product = desk.market_data.product(their.symbol)
    if product is None:
        return None
    mark, entry, held = desk.market_data.reading(their.symbol).mark, their.entry_price, ours.quantity
    if entry and their.quantity:
        if their.quantity * held <= ZERO:
            return entry
        added = their.quantity - held
        if added * held > ZERO:
            cost = product.notional(their.quantity, entry) - ours.cost_of(product)
            price = to_finest(cost / (added * product.multiplier))
            if price > ZERO:
                return price
    return mark.price if mark is not None else entry


@exact
def _standing_at(desk: AccountDesk, moved: Iterable[Movement]) -> Decimal:
    """What equity gains or loses as these are booked, none of it by our trading; zero where equity is blind anyhow."""
    total = ZERO
    for one in moved:
        product, mark = desk.ledger.product(one.symbol), desk.market_data.reading(one.symbol).mark
        rate = desk.valuation.rate(product.settlement_currency)
        if mark is not None and rate is not None:
            total += (product.notional(one.quantity, mark.price) - product.notional(one.quantity, one.price)) * rate
    return total
