"""The paper account by hand: fees in coins, funding, marks, margin, liquidation, expiry and scripted events."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.adapters.brokers.simulated.exchange_floor import (
    PERP,
    START,
    START_US,
    ExchangeFloor,
    an_order,
    book,
    header,
    moment,
    trade,
)
from tests.adapters.sessions.recordings import BUY, SELL
from tidegate.adapters.brokers.simulated import INSTANT, SessionStart, VenueSettings
from tidegate.adapters.brokers.simulated.happenings import Happening, ScriptedEvent, read_happenings
from tidegate.adapters.recordings.format import Row
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.movements import Movement, MovementKind
from tidegate.domain.submissions import FillBust, MovementReport, OrderAcknowledged, OrderRejectedByVenue, OrderUpdate
from tidegate.domain.vocabulary import ProductKind, TimeInForce

IOC = TimeInForce.IOC
PERPETUAL = "BTC-PERP"
HOUR = 3_600.0
DEEP = book([(100, 5_000)], [(101, 5_000)])


def settings(**changes: object) -> VenueSettings:
    """A venue without latencies, on these terms."""
    return msgspec.structs.replace(INSTANT, **changes)


def deep(bid: int, at: float = 0) -> Row:
    return book([(bid, 5_000)], [(bid + 1, 5_000)], at=at)


def event(kind: Happening, at: float, **more: object) -> ScriptedEvent:
    """A scripted event."""
    return ScriptedEvent(kind=kind, at=at, **more)  # type: ignore[arg-type]  # names of its fields, or the test fails


def money(floor: ExchangeFloor) -> Decimal:
    return floor.balances["USD"]


def of_kind(floor: ExchangeFloor, kind: MovementKind) -> list[Movement]:
    return [one for one in floor.movements if one.kind is kind]


def long(floor: ExchangeFloor, quantity: int, price: int = 101) -> None:
    """A long perpetual; negative is short."""
    side = BUY if quantity > 0 else SELL
    answer = floor.submit(an_order(f"in{quantity}", side, abs(quantity), price, IOC, symbol=PERPETUAL))
    assert isinstance(answer, OrderAcknowledged)
    assert answer.fills


def position(floor: ExchangeFloor) -> Decimal:
    return floor.venue.exchange.accounts.position(PERPETUAL).quantity


def total_is(floor: ExchangeFloor, usd: int) -> None:
    """Money has neither come nor gone."""
    accounts = floor.venue.exchange.accounts
    assert accounts.total("USD") == usd
    assert accounts.total("BTC") == 0


def test_a_buyer_pays_the_fee_out_of_what_is_bought() -> None:
    """10 at 101 with 0.2 %: 10 less 0.02 coins come, 1,010 go; selling pays in quote: 500 less 1."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_010)}, settings=settings(fees_in="received"))
    floor.play(DEEP)

    bought = floor.submit(an_order("in", BUY, 10, 101, IOC))
    floor.submit(an_order("out", SELL, 5, 100, IOC))

    assert isinstance(bought, OrderAcknowledged)
    assert [(fill.fee, fill.fee_currency) for fill in bought.fills] == [(Decimal("0.02"), "BTC")]
    assert floor.balances == {"USD": Decimal(499), "BTC": Decimal("4.98")}
    total_is(floor, 1_010)


def test_longs_pay_shorts_what_the_rate_makes_of_their_value_at_the_mark() -> None:
    """Long 100 contracts of 0.1 at a mark of 100.5, 0.01 % every eight hours: 0.1005 USD at 16:00, and not before."""
    floor = ExchangeFloor(settings=settings(funding_rate=Decimal("0.0001")))
    floor.play(DEEP)
    long(floor, 100)
    before = money(floor)

    floor.advance(4 * HOUR - 1)
    assert floor.movements == []
    floor.advance(4 * HOUR)

    (paid,) = floor.movements
    assert (paid.kind, paid.amount, paid.currency, paid.symbol) == (
        MovementKind.FUNDING,
        Decimal("-0.1005"),
        "USD",
        PERPETUAL,
    )
    assert paid.at == START + timedelta(hours=4)
    assert money(floor) == before - Decimal("0.1005")
    assert MovementReport(movement=paid) in floor.told
    total_is(floor, 100_000)


