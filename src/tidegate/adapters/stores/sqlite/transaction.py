"""The transaction: everything that was queued, judged unit by unit and committed at once."""

import sqlite3
from collections.abc import Sequence

from tidegate.adapters.stores.sqlite.draft import Draft
from tidegate.adapters.stores.sqlite.head import Head, Taken
from tidegate.adapters.stores.sqlite.units import AnswerUnit, AnyUnit, PlainUnit, SendingUnit, StartUnit
from tidegate.adapters.stores.steps import Facts, bolder_of
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.records import AlreadyDecided, RecordOutcome, StepCommitted, WriterLost

_PAGES_A_COMMIT = 8
"""Pages that a commit touches whatever its size; three rows add about two more."""


class CommitUnknown(Exception):
    """COMMIT itself failed, so that only the file can tell whether it took place."""

    def __init__(self, end: tuple[int, bytes], cause: sqlite3.Error) -> None:
        super().__init__(str(cause))
        self.end = end


class Transactions:
    """Commits batches of units for one account; `epoch` None is for a process that is not the writer, so not fenced."""

    def __init__(self, connection: sqlite3.Connection, account_id: str, epoch: int | None, facts: Facts) -> None:
        self._connection = connection
        self._epoch = epoch
        self._facts = facts
        self._head = Head(account_id)
        self._pages = 0

    def commit(self, units: Sequence[AnyUnit]) -> int:
        """Give each unit its outcome; all that were accepted are durable. Answers the journal's last sequence number.

        One unit's refusal undoes no other's work: each is judged before anything of it is written, and under the write
        lock nothing that it was judged by can change.

        Raises:
            sqlite3.Error: nothing was committed.
            CommitUnknown: that cannot be said.
        """
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._head.read(connection)
            if self._epoch is not None and self._head.epoch != self._epoch:
                lost = WriterLost(reason=f"the account is at epoch {self._head.epoch}, this writer holds {self._epoch}")
                for unit in units:
                    unit.outcome = lost
                return self._head.sequence
            draft = Draft(self._head, self._facts)
            self._judge(draft, units)
            draft.write(connection)
            self._end(draft)
            return draft.sequence
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _judge(self, draft: Draft, units: Sequence[AnyUnit]) -> None:
        taken = Taken(self._connection, units)
        for unit in units:
            if isinstance(unit, SendingUnit):
                unit.outcome = self._sending(draft, taken, unit)
            elif isinstance(unit, PlainUnit):
                unit.outcome = self._step(draft, taken, unit)
            elif isinstance(unit, AnswerUnit):
                draft.answer(unit.answer)
            elif isinstance(unit, StartUnit):
                draft.start_marks(unit.marks)
        for unit in units:
            # A flush or an answer stands for everything before it.
            if unit.outcome is None:
                unit.outcome = StepCommitted(sequence=draft.sequence)

    def _sending(self, draft: Draft, taken: Taken, unit: SendingUnit) -> RecordOutcome:
        event, order = unit.event, unit.approved.order
        if event.epoch != self._head.epoch:
            return WriterLost(reason=f"the step is of epoch {event.epoch}, the account is at {self._head.epoch}")
        if unit.claims and taken.has_decision(unit):
            return AlreadyDecided(decision_id=unit.claims)
        attempts = taken.attempt(order.client_order_id)
        if attempts >= event.attempt:
            return WriterLost(reason=f"attempt {event.attempt} of {order.client_order_id} is already recorded")
        forbidden = self._head.forbids(order)
        if forbidden is not None:
            return forbidden
        sequence = draft.add(unit)
        if unit.claims:
            taken.take_decision(unit)
            draft.claim(unit, sequence, order.client_order_id)
        taken.take_attempt(order.client_order_id, event.attempt)
        if not attempts:
            draft.sent(unit.step)
        return RecordedOrder(order=order, attempt=event.attempt, epoch=event.epoch, recorded_at=unit.step.at)

    def _step(self, draft: Draft, taken: Taken, unit: PlainUnit) -> AlreadyDecided | StepCommitted:
        if not unit.claims:
            bolder = bolder_of(unit.step)
            forbidden = None if bolder is None else self._head.forbids(bolder)
            return StepCommitted(sequence=draft.add(unit), forbidden=forbidden)
        if taken.has_decision(unit):
            return AlreadyDecided(decision_id=unit.claims)
        sequence = draft.add(unit)
        taken.take_decision(unit)
        draft.claim(unit, sequence)
        return StepCommitted(sequence=sequence)

    def _end(self, draft: Draft) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise CommitUnknown(draft.end, error) from error
        self._pages += _PAGES_A_COMMIT + draft.row_count * 2 // 3

    def tidy(self, pages: int) -> None:
        """Copy the write-ahead log into the file once it may hold so many pages; after waiters have been woken."""
        if self._pages < pages:
            return
        self._pages = 0
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def finish(self) -> None:
        """Leave a checkpoint at the journal's end and the whole of the log in the file, for the next start."""
        connection = self._connection
        connection.execute(_CHECKPOINT, (self._epoch,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


# Not by a writer that has lost its account.
_CHECKPOINT = """
    INSERT OR IGNORE INTO checkpoints
    SELECT sequence, hash FROM journal WHERE (SELECT epoch FROM account) = ? ORDER BY sequence DESC LIMIT 1"""
