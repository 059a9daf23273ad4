"""Recovery: from what the store has to a desk that may trade."""

from tidegate.application.desk import AccountDesk
from tidegate.application.guard_watch import GuardWatch
from tidegate.application.resolving import OrderResolver
from tidegate.application.supervisor import ExecutionRuntimeSupervisor
from tidegate.domain.events import AccountOpened, ApplicationStarted, OrderUnanswered
from tidegate.domain.ports import AccountPort
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.records import StepCommitted, StoredAccount
from tidegate.domain.submissions import Unreachable
from tidegate.domain.vocabulary import OrderStatus


class OpeningError(Exception):
    """The application cannot begin: the venue or the store did not give what a start needs. One line says which."""


class Recovery:
    """Load, say that we are here, ask about everything that is open, and only then let anything trade."""

    def __init__(
        self,
        desk: AccountDesk,
        account: AccountPort,
        resolver: OrderResolver,
        supervisor: ExecutionRuntimeSupervisor,
        watch: GuardWatch,
        process: str,
    ) -> None:
        self._desk = desk
        self._account = account
        self._resolver = resolver
        self._supervisor = supervisor
        self._watch = watch
        self._process = process

    async def run(self) -> ReconciliationReport:
        """Bring the desk up to date with store and venue.

        Raises:
            OpeningError: the store does not take the start, or the balances of a first start cannot be read.
        """
        desk = self._desk
        stored = await self.read()
        at = desk.clock.now()
        started = await desk.commit(at, ApplicationStarted(epoch=desk.store.epoch, process=self._process, at=at))
        if not isinstance(started, StepCommitted):
            raise OpeningError(f"the store did not take the start: {started}")
        if stored.opened_at is None:
            await self._open_account()
        self._doubt_what_was_sending()
        report = await self._supervisor.reconcile_once()
        await self._resolver.resolve_overdue(0.0)
        await self._watch.run_all()
        return report

    async def read(self) -> StoredAccount:
        """Take up what the store has, and change nothing: all that a read-only application needs."""
        desk = self._desk
        stored = await desk.store.load()
        desk.ledger.load(stored)
        if stored.account_state is not None:
            desk.ledger.states.set("", stored.account_state)
        for symbol, entry in stored.symbol_states.items():
            desk.ledger.states.set(symbol, entry)
        desk.pace.restore(desk.clock.now(), stored.orders_today)
        return stored

    async def _open_account(self) -> None:
        balances = await self._account.balances()
        if isinstance(balances, Unreachable):
            raise OpeningError(f"the balances of a first start could not be read: {balances.reason}")
        desk, at = self._desk, self._desk.clock.now()
        opened = AccountOpened(account_id=desk.store.account_id, balances=balances.balances, equity=None, at=at)
        await desk.commit(at, opened)

    def _doubt_what_was_sending(self) -> None:
        """An attempt that was durable when the last process ended may have been sent (P3): it is unknown until the venue says."""
        desk = self._desk
        for record in desk.live_orders():
            if record.status is OrderStatus.SENDING:
                at = desk.clock.now()
                reason = "the process ended before the venue's answer was read"
                desk.note(
                    at,
                    OrderUnanswered(
                        client_order_id=record.client_order_id, attempt=record.attempt, reason=reason, at=at
                    ),
                )
                desk.stats.unknown += 1
