"""The world: venue, wire, market and time of one life; it outlives every process and is asked by all of them."""

from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from datetime import datetime
from decimal import Decimal
from functools import partial

from msgspec import Struct

from tidegate.domain.fills import Fill
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import ReportGap, VenueOrder, VenueReport
from tidegate.testing.simulation.board import FaultBoard
from tidegate.testing.simulation.catalogue import place_of
from tidegate.testing.simulation.clock import SimulatedClock
from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.editing import Edit, EditingVenue
from tidegate.testing.simulation.gate import Trace
from tidegate.testing.simulation.loop import SimulatedLoop
from tidegate.testing.simulation.market import BY_SYMBOL, Market
from tidegate.testing.simulation.misfortunes import Misfortune
from tidegate.testing.simulation.plans import Fault, Plan
from tidegate.testing.simulation.sight import LISTINGS, Sight
from tidegate.testing.simulation.telling import by_hand, fill_of, order_of, reject_of, report_of
from tidegate.testing.simulation.truth import TrueFill
from tidegate.testing.simulation.venue import TICK_SECONDS, Accepted, Rejected, Request, Said
from tidegate.testing.simulation.wire import Wire

STROKES = ("X7", "S8", "S9", "S10", "S11", "X2", "B35", "B28b")
"""Faults that happen at a moment, whatever the processes do."""

_CANCELS_FROM = 0.7
"""Self-trade prevention cancels from this amount of its fault on, and shrinks below it."""

_REPEATED_SECONDS = 45.0

Ear = Callable[[VenueReport], None]
"""Where a process hears what the venue says of its own accord."""


class Sent(Struct, frozen=True, kw_only=True):
    """One submit that a process made, whether it arrived or not."""

    recorded: RecordedOrder
    process: str
    at: float
    wall: datetime
    turn: int


class Amended(Struct, frozen=True, kw_only=True):
    """One amend that a process made, whether it arrived or not."""

    edit: Edit
    process: str
    turn: int


class Canceled(Struct, frozen=True, kw_only=True):
    """One cancel that a process made, whether it arrived or not."""

    client_order_id: str
    process: str
    at: float
    turn: int


class VenueRequest(Struct, frozen=True, kw_only=True):
    """Any request of a process to the venue."""

    kind: str
    subject: str
    at: float


