import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.schema import TrainingConfig
from service.schema.segments import MOST_SEGMENTS, plan_segments, smallest_training

CONFIG = TrainingConfig(environments=8, rollout_length=256)


def test_a_large_budget_is_cut_into_ten_segments() -> None:
    # a rollout is 8 * 256 = 2048 steps; 150000 hold 73, which are 7 for each of ten segments, though 8 are needed
    # for two episodes of 1000 steps: so 9 segments of 8
    plan = plan_segments(1000, CONFIG, 150_000)
    assert (plan.segments, plan.rollouts) == (9, 8)
    # 1000000 hold 488: ten segments of 48
    plan = plan_segments(1000, CONFIG, 1_000_000)
    assert (plan.segments, plan.rollouts) == (10, 48)
    assert plan.steps_per_segment == 48 * 2048
    assert plan.updates == 480


def test_a_budget_below_one_segment_is_refused_with_the_smallest_that_works() -> None:
    # 2 * 1000 steps take 8 rollouts of 256, each of 2048 steps in all: 16384
    with pytest.raises(ValueError, match=r"expected at least 16384 steps \(one segment\), got 16383"):
        plan_segments(1000, CONFIG, 16_383)
    assert plan_segments(1000, CONFIG, 16_384).segments == 1


CONFIGS = st.builds(
    TrainingConfig, environments=st.integers(1, 256), rollout_length=st.integers(8, 4096), steps=st.none()
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(max_steps=st.integers(1, 5000), config=CONFIGS, times=st.floats(1.0, 40.0))
def test_every_plan_keeps_to_its_budget_in_segments_of_two_full_episodes(
    max_steps: int, config: TrainingConfig, times: float
) -> None:
    smallest = smallest_training(max_steps, config)
    steps = int(smallest * times)
    plan = plan_segments(max_steps, config, steps)
    assert 1 <= plan.segments <= MOST_SEGMENTS == 10
    assert plan.rollouts * plan.rollout_length > 2 * max_steps
    used = plan.segments * plan.steps_per_segment
    assert used <= steps
    # what is left would not fill one more rollout in every segment, nor one more segment
    per_rollout = plan.rollout_length * plan.environments
    assert steps - used < plan.segments * per_rollout or plan.segments < MOST_SEGMENTS
    assert steps - used < max(smallest, plan.segments * per_rollout)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(max_steps=st.integers(1, 5000), config=CONFIGS)
def test_the_smallest_training_is_the_smallest_plan(max_steps: int, config: TrainingConfig) -> None:
    smallest = smallest_training(max_steps, config)
    assert plan_segments(max_steps, config, smallest).steps_per_segment == smallest
    with pytest.raises(ValueError, match=str(smallest)):
        plan_segments(max_steps, config, smallest - 1)


def test_the_smallest_training_holds_two_full_episodes_in_whole_rollouts_of_every_environment() -> None:
    # 2 * 1000 steps and one between them fill 7.8 rollouts of 256 steps, so 8 of them; 8 * 256 * 8 environments = 16384
    assert smallest_training(1000, TrainingConfig(environments=8, rollout_length=256)) == 16384


def test_the_step_that_resets_between_two_episodes_needs_room_as_well() -> None:
    # 127 + 1 + 127 steps fit into one rollout of 256 steps and 128 + 1 + 128 do not; 256 * 3 environments = 768
    config = TrainingConfig(environments=3, rollout_length=256)
    assert smallest_training(127, config) == 768
    assert smallest_training(128, config) == 2 * 768
