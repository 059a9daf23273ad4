"""Timeliness: whether a decision and its order come in their time, are no old replay, and not from the future."""

from datetime import datetime
from decimal import Decimal

from tidegate.domain.ages import is_older, seconds_between
from tidegate.domain.amounts import plain
from tidegate.domain.decisions import Decision
from tidegate.domain.marks import Mark
from tidegate.domain.orders import Order
from tidegate.domain.refusals import ClockRefused, ExpiredRefused, InvalidRefused, Remedy
from tidegate.domain.risk import RiskLimits
from tidegate.domain.validity import shown
from tidegate.domain.vocabulary import Purpose

_MILLISECONDS = Decimal(1_000)


def out_of_time(decision: Decision, at: datetime, limits: RiskLimits) -> ExpiredRefused | ClockRefused | None:
    """Past its life, too old to be news (N8), or from the future (N9; an exit is let through)."""
    if decision.valid_until is not None and at > decision.valid_until:
        return _over(decision.valid_until, at)
    decided_at = decision.decided_at
    if decided_at is None:
        return None
    if is_older(at, decided_at, limits.max_decision_age_seconds):
        age = seconds_between(decided_at, at)
        return ExpiredRefused(
            message=f"the decision is {plain(age)} s old, more than {plain(limits.max_decision_age_seconds)} s",
            figures={"age_seconds": age, "limit_seconds": limits.max_decision_age_seconds},
        )
    if decided_at > at and not decision.reduce_only:
        return _from_the_future(decided_at, at, limits)
    return None


def outlived(order: Order, at: datetime) -> ExpiredRefused | None:
    """Why an order may not go any more: its decision's life is over, by which closes and protection are not bound.

    Asked wherever an order is about to be sent: at its review, after its commit, and before it is sent again.
    """
    valid_until = order.valid_until
    if valid_until is None or at <= valid_until or order.is_protection or order.purpose is Purpose.OPERATOR_CLOSE:
        return None
    return _over(valid_until, at)


def _over(valid_until: datetime, at: datetime) -> ExpiredRefused:
    until = shown(valid_until)
    message = f"the decision was valid until {until}, and it is {shown(at)}"
    return ExpiredRefused(message=message, facts={"valid_until": until})


def premature(mark: Mark, at: datetime, limits: RiskLimits) -> InvalidRefused | None:
    """A mark that was seen in the future, by more than clocks may differ: its age says nothing."""
    bound = limits.max_clock_skew_ms / _MILLISECONDS
    if mark.at <= at or not is_older(mark.at, at, bound):
        return None
    ahead = seconds_between(at, mark.at)
    return InvalidRefused(
        message=f"the mark given was seen {plain(ahead)} s in the future, more than {plain(bound)} s",
        figures={"ahead_seconds": ahead, "limit_seconds": bound},
        facts={"argument": "mark"},
        remedy=Remedy("leave mark out: it is then read from the venue"),
    )


def _from_the_future(decided_at: datetime, at: datetime, limits: RiskLimits) -> ClockRefused | None:
    bound = limits.max_clock_skew_ms / _MILLISECONDS
    if not is_older(decided_at, at, bound):
        return None
    ahead = seconds_between(at, decided_at)
    return ClockRefused(
        message=f"the decision was made {plain(ahead)} s in the future, more than {plain(bound)} s",
        figures={"ahead_seconds": ahead, "limit_seconds": bound},
        remedy=Remedy(f"send it after {shown(decided_at)}", not_before=decided_at),
    )
