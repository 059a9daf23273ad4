"""One look: a plain order that plainly passes every check is approved at once; of any other it says nothing.

Most orders are plain: a market or a limit order on a spot market that is open, within every limit by far. Judging one
needs none of what the pipeline keeps for refusals and remedies. What is not plain, or fails at anything here, goes the
long way and is judged there as if nobody had looked. Where this approves, the long way approves the very same order:
that is what the tests hold it to.
"""

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from operator import attrgetter

from msgspec import Struct

from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ONE, ZERO
from tidegate.domain.costs import fee_rate
from tidegate.domain.decisions import Decision
from tidegate.domain.identifiers import client_order_id, is_identifier
from tidegate.domain.instructions import TIMES_IN_FORCE
from tidegate.domain.ledger import ACCOUNT, Ledger
from tidegate.domain.orders import ApprovedOrder, Order, TermsChange
from tidegate.domain.pace import Pace, Terms
from tidegate.domain.ports import MarketDataPort
from tidegate.domain.products import OPEN_FOR_TRADING, Product
from tidegate.domain.protection import BASIS_POINT
from tidegate.domain.risk import RiskLimits
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.valuation import Beside, Valuation
from tidegate.domain.vocabulary import Action, OrderSide, OrderType, ProductKind, Purpose, TradingState

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than a decimal addition.
_BUY_ACTION, _SELL_ACTION, _BUY, _SELL = Action.BUY, Action.SELL, OrderSide.BUY, OrderSide.SELL
_MARKET, _LIMIT, _ACTIVE = OrderType.MARKET, OrderType.LIMIT, TradingState.ACTIVE
_ENTRY, _REDUCTION = Purpose.ENTRY, Purpose.REDUCTION
_MARKET_TIME, _LIMIT_TIME = TIMES_IN_FORCE[_MARKET][0], TIMES_IN_FORCE[_LIMIT][0]

_HUGE = Decimal(10) ** MAX_DIGITS_EACH_SIDE
_TINY = Decimal(10) ** -MAX_DIGITS_EACH_SIDE
_HALF = Decimal("0.5")
_SPECIALS = attrgetter(
    "leverage",
    "reduce_only",
    "stop_trigger",
    "time_in_force",
    "expire_at",
    "post_only",
    "valid_until",
    "reference_price",
    "max_drift_bps",
    "trail",
    "trigger_source",
    "take_profit",
    "stop_loss",
    "algorithm",
    "display_quantity",
)
_NOTHING_SPECIAL = _SPECIALS(Decision(action=_BUY_ACTION, decision_id="plain"))
"""A decision that asks for a size, perhaps at a limit, and for nothing else."""


class Approval(Struct, frozen=True, gc=False):
    """An approved order with all that reserving for it needs: its terms as translated, and what stood beside it."""

    approved: ApprovedOrder
    terms: Terms
    product: Product
    limits: RiskLimits
    beside: Beside


class _Ground(Struct, frozen=True, gc=False):
    """What follows from product, limits and the venue's capabilities alone; `is_plain` says that one look may do."""

    product: Product
    limits: RiskLimits
    capabilities: EngineCapabilities
    is_plain: bool
    guard: Decimal
    ceiling: Decimal
    highest: Decimal
    lowest: Decimal
    cost: Decimal
    entry_budget: Decimal


