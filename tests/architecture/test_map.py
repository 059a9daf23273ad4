"""ARCHITECTURE.md is the map of the code, and cannot rot."""

from pathlib import Path

import pytest

from tools import architecture_map as tool


def test_the_map_names_every_module_with_the_sentence_that_opens_it() -> None:
    """A module that is new, gone or changed in its idea makes the map a lie until `make docs` is run."""
    page = tool.from_the_page(tool.PAGE.read_text(encoding="utf-8"))

    assert tool.differences(page, tool.from_the_code()) == []


def test_what_is_written_is_what_is_read_back() -> None:
    """A bar in a sentence does not break the table."""
    told = {"tidegate/": "The gate.", "tidegate/domain/outcomes.py": "Placed | not needed."}
    page = tool.written(f"before\n{tool.BEGIN}\n{tool.END}\nafter\n", told)

    assert tool.from_the_page(page) == told
    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")


def test_every_kind_of_difference_is_named() -> None:
    """Missing, gone and changed modules are told apart."""
    found = tool.differences({"gone.py": "a", "changed.py": "b"}, {"changed.py": "c", "new.py": "d"})

    assert [line.rsplit(" ", maxsplit=1)[1] for line in found] == ["new.py", "gone.py", "changed.py"]


@pytest.mark.parametrize("page", ["no marks at all", f"{tool.BEGIN}\n| path | idea |\n|---|---|\nno row\n{tool.END}"])
def test_a_page_without_a_readable_map_is_an_error(page: str) -> None:
    """An empty map would agree with nothing, and silently."""
    with pytest.raises(ValueError, match="map"):
        tool.from_the_page(page)


def test_the_idea_is_the_first_sentence_and_no_more(tmp_path: Path) -> None:
    """A figure with a point in it does not end the sentence."""
    module = tmp_path / "module.py"
    module.write_text('"""Fees of 0.25 %\nare kept. More is said here.\n\nAnd here."""\n', encoding="utf-8")

    assert tool.idea(module) == "Fees of 0.25 % are kept."
