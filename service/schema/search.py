"""What a user asks for: a task, where, judged how, within what limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
LayerSize = Annotated[int, Field(ge=1, le=4096)]
LARGEST_COUNT = 2**53
OFFLINE = "offline"
OFFLINE_RANDOM = "offline-random"
OFFLINE_DESIGNERS = frozenset({OFFLINE, OFFLINE_RANDOM})
"""Designers that ask no model."""
MOST_ITERATIONS = 100
ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"


class Frozen(BaseModel):
    """Base of every type that crosses a border: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class PPOConfig(Frozen):
    """Hyperparameters of proximal policy optimisation (arXiv:1707.06347).

    The defaults follow its MuJoCo column, but for few epochs over large minibatches at a large step size that falls to zero:
    the way of CleanRL's tuning for MuJoCo on EnvPool (github.com/vwxyzjn/envpool-cleanrl), fitted to 8 environments.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    hidden_sizes: tuple[LayerSize, ...] = Field(
        (64, 64), max_length=8, fail_fast=True, description="Units of each hidden tanh layer, policy and value alike."
    )
    learning_rate: float = Field(2e-3, gt=0, description="Adam's step size at the start.")
    learning_rate_schedule: Literal["linear", "constant"] = Field(
        "linear", description="Whether the step size falls linearly to zero over the training, or stays."
    )
    discount: float = Field(0.99, gt=0, lt=1, description="Discount of future reward per step.")
    gae_lambda: float = Field(0.95, ge=0, le=1, description="Bias against variance of the advantage estimate.")
    clip_range: float = Field(0.2, gt=0, description="How far one update may move the probability ratio.")
    epochs: int = Field(4, ge=1, le=1000, description="Passes over each rollout, but for what fills no minibatch.")
    minibatch_size: int = Field(512, ge=1, le=2**20, description="Transitions per gradient step.")
    value_coefficient: float = Field(0.5, ge=0, description="Weight of the value loss.")
    value_clip_range: float | None = Field(
        None, gt=0, description="How far one update may move a value, in scaled rewards; without limit if not given."
    )
    entropy_coefficient: float = Field(0.0, ge=0, description="Weight of the entropy bonus.")
    max_gradient_norm: float = Field(0.5, gt=0, description="Gradients longer than this are shortened to it.")
    initial_log_std: float = Field(0.0, ge=-20, le=5, description="Logarithm of the initial exploration noise.")
    target_kl: float | None = Field(
        0.02, gt=0, description="An update stops early past 1.5 times this mean KL divergence; never if not given."
    )


class HalvingConfig(Frozen):
    """When the weak candidates of a generation stop training: successive halving with a margin for noise."""

    model_config = ConfigDict(allow_inf_nan=False)

    eta: int = Field(2, ge=2, le=10, description="At each rung the best of every so many candidates train on.")
    fewest: int = Field(1, ge=1, le=64, description="Candidates that always train on, however few began.")
    errors: float = Field(
        0.5,
        ge=0,
        description="A candidate stays that is below the cut by no more than so many standard errors of its score.",
    )
    margin: float = Field(
        0.0,
        ge=0,
        description="A candidate stays that is below the cut by no more than this many standard deviations of all scores.",
    )


class PolicyOf(Frozen):
    """A candidate of some run, by whose best policy a training begins."""

    run_id: str = Field(pattern=ID_PATTERN, description="The run.")
    candidate_id: str = Field(pattern=ID_PATTERN, description="One of its trained candidates.")


class TrainingConfig(Frozen):
    """How each candidate's policy is trained and judged."""

    steps: int | None = Field(
        None, gt=0, description="Environment steps per candidate; the card's own budget if not given."
    )
    environments: int = Field(
        8, ge=1, le=256, description="Environments per member; part of what makes a result repeatable."
    )
    rollout_length: int = Field(256, ge=8, le=4096, description="Steps of each environment between two updates.")
    evaluation_episodes: int = Field(4, ge=1, le=64, description="Deterministic episodes at the end of each segment.")
    confirmation_episodes: int = Field(16, ge=1, le=256, description="Episodes on fresh seeds that give the fitness.")
    comparison_seeds: int = Field(
        5, ge=0, le=32, description="Seeds of the final comparison with human and sparse reward; 0 leaves it out."
    )
    seeds: int = Field(1, ge=1, le=32, description="Trainings of each candidate; its fitness is the mean over them.")
    halving: HalvingConfig | None = Field(
        None, description="Stops weak candidates early; if not given, all train to the end."
    )
    warm_start: Literal["parent"] | PolicyOf | None = Field(
        None,
        description="The policy that candidates begin with: their best parent's, or one of another run; fresh if not given.",
    )
    ppo: PPOConfig = PPOConfig()


