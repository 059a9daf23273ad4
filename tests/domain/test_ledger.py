"""The ledger: an account as a fold of events, the same whatever order they come in."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import (
    NOW,
    PERPETUAL,
    PRODUCTS,
    SELL,
    SPOT,
    Teller,
    filled,
    ledger,
    news,
    order,
    orders,
    prices,
    product,
    record,
    sent,
    stories,
)
from tidegate.domain.amounts import ZERO
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.commitments import Commitments
from tidegate.domain.events import (
    AccountOpened,
    CancelRequested,
    DayOpened,
    IncidentRaised,
    JournalEvent,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderPrepared,
    OrderRejected,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.ledger import Ledger, UnknownProductError
from tidegate.domain.orders import Order
from tidegate.domain.positions import Position
from tidegate.domain.records import StoredAccount
from tidegate.domain.states import StateEntry, TradingStates
from tidegate.domain.vocabulary import OrderStatus, Purpose, TradingState

OPENED = AccountOpened(account_id="a", balances={"USD": Decimal(100_000), "BTC": Decimal(2)}, equity=None, at=NOW)


def picture(of: Teller) -> dict[str, Any]:
    """All that a ledger knows, with zeros left out."""
    book = of.ledger
    return {
        "records": of.records,
        "positions": {key: history.position for key, history in book.positions.items()},
        "balances": {currency: amount for currency, amount in book.balances.items() if amount},
        "held": {currency: amount for currency, amount in book.commitments.held.items() if amount},
        "live": {order_id: book.commitments.of(order_id) for order_id in book.orders},
        "fills": book.fill_count,
    }


@st.composite
def histories(draw: st.DrawFn) -> list[list[JournalEvent]]:
    """Several orders' SENDINGs, each followed by what became of it."""
    found: list[list[JournalEvent]] = []
    for number in range(draw(st.integers(1, 4))):
        of = draw(orders(f"order-{number}"))
        found.append([sent(of), *draw(stories(of, may_overfill=True))])
    return found


def interleaved(draw: Any, told: list[list[JournalEvent]]) -> list[JournalEvent]:
    """Any order in which each SENDING comes before what became of it, with repeats of anything."""
    again = draw(st.lists(st.sampled_from([one for events in told for one in events]), max_size=5))
    waiting: list[JournalEvent] = [one for events in told for one in events[1:]]
    found: list[JournalEvent] = [events[0] for events in draw(st.permutations(told))]
    for one in draw(st.permutations(waiting + again)):
        begun = 1 + max(
            place for place, each in enumerate(found) if isinstance(each, OrderSending) and _is_of(one, each)
        )
        found.insert(draw(st.integers(begun, len(found))), one)
    return found


def _is_of(one: Any, begun: OrderSending) -> bool:
    of = one.order.client_order_id if isinstance(one, OrderSending) else one.client_order_id
    return bool(of == begun.order.client_order_id)


@given(st.data())
def test_events_in_any_order_and_repeated_make_the_same_ledger(data: st.DataObject) -> None:
    """18: records, positions, money and reservations, over several orders, strategies and symbols."""
    told = data.draw(histories())
    straight = Teller().tell_all(one for events in told for one in events)
    shuffled = Teller().tell_all(interleaved(data.draw, told))

    assert picture(shuffled) == picture(straight)


@given(st.data())
def test_events_told_together_make_the_same_ledger_as_one_by_one(data: st.DataObject) -> None:
    """A step is no more and no less than its events."""
    told = data.draw(histories())
    together = Teller()
    for events in told:
        together.tell(*events)

    assert picture(together) == picture(Teller().tell_all(one for events in told for one in events))


@given(st.data())
def test_the_short_ways_make_the_same_ledger_and_the_same_steps(data: st.DataObject) -> None:
    """An attempt that begins and news that is learnt are what `apply` makes of them."""
    told = interleaved(data.draw, data.draw(histories()))
    briefly, usually = Teller(briefly=True).tell_all(told), Teller().tell_all(told)

    assert picture(briefly) == picture(usually)
    assert [replace(one, at=NOW) for one in briefly.steps] == [replace(one, at=NOW) for one in usually.steps]


