"""The critic's verdict, through the sandbox."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import card
from service.evolution.critic import extract_source, review
from service.evolution.designer import variable_statistics
from service.llm.contract import DesignRequest
from service.llm.loopback import Behaviour, answer
from service.llm.offline import OfflineDesigner
from service.schema import Fitness
from tests.representatives import REPRESENTATIVES

HOPPER = card("Hopper-v5")


def transitions_of(environment: str) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(5)
    return {
        name: random.normal(size=(4096, size) if size else 4096).astype(np.float32)
        for name, size in card(environment).parameters.items()
    }


def test_a_sound_reward_is_accepted_with_the_figures_of_its_components() -> None:
    verdict = review(extract_source(answer(Behaviour.GOOD, 1)), HOPPER, transitions_of("Hopper-v5"))
    assert verdict.accepted
    assert verdict.faults == ()
    assert set(verdict.components) == {"effort", "steadiness"}
    effort, steadiness = verdict.components["effort"], verdict.components["steadiness"]
    # effort is -0.1 times a sum of three squares of standard normals: mean -0.3, never above 0.
    assert effort.mean == pytest.approx(-0.3, abs=0.05)
    assert effort.low < effort.mean < effort.high <= 0.0
    assert effort.share + steadiness.share == pytest.approx(1.0)
    assert effort.inputs == ("action",)
    assert verdict.total is not None
    assert verdict.total.share == 1.0
    assert verdict.transitions == 4096
    assert verdict.seconds_per_transition is not None


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Behaviour.UNPARSABLE, "never closed"),
        (Behaviour.UNKNOWN_VARIABLE, "wing_span"),
        (Behaviour.NAN, "finite"),
    ],
)
def test_a_fault_says_what_to_mend(behaviour: Behaviour, words: str) -> None:
    verdict = review(extract_source(answer(behaviour, 1)), HOPPER, transitions_of("Hopper-v5"))
    assert not verdict.accepted
    assert words in " ".join(fault.message for fault in verdict.faults)


@pytest.mark.parametrize("environment", REPRESENTATIVES)
def test_what_the_offline_designer_writes_is_accepted(environment: str) -> None:
    found, transitions = card(environment), transitions_of(environment)
    metric = found.metrics[0]
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
    statistics = variable_statistics(transitions)
    for seed in range(12):
        request = DesignRequest(found, "do it", fitness, statistics, 1, 0, 0, seed, (), None, ())
        verdict = review(extract_source(OfflineDesigner().design(request).text), found, transitions)
        assert verdict.accepted, verdict.faults