def test_shorts_are_paid_and_the_flat_pay_nothing() -> None:
    """A short of 50 contracts gets what a long would pay; before it, nobody owes anything."""
    floor = ExchangeFloor(settings=settings(funding_rate=Decimal("0.0001"), funding_hours=1))
    floor.play(DEEP)
    floor.advance(1 * HOUR)
    assert floor.movements == []
    long(floor, -50, price=100)

    floor.advance(3 * HOUR)

    assert [one.amount for one in floor.movements] == [Decimal("0.05025")] * 2


def test_funding_comes_once_also_over_a_restart(tmp_path: Path) -> None:
    """The world knows what was paid; a session that begins later does not pay for the time between."""
    path, terms = tmp_path / "world", settings(funding_rate=Decimal("0.0001"), funding_hours=1)
    floor = ExchangeFloor(settings=terms, path=path)
    floor.play(DEEP)
    long(floor, 100)
    floor.advance(1 * HOUR)
    assert len(floor.movements) == 1
    floor.venue.tape.keep_place(START_US + round(HOUR * 1_000_000))
    floor.venue.world.close()

    again = ExchangeFloor(settings=terms, path=path, start=SessionStart.RESUME)
    again.venue.rebuild([DEEP])
    again.advance(1.5 * HOUR)
    assert len(again.movements) == 1
    again.advance(2 * HOUR)

    assert [one.movement_id for one in again.movements] == ["M1-000001", "M1-000002"]
    again.venue.world.close()


def test_the_mark_is_the_median_of_the_touches_and_the_last_trade() -> None:
    """A print far off moves it to the touch and no further; without a print it is the mid."""
    floor = ExchangeFloor()
    feed = floor.venue.exchange.feeds[0]
    floor.play(DEEP)
    assert feed.mark() == Decimal("100.5")
    floor.play(trade(BUY, 150, 1))
    assert feed.mark() == 101
    floor.play(trade(SELL, 90, 1))
    assert feed.mark() == 100
    floor.play(book([], [(101, 5)]))
    assert feed.mark() is None


def test_a_cross_margined_position_is_closed_when_equity_has_fallen_to_its_maintenance() -> None:
    """Long 900 × 0.1 from 101 on 1,000 USD: at a mark of 95.5 495 are lost, 500.455 are left, and 429.75 are needed;

    at 94.5 585 are lost, and 410.455 are less than 425.25: it is closed at the bid of 94 with a fee of 0.5 %.
    """
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(DEEP)
    long(floor, 900)
    assert isinstance(floor.submit(an_order("rest", SELL, 10, 120, symbol=PERPETUAL)), OrderAcknowledged)
    assert money(floor) == Decimal("995.455")
    floor.play(deep(95))
    assert position(floor) == 900

    floor.play(deep(94, at=1))

    (closed,) = of_kind(floor, MovementKind.LIQUIDATION)
    assert (closed.quantity, closed.price, closed.fee, closed.at) == (
        Decimal(-900),
        Decimal(94),
        Decimal("42.3"),
        moment(1),
    )
    assert position(floor) == 0
    assert money(floor) == Decimal("995.455") - 630 - Decimal("42.3")
    assert floor.order("rest").reason == "cancelled by the liquidation of its position"
    assert [type(report) for report in floor.told][-2:] == [OrderUpdate, MovementReport]
    assert of_kind(floor, MovementKind.INSURANCE) == []
    total_is(floor, 1_000)


def test_what_a_liquidation_loses_beyond_the_balance_the_venue_pays() -> None:
    """A gap from 100 to 80: 1,890 lost of 995.455, and the fee of 36; nobody owes the venue anything after it."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(DEEP)
    long(floor, 900)

    floor.play(deep(80))

    (paid,) = of_kind(floor, MovementKind.INSURANCE)
    assert paid.amount == Decimal(1_890) + 36 - Decimal("995.455")
    assert money(floor) == 0
    total_is(floor, 1_000)


def test_a_thin_book_closes_what_it_can_and_the_rest_when_it_is_due_again() -> None:
    """300 contracts are shown: with 600 left the equity suffices, until the mark falls further."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(DEEP)
    long(floor, 900)

    floor.play(book([(94, 300)], [(95, 300)]))
    assert position(floor) == 600
    floor.play(book([(93, 5_000)], [(95, 300)]))
    assert position(floor) == 600
    floor.play(book([(90, 5_000)], [(95, 300)]))

    assert position(floor) == 0
    assert [(one.quantity, one.price) for one in of_kind(floor, MovementKind.LIQUIDATION)] == [
        (Decimal(-300), Decimal(94)),
        (Decimal(-600), Decimal(90)),
    ]
    total_is(floor, 1_000)


