"""Recovery: from what the store has to a desk that may trade."""

from tidegate.application.audit import InvariantAudit
from tidegate.application.desk import AccountDesk
from tidegate.application.starts import StartLog
from tidegate.application.supervisor import ExecutionRuntimeSupervisor
from tidegate.application.taking_up import check_account, not_durable, open_account, take_up
from tidegate.domain.events import ApplicationStarted
from tidegate.domain.ports import AccountPort
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.records import StoredAccount
from tidegate.domain.vocabulary import OrderStatus


class Recovery:
    """Load, say that we are here, ask about everything that is open, and only then let anything trade."""

    def __init__(
        self,
        desk: AccountDesk,
        account: AccountPort,
        supervisor: ExecutionRuntimeSupervisor,
        process: str,
        audit: InvariantAudit,
    ) -> None:
        self._desk = desk
        self._account = account
        self._supervisor = supervisor
        self._process = process
        self._audit = audit
        self._starts = StartLog(desk)

    async def run(self) -> ReconciliationReport:
        """Bring the desk up to date with store and venue.

        Raises:
            OpeningError: the store does not take the start, the balances of a first start cannot be read, or the
                venue's key is another account's.
        """
        desk = self._desk
        stored = await take_up(desk, self._starts)
        if desk.is_live:
            await check_account(desk, self._account)
        at = desk.clock.now()
        last = await desk.store.journal(after=max(stored.sequence - 1, 0), limit=1)
        outcome = await desk.commit(at, ApplicationStarted(epoch=desk.store.epoch, process=self._process, at=at))
        failure = not_durable(outcome, "the start")
        if failure is None and stored.opened_at is None:
            failure = not_durable(await open_account(desk, self._account), "the account's opening")
        if failure is not None:
            raise failure
        self._audit.look_at_start(stored.sequence)
        self._doubt_what_was_sending()
        await self._supervisor.refused_watch.restore(last[0].at if last else None)
        desk.sight.lost("records and venue have not been compared since the start")
        for record in desk.live_orders():
            if await self._starts.is_watched(record.client_order_id):
                await self._supervisor.resolver.resolve(record.client_order_id)
        report = await self._supervisor.reconcile_once()
        await self._supervisor.check_in_flight(0.0)
        await self._supervisor.guard_watch.run_all()
        for record in desk.live_orders():
            if record.status is OrderStatus.PREPARED and await self._starts.take_up(record.client_order_id):
                await self._supervisor.send_prepared(record.client_order_id)
        await self._starts.end()
        return report

    async def read(self) -> StoredAccount:
        """Take up what the store has, and change nothing: all that a read-only application needs."""
        return await take_up(self._desk)

    def _doubt_what_was_sending(self) -> None:
        """An attempt that was durable when the last process ended may have been sent (P3): the venue has to say."""
        desk = self._desk
        for record in desk.live_orders():
            if record.status is OrderStatus.SENDING:
                reason = "the process ended before the venue's answer was read"
                desk.doubt(record.client_order_id, record.attempt, reason)
