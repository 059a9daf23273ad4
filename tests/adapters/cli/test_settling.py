"""`settle`: an operator's word on an order, with a reason, and one word at a time."""

from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import Run
from tidegate.adapters.cli import wire

RESTING = ("decide", "BTC-USD", "BUY", "--quantity", "0.01", "--limit", "50000")


def resting(program: Run) -> str:
    """The id of an order that waits far below the market."""
    return msgspec.json.decode(program(*RESTING, "--json").out, type=wire.PlacedLine).order.client_order_id


def test_an_order_with_other_terms_is_taken_as_the_venue_has_it(program: Run) -> None:
    """The venue worked and filled half of what was sent; until somebody says so, the rest of it is waited for."""
    Path("faults.toml").write_text('[[fault]]\nid = "B20"\nnth = 1\n')
    Path("tidegate.toml").write_text('[paper]\nfaults = "faults.toml"\n')
    program("decide", "BTC-USD", "BUY", "--quantity", "0.01")
    assert "TERMS_DIFFER" in program("reconcile").out
    order_id = str(program("orders", "--open", "--json").object["client_order_id"])

    settled = program("settle", order_id[:10], "--as-venue", "--reason", "seen at the venue", "--json")

    assert settled.code == 0, settled.err
    assert (settled.object["quantity"], settled.object["status"]) == ("0.005", "FILLED")
    assert "Records and venue agree" in program("reconcile").out
    assert program("orders", "--open").out == "No orders.\n"
    assert "seen at the venue" in program("events", "--json").out


def test_an_order_whose_outcome_is_known_is_not_settled(program: Run) -> None:
    """Exit code 1 and a refusal that says so."""
    order_id = resting(program)

    refused = program("settle", order_id, "--never-arrived", "--reason", "I think")

    assert refused.code == 1
    assert "its outcome is known" in " ".join(refused.out.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "say one thing of it"),
        (("--never-arrived", "--as-venue"), "say one thing of it"),
        (("--filled", "1"), "--filled and --price go together"),
        (("--never-arrived", "--price", "5"), "--filled and --price go together"),
        (("--never-arrived",), "--reason says what you have seen"),
        (("--filled", "one", "--price", "5", "--reason", "seen"), "--filled"),
    ],
)
def test_half_a_word_is_a_usage_error(program: Run, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, and nothing is changed."""
    order_id = resting(program)

    ended = program("settle", order_id, *arguments)

    assert ended.code == 2
    assert told in " ".join(ended.err.split())
