from __future__ import annotations

import pytest

from envs.card import card
from service.evolution.design_estimate import ASSUMED_PER_REWARD, CHARACTERS_PER_TOKEN, LIKELY, MOST
from service.evolution.designer import messages
from service.evolution.estimate import Known, estimate
from service.llm.prices import ModelPrice
from service.schema import (
    Budget,
    Estimate,
    Fitness,
    MeasuredCompletions,
    MeasuredPace,
    RunRequest,
    SearchConfig,
    TrainingConfig,
)

HOPPER = card("Hopper-v5")
FITNESS = Fitness(name="far", score="x_position[-1]", success="steps > 10")
PRICE = ModelPrice(2e-6, 8e-6)
MEASURED = MeasuredCompletions(
    completions=30, per_reward=1.25, mean_prompt_tokens=2000.0, mean_completion_tokens=400.0,
    most_prompt_tokens=5000, most_completion_tokens=900,
)  # fmt: skip
NOTHING_KNOWN = Known(pace=None, pace_of="all environments", completions=None, price=None, stored_baseline=False)
# Two iterations of three rewards, each allowed two repairs, trained with two seeds; three seeds in the comparison.
REQUEST = RunRequest(
    task="hop",
    environment="Hopper-v5",
    designer="openai/some-model",
    search=SearchConfig(iterations=2, candidates=3, repairs=2),
    training=TrainingConfig(seeds=2, comparison_seeds=3, evaluation_episodes=4, confirmation_episodes=16),
)


def of(known: Known = NOTHING_KNOWN, request: RunRequest = REQUEST) -> Estimate:
    return estimate(HOPPER, request, FITNESS, 32_768, known)


def test_steps_are_those_of_all_trainings_with_their_evaluations() -> None:
    training = of().training
    # 2 segments of 8 rollouts with 8 * 256 steps; after each 4 episodes of at most 1000 steps, at the end 16 more:
    # 32768 + 2 * 4000 + 16000 = 56768. Search 2 * 3 * 2 trainings, comparison 3 rewards * 3 seeds.
    assert (training.search_trainings, training.search_steps_at_most) == (12, 12 * 56_768)
    assert (training.comparison_trainings, training.comparison_steps_at_most) == (9, 9 * 56_768)


def test_a_stored_baseline_spares_two_rewards_of_three() -> None:
    training = of(Known(None, "all environments", None, None, stored_baseline=True)).training
    assert (training.comparison_trainings, training.comparison_steps_at_most) == (3, 3 * 56_768)


def test_minutes_follow_from_the_measured_speed() -> None:
    pace = MeasuredPace(steps_per_second=1000.0, runs=2, segments=40)
    training = of(Known(pace, "Hopper-v5", None, None, stored_baseline=False)).training
    # The speed is of steps trained, evaluations after segments being part of the time: 32768 + 16000 steps, 21 times.
    assert training.minutes == pytest.approx(21 * 48_768 / 1000 / 60)
    assert training.steps_per_second == 1000.0
    assert training.basis == "the median of 40 segments of the last 2 runs in Hopper-v5 on this installation"


def test_without_any_training_the_time_is_unknown_and_says_why() -> None:
    training = of().training
    assert (training.minutes, training.steps_per_second) == (None, None)
    assert training.basis == "unknown: nothing has been trained on this installation yet"


def test_stored_completions_tell_tokens_and_repairs() -> None:
    design = of(Known(None, "", MEASURED, PRICE, stored_baseline=False)).design
    # 6 rewards: at least 6 completions, likely 6 * 1.25 = 7.5, at most 6 * 3 = 18.
    assert (design.completions_at_least, design.completions_likely, design.completions_at_most) == (6, 8, 18)
    assert (design.prompt_tokens_likely, design.prompt_tokens_at_most) == (15_000, 90_000)
    assert (design.completion_tokens_likely, design.completion_tokens_at_most) == (3_000, 16_200)
    # 15000 * 2 + 3000 * 8 = 54000 millionths of a dollar; 90000 * 2 + 16200 * 8 = 309600.
    assert (design.usd_likely, design.usd_at_most) == (pytest.approx(0.054), pytest.approx(0.3096))
    assert design.price == "2.00 USD per million tokens of prompts, 8.00 of replies, by litellm's table"
    assert design.basis == "the last 30 stored completions of this model, 1.25 for each reward"


def test_seed_rewards_are_asked_of_nobody() -> None:
    seeded = REQUEST.model_copy(update={"seed_rewards": ("a", "b")})
    design = of(Known(None, "", MEASURED, PRICE, stored_baseline=False), seeded).design
    assert (design.completions_at_least, design.completions_at_most) == (4, 12)
    assert design.prompt_tokens_at_most == 12 * 5000


def test_without_completions_prompts_are_measured_as_they_would_be_sent() -> None:
    one = REQUEST.model_copy(update={"search": SearchConfig(iterations=1, candidates=1, repairs=0)})
    design = of(request=one).design
    sent = sum(len(message.content) for message in messages(HOPPER, {}, "hop", FITNESS))
    assert design.prompt_tokens_likely == design.prompt_tokens_at_most == -(-sent // CHARACTERS_PER_TOKEN)
    # 2800 and 14000 characters, 3.5 a token.
    assert (design.completion_tokens_likely, design.completion_tokens_at_most) == (800, 4000)
    assert (LIKELY.reply, MOST.reply, ASSUMED_PER_REWARD) == (2800, 14_000, 1.5)
    assert "no completion of this model is stored" in design.basis


def test_later_iterations_are_told_of_parents_and_take_longer_prompts() -> None:
    first, both = (
        of(request=REQUEST.model_copy(update={"search": SearchConfig(iterations=n, candidates=1, repairs=0)})).design
        for n in (1, 2)
    )
    # Two parents with a reward and a reflection of 1500 characters each: 6000 characters, 1714 tokens, and what is said of them.
    assert both.prompt_tokens_likely - 2 * first.prompt_tokens_likely > 1714


def test_an_unknown_price_is_none_and_says_so() -> None:
    design = of(Known(None, "", MEASURED, None, stored_baseline=False)).design
    assert (design.usd_likely, design.usd_at_most) == (None, None)
    assert design.price.startswith("unknown: ")
    budget = REQUEST.model_copy(update={"budget": Budget(usd=0.01)})
    assert of(Known(None, "", MEASURED, None, stored_baseline=False), budget).budgets_reached == ()


def test_the_offline_designer_costs_nothing() -> None:
    design = of(request=REQUEST.model_copy(update={"designer": "offline"})).design
    assert (design.completions_at_least, design.completions_at_most) == (6, 18)
    assert (design.prompt_tokens_at_most, design.completion_tokens_at_most) == (0, 0)
    assert (design.usd_likely, design.usd_at_most, design.price) == (0.0, 0.0, "nothing")


def test_the_budgets_that_bite_are_named() -> None:
    # An iteration takes 6 * 56768 = 340608 steps and at most 9 * (5000 * 2 + 900 * 8) / 1e6 = 0.1548 USD.
    budget = Budget(usd=0.2, environment_steps=400_000, seconds=10_000)
    pace = MeasuredPace(steps_per_second=1000.0, runs=1, segments=2)
    known = Known(pace, "Hopper-v5", MEASURED, PRICE, stored_baseline=False)
    reached = of(known, REQUEST.model_copy(update={"budget": budget})).budgets_reached
    assert [(one.budget, one.whole_iterations) for one in reached] == [("environment_steps", 1), ("usd", 1)]
