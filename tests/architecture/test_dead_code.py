"""The search for dead code finds what is dead, and leaves alone what is read without being named."""

from pathlib import Path

from tools import dead_code


def test_a_function_that_nothing_calls_is_found(tmp_path: Path) -> None:
    """Otherwise the check would pass by blindness."""
    module = tmp_path / "module.py"
    module.write_text("def forgotten():\n    return 1\n", encoding="utf-8")

    assert dead_code.unused([tmp_path]) == [f"{module}:1: unused function 'forgotten'"]


def test_a_field_is_no_dead_code(tmp_path: Path) -> None:
    """An encoder reads a struct's fields without naming them; a name at the top of the module has no such reader."""
    (tmp_path / "module.py").write_text(
        "class Row:\n    at: int\n    KIND = 'row'\n\nprint(Row)\nleft_over = 1\n", encoding="utf-8"
    )

    assert [line.rsplit(": ", maxsplit=1)[1] for line in dead_code.unused([tmp_path])] == [
        "unused variable 'left_over'"
    ]