@given(st.data())
def test_every_balance_is_the_opening_and_the_flows_to_the_last_decimal(data: st.DataObject) -> None:
    """8: spot moves coins, money and fees; a derivative moves its realised profit and fees."""
    told = data.draw(histories())
    teller = Teller().tell_all([])
    teller.ledger.apply(NOW, [OPENED])
    teller.tell_all(one for events in told for one in events)
    flows = {"USD": Decimal(100_000), "BTC": Decimal(2)}
    for one in (event.fill for events in told for event in events if isinstance(event, OrderFilled)):
        product = PRODUCTS[one.symbol]
        if product.is_spot:
            signed = one.quantity * one.side.sign
            flows[product.base_currency] = flows.get(product.base_currency, ZERO) + signed
            flows["USD"] -= signed * one.price
        currency = one.fee_currency or "USD"
        flows[currency] = flows.get(currency, ZERO) - one.fee
    flows["USD"] += teller.ledger.account_position(PERPETUAL.symbol).realized_pnl

    assert {currency: teller.ledger.balances.get(currency, ZERO) for currency in flows} == flows


@given(st.data(), prices)
def test_the_strategies_positions_add_up_to_the_accounts(data: st.DataObject, mark: Decimal) -> None:
    """Two on one symbol, each with its own average; at any mark what they made together is what the account made."""
    told = data.draw(histories())
    book = Teller().tell_all(one for events in told for one in events).ledger
    for symbol, traded in PRODUCTS.items():
        own = [position for position in book.open_positions if position.symbol == symbol]
        account = book.account_position(symbol)
        assert sum((one.quantity for one in own), ZERO) == account.quantity
        assert sum((one.fees for one in own), ZERO) == account.fees
        assert sum(
            (one.realized_pnl + one.unrealized_pnl(traded, mark) for one in own), ZERO
        ) == account.realized_pnl + account.unrealized_pnl(traded, mark)


@given(st.data())
def test_reservations_are_those_of_the_live_orders_after_every_step(data: st.DataObject) -> None:
    """17: and an order leaves memory when it ends."""
    teller = Teller()
    for event in interleaved(data.draw, data.draw(histories())):
        teller.tell(event)
        fresh = Commitments()
        for one in teller.records.values():
            fresh.update(one, PRODUCTS[one.symbol])
        kept = teller.ledger.commitments
        assert {key: held for key, held in kept.held.items() if held} == {
            key: held for key, held in fresh.held.items() if held
        }
        assert len(kept) == len(fresh)
        assert set(teller.ledger.orders) == {key for key, one in teller.records.items() if not one.is_terminal}


def bought(of: Ledger, *, strategy_id: str = "", quantity: str = "1") -> Order:
    """An order that was sent and filled."""
    one = order(strategy_id=strategy_id, quantity=Decimal(quantity))
    of.apply(NOW, [sent(one)])
    of.apply(NOW, [news(OrderAccepted, one), filled(one, 1, quantity, fee=Decimal(5), fee_currency="USD")])
    return one


def test_an_order_from_sending_to_filled() -> None:
    """What each step hands to the store."""
    book, of = ledger(), order(strategy_id="mean")
    book.apply(NOW, [OPENED])
    begun = book.apply(NOW, [sent(of)])
    ended = book.apply(NOW, [news(OrderAccepted, of), filled(of, fee=Decimal(36), fee_currency="USD")])

    assert begun is not None
    assert [one.status for one in begun.orders] == [OrderStatus.SENDING]
    assert (begun.fills, begun.positions, begun.balances) == ((), (), ())
    assert ended is not None
    assert [one.status for one in ended.orders] == [OrderStatus.FILLED]
    assert [(one.strategy_id, one.quantity) for one in ended.positions] == [("mean", Decimal(1)), (ACCOUNT, Decimal(1))]
    assert dict(ended.balances) == {"USD": Decimal(39_964), "BTC": Decimal(3)}
    assert len(ended.events) == 2
    assert book.orders == {}
    assert book.commitments.held["USD"] == 0


def test_events_that_say_nothing_new_make_no_step() -> None:
    """N6, S3: nothing is written and nothing is told."""
    book, of = ledger(), order()
    book.apply(NOW, [sent(of)])
    book.apply(NOW, [filled(of, 1, "0.5")])

    assert book.apply(NOW, [sent(of)]) is None
    assert book.apply(NOW, [filled(of, 1, "0.5")]) is None
    assert book.apply(NOW, []) is None
    assert book.apply(NOW, [OrderPrepared(order=of, worst_price=Decimal(1), at=NOW)]) is None
    assert book.fill_count == 1


def test_the_short_ways_say_as_well_that_nothing_is_new() -> None:
    """No step, no row."""
    book, of = ledger(), order()
    begun = book.begin(sent(of))
    held = book.orders[of.client_order_id]
    ended = book.learn(NOW, held, [news(OrderAccepted, of), filled(of)])

    assert begun is not None
    assert ended is not None
    assert [one.status for one in (*begun.orders, *ended.orders)] == [OrderStatus.SENDING, OrderStatus.FILLED]
    assert book.learn(NOW, ended.orders[0], [news(OrderAccepted, of), filled(of)]) is None
    again = order("two")
    book.begin(sent(again))
    assert book.begin(sent(again)) is None


