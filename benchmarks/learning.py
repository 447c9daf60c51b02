"""Does the trainer learn as well as Stable-Baselines3's PPO, and how much sooner?

    python -m benchmarks.learning --peers .venv-peers/bin/python [--environments Hopper-v5 …] [--report]

Three sides on each environment's own reward: Stable-Baselines3 with its own hyperparameters (1M steps, 5 seeds), ours with the
same ones (as long, 5 seeds), ours as shipped (983,040 steps, a generation of 8). Curves are returns of ten deterministic episodes
at every tenth. All that is done stands in `results/learning.jsonl`, and it goes on from there; `--report` trains nothing. Then
both sides train in alternating slices, which gives the wall-clock of a generation of eight. Ends with one line of JSON; exit 1
where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, cast, get_args

import numpy as np

from benchmarks.generation import Generation, by_segment
from benchmarks.throughput import Peer
from envs.card import EnvCard, card
from envs.seeds import environment_seeds
from envs.variables import Layout
from sandbox import RewardFault
from service.artifacts import write_whole
from service.schema import Fitness, PPOConfig, TrainingConfig
from service.schema.tunings import THE_DEFAULT, in_words, shipped_training
from service.schema.versions import versions
from service.training import ppo
from service.training.checkpoint import load_checkpoint
from service.training.evaluate import Examinee, evaluate
from service.training.job import Member, SegmentDone, TrainingJob, metric_of
from service.training.population import Population
from service.training.rewards import EnvironmentReward, Judge

Side = Literal["stable-baselines3", "same hyperparameters", "as shipped"]
ENVIRONMENTS: Final = ("Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5")
SEEDS: Final = 5
GENERATION: Final = 8
STEPS: Final = 1_003_520
"""49 rollouts of 2,048 steps in each of ten segments."""
SHIPPED_STEPS: Final = 983_040
"""48 rollouts of 2,048 steps in each of ten segments."""
EPISODES: Final = 10
EVALUATION: Final = 7
"""Keeps the seeds of these episodes apart from the trainer's own."""
FASTER_BAR: Final = 5.0
RESULTS: Final = Path(__file__).parent / "results" / "learning.jsonl"
KEPT: Final = Path("build") / "learning"

SAME: Final = TrainingConfig(
    environments=1,
    rollout_length=2048,
    evaluation_episodes=1,
    ppo=PPOConfig(
        hidden_sizes=(64, 64),
        learning_rate=3e-4,
        learning_rate_schedule="constant",
        discount=0.99,
        gae_lambda=0.95,
        clip_range=0.2,
        epochs=10,
        minibatch_size=64,
        value_coefficient=1.0,  # of half the mean square, where Stable-Baselines3 has 0.5 of the whole
        entropy_coefficient=0.0,
        max_gradient_norm=0.5,
        initial_log_std=0.0,
        target_kl=None,
    ),
)


LENGTHS: Final[dict[Side, tuple[int, int]]] = {
    "same hyperparameters": (STEPS, SEEDS),
    "as shipped": (SHIPPED_STEPS, GENERATION),
}
"""Steps and members of our two sides."""


def _config(environment: EnvCard, side: Side) -> TrainingConfig:
    return SAME if side == "same hyperparameters" else shipped_training(environment.id, environment.family)


def _told(environment: EnvCard, side: Side) -> str:
    return in_words(_config(environment, side).ppo) if side == "as shipped" else THE_DEFAULT


@dataclass(frozen=True)
class Curve:
    """One training: `returns[i]` of ten deterministic episodes after `steps[i]` environment steps.

    `hyperparameters`: of ours as shipped, in words.
    """

    side: Side
    environment: str
    seed: int
    steps: list[int]
    returns: list[list[float]]
    hyperparameters: str = THE_DEFAULT

    @property
    def means(self) -> list[float]:
        """Mean return at each point."""
        return [statistics.fmean(returns) for returns in self.returns]


