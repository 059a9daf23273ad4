"""Units: what waits for the next transaction, each to be written whole or answered with why not."""

import asyncio
from functools import lru_cache
from typing import Any, Generic, TypeVar

from msgspec import Struct

from tidegate.adapters.stores.journal import encode_events, microseconds
from tidegate.adapters.stores.steps import claim_of, sending_of
from tidegate.domain.events import OrderSending
from tidegate.domain.identifiers import client_order_id
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.records import CommitOutcome, InboxAnswer, RecordOutcome, StartMarks, Step

T = TypeVar("T")


class Unit(Struct, Generic[T], gc=False, kw_only=True):
    """The base: who waits for it, and what it came to. A unit without a waiter rides along."""

    waiter: asyncio.Future[T] | None = None
    outcome: T | None = None


class StepUnit(Unit[T], Generic[T], gc=False, kw_only=True):
    """A step, encoded where it was queued so that a mistake in it is raised there.

    `claims` is the decision that it claims, and `claim_key` the order id that follows from it, under which the decision
    is claimed where it became an order; both empty where there is none.
    """

    step: Step
    at_us: int
    payload: bytes
    claims: str = ""
    claim_key: str = ""


class PlainUnit(StepUnit[CommitOutcome], gc=False, kw_only=True):
    """A step that sends nothing."""


class SendingUnit(StepUnit[RecordOutcome], gc=False, kw_only=True):
    """A step that marks an attempt as SENDING."""

    approved: ApprovedOrder
    event: OrderSending


class AnswerUnit(Unit[CommitOutcome], gc=False, kw_only=True):
    """An answer to a request of the inbox."""

    answer: InboxAnswer


class StartUnit(Unit[CommitOutcome], gc=False, kw_only=True):
    """How starts have ended."""

    marks: StartMarks


class FlushUnit(Unit[CommitOutcome], gc=False, kw_only=True):
    """Nothing of its own: whoever waits for it waits for everything before it."""


AnyUnit = Unit[Any]


def plain_unit(account_id: str, step: Step) -> PlainUnit:
    """A step as it is queued."""
    claim = claim_of(step)
    claims = "" if claim is None else claim[0]
    return PlainUnit(
        step=step,
        at_us=microseconds(step.at),
        payload=encode_events(step.events),
        claims=claims,
        claim_key=claim_key(account_id, claims),
    )


def sending_unit(account_id: str, approved: ApprovedOrder, step: Step) -> SendingUnit:
    """A SENDING step as it is queued."""
    event = sending_of(approved, step)
    claims = "" if event.decision is None else event.decision.decision_id
    return SendingUnit(
        step=step,
        at_us=microseconds(step.at),
        payload=encode_events(step.events),
        claims=claims,
        claim_key=claim_key(account_id, claims),
        approved=approved,
        event=event,
    )


@lru_cache(maxsize=1_024)
def claim_key(account_id: str, decision_id: str) -> str:
    """The order id that follows from a decision: asked for when the decision is looked up, and again when recorded."""
    return client_order_id(account_id, decision_id) if decision_id else ""
