"""Find code that nothing uses: vulture's findings, less the fields that encoders read without naming them."""

import ast
import sys
from pathlib import Path
from typing import Final

from vulture import Vulture

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = ("src", "tests", "examples", "benchmarks", "tools")
CERTAINTY_PCT_MIN: Final = 60
# What a framework calls by name or by decorator, and what a protocol of Python fixes the signature of.
CALLED_BY_NAME: Final = [
    "test_*",
    "pytest_*",
    "model_config",
    "pytestmark",
    "__dir__",
    "cls",
    "exception_type",
    "trace",
    # The counters of OrderStats are read by name, as a mapping's keys.
    "attempted",
    "successful",
    # An attribute of the decimal module's context.
    "prec",
    "traceback",
    # What a tracer asks of the interpreter for each frame.
    "f_trace_lines",
    "f_trace_opcodes",
    # What asyncio's base loop calls or reads of a loop that is built on it.
    "_run_once",
    "_default_executor",
    "_write_to_self",
    "_process_events",
    "event_list",
    "_asyncgen_firstiter_hook",
    "_asyncgen_finalizer_hook",
    "agen",
    # Attributes of rich's tables.
    "padding",
    "show_edge",
    # What the warnings module calls to show one.
    "showwarning",
    # What html.parser calls for every element that begins.
    "handle_starttag",
]
CALLED_BY_DECORATOR: Final = [
    "@*validator",
    "@*serializer",
    "@*.command",
    "@*.callback",
    "@*fixture",
    "@rule",
    "@invariant",
]


def fields(source: str) -> set[str]:
    """The annotated names and members in the bodies of classes: declared there for others to read, by name or not."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return {name for node in classes for statement in node.body for name in _declared(statement)}


def _declared(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.AnnAssign):
        targets: list[ast.expr] = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = statement.targets
    else:
        return []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def unused(folders: list[Path]) -> list[str]:
    """What nothing uses in these folders, a line each, the surest first where they stand in one file."""
    search = Vulture(ignore_names=CALLED_BY_NAME, ignore_decorators=CALLED_BY_DECORATOR)
    search.scavenge([str(folder) for folder in folders])
    found: list[str] = []
    for item in search.get_unused_code(min_confidence=CERTAINTY_PCT_MIN):
        path = Path(item.filename)
        if item.typ == "variable" and item.name in fields(path.read_text(encoding="utf-8")):
            continue
        found.append(f"{path}:{item.first_lineno}: unused {item.typ} '{item.name}'")
    return found


def main() -> int:
    """Print what nothing uses; 1 means that there is some."""
    found = unused([ROOT / folder for folder in FOLDERS if (ROOT / folder).exists()])
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
