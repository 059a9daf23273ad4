"""The public contract is written down, is what the code says, and has every call it promises."""

import ast
import inspect

import pytest

import tidegate
from tools.contract_stub import STUB, stub

PROMISED: dict[str, dict[str, list[str]]] = {
    "ExecutionCoordinator": {
        "init_execution": [],
        "execute_decision": ["symbol", "decision", "mark", "product", "position_state"],
        "plan": ["symbol", "decision"],
        "run_runtime_guards": [],
        "run_order_reconciliation": ["interval_seconds"],
        "reset_order_reconciler": [],
    },
    "ExecutionEngineFactory": {
        "parse_slippage_multipliers": ["raw"],
        "should_use_advanced_engine": ["risk_manager"],
        "create_impact_estimator": ["broker", "risk_manager"],
        "create_engine": ["broker", "risk_manager", "event_store", "bot_id", "enable_preview"],
    },
    "OrderPlacementService": {
        "__init__": ["orders_store", "order_stats", "broker", "dry_run"],
        "execute_decision": [
            "symbol",
            "decision",
            "mark",
            "product",
            "position_state",
            "exec_engine",
            "reduce_only_mode",
            "default_time_in_force",
        ],
    },
    "ExecutionRuntimeSupervisor": {
        "__init__": ["exec_engine", "order_reconciler_factory"],
        "run_runtime_guards": ["running_flag"],
        "run_order_reconciliation": ["running_flag", "interval_seconds"],
        "reset_order_reconciler": [],
    },
    "OrderReconciler": {"reconcile_once": [], "diff": [], "snapshot": []},
}


def test_the_stub_in_the_docs_is_what_the_code_says() -> None:
    """docs/contract.pyi is generated; a change of the contract shows in its diff."""
    assert STUB.read_text(encoding="utf-8") == stub()
    ast.parse(stub())


@pytest.mark.parametrize(("owner", "call"), [(owner, call) for owner, calls in PROMISED.items() for call in calls])
def test_a_promised_call_takes_what_was_promised(owner: str, call: str) -> None:
    """Names of parameters are the interface; more may be added behind them."""
    parameters = inspect.signature(getattr(getattr(tidegate, owner), call)).parameters
    assert [name for name in PROMISED[owner][call] if name not in parameters] == []
