"""Identifiers: an allowlist, and an order's identity that follows from its decision's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.identifiers import CLIENT_ORDER_PREFIX, client_order_id, is_identifier, is_symbol


@pytest.mark.parametrize("text", ["a", "A9", "d-1", "mean.reversion_2:long", "x" * 64, "0"])
def test_letters_digits_and_four_signs_are_an_identifier(text: str) -> None:
    """Up to 64 of them."""
    assert is_identifier(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 65,
        "-a",
        ".a",
        "a b",
        "a\n",
        "a\0b",
        "a\u202eb",
        "a\u200bb",
        "аbc",
        "１",
        "é",
        "a/b",
        "'; DROP TABLE orders; --",
        "*",
    ],
    ids=ascii,
)
def test_nothing_else_is(text: str) -> None:
    """N3, N4: NUL, direction marks, look-alikes, spaces, SQL."""
    assert not is_identifier(text)


@given(st.text(max_size=70))
def test_an_identifier_is_ascii_and_printable(text: str) -> None:
    """Whatever else it may be."""
    if is_identifier(text):
        assert text.isascii()
        assert text.isprintable()
        assert " " not in text


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("BTC-USD", True),
        ("BTC/USD", True),
        ("BTC-20260626.P:1_0", True),
        ("X" * 40, True),
        ("X" * 41, False),
        ("btc-usd", False),
        ("-BTC", False),
        ("", False),
        ("BTC-USD\n", False),
        ("ВTC-USD", False),
        ("../etc", False),
    ],
    ids=ascii,
)
def test_a_symbol_is_upper_case(text: str, accepted: bool) -> None:
    """And follows the same rule."""
    assert is_symbol(text) is accepted


@given(st.text(max_size=20), st.text(max_size=20), st.integers(0, 9))
def test_a_client_order_id_is_thirty_two_letters_and_digits(account: str, decision: str, child: int) -> None:
    """With our prefix, and the same again whoever asks."""
    found = client_order_id(account, decision, child)

    assert len(found) == 32
    assert found.startswith(CLIENT_ORDER_PREFIX)
    assert found.isascii()
    assert found.isalnum()
    assert found == found.lower() == client_order_id(account, decision, child)


def test_another_account_decision_or_child_is_another_order() -> None:
    """And none can be spelled like another."""
    ids = {
        client_order_id("a", "d"),
        client_order_id("b", "d"),
        client_order_id("a", "e"),
        client_order_id("a", "d", 1),
        client_order_id("a", "d1"),
        client_order_id("ad", ""),
    }

    assert len(ids) == 6


def test_an_order_has_had_its_identity_since_the_first_release() -> None:
    """It must survive every change of this code, or a resend would be a second order."""
    assert client_order_id("account", "decision") == "tgb2789850f17039e96a9a78cb8e0f25"
