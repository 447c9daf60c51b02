from service.schema import TrainingConfig
from service.schema.limits import smallest_training
from service.training.job import plan_segments


def test_the_smallest_training_holds_two_full_episodes_in_whole_rollouts_of_every_environment() -> None:
    # 2 * 1000 steps fill 7.8 rollouts of 256 steps, so 8 of them; 8 * 256 * 8 environments = 16384
    assert smallest_training(1000, TrainingConfig(environments=8, rollout_length=256)) == 16384


def test_episodes_that_fill_rollouts_exactly_need_no_further_one() -> None:
    # 2 * 128 steps fill one rollout of 256 steps; 256 * 3 environments = 768
    assert smallest_training(128, TrainingConfig(environments=3, rollout_length=256)) == 768


def test_the_trainer_makes_one_segment_of_the_smallest_training() -> None:
    config = TrainingConfig(environments=5, rollout_length=100)
    assert plan_segments(333, config, smallest_training(333, config)).segments == 1
