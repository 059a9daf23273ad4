"""Troubles: what puts records in doubt now, each with the symbol that it concerns, and what an operator has seen."""

from collections.abc import Iterator
from datetime import datetime

from tidegate.application.desk import AccountDesk
from tidegate.domain.reconciliation import BLAMELESS

Trouble = tuple[str, str]
"""The symbol, empty for the account, and the trouble in a sentence."""


def troubles(desk: AccountDesk, at: datetime) -> list[Trouble]:
    """Everything that is in doubt and that no operator has resumed in spite of."""
    found = list(_all(desk, at))
    if not desk.sight.reason:
        # What has passed is new trouble should it come again; before everything was compared nothing has passed.
        desk.acknowledged.intersection_update(sentence for _, sentence in found)
    return [one for one in found if one[1] not in desk.acknowledged]


def acknowledge(desk: AccountDesk, at: datetime, symbol: str = "") -> None:
    """An operator resumes a symbol, or the account with all of them, and has seen what is in doubt there."""
    desk.acknowledged.update(sentence for own, sentence in _all(desk, at) if not symbol or own == symbol)
    for what in [what for what, own in desk.broken.items() if not symbol or own == symbol]:
        del desk.broken[what]
    if not symbol:
        desk.accepted.update(desk.marks.shown)


def _all(desk: AccountDesk, at: datetime) -> Iterator[Trouble]:
    for what, symbol in desk.broken.items():
        yield symbol, what
    if desk.journal_flaw and desk.journal_flaw not in desk.broken:
        yield "", desk.journal_flaw
    for difference in {*desk.differences, *desk.order_differences.values()}:
        if difference.kind not in BLAMELESS:
            yield difference.symbol, difference.sentence
    for record in desk.live_orders():
        if record.is_unanswered and (by := desk.known_by(record)) is not None and at > by:
            yield record.symbol, f"order {record.client_order_id} is unknown past its bound"
