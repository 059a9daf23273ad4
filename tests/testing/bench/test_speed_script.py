"""The script beside the command measures rows by name."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "speed.py"


def test_a_row_that_there_is_not_is_a_usage_error_that_names_those_there_are() -> None:
    """Exit code 2, and the rows in the message."""
    ran = subprocess.run([sys.executable, SCRIPT, "speed_of_light"], capture_output=True, text=True)
    assert ran.returncode == 2
    assert "in_memory_us" in ran.stderr


def test_a_named_row_is_measured_beside_its_goal() -> None:
    """One line for the row, and the exit code says whether its goal was met."""
    ran = subprocess.run([sys.executable, SCRIPT, "import_ms"], capture_output=True, text=True)
    assert ran.returncode in (0, 1)
    assert [line.split()[0] for line in ran.stdout.splitlines()] == ["row", "import_ms"]
