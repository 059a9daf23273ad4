"""Mutants: bugs that are planted by name, each of which the simulation must find."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.stores.sqlite import draft, head, transaction
from tidegate.adapters.stores.sqlite import store as sqlite_store
from tidegate.application import (
    amending,
    canceling,
    desk,
    recovery,
    reports,
    resending,
    resolving,
    sending,
    sight,
    starts,
)
from tidegate.domain import commitments, ledger, lifecycle, positions, products, translation
from tidegate.domain.amounts import ZERO
from tidegate.domain.checks import pipeline
from tidegate.domain.checks.exposure import exposure
from tidegate.domain.checks.permission import unknown_outcome
from tidegate.domain.checks.prices import feed_age
from tidegate.domain.checks.self_cross import self_cross
from tidegate.domain.events import (
    CancelRejected,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUnanswered,
)
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord, RecordedOrder
from tidegate.domain.submissions import (
    AmendRefused,
    AmendUnanswered,
    CancelUnanswered,
    OrderAbsent,
    SubmissionUnanswered,
    Unreachable,
)
from tidegate.domain.vocabulary import OrderStatus
from tidegate.testing.simulation import blunders
from tidegate.testing.simulation.planting import Planting, instead_of


def _timeout_is_a_reject(original: Any) -> Any:
    def news(order_id: Any, attempt: int, outcome: Any) -> Any:
        if isinstance(outcome, SubmissionUnanswered):
            return [OrderRejected(client_order_id=order_id, code="VENUE_OTHER", reason="timed out", at=outcome.at)]
        return original(order_id, attempt, outcome)

    return news


def _three_errors_are_lost(original: Any) -> Any:
    errors: Counter[str] = Counter()

    async def looked(self: Any, order_id: Any) -> Any:
        record = await self._desk.recall(order_id)
        if record is None or record.status not in (OrderStatus.SENDING, OrderStatus.UNKNOWN):
            return await original(self, order_id)
        answer = await self._venue.order(order_id, record.symbol)
        errors[order_id] += isinstance(answer, Unreachable)
        if errors[order_id] >= 3:
            lost = OrderRejected(
                client_order_id=order_id, code="NOT_ACCEPTED", reason="lost", by_venue=False, at=self._desk.clock.now()
            )
            await self._desk.learn(order_id, (lost,))
            return True
        return await original(self, order_id)

    return looked


def _failure_is_absence(original: Any) -> Any:
    async def looked(self: Any, order_id: Any) -> Any:
        record = await self._desk.recall(order_id)
        if record is None:
            return True
        at, monotonic = self._desk.clock.now(), self._desk.clock.monotonic()
        answer = await self._venue.order(order_id, record.symbol)
        if isinstance(answer, Unreachable | OrderAbsent):
            await self._absent(order_id, at, monotonic)
        else:
            await self.adopt(record, answer, monotonic)
        return True

    return looked


def _id_per_attempt(original: Any) -> Any:
    numbers = itertools.count()
    return lambda account_id, decision_id, child=0: original(account_id, f"{decision_id}{next(numbers)}", child)


def _counted_twice(original: Any) -> Any:
    def filled(record: OrderRecord, news: OrderFilled) -> Any:
        known = news.fill.trade_id in record.trade_ids
        return original(replace(record, trade_ids=()), news) if known else original(record, news)

    return filled


def _ended_is_ended(original: Any) -> Any:
    return lambda record, news: record if record.is_terminal else original(record, news)


def _lowered(original: Any) -> Any:
    def unanswered(record: OrderRecord, news: OrderUnanswered) -> Any:
        return replace(original(record, news), is_accepted=False, is_canceled=False)

    return unanswered


def _unknown_is_free(original: Any) -> Any:
    return lambda record, product: None if record.status is OrderStatus.UNKNOWN else original(record, product)


def _sent_first(original: Any) -> Any:
    async def send_approved(self: Any, approval: Any, decision: Any) -> Any:
        order, at = approval.approved.order, approval.approved.reviewed_at
        await self._venue.submit(RecordedOrder(order=order, attempt=1, epoch=self._desk.store.epoch, recorded_at=at))
        return await original(self, approval, decision)

    return send_approved


def _sent_again(original: Any) -> Any:
    async def submit(self: Any, recorded: Any, *beside: Any) -> Any:
        outcome = await original(self, recorded, *beside)
        if outcome.status is OrderStatus.UNKNOWN:
            await self._venue.submit(recorded)
        return outcome

    return submit


def _any_epoch(original: Any) -> Any:
    def read(self: Any, connection: Any) -> None:
        original(self, connection)
        self.epoch = _HELD.setdefault(id(self), self.epoch)

    return read


_HELD: dict[int, int] = {}


def _lost_is_canceled(original: Any) -> Any:
    def news(order_id: Any, request: int, outcome: Any) -> Any:
        if isinstance(outcome, CancelUnanswered):
            return [OrderCanceled(client_order_id=order_id, at=outcome.at)]
        return original(order_id, request, outcome)

    return news


def _in_order_of_arrival(original: Any) -> Any:
    def add(self: Any, fill: Fill, product: Any) -> None:
        self.position = positions._after(self.position, fill, product)

    return add


def _unclaimed(original: Any) -> Any:
    return lambda account_id, step: replace(original(account_id, step), claims="", claim_key="")


def _feeless(original: Any) -> Any:
    def book(positions: Any, balances: Any, fill: Fill, *rest: Any) -> Any:
        return original(positions, balances, replace(fill, fee=ZERO), *rest)

    return book


def _new_terms_alone(original: Any) -> Any:
    return property(lambda self: original.fget(self) if not self.has_open_amend else self.asked_quantity)


def _lost_amend_is_refused(original: Any) -> Any:
    def news(order_id: Any, request: int, quantity: Any, limit_price: Any, outcome: Any) -> Any:
        refused = AmendRefused(reason="timed out", at=outcome.at)
        answer = refused if isinstance(outcome, AmendUnanswered) else outcome
        return original(order_id, request, quantity, limit_price, answer)

    return news


def _unread(_: Any) -> Any:
    async def busted(self: Any, fill: Any, reason: str) -> None:
        return

    return busted


def _shrunk_in_silence(original: Any) -> Any:
    return lambda record, theirs: original(record, replace(theirs, reduced_reason=""))


def _always(_: Any) -> Any:
    return lambda *arguments: True


def _nothing(_: Any) -> Any:
    return lambda *arguments: None


MUTANTS: Mapping[str, Planting] = {
    "timeout-is-a-reject": instead_of(sending, "news_of_submission", _timeout_is_a_reject),
    "not-found-at-once": instead_of(
        resolving.OrderResolver, "_horizon", lambda _: property(lambda self: timedelta(seconds=-1))
    ),
    "three-errors-are-lost": instead_of(resolving.OrderResolver, "_looked", _three_errors_are_lost),
    "failure-is-absence": instead_of(resolving.OrderResolver, "_looked", _failure_is_absence),
    "id-per-attempt": instead_of(translation, "client_order_id", _id_per_attempt),
    "fill-counted-twice": instead_of(lifecycle._APPLY, OrderFilled, _counted_twice),
    "late-fill-ignored": instead_of(lifecycle._APPLY, OrderFilled, _ended_is_ended),
    "status-lowered": instead_of(lifecycle._APPLY, OrderUnanswered, _lowered),
    "exposure-not-reserved": instead_of(commitments.Commitments, "begin", _nothing),
    "unknown-is-free": instead_of(commitments, "_reservation", _unknown_is_free),
    "sent-before-recorded": instead_of(sending.OrderSender, "send_approved", _sent_first),
    "sent-again-by-itself": instead_of(sending.OrderSender, "_submit", _sent_again),
    "epoch-not-compared": instead_of(head.Head, "read", _any_epoch),
    "state-not-read-again": instead_of(head.Head, "forbids", _nothing),
    "lost-cancel-is-canceled": instead_of(canceling, "news_of_cancel", _lost_is_canceled),
    "exits-not-counted": instead_of(commitments, "_count_reduction", _nothing),
    "fills-in-order-of-arrival": instead_of(positions.PositionHistory, "add_in_context", _in_order_of_arrival),
    "decision-not-claimed": instead_of(sqlite_store, "plain_unit", _unclaimed),
    "feed-age-ignored": instead_of(pipeline.Pipeline, "steps", blunders.without(feed_age)),
    "fee-forgotten": instead_of(ledger, "book", _feeless),
    "overfill-in-silence": instead_of(desk.AccountDesk, "_raise_incidents", _nothing),
    "new-total-alone-reserved": instead_of(OrderRecord, "quantity_at_most", _new_terms_alone),
    "lost-amend-is-refused": instead_of(amending, "news_of_amend", _lost_amend_is_refused),
    "old-terms-are-proof": instead_of(resolving.OrderResolver, "_is_amend_over", _always),
    "bolder-amend-in-any-state": instead_of(transaction, "bolder_of", _nothing),
    "bust-ignored": instead_of(reports.ReportReader, "_busted", _unread),
    "shrunk-in-silence": instead_of(resolving, "news_of", _shrunk_in_silence),
    "poison-never-named": instead_of(starts, "_CAREFUL_AFTER", lambda _: 1_000),
    "freed-at-cancel-request": instead_of(commitments, "_reservation", blunders.freed_at_the_request),
    "refused-cancel-is-canceled": instead_of(lifecycle._APPLY, CancelRejected, blunders.refused_is_canceled),
    "halt-in-memory": instead_of(draft.Draft, "_note", blunders.halt_in_memory),
    "resent-without-checks": instead_of(resending.OrderResender, "_reviewed", blunders.unreviewed),
    "overdue-never-asked": instead_of(resolving.OrderResolver, "resolve_overdue", blunders.never_asked),
    "lost-cancel-stays-lost": instead_of(canceling.Canceler, "repeat_overdue", blunders.never_asked),
    "restart-doubts-nothing": instead_of(recovery.Recovery, "_doubt_what_was_sending", _nothing),
    "incident-not-kept": instead_of(desk.AccountDesk, "incident", lambda _: lambda *_, **__: None),
    "quarantine-forgotten": instead_of(starts.StartLog, "begin", blunders.forgets_quarantine),
    "other-terms-adopted": instead_of(resolving, "terms_difference", _nothing),
    "own-orders-met": instead_of(pipeline.Pipeline, "steps", blunders.without(self_cross)),
    "sent-beside-unknown": instead_of(pipeline.Pipeline, "steps", blunders.without(unknown_outcome)),
    "exposure-unbounded": instead_of(pipeline.Pipeline, "steps", blunders.without(exposure)),
    "multiplier-forgotten": instead_of(products.Product, "notional", blunders.of_one_unit),
    "gap-in-silence": instead_of(sight.Sight, "lost", _nothing),
    "canceled-before-recorded": instead_of(canceling.Canceler, "cancel", blunders.canceled_first),
    "late-decision-sent": instead_of(sending.OrderSender, "_too_late", _nothing),
    "states-not-taken-up": instead_of(recovery, "take_up", blunders.in_no_state),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Run with a bug; without a name, without one.

    Raises:
        UsageError: there is no such bug.
    """
    if name and name not in MUTANTS:
        raise UsageError(f"there is no mutant {name!r}; there are {', '.join(MUTANTS)}")
    with MUTANTS[name]() if name else nullcontext():
        yield
