"""The stream: what the venue says of its own accord on its way to one process, and what gets lost of it (S1 to S15)."""

from collections.abc import Callable
from functools import partial

from tidegate.adapters.brokers.streams import ReportStream
from tidegate.domain.submissions import FillReport, OrderUpdate, ReportGap, VenueReport
from tidegate.testing.simulation.plans import Fault
from tidegate.testing.simulation.processes import Process
from tidegate.testing.simulation.world import World

REPORTS_MAX = 64
"""More than these waiting is a gap (S14)."""

_DELAY_SECONDS = 0.08
_FLOOD = 3 * REPORTS_MAX


class StreamBroken(RuntimeError):
    """P15: the adapter's own bug ends the loop that listens."""


class SimulatedStream(ReportStream):
    """One listener, which a fault may break; `on_gap` is called when it is told of a gap."""

    def __init__(self, bound: int, on_gap: Callable[[], None]) -> None:
        super().__init__(bound)
        self.is_broken = False
        self._on_gap = on_gap

    def take(self) -> VenueReport | None:
        if self.is_broken:
            raise StreamBroken("as the plan has it")
        report = super().take()
        if isinstance(report, ReportGap):
            self._on_gap()
        return report


class StreamSide:
    """Hears the venue for one process and hands on what a fault leaves of it."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self._streams: list[SimulatedStream] = []
        world.listen(self._hear)

    def open(self) -> SimulatedStream:
        stream = SimulatedStream(REPORTS_MAX, self._lost_sight)
        self._streams.append(stream)
        return stream

    def _lost_sight(self) -> None:
        self._world.sight.lost(self._process.name, self._world.loop.time())

    def _hear(self, report: VenueReport) -> None:
        if not self._process.is_alive:
            self._world.forget(self._hear)
            return
        fault = self._world.board.strike("stream")
        if self._world.board.now("S12") is not None or self._world.board.now("B31") is not None:
            return
        if fault is None:
            self._later(report)
        else:
            self._struck(report, fault)

    def _struck(self, report: VenueReport, fault: Fault) -> None:
        match fault.id:
            case "S1":
                self._later(ReportGap(reason="a sequence number is missing", at=self._world.clock.now()))
            case "S2":
                # Reconnected: what was said may be lost, and the open orders are told as they stand.
                gap = ReportGap(reason="reconnected", at=self._world.clock.now())
                self._later(gap, *(OrderUpdate(order=order) for order in self._world.list_open()))
            case "S13":
                # An old word comes again, later: its cumulative figure goes back.
                self._later(report)
                self._later(report, delay=fault.amount)
            case "S3":
                self._later(report, report)
            case "S4":
                self._later(report, delay=fault.amount)
            case "S14":
                self._later(*[report] * _FLOOD)
            case "P15":
                for stream in self._streams:
                    stream.is_broken = True
                self._later(report)
            case _:
                self._later(report)

    def _later(self, *reports: VenueReport, delay: float = 0.0) -> None:
        self._world.wire.later(_DELAY_SECONDS + delay, partial(self._put, reports))

    def _put(self, reports: tuple[VenueReport, ...]) -> None:
        at = self._world.clock.now()
        for report in reports:
            if isinstance(report, FillReport):
                self._count(report.fill.client_order_id)
        for stream in self._streams:
            for report in reports:
                stream.put(report, at)

    def _count(self, order_id: str) -> None:
        """A fill may come before its order's answer, after its cancel was confirmed, or after that was refused."""
        world = self._world
        if (self._process.name, order_id) in world.in_flight:
            world.board.fired["S5"] += 1
        is_canceled = world.cancels_told.get(order_id)
        if is_canceled is not None:
            world.board.fired["S6" if is_canceled else "S7"] += 1
