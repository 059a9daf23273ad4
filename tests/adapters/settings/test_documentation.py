"""docs/settings.md and the example files say what the settings are."""

import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.keys import SYMBOLS, known_keys
from tidegate.domain.amounts import plain

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w.]+)`( \*)? \| (.+?) \| (.+) \|$", PAGE, flags=re.MULTILINE)
KEYS = [".".join(key) for key in known_keys() if key[:2] != SYMBOLS]


def default_of(key: str) -> str:
    """A default as the page writes it."""
    value: object = Settings()
    for part in key.split("."):
        value = getattr(value, part)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{name} = {plain(amount)}" for name, amount in value.items()) or "–"
    return plain(value) if isinstance(value, Decimal) else str(value) if value not in (None, "") else "–"


def test_every_key_is_documented_once_with_its_default() -> None:
    """A default that is changed in the code makes the page a lie."""
    assert [(key, default) for key, _, default, _ in ROWS] == [(key, default_of(key)) for key in KEYS]


def test_what_a_symbol_may_override_is_marked() -> None:
    """With a star."""
    marked = {key.removeprefix("risk.") for key, star, _, _ in ROWS if star}

    assert marked == {key[3] for key in known_keys() if key[:2] == SYMBOLS}


@pytest.mark.parametrize("name", ["examples/paper.toml", "template"])
def test_the_files_that_are_handed_out_can_be_used(name: str, tmp_path: Path) -> None:
    """What they call a default is one."""
    template = files("tidegate.adapters.cli").joinpath("templates", "tidegate.toml.txt").read_text(encoding="utf-8")
    text = template if name == "template" else (ROOT / name).read_text(encoding="utf-8")
    config = tmp_path / "tidegate.toml"
    config.write_text(text)

    loaded = Settings.load(config, {})

    assert loaded.limits() == Settings().limits()
    assert loaded.paper.opening_balances == Settings().paper.opening_balances
    assert loaded.profile == "paper"
