from collections.abc import Callable, Iterator, Sequence

import pytest

from envs.card import EnvCard
from envs.engines.envpool import EnvPoolEngine
from envs.variables import Layout

MakeEngine = Callable[..., EnvPoolEngine]


@pytest.fixture
def engine() -> Iterator[MakeEngine]:
    """Makes engines of a card that are closed after the test."""
    made: list[EnvPoolEngine] = []

    def make(card: EnvCard, seeds: Sequence[int], threads: int = 1) -> EnvPoolEngine:
        made.append(EnvPoolEngine(Layout(card), seeds, threads))
        return made[-1]

    yield make
    for one in made:
        one.close()
