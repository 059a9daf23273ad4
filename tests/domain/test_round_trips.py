"""Whatever a journal, a store or an inbox holds as JSON comes back as it went in."""

import inspect
from types import ModuleType
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain.examples import examples_of
from tidegate.domain import (
    books,
    decisions,
    events,
    fills,
    guards,
    marks,
    orders,
    outcomes,
    positions,
    products,
    reconciliation,
    records,
    requests,
    risk,
    states,
    submissions,
    views,
)
from tidegate.domain.events import JournalEvent
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import VenueReport

MODULES = (
    books,
    decisions,
    fills,
    guards,
    marks,
    orders,
    outcomes,
    positions,
    products,
    reconciliation,
    records,
    requests,
    risk,
    states,
    submissions,
    views,
)


def structs(module: ModuleType) -> list[Any]:
    """Every struct that a module declares."""
    found = inspect.getmembers(module, lambda one: inspect.isclass(one) and issubclass(one, msgspec.Struct))
    return [one for _, one in found if one.__module__ == module.__name__]


def named(kind: Any) -> str:
    return str(kind.__name__)


few = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def returned(value: Any, kind: Any) -> Any:
    """What is read of what was written."""
    return msgspec.json.decode(msgspec.json.encode(value), type=kind)


@pytest.mark.parametrize("kind", get_args(JournalEvent), ids=named)
@few
@given(data=st.data())
def test_an_event_is_read_from_the_journal_as_it_happened(kind: Any, data: st.DataObject) -> None:
    """By its tag alone: the reader knows only that it is an event."""
    event = data.draw(examples_of(kind))
    read = returned(event, JournalEvent)

    assert type(read) is kind
    assert read == event


@pytest.mark.parametrize("kind", get_args(AnyRefusal), ids=named)
@few
@given(data=st.data())
def test_a_refusal_comes_back_with_its_figures_facts_and_remedy_as_numbers_and_texts(
    kind: Any, data: st.DataObject
) -> None:
    """So that a remedy out of a store can be acted on as the first one could."""
    refusal = data.draw(examples_of(kind))
    read = returned(refusal, AnyRefusal)

    assert type(read) is kind
    assert read == refusal
    assert (read.code, read.context) == (refusal.code, refusal.context)
    before, after = (one.remedy.changes if one.remedy is not None else {} for one in (refusal, read))
    assert {name: type(value) for name, value in after.items()} == {name: type(value) for name, value in before.items()}


@pytest.mark.parametrize("kind", [one for module in MODULES for one in structs(module)], ids=named)
@few
@given(data=st.data())
def test_a_record_is_read_as_it_was_written(kind: Any, data: st.DataObject) -> None:
    """Every struct of the domain, to the last digit and microsecond."""
    record = data.draw(examples_of(kind))

    assert returned(record, kind) == record


@few
@given(examples_of(VenueReport))
def test_a_report_is_known_by_its_tag(report: Any) -> None:
    """An update, a fill and a gap in one stream."""
    assert returned(report, VenueReport) == report


def test_no_event_is_left_out_of_the_union() -> None:
    """One that is declared and not listed could be written and not read."""
    declared = {one for one in structs(events) if not one.__name__.startswith("_")}

    assert set(get_args(JournalEvent)) == declared
    tags = [one.__struct_config__.tag for one in declared]
    assert len(set(tags)) == len(tags)
