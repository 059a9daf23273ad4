"""Where the runs of a sweep are played: in processes of this machine, or by the workers of a Dask cluster."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from tidegate.adapters.cli.failures import UsageError

_COLLECT_AFTER = 50_000
"""As in the program itself: an order leaves no cycles behind."""
_CONNECT_SECONDS = 10


@contextmanager
def processes(workers: int | None) -> Iterator[Executor]:
    """So many processes of this machine; by default one for each core that this process may use."""
    # Not forked: a child must not begin with the locks and the event loop of its parent.
    pool = ProcessPoolExecutor(
        workers or len(os.sched_getaffinity(0)), mp_context=get_context("spawn"), initializer=_begin
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """The terminal's Ctrl-C reaches every process of its group; the one that plays them all decides what it means.

    What strategies print must not come between the lines of the results.
    """
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(_COLLECT_AFTER)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler, `tcp://HOST:PORT`; they need this program, the strategy and the recording.

    Raises:
        UsageError: Dask is not installed, or no scheduler answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--cluster needs Dask: pip install 'tidegate[cluster]'") from None
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {str(error).splitlines()[0]}") from None
    with client:
        # Each run is played, also one with the settings of another: two that must be equal are a test of that.
        yield client.get_executor(pure=False, retries=0)
