"""Equity flows: what came and went from outside moves what losses are held against, at its price or once it has one."""

from collections.abc import Iterable
from decimal import Decimal

from tidegate.application.desk import AccountDesk
from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.events import EquityShifted


@exact
def equity_shift(
    desk: AccountDesk, flows: Iterable[tuple[str, Decimal]] = (), more: Decimal = ZERO
) -> tuple[EquityShifted, ...]:
    """The day's opening, the marks and the high as if these flows, and those that waited for a price, had been there.

    A flow is a currency and a signed amount; `more` is what else equity gains by none of our trading. What has no price
    yet goes on waiting, and the guard of losses is blind until then.
    """
    ledger, valuation = desk.ledger, desk.valuation
    before, shift = ledger.equity_history.unpriced, more
    unpriced = dict(before)
    for currency, amount in flows:
        own = valuation.own_of_flow(ledger, currency, amount)
        unpriced[currency] = unpriced.get(currency, ZERO) + own
    for currency, amount in tuple(unpriced.items()):
        rate = valuation.rate(currency) if amount else ZERO
        # What has no market here is in no equity that was ever known.
        if rate is not None or not valuation.has_market(currency):
            shift += amount * (rate or ZERO)
            del unpriced[currency]
    if ledger.day_opening_equity is None or (not shift and unpriced == before):
        return ()
    return (EquityShifted(amount=shift, unpriced=unpriced, at=desk.clock.now()),)