def stored() -> list[Curve]:
    """The curves that are done; those of ours with other steps or hyperparameters than now are passed over."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    curves = [Curve(**json.loads(line)) for line in lines]
    return [
        curve
        for curve in curves
        if curve.side not in LENGTHS
        or (curve.steps[-1], curve.hyperparameters)
        == (LENGTHS[curve.side][0], _told(card(curve.environment), curve.side))
    ]


def _store(curves: Sequence[Curve]) -> None:
    with RESULTS.open("a") as file:
        file.writelines(json.dumps(asdict(curve)) + "\n" for curve in curves)


def _job(environment: EnvCard, config: TrainingConfig, steps: int, members: int) -> TrainingJob:
    metric = environment.metrics[0]
    return TrainingJob(
        card=environment,
        metric=metric_of(environment, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=steps,
        members=tuple(Member(str(seed), seed, None) for seed in range(members)),
    )


@dataclass(frozen=True)
class Kept:
    """A training of ours under way: what its members have reached after the same number of segments.

    `made`: hyperparameters, steps and members, and the versions of packages.
    """

    made: tuple[tuple[TrainingConfig, int, int], dict[str, str]]
    curves: list[Curve]
    checkpoints: dict[str, bytes]


def _kept(environment: EnvCard, side: Side) -> Path:
    return KEPT.absolute() / f"{environment.id}-{side.replace(' ', '-')}.pickle"


def _taken_up(environment: EnvCard, side: Side, members: int) -> Kept:
    path, made = _kept(environment, side), ((_config(environment, side), *LENGTHS[side]), versions())
    if path.exists() and (found := cast(Kept, pickle.loads(path.read_bytes()))).made == made:
        return found
    told = _told(environment, side)
    return Kept(made, [Curve(side, environment.id, seed, [], [], told) for seed in range(members)], {})


def train_ours(environment: EnvCard, side: Side, threads: int) -> list[Curve]:
    """All members in one population, and their returns after each segment; goes on where it was interrupted."""
    config, (steps, members) = _config(environment, side), LENGTHS[side]
    kept = _taken_up(environment, side, members)
    job = replace(_job(environment, config, steps, members), checkpoints=kept.checkpoints)
    judge, source = Judge(environment, job.metric), EnvironmentReward()
    layout = Layout(environment)
    sizes = (len(layout.policy_columns), environment.action.size, config.ppo)
    for segment in whole_segments(job, threads):
        actors = [ppo.actor(load_checkpoint(done.checkpoint, *sizes).state) for done in segment]
        examinees = [
            Examinee(actor, environment_seeds(EPISODES, seed, EVALUATION), source) for seed, actor in enumerate(actors)
        ]
        for curve, done, found in zip(kept.curves, segment, evaluate(layout, examinees, judge, threads), strict=True):
            assert not isinstance(found, RewardFault)
            curve.steps.append(done.point.steps)
            curve.returns.append([episode.total_reward for episode in found.episodes])
        kept = Kept(kept.made, kept.curves, {done.member_id: done.checkpoint for done in segment})
        write_whole(_kept(environment, side), pickle.dumps(kept))
        print(environment.id, side, [round(curve.means[-1]) for curve in kept.curves], file=sys.stderr, flush=True)
    judge.close()
    return kept.curves


def whole_segments(job: TrainingJob, threads: int) -> Iterator[list[SegmentDone]]:
    """Trains to the end; each segment once all members have done it, in their order."""
    members = [member.id for member in job.members]
    done: dict[int, dict[str, SegmentDone]] = {}
    for progress in Population(job, threads).train():
        if not isinstance(progress, SegmentDone):
            continue
        segment = done.setdefault(progress.point.segment, {})
        segment[progress.member_id] = progress
        if len(segment) == len(members):
            yield [segment[member] for member in members]


def train_peers(environment: str, seeds: Sequence[int], interpreter: str, cores: int) -> None:
    """Stable-Baselines3's trainings, one process for each core at a time."""
    waiting, running = list(seeds), dict[int, subprocess.Popen[bytes]]()
    while waiting or running:
        while waiting and len(running) < cores:
            seed = waiting.pop(0)
            folder = str(_folder(environment, seed))
            command = [interpreter, "-m", "benchmarks.peers.learn", environment, str(seed), folder]
            running[seed] = subprocess.Popen(command)
        for seed, process in list(running.items()):
            try:
                status = process.wait(1.0)
            except subprocess.TimeoutExpired:
                continue
            if status:
                raise SystemExit(f"{environment} seed {seed}: its process ended with {status}")
            del running[seed]
            points = json.loads((_folder(environment, seed) / "result.json").read_text())
            steps, returns = [point["steps"] for point in points], [point["returns"] for point in points]
            _store([Curve("stable-baselines3", environment, seed, steps, returns)])
            shutil.rmtree(_folder(environment, seed))


def _folder(environment: str, seed: int) -> Path:
    return KEPT.absolute() / f"{environment}-{seed}"


def train_missing(environments: Sequence[str], interpreter: str, cores: int) -> None:
    """Trains what is not stored yet."""
    for name in environments:
        done = {(curve.side, curve.seed) for curve in stored() if curve.environment == name}
        for side, (_, members) in LENGTHS.items():
            if (side, members - 1) not in done:
                _store(train_ours(card(name), side, cores))
                _kept(card(name), side).unlink()
        train_peers(name, [s for s in range(SEEDS) if ("stable-baselines3", s) not in done], interpreter, cores)


