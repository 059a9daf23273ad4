"""The log of a run: every notable event has its line, and the figures of the summary are its sums."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from tidegate.adapters.cli import wording
from tidegate.adapters.cli.reading import event_words
from tidegate.adapters.cli.run_log import RunLog
from tidegate.adapters.cli.tables import account_table, orders_table
from tidegate.adapters.cli.valued import Valuation
from tidegate.application.readings import AccountSummary
from tidegate.domain.decisions import Decision
from tidegate.domain.events import (
    ApplicationStarted,
    DayOpened,
    DecisionRefused,
    EquityMarked,
    EquityShifted,
    ExternalFlow,
    GuardReported,
    IncidentRaised,
    JournalEvent,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSending,
    OrderUnanswered,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.orders import Order, OrderRecord, Refused
from tidegate.domain.products import Product
from tidegate.domain.reconciliation import Difference, DifferenceKind, ReconciliationReport
from tidegate.domain.refusals import ExposureRefused, InvalidRefused, Remedy
from tidegate.domain.states import StateEntry
from tidegate.domain.vocabulary import (
    Action,
    OrderSide,
    OrderStatus,
    OrderType,
    ProductKind,
    Purpose,
    TimeInForce,
    TradingState,
)

AT = datetime(2026, 5, 2, 2, 40, 7, tzinfo=UTC)
ID = ClientOrderId("tg0123456789")
PRODUCT = Product(
    symbol="BTC-USD",
    kind=ProductKind.SPOT,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.0001"),
)


def order(kind: OrderType = OrderType.LIMIT, life: TimeInForce = TimeInForce.GTC) -> Order:
    return Order(
        client_order_id=ID,
        decision_id="d1",
        symbol="BTC-USD",
        side=OrderSide.BUY,
        order_type=kind,
        quantity=Decimal("0.5"),
        limit_price=Decimal(60_000),
        time_in_force=life,
        purpose=Purpose.ENTRY,
        created_at=AT,
    )


SENT = OrderSending(order=order(), worst_price=Decimal(60_000), attempt=1, epoch=1, at=AT)


def fill(fee: str, currency: str) -> OrderFilled:
    one = Fill(
        trade_id=TradeId("t1"),
        client_order_id=ID,
        symbol="BTC-USD",
        side=OrderSide.BUY,
        quantity=Decimal("0.5"),
        price=Decimal(60_000),
        at=AT,
        fee=Decimal(fee),
        fee_currency=currency,
    )
    return OrderFilled(client_order_id=ID, fill=one, at=AT)


def refused_with(message: str) -> DecisionRefused:
    refusal = ExposureRefused(message=message, remedy=Remedy("less", {"target_notional": Decimal(5)}))
    return DecisionRefused(symbol="BTC-USD", decision=Decision(action=Action.BUY), refusal=refusal, at=AT)


def change(state: TradingState, symbol: str = "") -> TradingStateChanged:
    return TradingStateChanged(state=state, reason="why", by="guard feed", symbol=symbol, at=AT)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (SENT, "sent       BUY 0.5 BTC-USD LIMIT GTC at 60,000"),
        (fill("12.5", "USD"), "filled     BUY 0.5 BTC-USD at 60,000 (taker, fee 12.50 USD)"),
        (refused_with("too much"), "refused    BTC-USD EXPOSURE: too much"),
        (refused_with("a\x1b[31mb\u202e"), "refused    BTC-USD EXPOSURE: a\\x1b[31mb\\u202e"),
        (
            OrderRejected(client_order_id=ID, code="VENUE_OTHER", reason="no", at=AT),
            "refused    BUY 0.5 BTC-USD LIMIT GTC at 60,000: VENUE_OTHER, no",
        ),
        (OrderExpired(client_order_id=ID, at=AT), "expired    BUY 0.5 BTC-USD LIMIT GTC at 60,000"),
        (
            ExternalFlow(currency="USD", amount=Decimal(-5), by="operator", reason="out\x1b", at=AT),
            "outside    -5 USD, taken up by operator: out\\x1b",
        ),
        (
            OrderCanceled(client_order_id=ID, reason="asked", at=AT),
            "cancelled  BUY 0.5 BTC-USD LIMIT GTC at 60,000: asked",
        ),
        (
            OrderUnanswered(client_order_id=ClientOrderId("other"), attempt=1, reason="timeout", at=AT),
            "UNKNOWN    other: timeout",
        ),
        (change(TradingState.HALTED), "HALTED     the account: why (by guard feed)"),
        (change(TradingState.REDUCING, "BTC-USD"), "REDUCING   BTC-USD: why (by guard feed)"),
        (IncidentRaised(kind="OVERFILL", message="more", at=AT), "OVERFILL: more"),
        (GuardReported(guard="feed", answer="TRIP", message="silent", at=AT), "guard      feed trips: silent"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_notable_event_has_its_line(event: JournalEvent, words: str) -> None:
    """With its time, and told at once."""
    told: list[Text] = []
    log = RunLog([PRODUCT], told.append)
    log.notice(SENT)
    log.notice(event)

    assert told[-1].plain == f"02:40:07  {words}"
    assert log.lines[-1] == told[-1]


@pytest.mark.parametrize(
    "event",
    [
        GuardReported(guard="feed", answer="PASS", message="", at=AT),
        ApplicationStarted(epoch=1, process="run", at=AT),
    ],
)
def test_what_is_not_notable_has_none(event: JournalEvent) -> None:
    """A log that tells everything tells nothing."""
    log = RunLog([])
    log.notice(event)

    assert not log.lines


def test_the_rest_of_an_immediate_order_ends_in_silence() -> None:
    """It was never to rest."""
    log = RunLog([PRODUCT])
    immediate = order(OrderType.MARKET, TimeInForce.IOC)
    log.notice(OrderSending(order=immediate, worst_price=Decimal(1), attempt=1, epoch=1, at=AT))
    before = len(log.lines)
    log.notice(OrderCanceled(client_order_id=ID, at=AT))

    assert len(log.lines) == before


def test_fees_are_summed_in_quote_currency() -> None:
    """One paid in the base currency counts at its fill's price."""
    log = RunLog([PRODUCT])
    for event in (SENT, fill("10", "USD"), fill("0.001", "BTC")):
        log.notice(event)

    assert log.fees == {"USD": Decimal(70)}
    assert log.volume == {"USD": Decimal(60_000)}
    assert (log.orders, log.fills, log.symbols) == (1, 2, ("BTC-USD",))


