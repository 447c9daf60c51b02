"""A finished run with hostile words in it, as an export sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from safetensors.numpy import save

from service.export.bundle import TrainedPolicy
from service.schema import (
    Candidate,
    CandidateState,
    Comparison,
    CurvePoint,
    Fault,
    Finding,
    Fitness,
    Interval,
    Iteration,
    IterationState,
    RewardComparison,
    Run,
    RunRecord,
    RunRequest,
    RunState,
    Severity,
    Spending,
    Training,
    TrainingResult,
    TrainingState,
    Verdict,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TASK = "hop | fast <script>alert(1)</script>\n# coding: utf-7\n[x](http://evil.example) `rm` \x1b[31m\u202eback"
SOURCE = """def compute_reward(forward_velocity, torso_height, prev_torso_height, joint_velocities, action, time):
    upright = np.exp(-np.square((torso_height - 1.25) / 0.2))
    sinking = np.minimum(torso_height - prev_torso_height, 0.0)
    effort = np.sum(np.square(action), axis=-1) + 0.01 * np.sum(np.abs(joint_velocities), axis=-1)
    total = forward_velocity + 0.5 * upright + sinking - 0.01 * effort + 0.0 * time
    return total, {"upright": upright, "sinking": sinking, "effort": effort}
"""


def curve(level: float, segments: int = 8) -> tuple[CurvePoint, ...]:
    return tuple(
        CurvePoint(
            segment=i, steps=(i + 1) * 20_000, fitness=level * (1 - np.exp(-i / 3)), success_rate=0.0, episode_length=400.0,
            terminated_rate=1.0, training_return=None, training_length=None, components={}, steps_per_second=9000.0,
            policy_loss=0.0, value_loss=0.0, entropy=0.0, approximate_kl=0.0,
        )
        for i in range(segments)
    )  # fmt: skip


def training(name: str, candidate: str | None, reward: str, seed: int, level: float) -> Training:
    return Training(
        id=name, run_id="r-0123456789", candidate_id=candidate, reward=reward, comparison="final" in name, seed=seed,
        state=TrainingState.FINISHED, segments=8, segments_done=8, curve=curve(level), reason=None,
        result=TrainingResult(best_segment=7, fitness=level, success_rate=0.5, episodes=()),
    )  # fmt: skip


def candidate(iteration: int, slot: int, fitness: float | None, parents: tuple[str, ...] = ()) -> Candidate:
    return Candidate(
        id=f"r-0123456789-{iteration}-{slot}", run_id="r-0123456789", iteration=iteration, slot=slot,
        state=CandidateState.TRAINED, source=SOURCE, origin="mutation|<b>", parents=parents, verdict=Verdict(accepted=True),
        fitness=fitness, success_rate=0.25, created_at=NOW,
        findings=(Finding(code="dead", severity=Severity.WARNING, message="<img src=x> `upright` never moves"),),
    )  # fmt: skip


def refused(iteration: int, slot: int) -> Candidate:
    fault = Fault(code="name", message="no name 'os'\nimport os")
    return candidate(iteration, slot, None).model_copy(
        update={
            "state": CandidateState.REJECTED,
            "source": "import os\nos.system('id')",
            "verdict": Verdict(accepted=False, faults=(fault,)),
            "reason": None,
        }
    )


@pytest.fixture
def record() -> RunRecord:
    levels = {"candidate": 1.6, "human": 1.3, "sparse": 0.4}
    seeds = (-0.3, -0.1, 0.0, 0.1, 0.3)
    final = tuple(
        training(f"r-0123456789-final-{kind}-{k}", "r-0123456789-2-1" if kind == "candidate" else None, kind, 10 + k, level + d)
        for kind, level in levels.items()
        for k, d in enumerate(seeds)
    )  # fmt: skip
    candidates = (
        candidate(1, 0, 0.3), candidate(1, 1, 0.7), refused(1, 2),
        candidate(2, 0, 0.9, ("r-0123456789-1-1",)), candidate(2, 1, 1.5, ("r-0123456789-1-1",)),
    )  # fmt: skip
    search = tuple(training(f"{c.id}-s0", c.id, "candidate", 1, c.fitness) for c in candidates if c.fitness is not None)
    compared = tuple(
        RewardComparison(
            reward=kind, fitness=tuple(level + d for d in seeds), success_rate=0.5,
            interval=Interval(mean=level, low=level - 0.2, high=level + 0.2),
        )
        for kind, level in levels.items()
    )  # fmt: skip
    comparison = Comparison(
        winner_id="r-0123456789-2-1",
        rewards=compared,
        steps=160_000,
        human_normalised=Interval(mean=1.33, low=1.1, high=1.6),
    )
    run = Run(
        id="r-0123456789", request=RunRequest(task=TASK, environment="Hopper-v5", designer="openai/`x`|y"),
        fitness=Fitness(name="forward_speed", score="(x_position[-1] - x_position[0]) / (max_steps * dt)",
                        success="steps == max_steps", unit="m/s"),
        steps=160_000, state=RunState.COMPLETED, reason=None, iteration=2, best_fitness=1.5, best_candidate_id="r-0123456789-2-1",
        comparison=comparison, created_at=NOW, updated_at=NOW,
        spending=Spending(usd=0.1234, prompt_tokens=1000, completion_tokens=500, completions=6, completions_possibly_paid=1,
                          environment_steps=2_000_000, seconds=321.0),
    )  # fmt: skip
    iterations = (
        Iteration(run_id=run.id, number=1, state=IterationState.DONE, best=0.7, mean=0.5, trained=2, candidates=3),
        Iteration(run_id=run.id, number=2, state=IterationState.DONE, best=1.5, mean=1.2, trained=2, candidates=2),
    )
    return RunRecord(run=run, iterations=iterations, candidates=candidates, completions=(), trainings=search + final)


@pytest.fixture
def policy(record: RunRecord) -> TrainedPolicy:
    """Two tanh layers from Hopper's 11 observations to its 3 torques."""
    random = np.random.default_rng(0)
    sizes = (11, 8, 8, 3)
    tensors = {"log_std": np.zeros(3, np.float32)}
    for i, (size_in, size_out) in enumerate(pairwise(sizes)):
        tensors[f"policy.{i}.weight"] = random.normal(size=(size_in, size_out)).astype(np.float32)
        tensors[f"policy.{i}.bias"] = random.normal(size=size_out).astype(np.float32)
    tensors["observation.mean"] = random.normal(size=11).astype(np.float32)
    tensors["observation.variance"] = random.uniform(0.5, 2.0, 11).astype(np.float32)
    winner = next(t for t in record.trainings if t.candidate_id == record.run.best_candidate_id)
    return TrainedPolicy(winner, save(tensors, {"environment": "Hopper-v5"}))
