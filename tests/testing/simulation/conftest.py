"""Beside the fixed seeds a fresh window is lived each time; what breaks in it is reported, and gates nothing."""

import os

import pytest

from tests.testing.simulation.fresh import FRESH


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for the window, and one for each violation in it."""
    if FRESH.seeds:
        terminalreporter.section("fresh seeds, reported and not gated")
        terminalreporter.line(f"seeds {FRESH.seeds.start} to {FRESH.seeds.stop - 1}: {len(FRESH.found)} violations")
        for line in FRESH.found:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def fresh_window() -> range:
    """Seeds that nobody has chosen: another window for every process."""
    first = 1_000_000 + os.getpid() * 10
    return range(first, first + 10)
