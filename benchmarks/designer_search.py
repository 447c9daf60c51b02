"""Does the offline designer get better by searching? Its last proposals against random samples of the same grammar.

    python -m benchmarks.designer_search --environments Hopper-v5 HalfCheetah-v5 --seeds 8

For each environment and search seed: a search of `--iterations` with `--candidates` each, then as many random samples of
the grammar as the last `--last` iterations proposed, each trained for the same `--steps`. The figure is the mean
fitness of the searched proposals less that of the sampled ones. Over the seeds it is given as interquartile mean with a
95% bootstrap interval (Agarwal et al. 2021); the bar is an interval above 0 in every environment over 8 seeds or more.

Each finished (environment, seed) is one line of the results file, and is not run again with the same settings. The
last line printed is JSON; the exit code is 1 where the bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from envs.card import EnvCard, card
from envs.recording import record
from service.evolution.analyzer import analyze
from service.evolution.comparison import interval
from service.evolution.critic import extract_source, review
from service.evolution.designer import design_seed, variable_statistics
from service.evolution.selection import select_parents
from service.llm.contract import Designer, DesignRequest, Parent, VariableStatistics
from service.llm.offline import OfflineDesigner
from service.schema import (
    Candidate,
    CandidateState,
    CurvePoint,
    Fitness,
    Interval,
    Training,
    TrainingResult,
    TrainingState,
)
from service.schema.tunings import THE_DEFAULT, in_words, shipped_training
from service.training.job import (
    Member,
    MemberFailed,
    MemberFinished,
    SegmentDone,
    TrainingJob,
    code_of,
    metric_of,
)
from service.training.population import Population

RESULTS = Path(__file__).parent / "results" / "designer_search.jsonl"
PARENTS = 2
FEWEST_SEEDS = 8
"""Below this the bar is missed whatever the interval says: that of one seed has no width at all."""


@dataclass(frozen=True)
class Setting:
    """What one (environment, seed) is: `steps` are environment steps of each training, `hyperparameters` in words."""

    environment: str
    seed: int
    steps: int
    iterations: int
    last: int
    candidates: int
    hyperparameters: str = THE_DEFAULT


@dataclass(frozen=True)
class Outcome:
    """One finished setting: fitness of every trained proposal by iteration, None where it was rejected or failed."""

    setting: Setting
    searched: tuple[tuple[float | None, ...], ...]
    sampled: tuple[float | None, ...]
    seconds: float

    @property
    def difference(self) -> float:
        """Mean fitness of the last iterations' proposals less that of the random samples."""
        last = [fitness for iteration in self.searched[-self.setting.last :] for fitness in iteration]
        return _mean(last) - _mean(self.sampled)


@dataclass(frozen=True)
class World:
    """What every design and training of one environment shares."""

    card: EnvCard
    fitness: Fitness
    transitions: Mapping[str, np.typing.NDArray[np.float32]]
    statistics: Mapping[str, VariableStatistics]


def _told(environment: str) -> str:
    known = card(environment)
    return in_words(shipped_training(known.id, known.family).ppo)


def world(environment: str) -> World:
    """The environment's card, its first metric, and the statistics of its variables over recorded transitions."""
    known = card(environment)
    metric = known.metrics[0]
    recording = record(known)
    return World(
        card=known,
        fitness=Fitness(name=metric.name, score=metric.score, success=metric.success, unit=metric.unit),
        transitions=recording.transitions,
        statistics=variable_statistics(recording.untrained),
    )


def run(setting: Setting) -> Outcome:
    """Searches and samples for one setting."""
    started = time.perf_counter()
    where = world(setting.environment)
    everything: list[Candidate] = []
    for iteration in range(1, setting.iterations + 1):
        slots = [(iteration, slot) for slot in range(setting.candidates)]
        proposals = propose(OfflineDesigner(), where, setting, slots, select_parents(everything, PARENTS))
        everything += train(where, setting, proposals)
    # The slots of the last iterations, so that no sample repeats one that the search began with. Where the search itself
    # samples there, both arms have the same candidate, which leaves the difference fair and makes it less noisy.
    first = setting.iterations - setting.last + 1
    slots = [(first + number, slot) for number in range(setting.last) for slot in range(setting.candidates)]
    sampled = train(where, setting, propose(OfflineDesigner(explore_only=True), where, setting, slots, ()))
    return Outcome(
        setting=setting,
        searched=tuple(
            tuple(candidate.fitness for candidate in everything if candidate.iteration == iteration)
            for iteration in range(1, setting.iterations + 1)
        ),
        sampled=tuple(candidate.fitness for candidate in sampled),
        seconds=time.perf_counter() - started,
    )


