"""The event log: one JSON line an event that an operator would look for, at most one an order."""

from typing import Any, TextIO

import structlog

from tidegate.domain.events import (
    AccountMoved,
    ApplicationStarted,
    DecisionRefused,
    ExternalFlow,
    GuardReported,
    IncidentRaised,
    JournalEvent,
    OrderSending,
    TradingStateChanged,
)


class EventLog:
    """A subscriber that writes to a stream; the journal is the record, and this only points into it.

    The message is the event's name and never varies; what does stands in fields. A decision's free text is not among
    them, and neither is any setting, so that no secret can be.
    """

    def __init__(self, stream: TextIO) -> None:
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[structlog.processors.JSONRenderer()],
            cache_logger_on_first_use=True,
        )

    def notice(self, event: JournalEvent) -> None:
        """Write the event's line, if it has one."""
        fields = _fields(event)
        if fields is not None:
            name = str(event.__struct_config__.tag).lower()
            self._log.msg(name, at=event.at.isoformat(), **fields)


def _fields(event: JournalEvent) -> dict[str, Any] | None:
    match event:
        case OrderSending(order=order, attempt=attempt):
            return {
                "client_order_id": order.client_order_id,
                "symbol": order.symbol,
                "side": order.side.value,
                "quantity": str(order.quantity),
                "attempt": attempt,
            }
        case DecisionRefused(symbol=symbol, decision=decision, refusal=refusal):
            return {"decision_id": decision.decision_id, "symbol": symbol, "code": refusal.code}
        case TradingStateChanged(state=state, symbol=symbol, by=by):
            return {"state": state.value, "symbol": symbol, "by": by}
        case GuardReported(guard=guard, answer=answer, symbol=symbol, message=message):
            return {"guard": guard, "answer": answer, "symbol": symbol, "message": message}
        case IncidentRaised(kind=kind, symbol=symbol, client_order_id=order_id, message=message):
            return {"kind": kind, "symbol": symbol, "client_order_id": order_id, "message": message}
        case ExternalFlow(currency=currency, amount=amount, by=by):
            return {"currency": currency, "amount": str(amount), "by": by}
        case AccountMoved(movement=movement):
            return {
                "movement_id": movement.movement_id,
                "kind": movement.kind.value,
                "currency": movement.currency,
                "amount": str(movement.amount),
                "symbol": movement.symbol,
                "quantity": str(movement.quantity),
            }
        case ApplicationStarted(epoch=epoch, process=process):
            return {"epoch": epoch, "process": process}
        case _:
            return None
