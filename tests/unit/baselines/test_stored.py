"""Which stored baseline a run is measured by, and in which words none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.baselines.environment import stored_baselines
from service.baselines.stored import look_up, read_baselines
from service.schema import Fitness, Interval, PPOConfig, TrainingConfig
from service.schema.tunings import tuned
from tests.unit.baselines.example import ARM, CONFIG, FITNESS, STEPS, made, put


def test_a_baseline_of_the_same_fitness_steps_and_training_is_found_as_it_was_written(tmp_path: Path) -> None:
    put(made(), tmp_path)
    assert look_up(ARM, FITNESS, STEPS, CONFIG, tmp_path).baseline == made()


def test_what_a_fitness_is_called_and_how_the_search_goes_makes_no_difference(tmp_path: Path) -> None:
    put(made(), tmp_path)
    renamed = FITNESS.model_copy(update={"name": "nearness"})
    other = CONFIG.model_copy(update={"comparison_seeds": 0, "steps": STEPS})
    assert look_up(ARM, renamed, STEPS, other, tmp_path).baseline == made()


@pytest.mark.parametrize(
    ("fitness", "steps", "config", "told"),
    [
        (FITNESS, 8192, CONFIG, "steps 4,096 there, 8,192 here"),
        (FITNESS.model_copy(update={"score": "1.0"}), STEPS, CONFIG, "there, 1.0 here"),
        (FITNESS.model_copy(update={"success": "True"}), STEPS, CONFIG, "there, True here"),
        (FITNESS, STEPS, CONFIG.model_copy(update={"environments": 4}), "environments 8 there, 4 here"),
        (
            FITNESS,
            STEPS,
            CONFIG.model_copy(update={"confirmation_episodes": 5}),
            "confirmation_episodes 16 there, 5 here",
        ),
        (
            FITNESS,
            STEPS,
            TrainingConfig(ppo=tuned(ARM.id, ARM.family, PPOConfig(epochs=3))),
            f"ppo.epochs {CONFIG.ppo.epochs} there, 3 here",
        ),
    ],
)
def test_one_of_another_training_or_judge_is_not_taken_and_the_reason_tells_both(
    fitness: Fitness, steps: int, config: TrainingConfig, told: str, tmp_path: Path
) -> None:
    put(made(), tmp_path)
    found = look_up(ARM, fitness, steps, config, tmp_path)
    assert found.baseline is None
    assert "no stored baseline of FetchReach-v4 is of this training" in found.reason
    assert told in found.reason


def test_one_of_a_sparse_reward_that_has_changed_is_not_taken(tmp_path: Path) -> None:
    put(made(sparse_reward="0.0"), tmp_path)
    found = look_up(ARM, FITNESS, STEPS, CONFIG, tmp_path)
    assert found.baseline is None
    assert "sparse reward 0.0 there" in found.reason


def test_where_several_do_not_fit_the_nearest_is_told_of(tmp_path: Path) -> None:
    put(made(steps=2048, sparse_reward="0.0"), tmp_path)
    put(made(), tmp_path)
    reason = look_up(ARM, FITNESS, 8192, CONFIG, tmp_path).reason
    assert reason.endswith("is of this training: steps 4,096 there, 8,192 here")


def test_where_there_is_none_the_reason_says_how_to_make_one(tmp_path: Path) -> None:
    unknown = ARM.model_copy(update={"id": "FetchPush"})
    reason = look_up(unknown, FITNESS, STEPS, CONFIG, tmp_path).reason
    assert reason == "no baseline of FetchPush is stored; rewardsmith baseline --env FetchPush makes one"


def test_a_file_that_is_no_baseline_is_left_out_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(made(), tmp_path)
    path.write_text('{"environment": "FetchReach-v4"}')
    assert read_baselines(ARM.id, path.parent) == ()
    assert f"{path}: expected a baseline" in caplog.text


def test_an_environment_whose_id_begins_like_another_has_its_own_baselines_only(tmp_path: Path) -> None:
    path = put(made(environment="FetchReach-v4.far"), tmp_path)
    assert read_baselines("FetchReach-v4", path.parent) == ()
    assert len(read_baselines("FetchReach-v4.far", path.parent)) == 1


def test_one_of_the_data_folder_is_told_in_place_of_the_packages_unless_it_was_trained_otherwise(
    tmp_path: Path,
) -> None:
    [shipped] = stored_baselines(ARM, None)
    assert shipped.steps != STEPS
    put(made(), tmp_path)
    put(made(steps=shipped.steps), tmp_path)
    assert [(one.steps, one.human.mean) for one in stored_baselines(ARM, tmp_path)] == [
        (STEPS, 3.0),
        (shipped.steps, 3.0),
    ]
    otherwise = CONFIG.model_copy(update={"ppo": CONFIG.ppo.model_copy(update={"epochs": 3})})
    put(made(config=otherwise), tmp_path)
    put(made(config=otherwise, steps=shipped.steps), tmp_path)
    assert stored_baselines(ARM, tmp_path) == (shipped,)


def test_normalised_is_the_way_from_sparse_to_human_that_a_fitness_has_gone() -> None:
    # sparse 1, human 3: 2 is half of the way, 5 is twice the way, 0 is half of it back
    assert [made().normalised(fitness) for fitness in (2.0, 5.0, 0.0)] == [0.5, 2.0, -0.5]


def test_where_the_human_reward_is_the_worse_one_a_better_fitness_is_still_positive() -> None:
    # human below sparse by 2: (2 - 1) / |-2|
    assert made(gap=Interval(mean=-2.0, low=-3.0, high=-1.0)).normalised(2.0) == 0.5


@pytest.mark.parametrize("gap", [None, Interval(mean=1.0, low=-0.1, high=2.0), Interval(mean=1.0, low=0.0, high=2.0)])
def test_nothing_is_normalised_where_human_and_sparse_cannot_be_told_apart(gap: Interval | None) -> None:
    assert made(gap=gap).normalised(2.0) is None
