"""docs/cli.md says what the program does: every command, and every line that `--json` prints."""

import re
from pathlib import Path

import pytest
from msgspec import Struct

from tidegate.adapters.cli import wire, wire_upkeep
from tidegate.adapters.cli.program import COMMANDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
LINES = {
    name: kind
    for name, kind in {**vars(wire), **vars(wire_upkeep)}.items()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind not in (Struct, wire.Line)
}


def documented(name: str) -> list[str]:
    """The fields that the page gives a line."""
    section = PAGE.split(f"### {name}\n")[1].split("\n### ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)


@pytest.mark.parametrize("name", LINES)
def test_every_line_is_documented_field_by_field(name: str) -> None:
    """In the order in which they are printed."""
    assert documented(name) == list(LINES[name].__struct_fields__)


@pytest.mark.parametrize("name", [name for _, name, _ in COMMANDS])
def test_every_command_is_documented(name: str) -> None:
    """In the first table."""
    table = PAGE.split("## How it ends")[0]

    assert re.search(rf"`{name}[ `]", table)


def test_every_link_of_the_page_leads_somewhere() -> None:
    """A line that is renamed takes its links along."""
    headings = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", PAGE, flags=re.MULTILINE)}

    assert set(re.findall(r"\(#(\w+)\)", PAGE)) <= headings
