"""The event log writes what an operator looks for, one JSON line each."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

from tidegate.adapters.event_log import EventLog
from tidegate.domain.decisions import Decision
from tidegate.domain.events import (
    ApplicationStarted,
    DecisionRefused,
    ExternalFlow,
    GuardReported,
    IncidentRaised,
    JournalEvent,
    OrderAccepted,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import Order
from tidegate.domain.refusals import InvalidRefused
from tidegate.domain.vocabulary import Action, OrderSide, OrderType, Purpose, TimeInForce, TradingState

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
ORDER = Order(
    client_order_id=ClientOrderId("tg1"),
    decision_id="d1",
    symbol="BTC-USD",
    side=OrderSide.BUY,
    order_type=OrderType.LIMIT,
    quantity=Decimal("0.5"),
    time_in_force=TimeInForce.GTC,
    purpose=Purpose.ENTRY,
    created_at=AT,
)


def _lines(*events: JournalEvent) -> list[dict[str, object]]:
    stream = io.StringIO()
    log = EventLog(stream)
    for event in events:
        log.notice(event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_order_has_one_line_however_much_becomes_of_it() -> None:
    """At most one line an order: its SENDING; the rest is in the journal."""
    sending = OrderSending(order=ORDER, worst_price=Decimal(1), attempt=1, epoch=1, at=AT)
    lines = _lines(sending, OrderAccepted(client_order_id=ClientOrderId("tg1"), at=AT))
    assert [(line["event"], line["client_order_id"], line["quantity"]) for line in lines] == [
        ("order_sending", "tg1", "0.5")
    ]


def test_what_an_operator_looks_for_has_a_line_each() -> None:
    """Refusals, states, guards, incidents and starts."""
    decision = Decision(action=Action.BUY, decision_id="d1", reason="a secret thought")
    lines = _lines(
        ApplicationStarted(epoch=2, process="pid 1", at=AT),
        DecisionRefused(symbol="X", decision=decision, refusal=InvalidRefused(message="no"), at=AT),
        TradingStateChanged(state=TradingState.HALTED, reason="r", by="operator", at=AT),
        GuardReported(guard="feed", answer="TRIP", message="silent", symbol="X", at=AT),
        IncidentRaised(kind="OVERFILL", message="m", at=AT),
        ExternalFlow(currency="USD", amount=Decimal(5), by="operator", at=AT),
    )
    assert [line["event"] for line in lines] == [
        "application_started",
        "decision_refused",
        "trading_state_changed",
        "guard_reported",
        "incident_raised",
        "external_flow",
    ]
    assert lines[1]["code"] == "INVALID"
    assert "secret" not in json.dumps(lines)