def test_refusals_are_counted_with_their_last_words() -> None:
    """The summary says why, and what would pass."""
    log = RunLog([PRODUCT])
    for message in ("first", "second"):
        log.notice(refused_with(message))
    log.unrecorded(AT, ExposureRefused(message="third"))

    assert log.refused == {"EXPOSURE": 3}
    assert log.reasons == {"EXPOSURE": "third"}


def test_an_order_that_waits_for_a_trigger_is_told_with_it() -> None:
    """A stop without its price says nothing."""
    stop = replace(order(OrderType.STOP), limit_price=None, trigger_price=Decimal(59_000))
    trailing = replace(order(OrderType.TRAILING_STOP), limit_price=None, trail=Decimal(250))
    records = [OrderRecord(order=one, worst_price=Decimal(1), status=OrderStatus.ACCEPTED) for one in (stop, trailing)]
    screen = Console(file=StringIO(), width=120)
    screen.print(orders_table(records, AT))

    assert wording.terms(stop) == "BUY 0.5 BTC-USD STOP GTC with trigger 59,000"
    assert wording.terms(trailing) == "BUY 0.5 BTC-USD TRAILING_STOP GTC with trail 250"
    assert isinstance(screen.file, StringIO)
    assert "trigger 59,000" in screen.file.getvalue()
    assert "trail 250" in screen.file.getvalue()


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (OrderRecord(order=order(), worst_price=Decimal(1), status=OrderStatus.UNKNOWN), "UNKNOWN: the venue has not"),
        (
            OrderRecord(
                order=order(),
                worst_price=Decimal(1),
                status=OrderStatus.REFUSED,
                refused=Refused(code="VENUE_OTHER", message="no\x1b", by_venue=True),
            ),
            "REFUSED VENUE_OTHER: no\\x1b",
        ),
        (
            OrderRecord(
                order=order(),
                worst_price=Decimal(1),
                status=OrderStatus.PARTIALLY_FILLED,
                filled_quantity=Decimal("0.2"),
                filled_notional=Decimal(12_000),
            ),
            "PARTIALLY_FILLED, filled 0.2 at 60,000",
        ),
    ],
)
def test_an_order_is_told_as_it_stands(record: OrderRecord, words: str) -> None:
    """UNKNOWN is no failure, and says what is being done."""
    assert words in wording.standing(record).plain


def test_a_reconciliation_tells_what_differs_and_what_it_could_not_see() -> None:
    """A suspicion is not counted, and what could not be read is not taken for agreement."""
    one = Difference(kind=DifferenceKind.POSITION, subject="BTC-PERP", ours="1", theirs="2")
    report = ReconciliationReport(
        at=AT, differences=(one,), suspected=(one,), unreachable=("fills: timeout",), applied=1, resolved=("tg1",)
    )
    lines = [text.plain for text in wording.reconciliation(report).renderables if isinstance(text, Text)]

    assert lines == [
        "Records and venue do not agree",
        "  POSITION BTC-PERP: ours 1, theirs 2",
        "  seen once, not yet counted: POSITION BTC-PERP: ours 1, theirs 2",
        "  what came, went or was traded by others is taken up with: reconcile --adopt",
        "  could not be read: fills: timeout",
        "  1 fill found, 1 order resolved",
    ]


