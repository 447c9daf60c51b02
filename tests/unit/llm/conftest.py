"""Requests as the orchestrator makes them, over figures that stand in for recorded transitions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import EnvCard, card
from service.evolution.designer import variable_statistics
from service.llm.contract import DesignRequest, Parent, Rejected
from service.schema import Fitness

Transitions = dict[str, NDArray[np.float32]]
RequestMaker = Callable[..., DesignRequest]


def transitions_of(environment: EnvCard, count: int = 64) -> Transitions:
    random = np.random.default_rng(7)
    return {
        name: random.normal(size=(count, size) if size else count).astype(np.float32)
        for name, size in environment.parameters.items()
    }


@pytest.fixture(scope="session")
def request_for() -> RequestMaker:
    known = {}

    def make(
        environment: str = "Hopper-v5",
        *,
        iteration: int = 1,
        slot: int = 0,
        attempt: int = 0,
        seed: int = 0,
        parents: tuple[Parent, ...] = (),
        rejected: Rejected | None = None,
    ) -> DesignRequest:
        found = card(environment)
        if environment not in known:
            known[environment] = variable_statistics(transitions_of(found))
        metric = found.metrics[0]
        fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
        return DesignRequest(
            found, "do it", fitness, known[environment], iteration, slot, attempt, seed, parents, rejected, ()
        )

    return make
