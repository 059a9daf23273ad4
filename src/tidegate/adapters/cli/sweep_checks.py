"""What a run of a sweep would fail at as it begins, found before the first one does."""

from collections.abc import Sequence

from tidegate.adapters.cli.failures import UsageError, words_of
from tidegate.adapters.cli.sweep_run import ENDS, SweepTask
from tidegate.adapters.intake import load_strategy
from tidegate.adapters.settings import Settings
from tidegate.application.configuration import ConfigurationError
from tidegate.application.strategy import StrategyError


async def check(tasks: Sequence[SweepTask]) -> None:
    """Make every strategy with every run's parameters, and open every market that is played; each once.

    Raises:
        ConfigurationError, StrategyError, UsageError: what is wrong, and the first run that has it.
    """
    strategies: set[str] = set()
    markets: set[tuple[object, ...]] = set()
    for task in tasks:
        intake, market = task.settings.intake, _market(task.settings)
        strategy = repr((intake.strategy, sorted(intake.parameters.items())))
        try:
            if strategy not in strategies:
                load_strategy(intake.strategy, intake.parameters)
            if market not in markets:
                async with task.open_application(task.settings):
                    pass
        except ConfigurationError as error:
            raise ConfigurationError(f"run {task.run.name}: {error.message}", error.keys) from error
        except StrategyError as error:
            raise StrategyError(f"run {task.run.name}: {error}") from error
        except ENDS as error:
            raise UsageError(f"run {task.run.name}: {words_of(error)}") from error
        strategies.add(strategy)
        markets.add(market)


def _market(settings: Settings) -> tuple[object, ...]:
    """What of the settings is read of files as a run begins."""
    return settings.paper.recordings, settings.paper.faults, settings.paper.happenings
