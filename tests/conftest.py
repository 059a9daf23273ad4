"""Settings of all tests: properties try the same examples every time, and what is marked `no_cover` is not traced."""

import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("gate", deadline=None, derandomize=True, database=None, max_examples=100)
# For a longer look at fresh examples: pytest --hypothesis-profile=explore
settings.register_profile("explore", deadline=None, database=None, max_examples=2_000)
settings.load_profile("gate")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """In a process of pytest-xdist two tracers are stacked, of which pytest-cov pauses one for `no_cover`."""
    tracer = sys.gettrace()
    if tracer is None or item.get_closest_marker("no_cover") is None:
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
