"""A strategy object is asked at every interval, and what it does wrong has its name."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.intake import StrategyIntake, load_strategy
from tidegate.application.configuration import ConfigurationError
from tidegate.application.strategy import StrategyError, StrategyView
from tidegate.domain.decisions import Decision
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.ports import DecisionMessage
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import Action, TradingState

START = datetime(2026, 5, 2, tzinfo=UTC)


class StillView:
    """A view in which nothing moves but the clock."""

    equity: Decimal | None = Decimal(100_000)
    products: tuple[Product, ...] = ()

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def product(self, symbol: str) -> Product | None:
        return None

    def market(self, symbol: str) -> MarketReading:
        return MarketReading(symbol=symbol)

    def position(self, symbol: str, strategy_id: str = "") -> Position:
        return Position(symbol=symbol, strategy_id=strategy_id)

    def open_orders(self, symbol: str, strategy_id: str = "") -> tuple[OrderRecord, ...]:
        return ()

    def state(self, symbol: str) -> TradingState:
        return TradingState.ACTIVE


class Noting:
    """Two decisions whenever it is asked, with the moment as their reason."""

    def decide(self, view: StrategyView) -> Iterable[tuple[str, Decision]]:
        for symbol in ("BTC-USD", "BTC-PERP"):
            yield symbol, Decision(action=Action.HOLD, reason=view.now.isoformat())


def intake_of(strategy: Any, clock: ManualClock, seconds: float = 1) -> StrategyIntake:
    return StrategyIntake(strategy, StillView(clock), clock, seconds)


async def test_a_strategy_is_asked_at_once_and_then_at_every_interval() -> None:
    """On the clock in force, so that a session's time counts."""
    clock = ManualClock(START)
    decisions = intake_of(Noting(), clock, 5).decisions()
    heard: list[DecisionMessage] = []

    async def listen() -> None:
        async for message in decisions:
            assert isinstance(message, DecisionMessage)
            heard.append(message)

    listening = asyncio.ensure_future(listen())
    await clock.advance(11)
    listening.cancel()

    assert [message.symbol for message in heard] == ["BTC-USD", "BTC-PERP"] * 3
    seconds = [datetime.fromisoformat(message.decision.reason) - START for message in heard[::2]]
    assert [one.total_seconds() for one in seconds] == [0, 5, 10]
    assert [message.reference for message in heard] == [f"Noting {number}" for number in range(1, 7)]


async def test_a_strategy_that_raises_is_named_with_what_and_where() -> None:
    """The first error ends the run; a strategy that half works is worse than none."""

    class Broken:
        name = "broken"

        def decide(self, view: StrategyView) -> Iterable[tuple[str, Decision]]:
            yield "BTC-USD", Decision(action=Action.HOLD)
            raise ZeroDivisionError("division\nby zero")

    with pytest.raises(
        StrategyError, match=r"^broken failed: ZeroDivisionError: division by zero \(test_strategies\.py"
    ):
        await anext(intake_of(Broken(), ManualClock(START)).decisions())


