"""The domain is pure: what it may import is a short list, and its ports live one a file."""

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tools.architecture_map import PACKAGE, modules, path_on_the_map

LIBRARIES: Final = frozenset({"msgspec", "returns", "sortedcontainers"})
STANDARD: Final = sys.stdlib_module_names | {"_sha256"}
"""What Python 3.11 brings of its own; later versions may have given some of it another name."""
IMPURE: Final = frozenset(
    "asyncio concurrent io logging multiprocessing os pathlib queue random secrets select shutil signal socket "
    "sqlite3 ssl subprocess tempfile threading time urllib uuid".split()
)
ALLOWED: Final = {"decisions": {"secrets"}}
"""A decision that is made outside any application has no id port to ask, and is one order all the same."""
PORTS: Final = PACKAGE / "domain" / "ports"

every_domain_module = pytest.mark.parametrize("module", list(modules(PACKAGE / "domain")), ids=path_on_the_map)
every_port = pytest.mark.parametrize("module", sorted(PORTS.glob("[!_]*.py")), ids=lambda path: path.stem)


def imported(module: Path) -> Iterator[str]:
    """The packages that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def protocols(module: Path) -> list[str]:
    """The classes of a module that name Protocol among their bases."""
    classes = [node for node in ast.parse(module.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
    return [node.name for node in classes if any("Protocol" in ast.unparse(base) for base in node.bases)]


@every_domain_module
def test_the_domain_imports_the_standard_library_and_three_others(module: Path) -> None:
    """Whatever else it needs comes to it through a port."""
    assert set(imported(module)) - STANDARD - LIBRARIES - {"tidegate"} == set()


@every_domain_module
def test_the_domain_has_no_clock_no_log_no_disk_and_no_chance(module: Path) -> None:
    """These are in the standard library, and outside the domain all the same."""
    assert set(imported(module)) & IMPURE == ALLOWED.get(module.stem, set())


@every_port
def test_a_port_lives_alone_in_its_file_and_is_handed_on_by_the_package(module: Path) -> None:
    """One role a file, so that an adapter's author reads one page."""
    names = protocols(module)
    package = importlib.import_module("tidegate.domain.ports")

    assert len(names) == 1, f"{module.name} holds {names}"
    assert names[0] in package.__all__
