"""The order store in a SQLite file, as its one writer has it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidegate.adapters.stores.sqlite.files import connect_to_read, in_our_words
from tidegate.adapters.stores.sqlite.lanes import InlineLane, Lane
from tidegate.adapters.stores.sqlite.lookups import Lookups
from tidegate.adapters.stores.sqlite.readings import SqliteReadings
from tidegate.adapters.stores.sqlite.units import AnswerUnit, StartUnit, StepUnit, plain_unit, sending_unit
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.records import CommitOutcome, InboxAnswer, RecordOutcome, StartMarks, Step, StoredDecision


class SqliteOrderStore(SqliteReadings):
    """Implements OrderStorePort; made by `open_sqlite_store`, which checks the file before.

    Writes never raise for what a disk may do.
    """

    def __init__(self, path: Path, epoch: int, clock: ClockPort, lane: Lane, release: Callable[[], None]) -> None:
        super().__init__(path, connect_to_read(path), clock, is_threaded=not isinstance(lane, InlineLane))
        self._epoch = epoch
        self._lane = lane
        self._release = release
        self._lookups = Lookups(self._connection, self.account_id)
        if self._is_threaded:
            with in_our_words(path):
                self._lookups.begin()

    @property
    def epoch(self) -> int:
        return self._epoch

    def close(self) -> None:
        """Commit what is queued, leave a checkpoint and give up the lock; later writes are refused. Harmless twice."""
        if self._is_open:
            self._is_open = False
            self._lane.close()
            self._disconnect()
            self._release()

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        if self._is_threaded and self._is_open:
            # Nearly every id that is asked for is new.
            if self._lookups.is_new(decision_id):
                return None
            with in_our_words(self.path):
                if not await self._lookups.is_used(decision_id):
                    return None
        return await super().find_decision(decision_id)

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        unit = sending_unit(self.account_id, approved, step)
        self._note(unit)
        return await self._lane.carry(unit)

    async def commit(self, step: Step) -> CommitOutcome:
        unit = plain_unit(self.account_id, step)
        self._note(unit)
        return await self._lane.carry(unit)

    def append(self, step: Step) -> None:
        unit = plain_unit(self.account_id, step)
        if unit.claims:
            raise ValueError("a step that claims a decision must be committed, since it may find it claimed")
        self._lane.ride(unit)

    async def flush(self) -> CommitOutcome:
        return await self._lane.flush()

    def _note(self, unit: StepUnit[Any]) -> None:
        if unit.claims:
            self._lookups.note(unit.claim_key)

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        return await self.commit(Step(at=change.at, events=(change,)))

    async def write_start_marks(self, marks: StartMarks) -> CommitOutcome:
        return await self._lane.carry(StartUnit(marks=marks))

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        return await self._lane.carry(AnswerUnit(answer=answer))
