"""What does a task pay that asks for foot contacts?

    python -m benchmarks.kinematics [--rounds 5]

For each environment, slices in turns: a segment of eight candidates whose reward asks for the contacts of the feet, which forward
kinematics gives, and a segment of eight whose reward is as long and asks for none. Ends with one line of JSON: training steps per
second of both, their ratio (medians and ranges over the rounds), and microseconds for a pose. There is no bar: the cost is to be
known.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.generation import Generation, by_segment
from benchmarks.throughput import LONGEST_SEGMENT, MEMBERS
from envs.card import EnvCard, card
from envs.variables import Layout
from service.schema import Fitness
from service.schema.segments import MOST_SEGMENTS
from service.schema.tunings import shipped_training
from service.training.job import Member, TrainingJob, code_of, metric_of

REWARDS: Final = {
    "Hopper-v5": ("foot_contact",),
    "Walker2d-v5": ("right_foot_contact", "left_foot_contact"),
    "Ant-v5": (
        "front_left_foot_contact",
        "front_right_foot_contact",
        "back_left_foot_contact",
        "back_right_foot_contact",
    ),
}
"""The contacts that the reward of each environment asks for; the other reward asks for the torso's height in their place."""
POSES: Final = 20_000


def _code(names: tuple[str, ...]) -> str:
    terms = " + ".join(f"0.01 * {name}" for name in names)
    asked = ", ".join(dict.fromkeys(names))
    return (
        f"def compute_reward(forward_velocity, {asked}):\n"
        f"    feet = {terms}\n"
        "    return forward_velocity + feet, {'speed': forward_velocity, 'feet': feet}\n"
    )


def _segments(environment: EnvCard, names: tuple[str, ...]) -> Iterator[float]:
    """Training steps per second of each segment of eight candidates."""
    config, metric = shipped_training(environment.id, environment.family), environment.metrics[0]
    code = code_of(environment, "candidate", _code(names))
    job = TrainingJob(
        card=environment,
        metric=metric_of(environment, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=LONGEST_SEGMENT * MOST_SEGMENTS,
        members=tuple(Member(str(seed), seed, code) for seed in range(MEMBERS)),
    )
    with Generation(job) as generation:
        started = time.perf_counter()
        for segment in by_segment(job, generation):
            elapsed = time.perf_counter() - started
            steps = segment[0].point.steps / (segment[0].point.segment + 1)
            yield MEMBERS * steps / elapsed
            started = time.perf_counter()


def _microseconds(environment: EnvCard, names: tuple[str, ...]) -> float:
    """Of one pose, in one thread."""
    layout = Layout(environment)
    frames = np.random.default_rng(0).uniform(-0.1, 0.1, (POSES, layout.width)).astype(np.float32)
    layout.values(names, frames[:16])
    started = time.perf_counter()
    layout.values(names, frames)
    return (time.perf_counter() - started) / POSES * 1e6


def main() -> int:
    """Runs the benchmark and prints its line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environments", nargs="+", default=list(REWARDS))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    lines = []
    for name in arguments.environments:
        environment, asked = card(name), REWARDS[name]
        sides = {
            "asking": _segments(environment, asked),
            "not asking": _segments(environment, ("torso_height",) * len(asked)),
        }
        rates: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(arguments.rounds + 1):  # the first compiles
            for side, segments in sides.items():
                rates[side].append(round(next(segments)))
        ratios = [with_ / without for with_, without in zip(*(rates[side][1:] for side in sides), strict=True)]
        line = {
            "environment": name,
            "steps_per_second": {side: statistics.median(rates[side][1:]) for side in sides},
            "ratio": [round(f(ratios), 3) for f in (statistics.median, min, max)],
            "microseconds_per_pose": round(_microseconds(environment, asked), 2),
        }
        print(line, file=sys.stderr, flush=True)
        lines.append(line)
    print(json.dumps({"benchmark": "kinematics", "rounds": arguments.rounds, "environments": lines}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
