"""Processes: fresh interpreters, by which starts and growth are measured without what this one has loaded."""

import asyncio
import subprocess
import sys
from functools import partial

from tidegate.testing.bench.rounds import seconds


async def printed_number(*arguments: str) -> float:
    """The number that a fresh interpreter prints.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    return await asyncio.to_thread(partial(_printed, arguments))


async def running_seconds(*arguments: str) -> float:
    """How long a fresh interpreter runs, from its start to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    return await asyncio.to_thread(partial(_running, arguments))


def _running(arguments: tuple[str, ...]) -> float:
    began = seconds()
    _run(arguments)
    return seconds() - began


def _printed(arguments: tuple[str, ...]) -> float:
    return float(_run(arguments))


def _run(arguments: tuple[str, ...]) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 -- ourselves
