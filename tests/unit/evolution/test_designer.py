"""What a designer is asked, from what is known of a run."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from envs.card import card
from sandbox import check_reward
from service.evolution.critic import extract_source
from service.evolution.designer import design_request, design_seed, finding_line, variable_statistics
from service.llm.contract import Parent, Rejected
from service.schema import (
    Fault,
    Feedback,
    Finding,
    Fitness,
    Moment,
    Preference,
    Run,
    RunRecord,
    RunRequest,
    RunState,
    SearchConfig,
    Severity,
    Spending,
)

HOPPER = card("Hopper-v5")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
STATISTICS = variable_statistics({"torso_height": np.linspace(0.0, 1.0, 101, dtype=np.float32)})
DEAD = Finding(code="dead_component", severity=Severity.WARNING, message="it hardly moves", moment=Moment(segment=3))
PARENT = Parent("r-0123456789-1-0", "def compute_reward(action): ...", 1.5, 0.25, (DEAD,), "fitness rose")


def record(seed: int = 0) -> RunRecord:
    request = RunRequest(task="hop like a hare", environment="Hopper-v5", search=SearchConfig(seed=seed))
    fitness = Fitness(name="mine", score="x_position[-1]", success="steps > 10", unit="m")
    run = Run(
        id="r-0123456789", request=request, fitness=fitness, steps=1000, state=RunState.RUNNING, reason=None, iteration=1,
        best_fitness=None, best_candidate_id=None, comparison=None, spending=Spending(), created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    return RunRecord(run=run, iterations=(), candidates=(), completions=(), trainings=())


def test_a_proposal_holds_task_fitness_variables_and_what_they_usually_are() -> None:
    request = design_request(HOPPER, STATISTICS, record(), 1, 2, 0, (), None)
    system, user = request.messages
    assert (system.role, user.role) == ("system", "user")
    assert "hop like a hare" in user.content
    # The run's own fitness, not the card's; 0 to 1 in steps of 0.01 has percentiles 0.05 and 0.95.
    assert "score = x_position[-1]" in user.content
    assert "0.05 to 0.95" in user.content
    for variable in HOPPER.variables:
        assert f"`{variable.name}`" in user.content
        assert variable.about.replace("|", "/") in user.content
    assert (request.iteration, request.slot, request.attempt, request.parents, request.rejected) == (1, 2, 0, (), None)
    assert request.fitness.name == "mine"


def test_an_improvement_tells_of_parents_and_a_repair_of_faults() -> None:
    improvement = design_request(HOPPER, STATISTICS, record(), 2, 0, 0, (PARENT,), None).messages[1].content
    assert "fitness rose" in improvement
    assert "[warning] dead_component (segment 3): it hardly moves" in improvement
    faults = (
        Fault(code="name.unknown", message="torso is not defined", line=3, column=9),
        Fault(code="x", message="no total"),
    )
    repair = (
        design_request(HOPPER, STATISTICS, record(), 2, 0, 1, (PARENT,), Rejected("x = 1", faults)).messages[1].content
    )
    assert "- line 3: torso is not defined\n- no total" in repair
    assert "x = 1" in repair


def test_what_people_said_is_heard_in_the_iteration_after_and_not_in_the_one_under_way() -> None:
    said = [
        Feedback(
            id=f"f{n}",
            run_id="r-0123456789",
            iteration=n,
            candidate_id=None,
            words=f"words {n}",
            author="a",
            created_at=NOW,
        )
        for n in (0, 1, 2)
    ]
    ranked = Preference(
        id="p", run_id="r-0123456789", iteration=1, ranking=("b", "a"), words=None, author="a", created_at=NOW
    )
    heard = record().model_copy(update={"feedback": tuple(said), "preferences": (ranked,)})
    first, second = (
        design_request(HOPPER, STATISTICS, heard, number, 0, 0, (), None).messages[1].content for number in (1, 2)
    )
    assert ("words 0" in first, "words 1" in first, "b over a" in first) == (True, False, False)
    assert ("words 1" in second, "words 2" in second, "b over a" in second) == (True, False, True)


def test_the_reward_in_the_system_message_passes_the_policy() -> None:
    example = extract_source(design_request(HOPPER, STATISTICS, record(), 1, 0, 0, (), None).messages[0].content)
    assert check_reward(example, HOPPER.parameters).parameters == ("forward_velocity", "torso_height", "action")


def test_seeds_follow_from_four_numbers_alone_and_never_meet() -> None:
    # `printf 0/1/2/0 | b2sum -l 64`, shifted right by one bit: what every version must give again.
    assert design_seed(0, 1, 2, 0) == 453_923_624_483_662_167
    assert design_seed(0, 1, 2, 0) == design_request(HOPPER, STATISTICS, record(), 1, 2, 0, (PARENT,), None).seed
    seeds = {design_seed(s, i, k, a) for s in range(5) for i in range(12) for k in range(12) for a in range(3)}
    assert len(seeds) == 5 * 12 * 12 * 3
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert design_request(HOPPER, STATISTICS, record(seed=9), 1, 2, 0, (), None).seed == design_seed(9, 1, 2, 0)


def test_statistics_are_taken_for_each_entry() -> None:
    vector = np.array([[0.0, 10.0], [2.0, 10.0]], np.float32)
    found = variable_statistics({"scalar": np.array([1.0, 3.0], np.float32), "vector": vector})
    # Percentiles of two values are interpolated: 5% of the way from the lower to the upper.
    assert found["scalar"].mean == (2.0,)
    assert found["scalar"].std == (1.0,)
    assert found["scalar"].low == pytest.approx((1.1,))
    assert found["scalar"].high == pytest.approx((2.9,))
    assert found["vector"].mean == (1.0, 10.0)
    assert found["vector"].std == (1.0, 0.0)


def test_a_finding_says_when_it_was_seen() -> None:
    moment = Moment(episode=2, seconds=1.5)
    line = finding_line(Finding(code="early_termination", severity=Severity.SERIOUS, message="it fell", moment=moment))
    assert line == "[serious] early_termination (episode 2, 1.50 s into it): it fell"
