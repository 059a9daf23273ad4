"""What can be chosen about the simulated venue; every latency is in milliseconds of session time."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct, field

from tidegate.domain.amounts import ZERO

FeeCurrency = Literal["quote", "received"]
MarginMode = Literal["cross", "isolated"]

LIQUIDATION_FEE_RATE = Decimal("0.005")
QUEUE_POWER_MAX = 8


class QueueModel(StrEnum):
    """How a resting order moves up where the recording has levels, and no order ids."""

    PRINTS = "prints"  # by recorded trades alone: what is cancelled stood behind us
    PROBABILISTIC = "probabilistic"  # and by a share of what is cancelled, after where we stand


class SelfTradePrevention(StrEnum):
    """What the venue does with an order that would meet one of our own."""

    CANCEL_NEWEST = "cancel_newest"  # the new one is refused, whole
    CANCEL_OLDEST = "cancel_oldest"  # the resting one is cancelled, and the new one goes on
    CANCEL_BOTH = "cancel_both"  # the resting one is cancelled, and what is left of the new one
    DECREMENT_AND_CANCEL = "decrement_and_cancel"  # both lose the smaller of the two, which ends that one


class VenueSettings(Struct, frozen=True, kw_only=True):
    """The simulated venue's parameters.

    `feed_latency_ms` is how much later than the venue we see its book, `entry_latency_ms` how long an order or an
    amend is under way to it, `cancel_latency_ms` a cancel, `acknowledgement_latency_ms` any answer or report back.
    `latency_jitter` varies each of the last three by up to that fraction, from `seed`. With all of them zero no call
    waits for anything. Fee rates, where set, take the place of the recording's own, for every product. The default
    latencies are a plain assumption (a program somewhere in the cloud, a venue elsewhere): measure your own.
    `queue_power` is the exponent of the probabilistic queue model: 1 takes cancellations evenly from the whole queue,
    more of it takes them rather from its longer part.

    `fees_in` is the currency of a spot fee: the quote's, or what is received (the base when buying). `margin` is what
    bears the losses of a derivative: the whole balance of its settlement currency (cross), or what its position has put
    up (isolated). `funding_rate` is what longs pay shorts of a perpetual every `funding_hours`, counted from midnight
    UTC, as a fraction of the position's value at the mark. `liquidation_fee_rate` is taken of what a liquidation
    trades.
    """

    account_id: str = "paper"
    opening_balances: dict[str, Decimal] = field(default_factory=lambda: {"USD": Decimal(100_000)})
    seed: int = 0
    feed_latency_ms: float = 20
    entry_latency_ms: float = 40
    acknowledgement_latency_ms: float = 40
    cancel_latency_ms: float = 40
    latency_jitter: float = 0
    maker_fee_rate: Decimal | None = None
    taker_fee_rate: Decimal | None = None
    fees_in: FeeCurrency = "quote"
    margin: MarginMode = "cross"
    funding_rate: Decimal = ZERO
    funding_hours: int = 8
    liquidation_fee_rate: Decimal = LIQUIDATION_FEE_RATE
    depth_levels: int = 100
    report_queue_max: int = 10_000
    queue_model: QueueModel = QueueModel.PRINTS
    queue_power: int = 2
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.CANCEL_NEWEST

    def __post_init__(self) -> None:
        latencies = (
            self.feed_latency_ms,
            self.entry_latency_ms,
            self.acknowledgement_latency_ms,
            self.cancel_latency_ms,
        )
        if not all(0 <= latency < float("inf") for latency in latencies):
            raise ValueError("a latency is a finite number of milliseconds, zero or more")
        if not 1 <= self.funding_hours <= 24 or 24 % self.funding_hours:
            raise ValueError("funding_hours is a number of hours that divides a day")
        if not all(rate.is_finite() for rate in (self.funding_rate, self.liquidation_fee_rate)):
            raise ValueError("a rate is a finite number")
        if not 0 <= self.latency_jitter <= 1:
            raise ValueError("latency_jitter is a fraction from 0 to 1")
        if self.depth_levels < 1 or self.report_queue_max < 1:
            raise ValueError("depth_levels and report_queue_max are at least 1")
        if not 1 <= self.queue_power <= QUEUE_POWER_MAX:
            raise ValueError(f"queue_power is a whole number from 1 to {QUEUE_POWER_MAX}")


INSTANT = VenueSettings(feed_latency_ms=0, entry_latency_ms=0, acknowledgement_latency_ms=0, cancel_latency_ms=0)
"""Everything arrives at once; for benchmarks and hand-worked examples."""
