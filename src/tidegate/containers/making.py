"""Making: the few parts whose arguments are settings in another form."""

from collections.abc import Sequence

from tidegate.adapters.brokers.simulated.broker import SimulatedBroker
from tidegate.adapters.clocks import SessionClock
from tidegate.adapters.ids import SeededIds
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.counting import reporting_currency
from tidegate.application.application import Intervals
from tidegate.application.checked_market import CheckedMarket, checked
from tidegate.application.checked_venue import CheckedEngine
from tidegate.application.desk import AccountDesk
from tidegate.application.engine_factory import ExecutionEngineFactory
from tidegate.application.pulse import BOUND_SECONDS, Pulse
from tidegate.application.supervisor import SupervisorIntervals
from tidegate.domain.order_stats import OrderStats
from tidegate.domain.ports import ClockPort, EnginePort, MarketDataPort, OrderStorePort
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskManager
from tidegate.domain.vocabulary import TimeInForce

_SEEDS = 2**64
"""More than there are seeds, so that no two writers draw from the same source."""


def _is_trusted(adapter: object) -> bool:
    """Whether an adapter's words need no look: the simulated venue's own, made of our types in this process.

    Whatever stands in front of it, is made from it or takes its place is looked at as any other.
    """
    return type(adapter) is SimulatedBroker


def make_checked_market(market_data: MarketDataPort) -> CheckedMarket:
    """The market, looked at before it is believed."""
    return checked(market_data, is_trusted=_is_trusted(market_data))


def make_checked_engine(engine_port: EnginePort, desk: AccountDesk) -> CheckedEngine:
    """The engine, looked at before it is believed."""
    return CheckedEngine(engine_port, desk, is_trusted=_is_trusted(engine_port))


def make_risk_manager(settings: Settings, market_data: CheckedMarket) -> RiskManager:
    """The limits of the settings, with the overrides of the products, and the environment's multipliers.

    Products that come later, as those of a venue that is not connected yet, have theirs as soon as they are known.
    """
    multipliers = ExecutionEngineFactory.parse_slippage_multipliers()

    def limits_with(products: Sequence[Product]) -> RiskManager:
        limits = RiskManager(settings.limits(), overrides=settings.overrides(products))
        return ExecutionEngineFactory.scale_slippage(limits, multipliers)

    risk_manager = limits_with(market_data.products)
    market_data.on_listed = lambda products: risk_manager.override(limits_with(products).overrides)
    return risk_manager


def make_desk(
    settings: Settings,
    store: OrderStorePort,
    market_data: MarketDataPort,
    clock: ClockPort,
    risk_manager: RiskManager,
    order_stats: OrderStats,
    venue: EnginePort,
) -> AccountDesk:
    """The account's desk, which knows by when the venue tells of what is in doubt."""
    desk = AccountDesk(
        store=store,
        market_data=market_data,
        clock=clock,
        risk_manager=risk_manager,
        reporting_currency=reporting_currency(settings, market_data.products),
        is_live=settings.profile == "live",
        order_stats=order_stats,
    )
    desk.transmissions.deadline_seconds = float(settings.supervisor.venue_deadline_seconds)
    periods = supervisor_intervals(settings)
    desk.expect_outcomes(venue.capabilities, first_after_seconds=periods.in_flight_age, every_seconds=periods.in_flight)
    return desk


def make_pulse(clock: ClockPort) -> Pulse:
    """The loops' pulse. What a loop waits for takes real time, of which a session that is played faster has less."""
    speed = clock.speed if isinstance(clock, SessionClock) and clock.speed is not None else 1.0
    return Pulse(clock, BOUND_SECONDS * max(1.0, speed))


def seeded_ids(seed: int, store: OrderStorePort) -> SeededIds:
    """Ids that are the same for the same seed and history, and others for each writer that a store has had."""
    return SeededIds(seed + (store.epoch - 1) * _SEEDS)


def default_time_in_force(settings: Settings) -> TimeInForce | None:
    """The configured time in force of decisions that name none."""
    name = settings.engine.default_time_in_force
    return TimeInForce(name) if name is not None else None


def supervisor_intervals(settings: Settings) -> SupervisorIntervals:
    """The supervisor's periods."""
    periods = settings.supervisor
    return SupervisorIntervals(
        guards=float(periods.guard_interval_seconds),
        feed=float(periods.feed_interval_seconds),
        in_flight=float(periods.in_flight_interval_seconds),
        in_flight_age=float(periods.in_flight_age_seconds),
    )


def application_intervals(settings: Settings) -> Intervals:
    """The application's own periods, in seconds."""
    periods = settings.supervisor
    return Intervals(
        reconciliation=float(periods.reconciliation_interval_seconds),
        inbox=float(periods.inbox_interval_seconds),
        drain=float(periods.drain_seconds),
    )
