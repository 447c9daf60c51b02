"""How near to the simulator does a generation train, and how far ahead of its peers?

    python -m benchmarks.throughput --peers .venv-peers/bin/python [--environments Hopper-v5 …] [--rounds 5]

For each environment, slices in turns: two segments of eight candidates (sandboxed rewards, updates, evaluation and all), EnvPool
alone stepping again what trained (the same actions, seeds and threads), and each peer training for some seconds with as many epochs
and as large minibatches. EnvPool steps the last segment of the slice before ours and, after it, the last of ours, since cores
that are shared are up to twice as fast at one time as at another. `raw_divided` is EnvPool once more, divided as our generation is:
in as many processes, each with a core of its own; no bar asks for it. Peers are paid nothing for rewards (the environment's own)
and evaluate nothing.
Ends with one line of JSON: medians and ranges over the rounds; exit 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.generation import Generation, by_segment
from benchmarks.raw import raw_steps_per_second
from envs.card import EnvCard, card
from service.schema import Fitness, TrainingConfig
from service.schema.segments import MOST_SEGMENTS, plan_segments
from service.schema.tunings import shipped_training
from service.training.job import Member, SegmentDone, TrainingJob, code_of, metric_of

ENVIRONMENTS: Final = ("Hopper-v5", "HalfCheetah-v5", "Ant-v5")
MEMBERS: Final = 8
RAW_BAR: Final = 0.75
CEILING_BAR: Final = 0.7
"""Share of what the simulator would allow at most, raw/peer, that we are ahead of the fastest peer."""
PEERS: Final = ("sb3-dummy", "sb3-subproc", "sb3-process", "sb3-envpool", "cleanrl-envpool")
SIDE_BY_SIDE: Final = "sb3-process"
"""The peer that runs one process for each core at a time."""
SEGMENTS: Final = 2
"""Of each slice: between two, populations do not wait for each other, as in a whole training."""
LONGEST_SEGMENT: Final = 32_768
"""Environment steps of a member in one slice; a card whose segments are longer evaluates more seldom than is measured here."""
REWARD: Final = """
def compute_reward(forward_velocity, torso_height, joint_velocities, action, terminated):
    speed = forward_velocity
    alive = 1.0 - terminated
    height = 0.1 * np.tanh(torso_height)
    smooth = -0.001 * np.mean(np.square(joint_velocities), axis=-1)
    effort = -0.01 * np.sum(np.square(action), axis=-1)
    total = speed + alive + height + smooth + effort
    return total, {"speed": speed, "alive": alive, "height": height, "smooth": smooth, "effort": effort}
