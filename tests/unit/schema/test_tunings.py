from __future__ import annotations

from envs.card import card, cards
from service.schema import PPOConfig, RunRequest, TrainingConfig
from service.schema.tunings import TUNINGS, tuned, tuned_request


def test_every_card_is_of_a_family_that_has_a_tuning() -> None:
    assert {card(name).family for name in cards()} <= set(TUNINGS)


def test_a_family_trains_with_its_own_hyperparameters() -> None:
    assert tuned("gymnasium-mujoco", PPOConfig()) == PPOConfig()
    assert tuned("gymnasium-robotics", PPOConfig()) == PPOConfig(discount=0.98)
    assert tuned("metaworld", PPOConfig()) == PPOConfig(discount=0.97)
    assert tuned("dm-control", PPOConfig()) == PPOConfig(discount=0.995)


def test_what_was_given_stands_before_the_family() -> None:
    # a value that was given counts even where it is the general default
    assert tuned("gymnasium-robotics", PPOConfig(discount=0.99)).discount == 0.99
    assert tuned("gymnasium-robotics", PPOConfig(epochs=7)) == PPOConfig(discount=0.98, epochs=7)


def test_a_request_tells_every_hyperparameter_once_it_is_tuned() -> None:
    request = RunRequest(task="reach", environment="FetchReach-v4", training=TrainingConfig(environments=4))
    done = tuned_request("gymnasium-robotics", request)
    assert done.training == TrainingConfig(environments=4, ppo=PPOConfig(discount=0.98))
    assert done.model_copy(update={"training": request.training}) == request
    assert tuned_request("gymnasium-robotics", done) == done