class World:
    """Everything outside the processes. Its callbacks run in a context of their own, so that they belong to none."""

    def __init__(self, plan: Plan, loop: SimulatedLoop) -> None:
        self.loop = loop
        self.context: Context = copy_context()
        self.clock = SimulatedClock(loop.time)
        self.trace = Trace(loop.time)
        self.board = FaultBoard(plan.faults, place_of, loop.time)
        self.wire = Wire(loop, self.context, Dice("wire", plan.seed))
        self.market = Market(plan.seed)
        self.venue = EditingVenue(plan.delivery, self.market, loop.time, Dice("venue", plan.seed), self._say)
        self.sent: list[Sent] = []
        self.asked: list[VenueRequest] = []
        self.amended: list[Amended] = []
        self.canceled: list[Canceled] = []
        self.sight = Sight()
        self.poison = ""
        self.in_flight: set[tuple[str, str]] = set()
        self.cancels_told: dict[str, bool] = {}
        self.never_sent: set[str] = set()
        self.answered: dict[str, list[float]] = {}
        self.is_still = False
        self.recording = 0
        self._ears: list[Ear] = []
        self._disk_dice = Dice("disk", plan.seed)
        self._outage_dice = Dice("outage", plan.seed)

    def commit_seconds(self) -> float:
        """How long a commit takes on a disk that has nothing wrong."""
        return self._disk_dice.uniform(0.0005, 0.01)

    def start(self) -> None:
        """Let the market meet what rests, every tick from now on."""
        self.wire.later(TICK_SECONDS, self._tick)
        if self.board.windows("S9"):
            self.wire.later(_REPEATED_SECONDS, self._tell_of_busts)
        for fault_id in STROKES:
            for fault in self.board.windows(fault_id):
                self.wire.later(fault.at, partial(self._stroke, fault))

    def _stroke(self, fault: Fault) -> None:
        """What somebody does to the clock, or to the account, past every process."""
        if self.board.is_quiet or not self._strike(fault):
            return
        self.trace.note("world", fault.id)
        self.board.fired[fault.id] += 1

    def _strike(self, fault: Fault) -> bool:
        """Whether there was anything to strike."""
        venue = self.venue
        match fault.id:
            case "X7":
                self.clock.jump(fault.amount)
            case "S8":
                filled = [one for one in venue.truth.orders if one.state == "filled" and not one.is_external]
                if not filled:
                    return False
                venue.overfill(filled[-1], BY_SYMBOL[filled[-1].symbol].base_increment * 10)
            case "S9":
                return venue.bust()
            case "B35":
                return venue.prevent_self_trade(cancels=fault.amount >= _CANCELS_FROM)
            case "B28b":
                self._say_gap()
            case "S10" | "X2":
                # With X2 it bears our mark: another store's coordinator sits on the same account.
                name = f"{'tg' if fault.id == 'X2' else 'by hand '}{round(fault.amount * 1_000)}"
                venue.external(by_hand(name, self.market.mid("BTC-USD", int(self.loop.time())) / 2))
            case _:
                # S11: a taker of the derivative moves the account's position.
                venue.external(by_hand(f"by hand {round(fault.amount * 1_000)}", None))
        return True

    def _tell_of_busts(self) -> None:
        """Nobody can ask for a bust: the venue tells of each again and again, to whoever listens by then."""
        if not self.is_still:
            self.venue.repeat_busts()
        self.wire.later(_REPEATED_SECONDS, self._tell_of_busts)

    def _tick(self) -> None:
        if not self.is_still:
            self.venue.match()
        self.wire.later(TICK_SECONDS, self._tick)

    def listen(self, ear: Ear) -> None:
        self._ears.append(ear)

    def forget(self, ear: Ear) -> None:
        self._ears.remove(ear)

    def _say(self, said: Said) -> None:
        report = report_of(said)
        for ear in tuple(self._ears):
            ear(report)

    def _say_gap(self) -> None:
        for ear in tuple(self._ears):
            ear(ReportGap(reason="reconnected", at=self.clock.now()))

    def is_listing_lost(self, what: str) -> bool:
        """B28b: from a gap on one of the listings finds nobody, and everything else is answered."""
        fault = self.board.now("B28b")
        return fault is not None and what == LISTINGS[int(fault.amount)]

    def is_out(self) -> str:
        """B31: empty while the venue can be reached, else how it cannot: `refused` or `silent`."""
        if self.board.now("B31") is None:
            return ""
        return "refused" if self._outage_dice.happens(0.5) else "silent"

    # What processes do

    def note_sent(self, recorded: RecordedOrder, process: str) -> None:
        now = self.clock.now()
        self.sent.append(Sent(recorded=recorded, process=process, at=self.loop.time(), wall=now, turn=self.trace.calls))
        self.note_asked("submit", recorded.order.client_order_id)

    def note_asked(self, kind: str, subject: str) -> None:
        self.asked.append(VenueRequest(kind=kind, subject=subject, at=self.loop.time()))

    def submit(self, request: Request, luck: Misfortune) -> Accepted | Rejected:
        """A submit arrives."""
        self.trace.note("venue", f"submit {request.client_order_id}")
        is_first = request.client_order_id not in self.venue.rejected
        answer = self.venue.submit(request, rejects=luck.rejects if is_first else None, shrinks=luck.shrinks)
        if isinstance(answer, Accepted):
            for _ in range(luck.repeats):
                self._say(answer.order)
        return answer

    def note_cancel(self, client_order_id: str, process: str) -> None:
        at, turn = self.loop.time(), self.trace.calls
        self.canceled.append(Canceled(client_order_id=client_order_id, process=process, at=at, turn=turn))
        self.note_asked("cancel", client_order_id)

    def cancel(self, client_order_id: str) -> str:
        """A cancel arrives."""
        self.trace.note("venue", f"cancel {client_order_id}")
        said = self.venue.cancel(client_order_id)
        if said == "it is filled":
            self.board.fired["X4"] += 1
        return said

    def note_amend(self, edit: Edit, process: str) -> None:
        self.amended.append(Amended(edit=edit, process=process, turn=self.trace.calls))
        self.note_asked("amend", edit.client_order_id)

    def amend(self, edit: Edit, fault: Fault | None) -> str:
        """An amend arrives; a fill may come before it."""
        self.trace.note("venue", f"amend {edit.client_order_id}")
        if fault is not None and fault.id in ("B33", "B34"):
            # Counted when it was drawn; one that found nothing to fill has not fired.
            self.board.fired[fault.id] -= not self.venue.overtake(edit, goes_below=fault.id == "B34")
        return self.venue.amend(edit)

    # What processes ask; B27 hides what is younger than its amount

    def look_up(self, client_order_id: str) -> tuple[VenueOrder | None]:
        truth = self.venue.truth
        order = truth.first(client_order_id)
        if order is not None:
            return (order_of(order) if self._is_shown(order.arrived_at) else None,)
        for reject in truth.rejects:
            if reject.client_order_id == client_order_id:
                return (reject_of(reject, self.venue.rejected[client_order_id]),)
        return (None,)

    def list_open(self) -> tuple[VenueOrder, ...]:
        return tuple(order_of(one) for one in self.venue.truth.open_orders() if self._is_shown(one.arrived_at))

    def list_fills(self, since: float) -> tuple[Fill, ...]:
        return tuple(fill_of(fill) for fill in self._told_fills() if fill.at >= since)

    def _told_fills(self) -> Iterator[TrueFill]:
        """What was executed and not taken back: a list has no reversals."""
        busted = self.venue.truth.busted
        return (one for one in self.venue.truth.fills if not one.is_reversal and one not in busted)

    def list_balances(self) -> tuple[tuple[str, Decimal], ...]:
        truth = self.venue.truth
        return tuple((currency, truth.balance(currency)) for currency in sorted(truth.balances))

    def list_positions(self) -> tuple[tuple[str, Decimal], ...]:
        held = self.venue.truth.positions.items()
        return tuple((symbol, quantity) for symbol, quantity in held if quantity and not BY_SYMBOL[symbol].is_spot)

    def _is_shown(self, arrived_at: float) -> bool:
        """Whether a list shows what arrived then already."""
        age = self.loop.time() - arrived_at
        lags = any(age < fault.amount for fault in self.board.windows("B27"))
        return not lags or self.board.now("B27") is None