class OneLook:
    """Looks at one account's plain orders; changes nothing but the pace's windows, which it lets move on."""

    def __init__(self, ledger: Ledger, pace: Pace, market_data: MarketDataPort) -> None:
        self._ledger = ledger
        self._pace = pace
        self._market_data = market_data
        self._grounds: dict[str, _Ground] = {}

    def at(
        self,
        decision: Decision,
        symbol: str,
        limits: RiskLimits,
        capabilities: EngineCapabilities,
        valuation: Valuation,
        account_id: str,
        at: datetime,
    ) -> Approval | None:
        """The plain order that the decision asks for if it plainly passes, else None; in the domain's decimal context.

        The caller has seen that the decision's id and texts can be recorded, and that it says all there is to say.
        """
        product = self._market_data.product(symbol)
        ground = self._grounds.get(symbol)
        if (
            ground is None
            or ground.product is not product
            or ground.limits is not limits
            or ground.capabilities is not capabilities
        ):
            if product is None:
                return None
            ground = self._grounds[symbol] = _ground_of(product, limits, capabilities, valuation.reporting_currency)
        if not ground.is_plain or _SPECIALS(decision) != _NOTHING_SPECIAL or not decision.reason.isprintable():
            return None
        decided_at, strategy_id = decision.decided_at, decision.strategy_id
        if decided_at is not None:
            # A naive moment, one of another zone or from the future is looked at more closely.
            if decided_at.tzinfo is not at.tzinfo:
                return None
            age = at - decided_at
            if age.days or age.seconds + 1 > limits.max_decision_age_seconds:
                return None
        if strategy_id and not is_identifier(strategy_id):
            return None
        action = decision.action
        if action is _BUY_ACTION:
            return self._priced(decision, ground, valuation, account_id, at, _BUY)
        return self._priced(decision, ground, valuation, account_id, at, _SELL) if action is _SELL_ACTION else None

    def _priced(  # noqa: C901 -- one look is one function: to hand its figures around would cost what it saves
        self,
        decision: Decision,
        ground: _Ground,
        valuation: Valuation,
        account_id: str,
        at: datetime,
        side: OrderSide,
    ) -> Approval | None:
        """Its price, size and cost against the market as it stands."""
        product, limits = ground.product, ground.limits
        market = self._market_data.reading(product.symbol)
        book, heard_at = market.book, market.heard_at
        if book is None or heard_at is None or not market.is_synced or market.is_polled or market.clock_offset_ms:
            return None
        age = at - heard_at
        if age.days or age.seconds + 1 > limits.max_feed_age_seconds or not book.bids or not book.asks:
            return None
        best_bid, best_ask = book.bids[0], book.asks[0]
        bid, ask = best_bid.price, best_ask.price
        spread = ask - bid
        if spread <= ZERO or market.symbol != product.symbol:
            return None
        mid = (bid + ask) * _HALF
        is_buy = side is _BUY
        touch, half = (ask, ask - mid) if is_buy else (bid, mid - bid)
        allowance, wide = mid * ground.guard, half * limits.slippage_half_spreads
        if wide > allowance:
            ceiling = mid * ground.ceiling
            allowance = wide if wide < ceiling else ceiling
        kind, price = decision.order_type, decision.limit_price
        if kind is None:
            kind = _MARKET if price is None else _LIMIT
        if kind is _MARKET:
            if price is not None or spread > mid * limits.collar_pct:
                return None
            collar = touch * limits.collar_pct
            bound = allowance if allowance < collar else collar
            increment = product.price_increment
            limit = (touch + bound).quantize(increment, ROUND_FLOOR) if is_buy else (touch - bound).quantize(
                increment, ROUND_CEILING
            )  # fmt: skip
            takes = True
        elif kind is _LIMIT and price is not None:
            if not price.is_finite() or not ZERO < price < _HUGE or price % product.price_increment:
                return None
            limit = price
            takes = limit >= touch if is_buy else limit <= touch
        else:
            return None
        worst = limit if is_buy or bid <= limit else bid
        quantity, notional = decision.quantity, decision.target_notional
        if notional is None:
            if quantity is None or not quantity.is_finite() or not ZERO < quantity < _HUGE:
                return None
            if quantity % product.base_increment:
                return None
        elif quantity is None and notional.is_finite() and ZERO < notional < _HUGE and not notional % _TINY:
            size = notional / (limit if is_buy else bid)
            if size >= _HUGE:
                return None
            quantity = size.quantize(product.base_increment, ROUND_FLOOR)
            if not quantity:
                return None
        else:
            return None
        if takes and (
            quantity > (best_ask if is_buy else best_bid).quantity
            or (half if limits.slippage_multiplier is ONE else half * limits.slippage_multiplier) > allowance
        ):
            return None
        valued = market.mark.price if market.mark is not None else mid
        reference = market.reference_mid if market.reference_mid is not None else valued
        if limit > reference * ground.highest if is_buy else limit < reference * ground.lowest:
            return None
        index = market.index_price
        if index is not None and abs(reference - index) > index * limits.collar_pct:
            return None
        beside = self._within_limits(decision, ground, valuation, at, is_buy, quantity, limit, worst, valued)
        if beside is None:
            return None
        order = Order(
            client_order_id=client_order_id(account_id, decision.decision_id),
            decision_id=decision.decision_id,
            symbol=product.symbol,
            side=side,
            order_type=kind,
            quantity=quantity,
            time_in_force=_MARKET_TIME if kind is _MARKET else _LIMIT_TIME,
            purpose=_ENTRY if is_buy else _REDUCTION,
            created_at=at,
            strategy_id=decision.strategy_id,
            limit_price=limit,
            arrival_mid=mid,
        )
        changes = (TermsChange("limit_price", "none", str(limit), "protection of a market order"),)
        approved = ApprovedOrder(
            order=order, worst_price=worst, reviewed_at=at, changes=changes if kind is _MARKET else ()
        )
        return Approval(approved, (product.symbol, side, quantity, price), product, limits, beside)

    def _within_limits(  # noqa: C901 -- as above
        self,
        decision: Decision,
        ground: _Ground,
        valuation: Valuation,
        at: datetime,
        is_buy: bool,
        quantity: Decimal,
        limit: Decimal,
        worst: Decimal,
        valued: Decimal,
    ) -> Beside | None:
        """What stands beside it, if account, state and pace plainly have room for it."""
        product, limits, ledger = ground.product, ground.limits, self._ledger
        symbol, notional = product.symbol, quantity * worst
        if (
            quantity < product.minimum_quantity
            or (product.maximum_quantity is not None and quantity > product.maximum_quantity)
            or quantity * limit < product.minimum_notional
            or ledger.states.entry(symbol).state is not _ACTIVE
        ):
            return None
        beside = valuation.beside(ledger, product)
        if beside is None:
            return None
        equity = beside.equity
        if (
            equity is None
            or notional > equity * limits.max_order_pct
            or (limits.max_order_notional is not None and notional > limits.max_order_notional)
        ):
            return None
        account = ledger.positions.get((symbol, ACCOUNT))
        held = account.position.quantity if account is not None else ZERO
        external = ledger.opening_balances.get(product.base_currency, ZERO)
        value = held * valued
        sums = ledger.commitments.by_symbol.get(symbol)
        if sums is not None:
            if sums.unknown:
                return None
            # Bids rise to the best one, asks to the worst.
            if sums.asks and limit >= sums.asks[0][0] if is_buy else sums.bids and limit <= sums.bids[-1][0]:
                return None
            long, short = sums.buy_notional + value, sums.sell_notional - value
        else:
            long, short = value, -value
        if is_buy:
            long += notional
            if notional * ground.cost > ledger.free(product.quote_currency) or valuation.uses_margin(ledger):
                return None
        else:
            short += notional
            own = ledger.positions.get((symbol, decision.strategy_id))
            left = own.position.quantity if own is not None else ZERO
            left = left if left < held else held
            if sums is not None and sums.reducing:
                left -= sums.reducing_leaves
            if quantity > left or quantity > ledger.free(product.base_currency) - external:
                return None
        worst_case = long if long > short else short
        if external:
            worst_case = (worst_case if worst_case > ZERO else ZERO) + external * valued
        if (
            worst_case + beside.underlying > equity * limits.max_position_pct_per_symbol
            or worst_case + beside.total > equity * limits.max_exposure_pct
        ):
            return None
        terms = (symbol, _BUY if is_buy else _SELL, quantity, decision.limit_price)
        return beside if self._pace.has_room(at, terms, limits, ground.entry_budget) else None