async def test_an_error_that_cannot_say_what_it_is_is_the_strategy_s_all_the_same() -> None:
    """It had been reported as a bug of ours."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise LookupError

    class Broken:
        def decide(self, view: StrategyView) -> list[object]:
            raise Mute

    with pytest.raises(StrategyError, match=r"^Broken failed: Mute \(test_strategies\.py"):
        await anext(intake_of(Broken(), ManualClock(START)).decisions())


@pytest.mark.parametrize("item", [Decision(action=Action.HOLD), ("BTC-USD", "BUY"), ("BTC-USD",), None, 5])
async def test_what_is_no_pair_of_symbol_and_decision_is_named(item: object) -> None:
    """A typing mistake in a strategy is no silence."""

    class Mistaken:
        def decide(self, view: StrategyView) -> list[object]:
            return [item]

    with pytest.raises(StrategyError, match=r"^Mistaken: decide\(\) gives pairs"):
        await anext(intake_of(Mistaken(), ManualClock(START)).decisions())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("None", "None: where there is nothing to decide it returns ()"),
        ("coroutine", "a coroutine: it is a def, not an async def"),
        ("asynchronous generator", "an asynchronous generator: it is a def, not an async def"),
        ("5", "int"),
        ("pair", "a tuple of str, str"),
    ],
)
@pytest.mark.filterwarnings("error")
async def test_what_a_strategy_hands_over_instead_is_told_as_its_slip(answer: str, told: str) -> None:
    """One line in the strategy's own terms: no file of ours, and no warning of the interpreter's beside it."""

    async def coroutine() -> tuple[()]:
        return ()

    async def generator() -> AsyncIterator[None]:
        yield None

    answers: dict[str, Any] = {
        "None": lambda: None,
        "coroutine": coroutine,
        "asynchronous generator": generator,
        "5": lambda: 5,
        "pair": lambda: [("BTC-USD", "BUY")],
    }

    class Mistaken:
        def decide(self, view: StrategyView) -> Any:
            return answers[answer]()

    with pytest.raises(StrategyError) as caught:
        await anext(intake_of(Mistaken(), ManualClock(START)).decisions())
    assert str(caught.value) == f"Mistaken: decide() gives pairs of a symbol and a Decision, not {told}"


async def test_a_strategy_whose_decisions_never_end_is_told_before_it_fills_the_memory() -> None:
    """Nothing of it is executed: it would be the beginning of an endless list."""

    class Endless:
        def decide(self, view: StrategyView) -> Iterable[tuple[str, Decision]]:
            while True:
                yield "BTC-USD", Decision(action=Action.HOLD)

    with pytest.raises(StrategyError, match=r"^Endless: decide\(\) gave more than 10,000 decisions at once$"):
        await anext(intake_of(Endless(), ManualClock(START)).decisions())


async def test_an_exception_of_any_kind_is_the_strategy_s_and_no_bug_of_ours() -> None:
    """One that is no Exception, as some frameworks raise to end a task, is named as any other."""

    class Ended(BaseException): ...

    class Broken:
        def decide(self, view: StrategyView) -> Iterable[tuple[str, Decision]]:
            raise Ended("over")

    with pytest.raises(StrategyError, match=r"^Broken failed: Ended: over \(test_strategies\.py"):
        await anext(intake_of(Broken(), ManualClock(START)).decisions())


@pytest.mark.parametrize("kind", [asyncio.CancelledError, GeneratorExit])
async def test_a_strategy_cancels_nothing_of_ours(kind: type[BaseException]) -> None:
    """It is called and not awaited, so a cancellation is its own; the run had ended as if all was well."""

    class Cancelled:
        def decide(self, view: StrategyView) -> Iterable[tuple[str, Decision]]:
            raise kind

    with pytest.raises(StrategyError, match=rf"^Cancelled failed: {kind.__name__} \(test_strategies\.py"):
        await anext(intake_of(Cancelled(), ManualClock(START)).decisions())


async def test_a_failure_is_told_with_a_line_of_the_strategy_s_and_not_of_ours() -> None:
    """Decision names the field; the line to look at is the one that made it."""

    class Floating:
        def decide(self, view: StrategyView) -> Iterable[tuple[str, Decision]]:
            yield "BTC-USD", Decision(action=Action.BUY, quantity=0.1)  # type: ignore[arg-type]  # what is refused

    with pytest.raises(StrategyError, match=r"write Decimal\('0\.1'\) \(test_strategies\.py line"):
        await anext(intake_of(Floating(), ManualClock(START)).decisions())


async def test_settling_has_no_effect_on_a_strategy() -> None:
    """It sees what became of its decision in its view."""
    clock = ManualClock(START)
    intake = intake_of(Noting(), clock)
    message = await anext(intake.decisions())

    assert isinstance(message, DecisionMessage)
    await intake.settle(message, NoOrderNeeded(decision_id=message.decision.decision_id, reason="HOLD"))


def written(folder: Path, code: str) -> str:
    path = folder / "mine.py"
    path.write_text(code)
    return str(path)


STRATEGY = """
from __future__ import annotations
from dataclasses import dataclass
from decimal import Decimal

@dataclass
class Mine:
    window: int
    notional: Decimal = Decimal(100)
    label: str | None = None

    def decide(self, view):
        return ()

def create(window: int, notional: Decimal = Decimal(100), label: str | None = None):
    return Mine(window, notional, label)

def no_strategy():
    return 5

async def late():
    return Mine(1)

def broken():
    return 1 / 0

def everything(**anything):
    return Mine(**anything)
