"""Episodes: what comes over a synthetic market for a while, when it begins and when it has ended."""

from collections.abc import Iterator
from enum import IntEnum
from heapq import heappop, heappush

from tidegate.adapters.recordings.synthetic.draws import Draws
from tidegate.adapters.recordings.synthetic.parameters import MarketParameters, Regime

_SECOND_US = 1_000_000
_HOUR_SECONDS = 3_600.0


class Episode(IntEnum):
    """What may come; of one moment the earlier named first."""

    REGIME = 0
    JUMP = 1
    THIN = 2
    CROSSED = 3
    HALT = 4
    GAP = 5


class Turn:
    """An episode begins, or the one that began has ended."""

    __slots__ = ("at_us", "begins", "episode")

    def __init__(self, at_us: int, episode: Episode, *, begins: bool) -> None:
        self.at_us = at_us
        self.episode = episode
        self.begins = begins


class Schedule:
    """Turns in order of time, drawn one after the other; no episode begins before the last of its kind has ended."""

    def __init__(self, parameters: MarketParameters, draws: Draws, start_us: int) -> None:
        self._draws = draws
        self._regimes = parameters.regimes
        self.regime: Regime = parameters.regimes[0]
        self._turns: list[tuple[int, int, bool]] = []
        self._kinds = {
            Episode.JUMP: (parameters.jumps_an_hour, 0.0),
            Episode.THIN: (parameters.thin_an_hour, parameters.thin_seconds),
            Episode.CROSSED: (parameters.crossed_an_hour, parameters.crossed_seconds),
            Episode.HALT: (parameters.halts_an_hour, parameters.halt_seconds),
            Episode.GAP: (parameters.gaps_an_hour, parameters.gap_seconds),
        }
        if len(self._regimes) > 1:
            self._push(start_us, self.regime.mean_seconds, Episode.REGIME, begins=True)
        for episode, (an_hour, _) in self._kinds.items():
            if an_hour:
                self._push(start_us, _HOUR_SECONDS / an_hour, episode, begins=True)

    @property
    def next_us(self) -> int:
        """When the next turn comes; far away where there is none."""
        return self._turns[0][0] if self._turns else 1 << 62

    def due(self, now_us: int) -> Iterator[Turn]:
        """Every turn until now, in order."""
        while self._turns and self._turns[0][0] <= now_us:
            at_us, number, begins = heappop(self._turns)
            episode = Episode(number)
            if episode is Episode.REGIME:
                self.regime = self._draws.one_of([one for one in self._regimes if one is not self.regime])
                self._push(at_us, self.regime.mean_seconds, episode, begins=True)
            else:
                an_hour, lasts = self._kinds[episode]
                if begins and lasts:
                    self._push(at_us, lasts, episode, begins=False)
                else:
                    self._push(at_us, _HOUR_SECONDS / an_hour, episode, begins=True)
            yield Turn(at_us, episode, begins=begins)

    def _push(self, from_us: int, mean_seconds: float, episode: Episode, *, begins: bool) -> None:
        at_us = from_us + 1 + int(self._draws.exponential() * mean_seconds * _SECOND_US)
        heappush(self._turns, (at_us, int(episode), begins))
