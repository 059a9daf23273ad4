"""The composition root: hands the command line its doors to the layers above it."""

import gc
import sys

COLLECT_AFTER = 50_000
"""Objects that may come and stay before the collector looks for cycles among them; CPython's own figure is 700."""


def main() -> int:
    """The `tidegate` command."""
    from tidegate.adapters.cli.opener import Doors
    from tidegate.adapters.cli.program import main as run_command
    from tidegate.containers import open_application
    from tidegate.testing.bench import measure
    from tidegate.testing.simulation import drill

    # What is imported lives as long as the process: the collector need not walk through all of it again and again. An
    # order leaves no cycles behind, so the collector has nothing to find after every few of them.
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    return run_command(Doors(open_application=open_application, benchmark=measure, drill=drill))


if __name__ == "__main__":
    sys.exit(main())
