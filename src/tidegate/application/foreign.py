"""Foreign words: what other people's code raises and says, so that it can be shown and written down."""


def shown(error: BaseException) -> str:
    """The error as its own class shows it, if that can."""
    try:
        return f"{error!r:.200}"
    except Exception:  # noqa: BLE001 -- the error of an adapter may be of its own making
        return type(error).__name__


def writable(words: str) -> str:
    """The same, with what no UTF-8 can hold spelt out."""
    return words.encode("utf-8", "backslashreplace").decode("utf-8")
