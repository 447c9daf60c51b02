"""A training as small as it can be and still have segments: what tests of the orchestrator train with."""

from service.schema import PPOConfig, TrainingConfig

QUICK = TrainingConfig(
    environments=2,
    rollout_length=300,
    evaluation_episodes=1,
    confirmation_episodes=2,
    comparison_seeds=0,
    ppo=PPOConfig(hidden_sizes=(16,), epochs=1, minibatch_size=100),
)
ONE_SEGMENT = 4200