def speeds(environment: str, interpreter: str, cores: int, rounds: int) -> tuple[list[float], list[float]]:
    """Training steps per second of a generation as shipped and of Stable-Baselines3's processes, in alternating slices."""
    config, ours, theirs = _config(card(environment), "as shipped"), list[float](), list[float]()
    peer = Peer(interpreter, "sb3-own", environment, config, cores)
    job = _job(card(environment), config, SHIPPED_STEPS, GENERATION)
    with Generation(job) as generation:
        started = time.perf_counter()
        for number, segment in enumerate(by_segment(job, generation)):
            elapsed = time.perf_counter() - started
            if number:
                ours.append(GENERATION * segment[0].point.steps / (number + 1) / elapsed)
            theirs.append(peer.steps_per_second(15.0))
            if len(ours) == rounds:
                break
            started = time.perf_counter()
    peer.close()
    return ours, theirs[1:]


@dataclass(frozen=True)
class Verdict:
    """What the curves of one environment say; returns are means over `seeds`, with 95% intervals."""

    environment: str
    seeds: dict[Side, int]
    final_return: dict[Side, tuple[float, float, float]]
    steps_to_return: int | None
    peer_steps_to_return: int | None

    @property
    def as_good(self) -> bool:
        """Whether ours ends no lower than the other's interval, all seeds of both being done."""
        low = self.final_return["stable-baselines3"][1]
        return (
            all(count >= SEEDS for count in self.seeds.values()) and self.final_return["same hyperparameters"][0] >= low
        )


def _interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and 95% bootstrap interval."""
    random, array = np.random.default_rng(0), np.asarray(values)
    means = random.choice(array, (10_000, len(array))).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return round(float(array.mean()), 1), round(float(low), 1), round(float(high), 1)


def _steps_to(curves: Sequence[Curve], target: float) -> int | None:
    """Steps at which the mean curve first reaches `target`, None if it never does or there is none."""
    if not curves:
        return None
    mean = np.mean([curve.means for curve in curves], axis=0)
    reached = np.flatnonzero(mean >= target)
    return curves[0].steps[reached[0]] if reached.size else None


def verdict(environment: str, curves: Sequence[Curve]) -> Verdict | None:
    """From the seeds that are done; None where Stable-Baselines3 or ours with its hyperparameters has none."""
    sides: dict[Side, list[Curve]] = {side: [] for side in get_args(Side)}
    for curve in curves:
        if curve.environment == environment:
            sides[curve.side].append(curve)
    if not sides["stable-baselines3"] or not sides["same hyperparameters"]:
        return None
    final = {side: _interval([curve.means[-1] for curve in own]) for side, own in sides.items() if own}
    target = statistics.fmean(curve.means[-1] for curve in sides["stable-baselines3"])
    return Verdict(
        environment=environment,
        seeds={side: len(own) for side, own in sides.items()},
        final_return=final,
        steps_to_return=_steps_to(sides["as shipped"], target),
        peer_steps_to_return=_steps_to(sides["stable-baselines3"], target),
    )


def main() -> int:
    """Runs the benchmark and prints its line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environments", nargs="+", default=ENVIRONMENTS)
    parser.add_argument("--peers", required=True, help="an interpreter with benchmarks/peers/requirements.txt")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--report", action="store_true", help="train no curve that is missing")
    arguments = parser.parse_args()
    interpreter, cores = str(Path(arguments.peers).absolute()), len(os.sched_getaffinity(0))
    if not arguments.report:
        train_missing(arguments.environments, interpreter, cores)
    found = [verdict(name, stored()) for name in arguments.environments]
    lines, met = [], all(one is not None for one in found)
    for one in found:
        if one is None:
            continue
        ours, theirs, faster = list[float](), list[float](), None
        if one.steps_to_return and one.peer_steps_to_return:
            ours, theirs = speeds(one.environment, interpreter, cores, arguments.rounds)
            rate = statistics.median(own / other for own, other in zip(ours, theirs, strict=True))
            faster = round(rate * one.peer_steps_to_return / one.steps_to_return, 1)
        met = met and one.as_good and faster is not None and faster >= FASTER_BAR
        measured = {"ours_per_second": ours, "peer_per_second": theirs, "times_faster": faster}
        lines.append(asdict(one) | {"as_good": one.as_good} | measured)
        print(lines[-1], file=sys.stderr, flush=True)
    print(json.dumps({"benchmark": "learning", "bar_times_faster": FASTER_BAR, "environments": lines, "met": met}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
