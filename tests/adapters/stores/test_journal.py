"""The journal's bytes: fixed for ever, since old rows must verify with a later program."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tidegate.adapters.stores.journal import (
    decode_events,
    encode_events,
    genesis,
    journal_lines,
    microseconds,
    moment,
    row_hash,
)
from tidegate.adapters.stores.steps import stored_decision
from tidegate.domain.events import AccountOpened
from tidegate.testing.contracts.order_store import OrderSteps

AT = datetime(2025, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


def test_a_row_has_the_bytes_and_the_hash_that_it_always_had() -> None:
    opened = AccountOpened(
        at=AT, account_id="paper", balances={"USD": Decimal("100000.00"), "BTC": Decimal(0)}, equity=None
    )
    payload = encode_events((opened,))
    assert payload == (
        b'[{"event":"ACCOUNT_OPENED","at":"2025-01-02T03:04:05.678901Z","account_id":"paper",'
        b'"balances":{"BTC":"0","USD":"100000.00"},"equity":null}]'
    )
    digest = row_hash(genesis("paper"), 1, microseconds(AT), payload)
    assert digest.hex() == "36be37208b1d1b99759dbb666e1458744ee5185cc28f5961f8fc61ef267d9bc8"
    (line,) = journal_lines([(1, microseconds(AT), payload, digest)])
    assert line == b'{"sequence":1,"at_us":1735787045678901,"hash":"%b","events":%b}\n' % (
        digest.hex().encode(),
        payload,
    )


def test_a_moment_is_whole_microseconds_and_back() -> None:
    for at in (AT, datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert moment(microseconds(at)) == at
    assert microseconds(AT.astimezone(timezone(timedelta(hours=5)))) == microseconds(AT)


def test_each_account_has_a_chain_of_its_own() -> None:
    assert genesis("one") != genesis("other")


def test_events_are_read_back_as_they_were_written() -> None:
    events = OrderSteps("paper", 1).refused("d1").events
    assert decode_events(encode_events(events)) == events


def test_only_an_event_that_carries_a_decision_tells_of_one() -> None:
    event = OrderSteps("paper", 1).sending("d1", claims=False).approved
    steps = OrderSteps("paper", 1)
    sending = steps.sending("d1", claims=False).step.events[0]
    assert event.order.decision_id == "d1"
    with pytest.raises(ValueError, match="carries no decision"):
        stored_decision(sending)  # type: ignore[arg-type]  # the ledger's events are a wider union