def test_the_short_ways_stop_before_anything_counts() -> None:
    """As `apply` does."""
    book, of = ledger(), order()
    with pytest.raises(UnknownProductError):
        book.begin(sent(order(symbol="XYZ-USD")))
    book.begin(sent(of))
    with pytest.raises(ValueError, match="another symbol"):
        book.learn(NOW, book.orders[of.client_order_id], [filled(of, 1, "0.5"), filled(of, 2, symbol="ETH-USD")])

    assert (book.fill_count, book.balances, list(book.orders)) == (0, {}, [of.client_order_id])


def test_news_of_an_order_that_is_not_held_is_a_mistake_of_the_caller() -> None:
    """S15: an orphan is kept aside by who found it, not guessed at here."""
    with pytest.raises(LookupError, match="does not hold"):
        ledger().apply(NOW, [filled(order())])


def test_a_symbol_without_a_product_stops_the_fold() -> None:
    """Without multiplier and currencies no amount of it is known."""
    with pytest.raises(UnknownProductError, match="XYZ-USD"):
        ledger().apply(NOW, [sent(order(symbol="XYZ-USD"))])


def test_a_fill_that_names_an_order_of_another_symbol_stops_the_fold() -> None:
    """No position could be right after it."""
    book, of = ledger(), order()
    book.apply(NOW, [sent(of)])

    with pytest.raises(ValueError, match="another symbol"):
        book.apply(NOW, [filled(of, symbol="ETH-USD")])


def test_a_step_that_stops_leaves_nothing_of_itself() -> None:
    """P7: the good events before the bad one do not count either."""
    book, of = ledger(), order()
    book.apply(NOW, [OPENED, sent(of)])
    halted = TradingStateChanged(state=TradingState.HALTED, reason="x", by="me", at=NOW)
    with pytest.raises(LookupError):
        book.apply(NOW, [halted, filled(of), sent(order("two")), news(OrderCanceled, order("three"))])

    assert book.states.account.state is TradingState.ACTIVE
    assert (book.fill_count, book.balances, list(book.orders)) == (0, OPENED.balances, [of.client_order_id])
    assert book.orders[of.client_order_id].status is OrderStatus.SENDING
    assert len(book.commitments) == 1


def test_late_news_of_an_ended_order_is_folded_once_it_is_recalled() -> None:
    """S6: the position and the money follow."""
    book, of = ledger(), order()
    book.apply(NOW, [sent(of)])
    ended = book.apply(NOW, [news(OrderCanceled, of)])
    assert ended is not None
    book.recall(ended.orders[0])
    step = book.apply(NOW, [filled(of, 1, "0.5")])

    assert step is not None
    assert (step.orders[0].status, book.account_position(SPOT.symbol).quantity) == (
        OrderStatus.CANCELED,
        Decimal("0.5"),
    )
    assert book.orders == {}


def test_an_overfill_moves_as_much_as_was_filled() -> None:
    """S8: recorded as the truth."""
    book, of = ledger(), order()
    book.apply(NOW, [sent(of), filled(of, 1, "1.5")])

    assert book.account_position(SPOT.symbol).quantity == Decimal("1.5")
    assert len(book.commitments) == 0


def test_an_order_that_was_never_recorded_is_withdrawn_with_its_reservation() -> None:
    """Its commit failed, so there is nothing of it."""
    book, of = ledger(), order()
    book.apply(NOW, [sent(of)])
    book.withdraw(of.client_order_id)
    book.withdraw(of.client_order_id)

    assert (book.orders, len(book.commitments), book.commitments.held["USD"]) == ({}, 0, ZERO)


def test_coins_of_the_first_start_are_external_and_those_bought_are_not() -> None:
    """Counted, never sold; a derivative has none."""
    book = ledger()
    book.apply(NOW, [OPENED])
    bought(book)

    assert book.external_quantity(SPOT) == 2
    assert book.external_quantity(PERPETUAL) == 0
    assert book.balances["BTC"] == 3


def test_an_account_is_opened_once() -> None:
    """A second opening would erase what flowed since."""
    book = ledger()
    book.apply(NOW, [OPENED])
    bought(book)
    book.apply(NOW, [OPENED])

    assert book.balances == {"USD": Decimal(39_995), "BTC": Decimal(3)}
    assert book.opened_at == NOW