def test_an_isolated_position_puts_up_its_margin_and_sets_it_free_share_by_share() -> None:
    """100 × 0.1 at 101 put up 101; 100 more at 101 as much again; a quarter closed sets a quarter free; flat all."""
    floor = ExchangeFloor(settings=settings(margin="isolated"))
    margins = floor.venue.exchange.accounts.state.margins
    floor.play(DEEP)
    long(floor, 100)
    assert margins == {PERPETUAL: Decimal(101)}
    assert floor.venue.exchange.funds.free("USD") == money(floor) - 101
    floor.submit(an_order("more", BUY, 100, 101, IOC, symbol=PERPETUAL))
    assert margins == {PERPETUAL: Decimal(202)}
    floor.submit(an_order("less", SELL, 50, 100, IOC, symbol=PERPETUAL))
    assert margins == {PERPETUAL: Decimal("151.5")}
    floor.submit(an_order("turn", SELL, 250, 100, IOC, symbol=PERPETUAL))
    assert (position(floor), margins) == (Decimal(-100), {PERPETUAL: Decimal(100)})
    floor.submit(an_order("out", BUY, 100, 101, IOC, symbol=PERPETUAL))
    assert margins == {}


def test_an_isolated_position_is_lost_alone_and_takes_no_more_than_it_put_up() -> None:
    """Long 900 from 101 put up 909: a fall to 80 takes 1,890; the balance loses 909 and the opening fee, no more."""
    floor = ExchangeFloor(settings=settings(margin="isolated"))
    floor.play(DEEP)
    long(floor, 900)
    fee = Decimal("4.545")
    floor.play(deep(97))
    assert position(floor) == 900

    floor.play(deep(80))

    assert position(floor) == 0
    assert money(floor) == 100_000 - fee - 909
    (paid,) = of_kind(floor, MovementKind.INSURANCE)
    assert (paid.amount, paid.symbol) == (Decimal(1_890) + 36 - 909, PERPETUAL)
    total_is(floor, 100_000)


def test_isolated_losses_take_nothing_from_what_is_free() -> None:
    """Cross margin would keep the loss back."""
    free = {}
    for margin in ("isolated", "cross"):
        floor = ExchangeFloor(settings=settings(margin=margin))
        floor.play(DEEP)
        long(floor, 100)
        floor.play(deep(98))
        free[margin] = floor.venue.exchange.funds.free("USD")

    # Cross: 25 lost at the mark of 98.5, and a margin of 98.5 on what it is worth now; isolated: the 101 put up.
    assert free["isolated"] - free["cross"] == Decimal(25) + Decimal("98.5") - 101


def test_a_contract_is_settled_in_cash_at_the_mark_when_it_expires() -> None:
    """Long 100 × 0.1 from 101: at a mark of 110.5 95 USD come, its order ends, and nothing is taken any more."""
    future = msgspec.structs.replace(PERP, kind=ProductKind.FUTURE, expires_at=START + timedelta(hours=1))
    floor = ExchangeFloor(products=header(perp=future))
    floor.play(DEEP)
    long(floor, 100)
    floor.submit(an_order("rest", SELL, 10, 120, symbol=PERPETUAL))
    floor.play(deep(110))
    before = money(floor)

    floor.advance(HOUR)

    (settled,) = floor.movements
    assert (settled.kind, settled.quantity, settled.price) == (
        MovementKind.SETTLEMENT,
        Decimal(-100),
        Decimal("110.5"),
    )
    assert (position(floor), money(floor)) == (Decimal(0), before + 95)
    assert floor.order("rest").reason == "the contract has expired"
    refused = floor.submit(an_order("late", BUY, 1, 111, symbol=PERPETUAL), at=HOUR)
    assert isinstance(refused, OrderRejectedByVenue)
    assert (refused.code, refused.reason) == ("MARKET_STATE", "the contract has expired")
    total_is(floor, 100_000)