def test_what_could_not_be_compared_is_no_disagreement() -> None:
    """An outage says nothing of the records: neither that they agree nor that they do not."""
    report = ReconciliationReport(at=AT, unreachable=("fills: out of reach",))

    lines = [text.plain for text in wording.reconciliation(report).renderables if isinstance(text, Text)]

    assert lines == ["Records and venue could not be compared", "  could not be read: fills: out of reach"]


@pytest.mark.parametrize(
    ("kind", "verdict", "told"),
    [
        (DifferenceKind.EXTERNAL, "Records and venue agree", "somebody else's"),
        (DifferenceKind.TERMS_DIFFER, "Records and venue do not agree", "until you have looked at it"),
    ],
)
def test_a_difference_says_what_becomes_of_it(kind: DifferenceKind, verdict: str, told: str) -> None:
    """Below the differences, what they mean for whoever reads them."""
    report = ReconciliationReport(at=AT, differences=(Difference(kind=kind, subject="x", ours="a", theirs="b"),))

    lines = [text.plain for text in wording.reconciliation(report).renderables if isinstance(text, Text)]

    assert lines[0] == verdict
    assert told in lines[-1]


def account(**changes: object) -> AccountSummary:
    """An account of which little is known."""
    plain = AccountSummary(
        account_id="paper",
        reporting_currency="USD",
        equity=None,
        balances={},
        available={},
        margin_used=Decimal(0),
        exposure=None,
        state=TradingState.ACTIVE,
        state_reason="",
        restrained={},
        day_opening_equity=None,
        day_pnl=None,
        opened_at=None,
    )
    return replace(plain, **changes)


def shown_account(summary: AccountSummary, width: int = 80) -> str:
    """The account as it is printed."""
    written = StringIO()
    Console(width=width, file=written).print(account_table(summary, Valuation(None, {})))
    return written.getvalue()


def test_the_account_shows_which_symbols_take_no_entries() -> None:
    """With why, and with the command that lifts it."""
    entry = StateEntry(state=TradingState.REDUCING, reason="order x is unknown", by="guard records")
    told = shown_account(account(restrained={"BTC-USD": entry}), width=200)

    assert "BTC-USD is REDUCING (order x is unknown); `resume --symbol BTC-USD` lifts it" in told


@pytest.mark.parametrize(
    ("high", "drawdown", "told"),
    [
        ("1016000", "61000.5", "High         1,016,000.00 USD, now 61,000.50 USD below it (6.00 %)"),
        ("1016000", "0", "High         1,016,000.00 USD"),
        ("1016000", None, "High         1,016,000.00 USD"),
        (None, None, "High         –"),
    ],
)
def test_the_account_shows_how_far_it_is_below_its_high(high: str | None, drawdown: str | None, told: str) -> None:
    """In a line of eighty columns, next to what was lost over 24 hours."""
    figures = {"equity_high": high, "drawdown": drawdown, "rolling_pnl": "-12.5"}
    lines = shown_account(account(**{name: one and Decimal(one) for name, one in figures.items()})).splitlines()

    assert [line.rstrip() for line in lines if line.startswith(("High", "24 hours"))] == ["24 hours     -12.50", told]


def test_an_event_of_a_refusal_names_its_symbol_before_the_sentence() -> None:
    """Behind it, the symbol reads as the sentence's last word."""
    refusal = InvalidRefused(message="expire_at is missing: GTD needs it")
    event = DecisionRefused(symbol="BTC-USD", decision=Decision(action=Action.HOLD), refusal=refusal, at=AT)

    assert event_words(event) == "DECISION_REFUSED BTC-USD INVALID: expire_at is missing: GTD needs it"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (DayOpened(equity=Decimal("100000.125"), currency="USD", at=AT), "DAY_OPENED 100,000.12 USD"),
        (EquityMarked(equity=Decimal(99), high=Decimal(1016), at=AT), "EQUITY_MARKED 99.00, high 1,016.00"),
        (
            EquityMarked(equity=Decimal(9), high=Decimal(10), has_tripped=True, at=AT),
            "EQUITY_MARKED 9.00, high 10.00, the drawdown has tripped",
        ),
        (EquityShifted(amount=Decimal(-20), at=AT), "EQUITY_SHIFTED -20.00"),
        (
            EquityShifted(amount=Decimal(0), unpriced={"BTC": Decimal("-0.3")}, at=AT),
            "EQUITY_SHIFTED 0.00, -0.3 BTC has no price yet",
        ),
    ],
)
def test_events_tell_the_equities_that_losses_are_held_against(event: JournalEvent, told: str) -> None:
    """A word and its figures."""
    assert event_words(event) == told