"""


def test_a_file_s_factory_gets_parameters_of_the_types_that_it_declares(tmp_path: Path) -> None:
    """Text of the environment becomes the number that is wanted."""
    spec = written(tmp_path, STRATEGY)

    strategy: Any = load_strategy(f"{spec}:create", {"window": "30", "notional": "2.50"})
    by_class: Any = load_strategy(f"{spec}:Mine", {"window": 5})
    any_at_all: Any = load_strategy(f"{spec}:everything", {"window": "5"})

    assert (strategy.window, strategy.notional, strategy.label) == (30, Decimal("2.50"), None)
    assert by_class.window == 5
    assert any_at_all.window == "5"


def test_a_module_s_factory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`package.module:factory`, from whatever is installed."""
    (tmp_path / "installed_strategy.py").write_text(STRATEGY)
    monkeypatch.syspath_prepend(tmp_path)

    strategy: Any = load_strategy("installed_strategy:create", {"window": 1})

    assert strategy.window == 1


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("creat", {}, r"names no factory creat in .*mine\.py; did you mean create\?"),
        ("decimal", {}, r"names no factory decimal in .*mine\.py; did you mean (?!Decimal)\w+\?"),
        ("no_strategy", {}, r"intake\.strategy made an object of int, which has no decide\(view\)"),
        ("late", {}, r"intake\.strategy made a coroutine: its factory is a def, not an async def"),
        ("create", {"windw": 1}, r"intake\.parameters\.windw is no parameter of the strategy; did you mean window\?"),
        ("create", {}, r"intake\.parameters\.window is missing: the strategy needs it"),
        ("create", {"window": "many"}, r"intake\.parameters\.window must be a whole number"),
        (
            "no_strategy",
            {"window": 1},
            r"intake\.parameters\.window is no parameter of the strategy; the strategy takes none",
        ),
    ],
)
def test_what_does_not_fit_is_a_configuration_error(
    tmp_path: Path, name: str, parameters: dict[str, object], message: str
) -> None:
    """Named by key, with the nearest right name, without the value."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_strategy(f"{written(tmp_path, STRATEGY)}:{name}", parameters)
    assert "many" not in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "value", "told"),
    [
        ("Annotated[Decimal, Field(gt=0, lt=Decimal('0.5'))]", 5, "must be below 0.5"),
        ("Annotated[str, Field(max_length=2)]", "long", "must have at most 2 characters"),
        ("Literal['fast', 'slow']", "slwo", "must be 'fast' or 'slow'"),
        ("timedelta", "soon", "must be a span of time, in seconds or as HH:MM:SS"),
        ("datetime", "soon", "must be a moment such as 2026-05-02T02:40:00Z"),
        ("list[int]", 5, "must be a list"),
        ("Annotated[int, AfterValidator(odd)]", 2, "must be odd"),
    ],
)
def test_a_parameter_of_the_wrong_kind_is_told_in_words_that_follow_its_key(
    tmp_path: Path, declared: str, value: object, told: str
) -> None:
    """A person reads them, not whoever knows the library that found it."""
    lines = (
        "from datetime import datetime, timedelta",
        "from decimal import Decimal",
        "from typing import Annotated, Literal",
        "from pydantic import AfterValidator, Field",
        "def odd(value):",
        "    if not value % 2:",
        "        raise ValueError('must be odd')",
        "    return value",
        f"def create(window: {declared}): ...",
    )
    with pytest.raises(ConfigurationError) as caught:
        load_strategy(f"{written(tmp_path, chr(10).join(lines))}:create", {"window": value})
    assert caught.value.message == f"intake.parameters.window {told}"


@pytest.mark.parametrize("spec", ["", "mine", "mine:", ":create", "mine.py"])
def test_a_name_without_module_or_factory_is_a_configuration_error(spec: str) -> None:
    """The message shows how it is written."""
    with pytest.raises(ConfigurationError, match="must be written module:factory"):
        load_strategy(spec)


def test_what_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    """A file, a module, a package of a module."""
    with pytest.raises(ConfigurationError, match="a file that is not there"):
        load_strategy(f"{tmp_path}/none.py:create")
    with pytest.raises(ConfigurationError, match="a module that is not installed: no_such_module"):
        load_strategy("no_such_module:create")
    with pytest.raises(ConfigurationError, match=r"a module that is not installed: no_such_package\.mine"):
        load_strategy("no_such_package.mine:create")


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        (STRATEGY, "broken", r"mine\.py:broken failed: ZeroDivisionError: division by zero \(mine\.py line \d+\)"),
        ("import no_such_module_inside", "create", r"failed: ModuleNotFoundError: No module named"),
    ],
)
def test_code_that_raises_while_it_is_loaded_is_a_strategy_error(
    tmp_path: Path, code: str, name: str, message: str
) -> None:
    """One line that says where, and the traceback for whoever asks for it."""
    with pytest.raises(StrategyError, match=message) as caught:
        load_strategy(f"{written(tmp_path, code)}:{name}")
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("code", ["x = 1\ndef create(:\n", "if True:\nx = 1\n", "x = 1\ny = 'open\n"])
def test_a_file_that_is_no_python_is_a_configuration_error_with_its_line(tmp_path: Path, code: str) -> None:
    """It names the file; what is wrong with it is one line."""
    with pytest.raises(ConfigurationError, match=r"^intake\.strategy cannot be read: .*mine\.py line 2: \D") as caught:
        load_strategy(f"{written(tmp_path, code)}:create")
    assert "\n" not in str(caught.value)


def test_annotations_for_type_checkers_alone_do_not_matter(tmp_path: Path) -> None:
    """A name that does not exist at run time leaves the value as it is."""
    code = STRATEGY + "\ndef checked(window: Unknown):\n    return Mine(window)\n"

    strategy: Any = load_strategy(f"{written(tmp_path, code)}:checked", {"window": "5"})

    assert strategy.window == "5"


def test_a_type_that_cannot_be_checked_leaves_the_value_as_it_is(tmp_path: Path) -> None:
    """Somebody's own class is their affair."""
    code = STRATEGY + "\nclass Own: ...\ndef own(window: Own):\n    return Mine(window)\n"

    strategy: Any = load_strategy(f"{written(tmp_path, code)}:own", {"window": "5"})

    assert strategy.window == "5"
