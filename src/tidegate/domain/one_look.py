"""One look: a plain order that plainly passes every check is approved at once; of any other it says nothing.

Most orders are plain: a market or a limit order on a spot market that is open, within every limit by far. Judging one
needs none of what the pipeline keeps for refusals and remedies. What is not plain, or fails at anything here, goes the
long way and is judged there as if nobody had looked. Where this approves, the long way approves the very same order:
that is what the tests hold it to.
"""

from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ZERO
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.decisions import Decision
from tidegate.domain.identifiers import client_order_id, is_identifier
from tidegate.domain.instructions import TIMES_IN_FORCE
from tidegate.domain.ledger import Ledger
from tidegate.domain.orders import ApprovedOrder, Order
from tidegate.domain.pace import Pace, Terms
from tidegate.domain.ports import MarketDataPort
from tidegate.domain.products import Product
from tidegate.domain.quotes import Ground, Quote, ground_of, quote_of
from tidegate.domain.risk import RiskLimits
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.valuation import Valuation
from tidegate.domain.views import Beside
from tidegate.domain.vocabulary import Action, OrderSide, OrderType, Purpose, TradingState

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than a decimal addition.
_BUY_ACTION, _SELL_ACTION, _BUY, _SELL = Action.BUY, Action.SELL, OrderSide.BUY, OrderSide.SELL
_MARKET, _LIMIT, _ACTIVE = OrderType.MARKET, OrderType.LIMIT, TradingState.ACTIVE
_ENTRY, _REDUCTION = Purpose.ENTRY, Purpose.REDUCTION
_MARKET_TIME, _LIMIT_TIME = TIMES_IN_FORCE[_MARKET][0], TIMES_IN_FORCE[_LIMIT][0]

_HUGE = Decimal(10) ** MAX_DIGITS_EACH_SIDE
_TINY = Decimal(10) ** -MAX_DIGITS_EACH_SIDE


class Approval(Struct, frozen=True, gc=False):
    """An approved order with all that reserving for it needs: its terms as translated, and what stood beside it."""

    approved: ApprovedOrder
    terms: Terms
    product: Product
    limits: RiskLimits
    beside: Beside
    capabilities: EngineCapabilities


