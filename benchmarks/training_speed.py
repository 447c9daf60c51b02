"""Training beside raw stepping: environment steps per second of a population against EnvPool alone, in one process.

    python -m benchmarks.training_speed [--environment Hopper-v5] [--members 8] [--rounds 3]

Slices of both alternate; a slice of training is one segment with sandboxed rewards, updates and evaluation. Raw stepping
uses as many environments and threads, with random actions. Ends with one line of JSON: medians and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

import numpy as np

from envs.card import EnvCard, card
from envs.engines.envpool import EnvPoolEngine
from envs.recording import environment_seeds
from envs.variables import Layout
from service.schema import Fitness, TrainingConfig
from service.schema.segments import plan_segments, smallest_training
from service.training.job import Member, SegmentDone, TrainingJob, code_of, metric_of
from service.training.population import Population

REWARD = """
def compute_reward(forward_velocity, torso_height, action, terminated):
    speed = forward_velocity
    alive = 1.0 - terminated
    height = 0.1 * np.tanh(torso_height)
    effort = -0.001 * np.sum(np.square(action), axis=-1)
    return speed + alive + height + effort, {"speed": speed, "alive": alive, "height": height, "effort": effort}
"""


def raw_steps_per_second(environment: EnvCard, environments: int, threads: int, steps: int) -> float:
    """Environment steps per second of EnvPool alone."""
    engine = EnvPoolEngine(Layout(environment), environment_seeds(environments, 0), threads)
    random = np.random.default_rng(0)
    shape = (64, environments, environment.action.size)
    actions = random.uniform(environment.action.low, environment.action.high, shape).astype(np.float32)
    engine.reset()
    started = time.perf_counter()
    for t in range(steps):
        engine.step(actions[t % len(actions)])
    elapsed = time.perf_counter() - started
    engine.close()
    return steps * environments / elapsed


def main() -> None:
    """Runs the benchmark and prints its line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environment", default="Hopper-v5")
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    environment, threads = card(arguments.environment), len(os.sched_getaffinity(0))
    config = TrainingConfig()
    metric = environment.metrics[0]
    job = TrainingJob(
        card=environment,
        metric=metric_of(environment, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=smallest_training(environment.max_steps, config) * (arguments.rounds + 1),
        members=tuple(Member(f"m{k}", k, code_of(environment, "candidate", REWARD)) for k in range(arguments.members)),
    )
    plan = plan_segments(environment.max_steps, config, job.steps)
    width = arguments.members * config.environments
    trained: list[float] = []
    raw: list[float] = []
    done = cost = 0
    started = time.perf_counter()
    for progress in Population(job, threads).train():
        if not isinstance(progress, SegmentDone):
            continue
        done, cost = done + 1, cost + progress.environment_steps
        if done % arguments.members == 0:
            elapsed = time.perf_counter() - started
            if progress.point.segment:  # the first segment compiles
                trained.append(cost / elapsed)
                print(f"segment {progress.point.segment}: training {trained[-1]:.0f}, raw {raw[-1]:.0f} steps/s")
            raw.append(raw_steps_per_second(environment, width, threads, plan.rollouts * plan.rollout_length // 4))
            cost, started = 0, time.perf_counter()
    training, alone = statistics.median(trained), statistics.median(raw)
    print(
        json.dumps(
            {
                "benchmark": "training_speed",
                "environment": environment.id,
                "members": arguments.members,
                "environments": width,
                "threads": threads,
                "training_steps_per_second": round(training),
                "raw_steps_per_second": round(alone),
                "ratio": round(training / alone, 3),
            }
        )
    )


if __name__ == "__main__":
    main()
