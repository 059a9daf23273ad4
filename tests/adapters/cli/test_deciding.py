"""`decide` and `plan` from the command line: one order, no order, or one refusal that can be acted on."""

from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import Run
from tidegate.adapters.cli import wire


def test_a_decision_makes_one_order(program: Run) -> None:
    """On the first call of a fresh installation too: the store is made."""
    ended = program("decide", "BTC-USD", "BUY", "--notional", "250", "--id", "first", "--json")

    placed = msgspec.json.decode(ended.out, type=wire.PlacedLine)
    assert ended.code == 0
    assert list(ended.object) == list(wire.PlacedLine.__struct_fields__)
    assert (placed.order.status, placed.order.side, placed.order.decision_id) == ("FILLED", "BUY", "first")
    assert [order["client_order_id"] for order in program("orders", "--json").objects] == [placed.order.client_order_id]


def test_the_same_id_again_is_the_same_order(program: Run) -> None:
    """N6 and N7, over two processes' lives."""
    arguments = ("decide", "BTC-USD", "BUY", "--notional", "250", "--id", "once")
    first = program(*arguments, "--json").object
    again = program(*arguments, "--json").object
    other = program("decide", "BTC-USD", "BUY", "--notional", "300", "--id", "once", "--json")

    assert again == {**first, "is_repeat": True, "changes": again["changes"]}
    assert "had been executed before" in program(*arguments).out
    assert (other.code, msgspec.json.decode(other.out, type=wire.RefusalLine).refusal.code) == (1, "ID_CONFLICT")
    assert len(program("orders", "--json").objects) == 1


def test_terms_of_every_kind_are_taken(program: Run) -> None:
    """A resting order that ends by itself."""
    ended = program(
        *("decide", "BTC-USD", "buy", "--quantity", "0.01", "--type", "limit", "--limit", "50000", "--tif", "gtd"),
        *("--expire-in", "60", "--post-only", "--valid-for", "30", "--reason", "because", "--strategy-id", "mine"),
        *("--reference-price", "60000", "--max-drift-bps", "50", "--leverage", "1", "--json"),
    )

    order = msgspec.json.decode(ended.out, type=wire.PlacedLine).order
    assert (order.order_type, order.time_in_force, order.limit_price) == ("LIMIT", "GTD", "50000")
    assert order.expire_at is not None
    assert (order.expire_at - order.created_at).total_seconds() == pytest.approx(60, abs=1)
    assert (order.status, order.strategy_id) == ("ACCEPTED", "mine")


def test_holding_needs_no_order(program: Run) -> None:
    """Exit 0, and why."""
    ended = program("decide", "BTC-USD", "HOLD", "--json")

    assert ended.code == 0
    assert msgspec.json.decode(ended.out, type=wire.NoOrderLine).no_order.plan is None
    assert "No order needed" in program("decide", "BTC-USD", "HOLD").out


def test_a_dry_run_says_what_it_would_send_and_keeps_nothing(program: Run, tmp_path: Path) -> None:
    """By the option and by the setting; no id is used up, and no store is made."""
    arguments = ("decide", "BTC-USD", "BUY", "--notional", "250", "--id", "once")
    dry = msgspec.json.decode(program(*arguments, "--dry-run", "--json").out, type=wire.NoOrderLine).no_order

    assert dry.plan is not None
    assert dry.plan.order is not None
    assert not (tmp_path / "data").exists()
    assert "Would send BUY" in program(*arguments, "--dry-run").out
    assert program(*arguments, "--json").object["is_repeat"] is False


def test_a_refusal_has_code_figures_and_remedy(program: Run) -> None:
    """Exit 1; the shape is that of design and docs."""
    ended = program("decide", "BTC-USD", "BUY", "--notional", "1e9", "--json")

    assert ended.code == 1
    body = ended.object["refusal"]
    assert isinstance(body, dict)
    assert list(body) == ["code", "message", "context", "remedy"]
    assert list(body["remedy"]) == ["text", "changes", "not_before"]
    msgspec.json.decode(ended.out, type=wire.RefusalLine)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-0", "-5", "1e999", "1" * 60])
def test_an_impossible_number_is_refused_as_invalid(program: Run, number: str) -> None:
    """N1: it is a decision, and has an outcome on record."""
    ended = program("decide", "BTC-USD", "BUY", "--notional", number, "--json")

    assert (ended.code, msgspec.json.decode(ended.out, type=wire.RefusalLine).refusal.code) == (1, "INVALID")