def test_a_day_is_opened_with_the_equity_its_loss_is_measured_against() -> None:
    """The daily-loss guard reads it."""
    book = ledger()
    step = book.apply(NOW, [DayOpened(equity=Decimal(99), at=NOW)])

    assert step is not None
    assert (book.day_opened_at, book.day_opening_equity, step.orders) == (NOW, Decimal(99), ())


def test_a_changed_state_holds_from_the_step_that_changed_it() -> None:
    """For the symbol it names."""
    book = ledger()
    book.apply(NOW, [TradingStateChanged(state=TradingState.REDUCING, reason="x", by="me", symbol="BTC-USD", at=NOW)])

    assert book.states.effective("BTC-USD") is TradingState.REDUCING
    assert book.states.effective("ETH-USD") is TradingState.ACTIVE


def test_an_event_that_changes_nothing_here_is_kept_for_the_journal() -> None:
    """An incident is a row, and no more."""
    raised = IncidentRaised(kind="OVERFILL", message="1.2 of 1", at=NOW)
    step = ledger().apply(NOW, [raised])

    assert step is not None
    assert (step.events, step.orders, step.balances) == ((raised,), (), ())


def test_a_spot_product_in_lots_moves_as_many_times_its_worth() -> None:
    """3 lots of 100 units at 2: the coins are counted in lots, the money in full."""
    lots = product("LOT-USD", multiplier=Decimal(100))
    book, of = Ledger({lots.symbol: lots}.get, TradingStates()), order(symbol=lots.symbol, quantity=Decimal(3))
    book.apply(NOW, [sent(of), filled(of, 1, "3", "2")])

    assert book.balances == {"LOT": Decimal(3), "USD": Decimal(-600)}


def test_a_derivative_moves_its_realised_profit_and_nothing_else() -> None:
    """Buy and sell 10 contracts of 0.01, 1,000 apart."""
    book = ledger()
    entry = order("in", symbol=PERPETUAL.symbol, quantity=Decimal(10))
    close = order("out", symbol=PERPETUAL.symbol, quantity=Decimal(10), side=SELL, purpose=Purpose.REDUCTION)
    book.apply(NOW, [sent(entry), filled(entry, 1, "10", "60000")])
    opened = dict(book.balances)
    book.apply(NOW, [sent(close), filled(close, 2, "10", "61000")])

    assert opened == {}
    assert book.balances == {"USD": Decimal(100)}
    assert book.account_position(PERPETUAL.symbol).is_flat


def test_a_ledger_takes_up_where_the_store_left_off() -> None:
    """19: positions, money, live orders and their reservations."""
    live = record(order("live"), news(CancelRequested, order("live"), request=1))
    stored = StoredAccount(
        account_id="a",
        epoch=3,
        sequence=9,
        open_orders=(live,),
        positions=(Position(symbol="BTC-USD", quantity=Decimal(2), entry_price=Decimal(50_000), strategy_id="mean"),),
        balances={"USD": Decimal(5)},
        opening_balances={"USD": Decimal(9)},
        account_state=StateEntry(state=TradingState.ACTIVE),
        symbol_states={},
        opened_at=NOW,
        day_opened_at=NOW + timedelta(hours=1),
        day_opening_equity=Decimal(8),
        orders_today=1,
        last_fill_at=None,
    )
    book = ledger()
    book.load(stored)

    assert book.position("BTC-USD", "mean").quantity == 2
    assert book.position("BTC-USD", "trend").is_flat
    assert (book.balances, book.opening_balances) == ({"USD": Decimal(5)}, {"USD": Decimal(9)})
    assert book.orders == {live.client_order_id: live}
    assert book.commitments.held["USD"] == Decimal(60_360)
    assert book.opened_at == NOW
    assert (book.day_opened_at, book.day_opening_equity) == (NOW + timedelta(hours=1), Decimal(8))


def test_a_refused_order_frees_what_it_reserved_and_a_fill_of_it_counts_all_the_same() -> None:
    """B25: refused, and then it filled."""
    teller, of = Teller(), order()
    teller.tell(sent(of))
    teller.tell(news(OrderRejected, of, code="VENUE_OTHER", reason="odd"))
    freed = teller.ledger.commitments.held["USD"]
    teller.tell(filled(of, 1, "0.25"))

    assert freed == 0
    assert teller.records[of.client_order_id].is_late_accept
    assert teller.ledger.commitments.held["USD"] == Decimal(45_270)
    assert teller.ledger.account_position("BTC-USD").quantity == Decimal("0.25")
