"""`import tidegate` shows the public names and costs next to nothing."""

import ast
import subprocess
import sys
import tomllib
from typing import Final

import pytest

import tidegate
from tools.architecture_map import PACKAGE, ROOT

HEAVY: Final = frozenset({"pydantic", "dependency_injector", "msgspec", "rich", "typer", "structlog", "asyncio"})
CONTRACT: Final = frozenset(
    """
    Action Decision OrderSide OrderType TimeInForce OrderStatus TradingState Product Settings
    ExecutionCoordinator ExecutionEngineFactory OrderPlacementService ExecutionRuntimeSupervisor
    LiveExecutionEngine AdvancedExecutionEngine OrderReconciler
    EnginePort OrderStorePort Broker RiskManager OrderStats Position Mark
    OrderPlaced NoOrderNeeded Plan Refusal AnyRefusal open_application
    """.split()
)


def test_import_tidegate_loads_no_library() -> None:
    """A tool that only wants the version does not pay for the engine."""
    script = "import sys, tidegate; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert set(shown.stdout.split()) & HEAVY == set()


def test_the_face_promises_the_public_contract() -> None:
    """Names are added to it, never taken away."""
    assert set(tidegate.__all__) >= CONTRACT
    assert set(dir(tidegate)) >= CONTRACT


@pytest.mark.parametrize("name", sorted(set(tidegate.__all__)))
def test_every_promised_name_is_there(name: str) -> None:
    """A name that the table sends to the wrong module fails here and not at a customer's."""
    assert getattr(tidegate, name) is not None


def test_type_checkers_see_the_names_that_the_interpreter_sees() -> None:
    """The block for type checkers and the table of homes are two tellings of one list."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    looked_up = {name: f"tidegate.{home}" for name, home in tidegate._HOME_OF.items()}

    assert seen == looked_up
    assert set(seen) | {"__version__"} == set(tidegate.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """A misspelt name says so in the interpreter's own words."""
    with pytest.raises(AttributeError, match="no attribute 'Decison'"):
        tidegate.__getattr__("Decison")


def test_the_version_is_the_project_s() -> None:
    """It stands twice, so that asking for it reads no files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert tidegate.__version__ == project["version"]
