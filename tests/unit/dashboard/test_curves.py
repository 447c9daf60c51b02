"""What the curves of a run show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.baselines.environment import Environment
from service.dashboard.components.curve import Level
from service.dashboard.curves import best_so_far, leading, levels_of, short
from service.schema import (
    CandidateState,
    Iteration,
    IterationState,
    Lineage,
    Node,
    PPOConfig,
    Run,
    RunRequest,
    RunState,
    Spending,
    TrainingConfig,
)
from tests.unit.baselines.example import ARM, CONFIG, FITNESS, STEPS, made


def node(slot: int, state: CandidateState, fitness: float | None = None) -> Node:
    return Node(
        id=f"r-1-1-{slot}",
        iteration=1,
        slot=slot,
        state=state,
        origin="proposed",
        parents=(),
        fitness=fitness,
        success_rate=None,
    )


def iteration(number: int, best: float | None, steps: int) -> Iteration:
    return Iteration(run_id="r-1", number=number, state=IterationState.DONE, best=best, environment_steps=steps)


def test_candidates_in_training_lead_and_the_fittest_follow() -> None:
    lineage = Lineage(
        candidates=(
            node(0, CandidateState.TRAINED, 1.0),
            node(1, CandidateState.TRAINED, 3.0),
            node(2, CandidateState.REJECTED),
            node(3, CandidateState.TRAINING),
        ),
        best_path=(),
    )
    assert leading(lineage) == ("r-1-1-3", "r-1-1-1", "r-1-1-0")


def test_no_more_than_eight_lead() -> None:
    lineage = Lineage(candidates=tuple(node(slot, CandidateState.TRAINED, slot) for slot in range(9)), best_path=())
    assert leading(lineage) == tuple(f"r-1-1-{slot}" for slot in range(8, 0, -1))


def test_what_was_bought_is_the_best_so_far_over_all_that_was_spent_until_then() -> None:
    iterations = [iteration(1, 2.0, 100), iteration(2, None, 50), iteration(3, 1.0, 100), iteration(4, 5.0, 100)]
    [line] = best_so_far(iterations, lambda one: one.environment_steps)
    # 100, then 50 without a result, then 100 that brought nothing better, then 100 more
    assert line.points == ((100, 2.0), (250, 2.0), (350, 5.0))


def test_a_candidate_is_called_by_iteration_and_slot() -> None:
    assert short("r-7dfd5f2ad6-2-11") == "2-11"


def run_of(training: TrainingConfig, steps: int = STEPS) -> Run:
    told = datetime(2026, 1, 1, tzinfo=UTC)
    return Run(
        id="r-1",
        request=RunRequest(task="reach", environment=ARM.id, training=training),
        fitness=FITNESS,
        steps=steps,
        state=RunState.RUNNING,
        reason=None,
        iteration=1,
        best_fitness=None,
        best_candidate_id=None,
        comparison=None,
        spending=Spending(),
        created_at=told,
        updated_at=told,
    )


OTHERWISE = TrainingConfig(ppo=PPOConfig(discount=0.5))


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        (run_of(CONFIG), 2),
        (run_of(CONFIG.model_copy(update={"seeds": 3})), 2),
        (run_of(OTHERWISE), 0),
        (run_of(CONFIG, steps=2 * STEPS), 0),
    ],
)
def test_a_run_is_shown_beside_a_baseline_that_was_trained_as_it_is(run: Run, shown: int) -> None:
    environment = Environment(**dict(ARM), ppo=CONFIG.ppo, baselines=(made().brief,))
    # the example's intervals: half around the means 3 and 1
    levels = [Level("human reward", 3.0, 2.5, 3.5), Level("sparse reward", 1.0, 0.5, 1.5)]
    assert levels_of(run, environment) == levels[:shown]
