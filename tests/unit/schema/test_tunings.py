from __future__ import annotations

from envs.card import card, cards
from service.schema import PPOConfig, RunRequest, TrainingConfig
from service.schema.tunings import (
    ENVIRONMENT_TUNINGS,
    FAMILY_TUNINGS,
    in_words,
    overlaid,
    shipped_training,
    tuned,
    tuned_request,
)


def test_every_card_is_of_a_family_that_has_a_tuning() -> None:
    assert {card(name).family for name in cards()} <= set(FAMILY_TUNINGS)


def test_what_has_a_tuning_of_its_own_is_a_card() -> None:
    assert set(ENVIRONMENT_TUNINGS) <= set(cards())


def test_a_family_trains_with_its_own_hyperparameters() -> None:
    assert tuned("Hopper-v5", "gymnasium-mujoco", PPOConfig()) == PPOConfig()
    assert tuned("FetchReach-v4", "gymnasium-robotics", PPOConfig()) == PPOConfig(discount=0.98)
    assert tuned("door-close-v3", "metaworld", PPOConfig()) == PPOConfig(discount=0.97)
    assert tuned("CheetahRun-v1", "dm-control", PPOConfig()) == PPOConfig(discount=0.995)


def test_an_environment_may_differ_from_its_family() -> None:
    own = PPOConfig(initial_log_std=-0.7)
    assert tuned("HalfCheetah-v5", "gymnasium-mujoco", PPOConfig()) == own
    assert shipped_training("HalfCheetah-v5", "gymnasium-mujoco") == TrainingConfig(ppo=own)


def test_of_several_tunings_the_last_that_says_anything_has_it() -> None:
    first, second, third = (
        PPOConfig(discount=0.9, epochs=3, clip_range=0.1),
        PPOConfig(discount=0.8, epochs=4),
        PPOConfig(epochs=5),
    )
    assert overlaid(first, second, third) == PPOConfig(discount=0.8, epochs=5, clip_range=0.1)


def test_what_was_given_stands_before_the_tuning() -> None:
    # a value that was given counts even where it is the general default
    assert tuned("FetchReach-v4", "gymnasium-robotics", PPOConfig(discount=0.99)).discount == 0.99
    assert tuned("FetchReach-v4", "gymnasium-robotics", PPOConfig(epochs=7)) == PPOConfig(discount=0.98, epochs=7)
    assert tuned("HalfCheetah-v5", "gymnasium-mujoco", PPOConfig(initial_log_std=0.0)).initial_log_std == 0.0


def test_what_is_not_the_default_is_told_in_words() -> None:
    assert in_words(PPOConfig()) == "the default ones"
    assert (
        in_words(PPOConfig(discount=0.98, hidden_sizes=(32, 16)))
        == "the default ones but hidden_sizes (32, 16), discount 0.98"
    )


def test_a_request_tells_every_hyperparameter_once_it_is_tuned() -> None:
    request = RunRequest(task="reach", environment="FetchReach-v4", training=TrainingConfig(environments=4))
    done = tuned_request("gymnasium-robotics", request)
    assert done.training == TrainingConfig(environments=4, ppo=PPOConfig(discount=0.98))
    assert done.model_copy(update={"training": request.training}) == request
    assert tuned_request("gymnasium-robotics", done) == done