def test_an_expired_contract_stays_expired_in_a_world_that_is_opened_again(tmp_path: Path) -> None:
    """Its settlement comes once."""
    future = msgspec.structs.replace(PERP, kind=ProductKind.FUTURE, expires_at=START + timedelta(seconds=5))
    floor = ExchangeFloor(products=header(perp=future), path=tmp_path / "world")
    floor.play(DEEP)
    long(floor, 100)
    floor.advance(5)
    floor.play(deep(100, at=6))
    floor.venue.tape.keep_place(START_US + 6_000_000)
    floor.venue.world.close()

    again = ExchangeFloor(products=header(perp=future), path=tmp_path / "world", start=SessionStart.RESUME)
    again.advance(60)

    assert len(again.movements) == 1
    again.venue.world.close()


def test_money_comes_and_goes_by_the_script() -> None:
    """A deposit, a withdrawal of no more than is free, and coins that are somebody's reward."""
    script = (
        event("deposit", 1, currency="USD", amount=Decimal(500), reason="salary"),
        event("withdrawal", 2, currency="USD", amount=Decimal(2_000)),
        event("reward", 3, currency="BTC", amount=Decimal("0.5")),
        event("withdrawal", 4, currency="USD", amount=Decimal(1)),
    )
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)}, happenings=script)
    floor.play(DEEP)
    floor.submit(an_order("rest", BUY, 2, 90))

    floor.advance(10)

    held = 2 * 90 * Decimal("1.002")
    assert [(one.kind, one.amount) for one in floor.movements] == [
        (MovementKind.DEPOSIT, Decimal(500)),
        (MovementKind.WITHDRAWAL, -(Decimal(1_500) - held)),
        (MovementKind.REWARD, Decimal("0.5")),
    ]
    assert floor.balances == {"USD": held, "BTC": Decimal("0.5")}
    assert floor.movements[0].reason == "salary"
    total_is(floor, 1_000)


def test_a_bust_takes_the_last_fill_back() -> None:
    """Money and coins are as before it, the list of fills does not have it, and the stream says which it was."""
    floor = ExchangeFloor(happenings=(event("bust", 5, symbol="BTC-USD", reason="an erroneous trade"),))
    floor.play(DEEP)
    floor.submit(an_order("one", BUY, 2, 101, IOC))
    between = dict(floor.balances)
    two = floor.submit(an_order("two", BUY, 3, 101, IOC))
    assert isinstance(two, OrderAcknowledged)

    floor.advance(5)

    assert floor.balances == between
    assert floor.told[-1] == FillBust(fill=two.fills[0], reason="an erroneous trade")
    assert [fill.client_order_id for fill in floor.fills] == ["one"]
    assert floor.order("two").filled == 0
    total_is(floor, 100_000)


def test_a_bust_of_a_fill_at_rest_does_not_let_it_fill_again() -> None:
    """Of 4 resting 1 filled and was taken back: 3 go on waiting."""
    floor = ExchangeFloor(happenings=(event("bust", 5),))
    floor.play(DEEP)
    floor.submit(an_order("rest", BUY, 4, "100.5"))
    floor.play(trade(SELL, "100.5", 1, at=1))

    floor.advance(5)

    order = floor.order("rest")
    assert (order.is_open, order.leaves, order.filled) == (True, Decimal(3), Decimal(0))
    assert floor.fills == []


def test_nothing_to_bust_is_nothing_that_happens() -> None:
    """No fill yet: the event passes."""
    floor = ExchangeFloor(happenings=(event("bust", 1), event("deleveraging", 2, symbol=PERPETUAL)))
    floor.play(DEEP)

    floor.advance(5)

    assert (floor.told, floor.movements) == ([], [])