class SearchConfig(Frozen):
    """How rewards are searched for: K candidates in each of a number of iterations."""

    iterations: int = Field(3, ge=1, le=MOST_ITERATIONS, description="Generations of reward functions.")
    candidates: int = Field(4, ge=1, le=64, description="Reward functions asked for in each iteration.")
    repairs: int = Field(
        2, ge=0, le=10, description="Times a rejected reward goes back to the designer with its faults."
    )
    parents: int = Field(2, ge=1, le=16, description="Best candidates so far that the next iteration builds on.")
    seed: Seed = Field(0, description="Decides every random choice of the search and of its trainings.")


class Budget(Frozen):
    """Limits of one run; it stops buying at the first that is reached and completes with what it has."""

    model_config = ConfigDict(allow_inf_nan=False)

    usd: float | None = Field(None, gt=0, description="US dollars paid to model providers.")
    environment_steps: int | None = Field(
        None, gt=0, le=LARGEST_COUNT, description="Environment steps over all trainings."
    )
    seconds: float | None = Field(None, gt=0, description="Wall-clock seconds while the run is worked on.")


class Fitness(Frozen):
    """The only judge of a policy: two expressions over one episode's variables (arrays with time first)."""

    name: str = Field(min_length=1, max_length=64)
    score: str = Field(min_length=1, max_length=2000)
    success: str = Field(min_length=1, max_length=2000)
    unit: str = Field("", max_length=64)


class Extension(Frozen):
    """More of a run: `POST /api/v1/runs/{run_id}/extend`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"iterations": 2, "budget": {"usd": 5.0}}]})

    iterations: int = Field(0, ge=0, le=MOST_ITERATIONS, description="Generations to add to those that were asked for.")
    budget: Budget | None = Field(None, description="Limits in place of the present ones, which stay if not given.")


class RunRequest(Frozen):
    """One task to be solved: `POST /api/v1/runs`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"task": "hop forward as fast as possible without falling", "environment": "Hopper-v5"}]
        }
    )

    task: str = Field(min_length=1, max_length=4000, description="What the robot should do, in words.")
    environment: str = Field(
        min_length=1, max_length=64, description="An environment's id; `GET /api/v1/environments`."
    )
    fitness: str | Fitness | None = Field(
        None, description="A metric of the card by name, or one's own; the card's first if not given."
    )
    designer: str = Field(
        OFFLINE, min_length=1, max_length=200, description="`offline`, or a model by its litellm name."
    )
    temperature: float = Field(1.0, ge=0, le=2, description="Sampling temperature of the model.")
    seed_rewards: tuple[str, ...] = Field(
        (), max_length=64, description="Reward functions that take the first places of the first iteration."
    )
    feedback: Literal["go_on", "wait"] = Field(
        "go_on", description="Whether the run waits in `awaiting_feedback` after each iteration until it is resumed."
    )
    search: SearchConfig = SearchConfig()
    training: TrainingConfig = TrainingConfig()
    budget: Budget = Budget()


RewardKind = Literal["candidate", "human", "sparse"]
