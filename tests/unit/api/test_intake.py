import pytest

from envs.card import card
from service.api.errors import RequestRefused
from service.api.intake import examine
from service.schema import Fitness, RunRequest, SearchConfig, TrainingConfig

HOPPER = card("Hopper-v5")
REWARD = "def compute_reward(forward_velocity):\n    return forward_velocity, {'progress': forward_velocity}\n"


def request(**fields: object) -> RunRequest:
    return RunRequest.model_validate({"task": "hop", "environment": "Hopper-v5"} | fields)


def refusals(**fields: object) -> dict[str, str]:
    with pytest.raises(RequestRefused) as refused:
        examine(request(**fields))
    return {error.field: error.message for error in refused.value.errors}


def test_a_request_without_a_fitness_is_judged_by_the_cards_first_metric() -> None:
    first = HOPPER.metrics[0]
    expected = Fitness(name=first.name, score=first.score, success=first.success, unit=first.unit)
    assert examine(request()).fitness == expected


def test_a_metric_is_chosen_by_name() -> None:
    last = HOPPER.metrics[-1]
    assert examine(request(fitness=last.name)).fitness.score == last.score


def test_an_own_fitness_is_kept_as_it_is() -> None:
    own = Fitness(name="far", score="x_position[-1] / (max_steps * dt)", success="steps == max_steps", unit="m/s")
    assert examine(request(fitness=own)).fitness == own


def test_an_own_fitness_may_only_say_what_a_metric_may() -> None:
    own = Fitness(name="far", score="x_positon[-1]", success="open('/etc/passwd')")
    assert set(refusals(fitness=own)) == {"fitness"}


def test_an_unknown_environment_is_refused_with_the_nearest() -> None:
    assert "Hopper-v5" in refusals(environment="Hoper-v5")["environment"]


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    name = HOPPER.metrics[0].name
    assert name in refusals(fitness=name + "s")["fitness"]


def test_the_cards_budget_holds_where_the_request_names_none() -> None:
    assert examine(request()).steps == HOPPER.steps


def test_steps_below_one_segment_are_refused_with_the_smallest_that_works() -> None:
    # 2 * 1000 steps need 8 rollouts of 256 steps in each of 8 environments: 16384
    assert "at least 16384" in refusals(training=TrainingConfig(steps=16383))["training.steps"]
    assert examine(request(training=TrainingConfig(steps=16384))).steps == 16384


def test_a_cards_budget_that_the_requested_shape_of_training_exceeds_is_refused_too() -> None:
    # 8 rollouts of 256 steps in 256 environments are 524288 steps, more than the card's 163840
    assert "at least 524288" in refusals(training=TrainingConfig(environments=256))["training.steps"]


def test_steps_that_no_database_can_count_are_refused() -> None:
    assert "more than" in refusals(training=TrainingConfig(steps=10**30))["training.steps"]


def test_seed_rewards_are_checked_and_each_fault_names_its_place() -> None:
    assert examine(request(seed_rewards=[REWARD])).steps
    faults = refusals(seed_rewards=[REWARD, REWARD.replace("forward_velocity", "forward_velocty")])
    assert set(faults) == {"seed_rewards.1"}
    assert "forward_velocity, prev_forward_velocity" in faults["seed_rewards.1"]


def test_more_seed_rewards_than_places_are_refused() -> None:
    assert "do not fit" in refusals(seed_rewards=[REWARD, REWARD], search=SearchConfig(candidates=1))["seed_rewards"]


def test_all_faults_are_told_at_once() -> None:
    assert set(refusals(seed_rewards=["nothing"], training=TrainingConfig(steps=1))) == {
        "seed_rewards.0",
        "training.steps",
    }