def test_deleveraging_closes_a_part_at_the_mark() -> None:
    """Half of 101 contracts is 50 in whole ones, at the mark of 110.5 though nobody bids that."""
    script = (event("deleveraging", 5, symbol=PERPETUAL, fraction=Decimal("0.5")),)
    floor = ExchangeFloor(happenings=script)
    floor.play(DEEP)
    long(floor, 101)
    floor.play(deep(110))

    floor.advance(5)

    (closed,) = floor.movements
    assert (closed.kind, closed.quantity, closed.price) == (MovementKind.DELEVERAGING, Decimal(-50), Decimal("110.5"))
    assert position(floor) == 51
    total_is(floor, 100_000)


def test_events_come_once_in_a_session_and_again_in_the_next(tmp_path: Path) -> None:
    """A world that goes on knows what has come; a fresh session is the same day again."""
    script = (event("deposit", 1, currency="USD", amount=Decimal(5)),)
    floor = ExchangeFloor(path=tmp_path / "world", happenings=script)
    floor.play(DEEP)
    floor.advance(2)
    floor.venue.world.close()

    resumed = ExchangeFloor(path=tmp_path / "world", happenings=script, start=SessionStart.RESUME)
    resumed.advance(10)
    assert len(resumed.movements) == 1
    resumed.venue.world.close()
    fresh = ExchangeFloor(path=tmp_path / "world", happenings=script, start=SessionStart.FRESH_SESSION)
    fresh.venue.advance(fresh.venue.world.state.at_us + 2_000_000)

    assert [one.movement_id for one in fresh.movements] == ["M1-000001", "M1-000002"]
    fresh.venue.world.close()


def read(folder: Path, text: str) -> Sequence[ScriptedEvent]:
    """A script of that text."""
    path = folder / "events.toml"
    path.write_text(text)
    return read_happenings(path, ["BTC-USD", PERPETUAL])


def test_a_script_is_read_exactly_and_in_order_of_time(tmp_path: Path) -> None:
    """Amounts to the last decimal, as numbers or as text."""
    first, second = read(
        tmp_path,
        """
        [[event]]
        at = 60
        kind = "withdrawal"
        currency = "USD"
        amount = "0.10"
        [[event]]
        at = 2.5
        kind = "deposit"
        currency = "BTC"
        amount = 0.1
        """,
    )

    assert (first.kind, first.amount, first.at) == ("deposit", Decimal("0.1"), 2.5)
    assert (second.movement_kind, second.signed) == (MovementKind.WITHDRAWAL, Decimal("-0.10"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('at = -1\nkind = "bust"', "wants `at`"),
        ('at = nan\nkind = "bust"', "wants `at`"),
        ('at = 1\nkind = "deposit"', "wants a `currency` and an `amount`"),
        ('at = 1\nkind = "deposit"\ncurrency = "USD"\namount = -5', "above zero"),
        ('at = 1\nkind = "deposit"\ncurrency = "USD"\namount = "Infinity"', "no number"),
        ('at = 1\nkind = "deleveraging"', "wants a `symbol`"),
        ('at = 1\nkind = "deleveraging"\nsymbol = "BTC-PERP"\nfraction = 2', "fraction"),
        ('at = 1\nkind = "bust"\nsymbol = "DOGE-USD"', "is of DOGE-USD, which the recording has not"),
    ],
)
def test_what_cannot_happen_is_told_by_its_number(tmp_path: Path, line: str, told: str) -> None:
    """The second event of this script is the wrong one."""
    with pytest.raises(ConfigurationError, match=r"events\.toml: event 2") as caught:
        read(tmp_path, f'[[event]]\nat = 1\nkind = "bust"\n[[event]]\n{line}\n')

    assert told in caught.value.message


def test_a_kind_that_is_none_is_one_line(tmp_path: Path) -> None:
    """With the place in the file."""
    with pytest.raises(ConfigurationError, match="kind"):
        read(tmp_path, '[[event]]\nat = 1\nkind = "gift"\n')


@pytest.mark.parametrize("wrong", [{"funding_hours": 5}, {"funding_hours": 0}, {"funding_rate": Decimal("NaN")}])
def test_terms_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    """Funding is counted from midnight, in periods that divide a day."""
    with pytest.raises(ValueError, match=r"funding_hours|rate"):
        settings(**wrong)