def test_a_symbol_or_id_that_hides_something_is_refused_in_plain_letters(program: Run) -> None:
    """N2 and N3: no escape sequence of a name reaches the terminal."""
    symbol = program("decide", "BTC\x1b[31m", "BUY", "--notional", "5")
    other = program("decide", "ВTC-USD", "BUY", "--notional", "5")
    identifier = program("decide", "BTC-USD", "BUY", "--notional", "5", "--id", "a\x1b[31m\u202e")

    assert (symbol.code, other.code, identifier.code) == (1, 1, 1)
    assert all(ended.out.startswith("Refused ") for ended in (symbol, other, identifier))
    assert "\x1b" not in symbol.out + identifier.out
    assert "\u202e" not in identifier.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("BTC-USD", "BY"), "ACTION BY is none of BUY, SELL, CLOSE, HOLD; did you mean BUY?"),
        (("BTC-USD", "FOO"), "ACTION FOO is none of BUY, SELL, CLOSE, HOLD"),
        (("BTC-USD", "BUY", "--tif", "GTX"), "--tif GTX is none of GTC, GTD, IOC, FOK; did you mean GTC?"),
        (("BTC-USD", "BUY", "--notional", "many"), "--notional wants a number, such as 250 or 0.01"),
        (("BTC-USD", "BUY", "--notional", "1_000"), "--notional wants a number, such as 250 or 0.01"),
        (("BTC-USD", "BUY", "--quantity", "١"), "--quantity wants a number, such as 250 or 0.01"),
        (("BTC-USD", "BUY", "--live", "paper"), "--live was given, and the profile is paper: paper never becomes live"),
    ],
)
def test_what_is_no_decision_is_a_usage_error(
    program: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Exit 2, one line, and nothing is opened."""
    ended = program("decide", *arguments)

    assert (ended.code, ended.out, ended.err) == (2, "", f"error: {message}\n")
    assert not (tmp_path / "data").exists()


def test_a_plan_has_the_order_and_every_verdict(program: Run, tmp_path: Path) -> None:
    """And leaves no trace."""
    ended = program("plan", "BTC-USD", "BUY", "--notional", "1000", "--json")

    plan = msgspec.json.decode(ended.out, type=wire.PlanLine).plan
    assert ended.code == 0
    assert plan.order is not None
    assert (plan.order.symbol, plan.order.side) == ("BTC-USD", "BUY")
    assert {verdict.answer for verdict in plan.verdicts} == {"PASS"}
    assert {"EXPOSURE", "SLIPPAGE", "BALANCE", "RATE"} <= {verdict.check for verdict in plan.verdicts}
    assert not (tmp_path / "data").exists()
    told = program("plan", "BTC-USD", "BUY", "--notional", "1000").out
    assert "Would send BUY" in told
    assert "Nothing was sent, reserved or kept." in told


def test_planning_the_remedy_passes(program: Run) -> None:
    """A billion is refused, step by step down to what the account may do."""
    options = {"--notional": "1000000000"}
    ended = program("plan", "BTC-USD", "BUY", "--notional", "1000000000")
    for _ in range(6):
        ended = program("plan", "BTC-USD", "BUY", *(part for option in options.items() for part in option), "--json")
        if ended.code == 0:
            break
        remedy = msgspec.json.decode(ended.out, type=wire.RefusalLine).refusal.remedy
        assert remedy is not None
        changes = {"target_notional": "--notional", "quantity": "--quantity"}
        for field, value in remedy.changes.items():
            options.pop(changes[field], None)
            if value is not None:
                options[changes[field]] = value

    assert ended.code == 0


def test_a_remedy_is_told_in_the_words_of_the_options(program: Run) -> None:
    """What would pass can be typed."""
    told = program("plan", "BTC-USD", "BUY", "--notional", "1e9")

    assert told.code == 1
    assert "What would pass:" in told.out
    assert "Try it with --" in told.out


def test_a_plan_beside_a_store_sees_the_account(traded: Run) -> None:
    """What it would hold after the order counts what it holds."""
    position = {str(one["symbol"]): float(str(one["quantity"])) for one in traded("positions", "--json").objects}
    plan = msgspec.json.decode(
        traded("plan", "BTC-USD", "BUY", "--quantity", "0.01", "--json").out, type=wire.PlanLine
    ).plan

    assert plan.position_after is not None
    assert float(plan.position_after) == pytest.approx(position["BTC-USD"] + 0.01)


def test_a_hold_is_planned_as_no_order(program: Run) -> None:
    """The plan says why."""
    plan = msgspec.json.decode(program("plan", "BTC-USD", "HOLD", "--json").out, type=wire.PlanLine).plan

    assert plan.order is None
    assert "No order" in program("plan", "BTC-USD", "HOLD").out