"""


class Peer:
    """Another trainer in processes of its own, which wait between slices."""

    def __init__(self, interpreter: str, side: str, environment: str, config: TrainingConfig, count: int) -> None:
        command = [interpreter, "-m", "benchmarks.peers.serve", side, environment]
        command += [str(config.ppo.epochs), str(config.ppo.minibatch_size)]
        self.side = side
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
        ]
        for process in self._processes:
            self._read(process)

    def steps_per_second(self, seconds: float) -> float:
        """What all its processes together do in a slice."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        return sum(answer["steps"] / answer["seconds"] for answer in map(self._read, self._processes))

    def _read(self, process: subprocess.Popen[str]) -> dict[str, float]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.side}: its process ended with {process.wait()} instead of answering")
        answer: dict[str, float] = json.loads(line)
        return answer

    def close(self) -> None:
        """Ends its processes."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def training_job(environment: EnvCard, members: int, first_seed: int = 0) -> TrainingJob:
    """A generation of sandboxed candidates, whose segments are as long as the card's own or as a slice may be."""
    config, metric = shipped_training(environment.id, environment.family), environment.metrics[0]
    return TrainingJob(
        card=environment,
        metric=metric_of(environment, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=min(environment.steps, MOST_SEGMENTS * LONGEST_SEGMENT),
        members=tuple(
            Member(f"m{k}", first_seed + k, code_of(environment, "candidate", REWARD)) for k in range(members)
        ),
    )


def _slices(environment: EnvCard, generation: Generation) -> Iterator[list[SegmentDone]]:
    """What one generation after the other trains, each with other seeds, `SEGMENTS` at a time."""
    for number in count():
        yield from by_segment(training_job(environment, MEMBERS, number * MEMBERS), generation, SEGMENTS)


def measure(environment: EnvCard, rounds: int, seconds: float, interpreter: str | None) -> dict[str, list[float]]:
    """Environment steps per second of every side, one figure a round."""
    threads = len(os.sched_getaffinity(0))
    job = training_job(environment, MEMBERS)
    plan = plan_segments(environment.max_steps, job.config, job.steps)
    if plan.segments <= SEGMENTS:
        raise SystemExit(f"{environment.id}: expected a training of more than {SEGMENTS} segments, got {plan.segments}")
    own = SEGMENTS * MEMBERS * plan.steps_per_segment
    peers = [
        Peer(interpreter, side, environment.engine.task, job.config, threads if side == SIDE_BY_SIDE else 1)
        for side in PEERS
        if interpreter
    ]
    sides: dict[str, list[float]] = {
        name: [] for name in ("ours", "ours_training_steps", "raw", "raw_divided", *(p.side for p in peers))
    }
    with Generation(job) as generation:
        slices = _slices(environment, generation)
        next(slices)  # compiles, and so do the peers
        for peer in peers:
            peer.steps_per_second(0.1)
        played = generation.played()
        for _ in range(rounds):
            before = raw_steps_per_second(environment, played, threads), generation.raw_steps_per_second()
            started = time.perf_counter()
            segments = next(slices)
            elapsed = time.perf_counter() - started
            assert len(segments) == SEGMENTS * MEMBERS, "a member has failed"
            played = generation.played()
            after = raw_steps_per_second(environment, played, threads), generation.raw_steps_per_second()
            sides["ours"].append(sum(done.environment_steps for done in segments) / elapsed)
            sides["ours_training_steps"].append(own / elapsed)
            for side, rates in zip(("raw", "raw_divided"), zip(before, after, strict=True), strict=True):
                sides[side].append(statistics.harmonic_mean(rates))
            for peer in peers:
                sides[peer.side].append(peer.steps_per_second(seconds))
            told = {name: round(values[-1]) for name, values in sides.items()}
            print(environment.id, told, file=sys.stderr, flush=True)
    for peer in peers:
        peer.close()
    return sides


@dataclass(frozen=True)
class Summary:
    """Steps per second of each side, medians and ranges; `share_of_raw` and `_divided` are medians of ratios within a round.

    `times_best_peer`: ours, training steps alone, over the fastest peer, which evaluates nothing; `ceiling`: raw over that peer;
    both of medians, and None where no peer was measured. `training_share_of_raw`: what the one is of the other, whichever the peer,
    as the median of ratios within a round.
    """

    steps_per_second: dict[str, int]
    range: dict[str, tuple[int, int]]
    share_of_raw: float
    share_of_raw_divided: float
    best_peer: str | None
    times_best_peer: float | None
    ceiling: float | None
    training_share_of_raw: float

    @property
    def met(self) -> bool:
        """Whether both bars are reached."""
        if self.times_best_peer is None or self.ceiling is None:
            return self.share_of_raw >= RAW_BAR
        ahead = self.times_best_peer > 1.0 and self.times_best_peer >= CEILING_BAR * self.ceiling
        return self.share_of_raw >= RAW_BAR and ahead


def _summary(sides: dict[str, list[float]]) -> Summary:
    medians = {name: round(statistics.median(values)) for name, values in sides.items()}
    peers = {name: sides[name] for name in PEERS if name in sides}
    best = max(peers, key=lambda name: statistics.median(peers[name]), default=None)
    return Summary(
        steps_per_second=medians,
        range={name: (round(min(values)), round(max(values))) for name, values in sides.items()},
        share_of_raw=_share(sides["ours"], sides["raw"]),
        share_of_raw_divided=_share(sides["ours"], sides["raw_divided"]),
        best_peer=best,
        times_best_peer=round(medians["ours_training_steps"] / medians[best], 2) if best else None,
        ceiling=round(medians["raw"] / medians[best], 2) if best else None,
        training_share_of_raw=_share(sides["ours_training_steps"], sides["raw"]),
    )


def _share(ours: list[float], raw: list[float]) -> float:
    return round(statistics.median(own / other for own, other in zip(ours, raw, strict=True)), 3)


def main() -> int:
    """Runs the benchmark and prints its line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environments", nargs="+", default=ENVIRONMENTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a peer's slice")
    parser.add_argument("--peers", help="an interpreter with benchmarks/peers/requirements.txt; none: no peers")
    arguments = parser.parse_args()
    peers = str(Path(arguments.peers).absolute()) if arguments.peers else None
    found = {
        name: _summary(measure(card(name), arguments.rounds, arguments.seconds, peers))
        for name in arguments.environments
    }
    print(
        json.dumps(
            {
                "benchmark": "throughput",
                "machine": f"{os.cpu_count()} cores, {platform.machine()}",
                "members": MEMBERS,
                "environments": {name: asdict(summary) for name, summary in found.items()},
                "bars": {"share_of_raw": RAW_BAR, "share_of_ceiling": CEILING_BAR},
                "met": {name: summary.met for name, summary in found.items()},
            }
        )
    )
    return 0 if all(summary.met for summary in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
