"""Identifiers: their alphabets, and how an order's identity follows from its decision's."""

import re
from typing import NewType

try:
    # Python 3.11's own SHA-256: what `hashlib` gives is OpenSSL's, which looks its method up each time and runs through
    # so much code of its own that an order took a microsecond longer.
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from hashlib import sha256

ClientOrderId = NewType("ClientOrderId", str)
"""Ours, 32 letters and digits that begin with `CLIENT_ORDER_PREFIX`; the identity an order has at the venue."""
VenueOrderId = NewType("VenueOrderId", str)
"""The venue's name of an order."""
TradeId = NewType("TradeId", str)
"""The venue's name of one fill; unique for one symbol of one venue."""

CLIENT_ORDER_PREFIX = "tg"
CLIENT_ORDER_ID_LENGTH = 32
_DIGITS = CLIENT_ORDER_ID_LENGTH - len(CLIENT_ORDER_PREFIX)
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,63}")
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._:/\-]{0,39}")


def is_identifier(text: str) -> bool:
    """Whether a decision or strategy id is 1 to 64 of A-Z a-z 0-9 . _ : - and begins with a letter or digit.

    An allowlist, so that NUL, direction marks and look-alike letters never reach a store, a log or a venue.
    """
    return _IDENTIFIER.fullmatch(text) is not None


def is_symbol(text: str) -> bool:
    """Whether a symbol is 1 to 40 upper-case letters, digits and . _ : / -"""
    return _SYMBOL.fullmatch(text) is not None


def is_ours(client_order_id: str) -> bool:
    """Whether an order that a venue names is one of a Tidegate's, by its id."""
    return client_order_id.startswith(CLIENT_ORDER_PREFIX)


def client_order_id(account_id: str, decision_id: str, child: int = 0) -> ClientOrderId:
    """The identity of a decision's order, or of its child number `child`.

    Derived, not drawn: the same decision delivered to a restarted process names the same order, so that a venue which
    enforces client order ids refuses a second one even if the store was lost. 30 hexadecimal digits of SHA-256 leave a
    chance of collision below 1e-18 for a billion orders.
    """
    digest = sha256(f"{account_id}\0{decision_id}\0{child}".encode()).hexdigest()
    return ClientOrderId(CLIENT_ORDER_PREFIX + digest[:_DIGITS])
