"""Foreign words: what other people's code raises and says, so that it can be shown and written down."""

FOREIGN = (Exception, SystemExit)
"""What other people's code may raise; when the program ends, and as what, is not theirs to decide."""


def shown(error: BaseException) -> str:
    """The error as its own class shows it, if that can."""
    try:
        return f"{error!r:.200}"
    except Exception:  # noqa: BLE001 -- the error of an adapter may be of its own making
        return type(error).__name__


def said(error: BaseException) -> str:
    """What the error says, if it can say it."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 -- as above
        return ""


def writable(words: str) -> str:
    """The same, with what no UTF-8 can hold spelt out."""
    return words.encode("utf-8", "backslashreplace").decode("utf-8")