def propose(
    designer: Designer, where: World, setting: Setting, slots: Sequence[tuple[int, int]], parents: Sequence[Candidate]
) -> list[Candidate]:
    """One candidate for each (iteration, slot), judged by the critic as in a run but never repaired."""
    candidates = []
    for iteration, slot in slots:
        request = DesignRequest(
            card=where.card,
            task=where.fitness.name,
            fitness=where.fitness,
            statistics=where.statistics,
            iteration=iteration,
            slot=slot,
            attempt=0,
            seed=design_seed(setting.seed, iteration, slot, 0),
            parents=tuple(_parent(parent) for parent in parents),
            rejected=None,
            messages=(),
        )
        reply = designer.design(request)
        source = extract_source(reply.text)
        accepted = review(source, where.card, where.transitions).accepted
        candidates.append(
            Candidate(
                id=f"{designer.name}-{setting.seed}-{iteration}-{slot}",
                run_id=designer.name,
                iteration=iteration,
                slot=slot,
                state=CandidateState.QUEUED if accepted else CandidateState.REJECTED,
                source=source,
                origin=reply.origin,
                parents=reply.parents,
                created_at=datetime.now(UTC),
            )
        )
    return candidates


def train(where: World, setting: Setting, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with what became of them: state, fitness, success rate and findings."""
    queued = [candidate for candidate in candidates if candidate.state is CandidateState.QUEUED]
    trainings = {training.candidate_id: training for training in train_population(where, setting, queued)}
    return [_with_training(candidate, trainings.get(candidate.id), where.card) for candidate in candidates]


def train_population(where: World, setting: Setting, candidates: Sequence[Candidate]) -> Iterator[Training]:
    """One training of each candidate, all in one population; the only call into the trainer."""
    if not candidates:
        return
    # A training's seed follows from its place alone: another draw of the same hash than the design's.
    members = tuple(
        Member(
            id=candidate.id,
            seed=design_seed(setting.seed, candidate.iteration, candidate.slot, 1) % 2**31,
            code=code_of(where.card, "candidate", candidate.source),
        )
        for candidate in candidates
    )
    curves: dict[str, list[CurvePoint]] = {member.id: [] for member in members}
    results: dict[str, TrainingResult] = {}
    reasons: dict[str, str] = {}
    config = shipped_training(where.card.id, where.card.family)
    job = TrainingJob(where.card, metric_of(where.card, where.fitness), config, setting.steps, members)
    for progress in Population(job, threads=os.cpu_count() or 1).train():
        match progress:
            case SegmentDone():
                curves[progress.member_id].append(progress.point)
            case MemberFinished():
                results[progress.member_id] = progress.result
            case MemberFailed():
                reasons[progress.member_id] = progress.reason
    for member in members:
        yield Training(
            id=f"{member.id}-s0",
            run_id="benchmark",
            candidate_id=member.id,
            reward="candidate",
            comparison=False,
            seed=member.seed,
            state=TrainingState.FINISHED if member.id in results else TrainingState.FAILED,
            segments=len(curves[member.id]),
            segments_done=len(curves[member.id]),
            curve=tuple(curves[member.id]),
            result=results.get(member.id),
            reason=reasons.get(member.id),
        )


def read(path: Path, wanted: Sequence[Setting]) -> dict[Setting, Outcome]:
    """The outcomes of the wanted settings that the results file already holds."""
    if not path.exists():
        return {}
    outcomes = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        stored = json.loads(line)
        setting = Setting(**stored["setting"])
        if setting in wanted:
            outcomes[setting] = Outcome(
                setting=setting,
                searched=tuple(map(tuple, stored["searched"])),
                sampled=tuple(stored["sampled"]),
                seconds=stored["seconds"],
            )
    return outcomes


def append(path: Path, outcome: Outcome) -> None:
    """Adds one line, on disk before the next setting begins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(outcome) | {"difference": outcome.difference}) + "\n")
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True)
class Summary:
    """All seeds of one environment; `refused` counts proposals without a fitness, of search and samples."""

    environment: str
    unit: str
    seeds: int
    difference: Interval
    searched: Interval
    sampled: Interval
    by_iteration: tuple[float, ...]
    refused: tuple[int, int]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the whole interval of the difference lies above 0, over enough seeds."""
        return self.seeds >= FEWEST_SEEDS and self.difference.low > 0.0


def summarize(environment: str, outcomes: Sequence[Outcome]) -> Summary:
    """The intervals of one environment over its seeds."""
    iterations = range(len(outcomes[0].searched))
    return Summary(
        environment=environment,
        unit=card(environment).metrics[0].unit,
        seeds=len(outcomes),
        difference=interval([outcome.difference for outcome in outcomes]),
        searched=interval([outcome.difference + _mean(outcome.sampled) for outcome in outcomes]),
        sampled=interval([_mean(outcome.sampled) for outcome in outcomes]),
        by_iteration=tuple(
            float(np.mean([_mean(outcome.searched[iteration]) for outcome in outcomes])) for iteration in iterations
        ),
        refused=(
            sum(fitness is None for outcome in outcomes for one in outcome.searched for fitness in one),
            sum(fitness is None for outcome in outcomes for fitness in outcome.sampled),
        ),
        seconds=sum(outcome.seconds for outcome in outcomes),
    )


def main() -> int:
    """Runs what is missing and prints the summary."""
    arguments = _arguments()
    settings = [
        Setting(
            environment,
            seed,
            arguments.steps,
            arguments.iterations,
            arguments.last,
            arguments.candidates,
            _told(environment),
        )
        for seed in range(arguments.seeds)
        for environment in arguments.environments
    ]
    outcomes = read(arguments.results, settings)
    for setting in settings:
        if setting in outcomes:
            continue
        outcome = run(setting)
        append(arguments.results, outcome)
        outcomes[setting] = outcome
        print(
            f"{setting.environment} seed {setting.seed}: searched less sampled {outcome.difference:+.4g} "
            f"in {outcome.seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    summaries = [
        summarize(environment, [outcomes[setting] for setting in settings if setting.environment == environment])
        for environment in arguments.environments
    ]
    passed = all(summary.passed for summary in summaries)
    print(json.dumps({"benchmark": "designer_search", "passed": passed, "environments": list(map(_json, summaries))}))
    return 0 if passed else 1


def _json(summary: Summary) -> dict[str, object]:
    return (
        asdict(summary)
        | {"passed": summary.passed}
        | {
            name: value.model_dump()
            for name, value in (
                ("difference", summary.difference),
                ("searched", summary.searched),
                ("sampled", summary.sampled),
            )
        }
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--environments", nargs="+", default=["Hopper-v5", "HalfCheetah-v5"])
    parser.add_argument("--seeds", type=int, default=8, help="search seeds, 0 and up")
    parser.add_argument("--iterations", type=int, default=4, help="iterations of each search")
    parser.add_argument("--last", type=int, default=2, help="iterations at the end whose proposals count")
    parser.add_argument("--candidates", type=int, default=4, help="proposals in each iteration")
    parser.add_argument("--steps", type=int, default=100_000, help="environment steps of each training")
    parser.add_argument("--results", type=Path, default=RESULTS, help="one JSON line per finished environment and seed")
    arguments = parser.parse_args()
    if min(arguments.seeds, arguments.iterations, arguments.last, arguments.candidates, arguments.steps) < 1:
        parser.error("expected every number to be at least 1")
    if arguments.last >= arguments.iterations:
        parser.error("expected --last below --iterations: the first iteration is a random sample itself")
    return arguments


def _parent(candidate: Candidate) -> Parent:
    return Parent(
        candidate_id=candidate.id,
        source=candidate.source,
        fitness=candidate.fitness or 0.0,
        success_rate=candidate.success_rate or 0.0,
        findings=candidate.findings,
        reflection="",
    )


def _with_training(candidate: Candidate, training: Training | None, where: EnvCard) -> Candidate:
    if training is None:
        return candidate
    findings = analyze(training, where.max_steps, where.dt)
    if training.result is None:
        return candidate.model_copy(
            update={"state": CandidateState.FAILED, "reason": training.reason, "findings": findings}
        )
    return candidate.model_copy(
        update={
            "state": CandidateState.TRAINED,
            "fitness": training.result.fitness,
            "success_rate": training.result.success_rate,
            "findings": findings,
        }
    )


def _mean(fitness: Iterable[float | None]) -> float:
    known = [value for value in fitness if value is not None]
    if not known:
        raise ValueError("no proposal could be trained: nothing to compare; read the critic's faults of this seed")
    return float(np.mean(known))


if __name__ == "__main__":
    sys.exit(main())