def _ground_of(
    product: Product, limits: RiskLimits, capabilities: EngineCapabilities, reporting_currency: str
) -> _Ground:
    guard, ceiling = limits.slippage_guard_bps, limits.slippage_ceiling_bps
    is_plain = (
        product.kind is ProductKind.SPOT
        and product.multiplier is ONE
        and product.quote_currency == reporting_currency != product.base_currency
        and product.flags is OPEN_FOR_TRADING
        and product.opens_at is None
        and product.expires_at is None
        and _is_power_of_ten(product.price_increment)
        and _is_power_of_ten(product.base_increment)
        and not limits.kill_switch_enabled
        and not limits.reduce_only_mode
        and not limits.unprotected
        and limits.slippage_half_spreads >= ZERO
        and capabilities.market_as_limit_ioc
        and _MARKET in capabilities.order_types
        and _LIMIT in capabilities.order_types
    )
    return _Ground(
        product,
        limits,
        capabilities,
        is_plain,
        (guard if guard < ceiling else ceiling) * BASIS_POINT,
        ceiling * BASIS_POINT,
        ONE + limits.collar_pct,
        ONE - limits.collar_pct,
        ONE + fee_rate(product),
        limits.venue_requests_per_second * limits.entry_budget_pct,
    )


def _is_power_of_ten(increment: Decimal) -> bool:
    """Whether rounding to its decimals is rounding to the increment, within the decimals that an amount may have."""
    sign, digits, exponent = increment.as_tuple()
    return not sign and digits == (1,) and isinstance(exponent, int) and -MAX_DIGITS_EACH_SIDE <= exponent <= 0
