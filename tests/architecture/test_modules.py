"""Each module has one idea: it says it first, stays short, and is named for it."""

import ast
from pathlib import Path
from typing import Final

import pytest

from tools.architecture_map import PACKAGE, idea, modules, path_on_the_map

LINES_MAX: Final = 300
NAMES_OF_NO_IDEA: Final = frozenset({"utils", "util", "helpers", "common", "base", "manager", "misc"})
BROAD: Final = frozenset({"Exception", "BaseException", "FOREIGN"})
MAY_BE_BROAD: Final = {
    "tidegate/application/checked_venue.py": "an adapter raises what its libraries do, and the order may be live",
    "tidegate/application/checked_market.py": "an adapter raises what its libraries do, and that is no price",
    "tidegate/application/foreign.py": "an error of an adapter's own making may raise when it is shown",
    "tidegate/containers/leaving.py": "an adapter raises what its libraries do, and its application has been left",
    "tidegate/application/hearing.py": "an adapter raises what its libraries do, and that is no answer",
    "tidegate/application/children.py": "whatever ends a loop, its siblings live on and the operator is told",
    "tidegate/application/staggered.py": "a call that fails calls off none of the others; whoever waits is told of it",
    "tidegate/application/publishing.py": "an observer's bug, of any kind, must not become an order's",
}
"""Handlers that answer for code which is not theirs, each with its reason; everywhere else a broad one is a bug."""

every_module = pytest.mark.parametrize("module", list(modules()), ids=path_on_the_map)


def broad_handlers(source: str) -> list[int]:
    """The lines on which a handler catches whatever comes."""
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    return [handler.lineno for handler in handlers if _is_broad(handler.type) and not _hands_on(handler)]


def _hands_on(handler: ast.ExceptHandler) -> bool:
    """Whether it ends in a bare `raise`: such a handler tidies up, and swallows nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = {kind.attr if isinstance(kind, ast.Attribute) else getattr(kind, "id", "") for kind in kinds}
    return bool(names & BROAD)


@every_module
def test_a_module_opens_with_the_sentence_that_says_its_idea(module: Path) -> None:
    """The map is made of these sentences."""
    assert idea(module).endswith("."), f"{module} opens with no sentence"


@every_module
def test_a_module_stays_within_three_hundred_lines(module: Path) -> None:
    """Past that it has a second idea."""
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


@every_module
def test_a_module_is_named_for_its_idea(module: Path) -> None:
    """A name that fits anything gathers everything."""
    assert not NAMES_OF_NO_IDEA & {module.stem, module.parent.name}


@every_module
def test_a_handler_names_what_it_catches(module: Path) -> None:
    """A broad handler turns a bug into a polite answer, and money moves on."""
    if path_on_the_map(module) not in MAY_BE_BROAD:
        assert broad_handlers(module.read_text(encoding="utf-8")) == []


def test_what_may_be_broad_still_is() -> None:
    """A permission that nobody uses any more is taken back."""
    sources = {path: (PACKAGE.parent / path).read_text(encoding="utf-8") for path in MAY_BE_BROAD}

    assert [path for path, source in sources.items() if not broad_handlers(source)] == []


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        ("except:", [3]),
        ("except Exception:", [3]),
        ("except (OSError, Exception) as error:", [3]),
        ("except builtins.BaseException:", [3]),
        ("except OSError:", []),
        ("except (OSError, asyncio.CancelledError):", []),
    ],
)
def test_broad_handlers_are_seen_however_they_are_written(handler: str, found: list[int]) -> None:
    """The rule above would otherwise hold by blindness."""
    assert broad_handlers(f"try:\n    act()\n{handler}\n    rest()\n") == found


def test_a_handler_that_tidies_up_and_hands_on_is_not_broad() -> None:
    """What it caught is raised again, so nothing is swallowed; a raise of something else would hide it."""
    assert broad_handlers("try:\n    act()\nexcept BaseException:\n    rest()\n    raise\n") == []
    assert broad_handlers("try:\n    act()\nexcept BaseException:\n    raise ValueError from None\n") == [3]


def test_the_walk_sees_the_whole_package() -> None:
    """The rules above hold for nothing if they look at nothing."""
    walked = set(modules())

    assert walked == {path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts}
