"""Spelling: the right name nearest to a wrong one, for messages to people."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

_COMPARED_LENGTH_MAX = 200
"""No right name is longer, and the comparison is quadratic."""
_ALIKE = 0.6
"""From this ratio on a name may be a slip of another, as difflib has it: BY is one of BUY, and LONG none of HOLD."""


def nearest(wrong: str, right: Iterable[str]) -> str:
    """The most alike of the right names, upper and lower case taken as one; of equals the first by alphabet.

    Raises:
        ValueError: there are no right names.
    """
    folded = wrong[:_COMPARED_LENGTH_MAX].casefold()
    return max(sorted(right), key=lambda name: SequenceMatcher(None, folded, name.casefold()).ratio())


def hint(wrong: str, right: Iterable[str]) -> str:
    """`did you mean BUY?`; empty where none of the right names is alike enough to have been meant."""
    name = nearest(wrong, right)
    alike = SequenceMatcher(None, wrong[:_COMPARED_LENGTH_MAX].casefold(), name.casefold()).ratio()
    return f"did you mean {name}?" if alike >= _ALIKE else ""


def shown(name: str, length_max: int = 60) -> str:
    """A name from outside, safe to print on one line: unprintable characters escaped, and cut at `length_max`."""
    cut = name[: length_max + 1]
    printable = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in cut)
    return printable if len(printable) <= length_max else printable[:length_max] + "…"


def spelt_out(value: Any) -> Any:
    """A JSON value with what no UTF-8 can hold spelt out: a file's name may be of another encoding."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [spelt_out(item) for item in value]
    if isinstance(value, dict):
        return {spelt_out(key): spelt_out(item) for key, item in value.items()}
    return value