class OneLook:
    """Looks at one account's plain orders; changes nothing but the pace's windows, which it lets move on."""

    def __init__(self, ledger: Ledger, pace: Pace, market_data: MarketDataPort) -> None:
        self._ledger = ledger
        self._pace = pace
        self._market_data = market_data
        self._grounds: dict[str, Ground] = {}
        self._to_buyers: dict[str, Quote] = {}
        self._to_sellers: dict[str, Quote] = {}

    def at(  # noqa: C901 -- one look is few functions: to hand its figures around would cost what it saves
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
            ground = self._grounds[symbol] = ground_of(product, limits, capabilities, valuation.reporting_currency)
        if not (
            ground.is_plain
            # It asks for no more than a size, perhaps at a limit.
            and decision.leverage is None
            and not decision.reduce_only
            and decision.stop_trigger is None
            and decision.time_in_force is None
            and decision.expire_at is None
            and not decision.post_only
            and decision.valid_until is None
            and decision.reference_price is None
            and decision.max_drift_bps is None
            and decision.trail is None
            and decision.trigger_source is None
            and decision.take_profit is None
            and decision.stop_loss is None
            and decision.algorithm is None
            and decision.display_quantity is None
            and (not decision.reason or decision.reason.isprintable())
        ):
            return None
        decided_at, strategy_id = decision.decided_at, decision.strategy_id
        if decided_at is not None:
            # A naive moment, one of another zone or from the future is looked at more closely.
            if decided_at.tzinfo is not at.tzinfo:
                return None
            if decided_at > at or at - decided_at >= ground.decision_life:
                return None
        if strategy_id and not is_identifier(strategy_id):
            return None
        action = decision.action
        if action is _BUY_ACTION:
            side, quotes = _BUY, self._to_buyers
        elif action is _SELL_ACTION:
            side, quotes = _SELL, self._to_sellers
        else:
            return None
        market = self._market_data.reading(symbol)
        quote = quotes.get(symbol)
        if quote is None or quote.market is not market or quote.ground is not ground:
            quote = quotes[symbol] = quote_of(ground, market, side, quote)
        if not quote.is_clear or not quote.heard_at <= at < quote.silent_at:
            return None
        return self._sized(decision, quote, valuation, account_id, at, side)

    def _sized(  # noqa: C901 -- as above
        self, decision: Decision, quote: Quote, valuation: Valuation, account_id: str, at: datetime, side: OrderSide
    ) -> Approval | None:
        """Its price and its size, and whether there is room for that."""
        product, is_buy = quote.ground.product, side is _BUY
        kind, price = decision.order_type, decision.limit_price
        if price is None:
            if kind is not None and kind is not _MARKET:
                return None
            kind, limit, takes = _MARKET, quote.limit, True
        else:
            if kind is not None and kind is not _LIMIT:
                return None
            if not price.is_finite() or not ZERO < price < _HUGE or price % product.price_increment:
                return None
            kind, limit, takes = _LIMIT, price, price >= quote.touch if is_buy else price <= quote.touch
        quantity, notional = decision.quantity, decision.target_notional
        if notional is None:
            if quantity is None or not quantity.is_finite() or not ZERO < quantity < _HUGE:
                return None
            if quantity % product.base_increment:
                return None
        elif quantity is None and notional.is_finite() and ZERO < notional < _HUGE and not notional % _TINY:
            size = notional / (limit if is_buy else quote.bid)
            if size >= _HUGE:
                return None
            quantity = size.quantize(product.base_increment, ROUND_FLOOR)
            if not quantity:
                return None
        else:
            return None
        if takes and (quantity > quote.shown or not quote.may_take):
            return None
        if limit > quote.furthest if is_buy else limit < quote.furthest:
            return None
        symbol, decision_id, strategy_id = product.symbol, decision.decision_id, decision.strategy_id
        terms = (symbol, side, quantity, price)
        worst = limit if is_buy or quote.bid <= limit else quote.bid
        beside = self._room(strategy_id, quote, valuation, at, terms, limit, worst)
        if beside is None:
            return None
        order = Order(
            client_order_id=client_order_id(account_id, decision_id),
            decision_id=decision_id,
            symbol=symbol,
            side=side,
            order_type=kind,
            quantity=quantity,
            time_in_force=_MARKET_TIME if kind is _MARKET else _LIMIT_TIME,
            purpose=_ENTRY if is_buy else _REDUCTION,
            created_at=at,
            strategy_id=strategy_id,
            limit_price=limit,
            arrival_mid=quote.mid,
        )
        approved = ApprovedOrder(
            order=order, worst_price=worst, reviewed_at=at, changes=quote.protection if kind is _MARKET else ()
        )
        ground = quote.ground
        return Approval(approved, terms, product, ground.limits, beside, ground.capabilities)

    def _room(  # noqa: C901 -- as above
        self,
        strategy_id: str,
        quote: Quote,
        valuation: Valuation,
        at: datetime,
        terms: Terms,
        limit: Decimal,
        worst: Decimal,
    ) -> Beside | None:
        """What stands beside it, if account, state and pace plainly have room for it."""
        ground, valued, is_buy, quantity = quote.ground, quote.valued, terms[1] is _BUY, terms[2]
        product, limits, ledger = ground.product, ground.limits, self._ledger
        commitments = ledger.commitments
        symbol, notional = product.symbol, quantity * worst
        if (
            quantity < product.minimum_quantity
            or (product.maximum_quantity is not None and quantity > product.maximum_quantity)
            or (notional if limit is worst else quantity * limit) < product.minimum_notional
            or not (ledger.states.are_active or ledger.states.entry(symbol).state is _ACTIVE)
        ):
            return None
        beside = valuation.beside(ledger, product, valued)
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
        sums, currency = commitments.by_symbol.get(symbol), product.quote_currency if is_buy else product.base_currency
        free, kept = ledger.balances.get(currency, ZERO), commitments.held.get(currency)
        if kept:
            free -= kept
        if sums is not None and sums.orders:
            if sums.unknown:
                return None
            # Bids rise to the best one, asks to the worst.
            if sums.asks and limit >= sums.asks[0][0] if is_buy else sums.bids and limit <= sums.bids[-1][0]:
                return None
            long, short = sums.buy_notional + value, sums.sell_notional - value
        else:
            sums, long, short = None, value, -value
        if is_buy:
            long += notional
            if beside.has_margin or notional * ground.cost > free:
                return None
        else:
            short += notional
            own = ledger.positions.get((symbol, strategy_id))
            left = own.position.quantity if own is not None else ZERO
            left = left if left < held else held
            if sums is not None and sums.reducing:
                left -= sums.reducing_leaves
            if quantity > left or quantity > (free - external if external else free):
                return None
        worst_case = long if long > short else short
        if external:
            worst_case = (worst_case if worst_case > ZERO else ZERO) + external * valued
        if not beside.total:
            if worst_case > equity * ground.alone:
                return None
        elif (
            worst_case + beside.underlying > equity * limits.max_position_pct_per_symbol
            or worst_case + beside.total > equity * limits.max_exposure_pct
        ):
            return None
        return beside if self._pace.has_room(at, terms, limits, ground.entries_below, ground.requests_below) else None
