"""How many bytes of database does a run of 5 x 16 candidates take?

    python -m benchmarks.storage [--environment Ant-v5] [--iterations 5] [--candidates 16]

The orchestrator itself works on the run, on SQLite and on PostgreSQL: prompts, verdicts, findings, events and replays are real.
Played are the model, a server on loopback that answers with eight components and a few words and is wrong every fourth time, and
the trainings, which tell curves of full length with random figures; human and sparse reward are trained too. A table's bytes are
those of all its pages, with indices and what updates left behind, less those of an empty database. Ends with one line of JSON;
exit 1 where the bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import create_engine, text

from envs.behaviour import policy_path
from envs.card import EnvCard, Variable
from service.api.intake import card_of, examine
from service.artifacts import ArtifactStore
from service.llm.loopback import LoopbackServer
from service.orchestrator.orchestrator import Orchestrator
from service.schema import (
    ComponentSummary,
    CurvePoint,
    EpisodeEnd,
    EpisodeSummary,
    RunRequest,
    RunState,
    SearchConfig,
    TrainingResult,
)
from service.schema.segments import SegmentPlan, plan_segments
from service.settings import Settings
from service.store import migrate_store, open_store
from service.training.cluster import Cluster
from service.training.job import ClusterProgress, Member, MemberFinished, SegmentDone, TrainingJob
from tests.postgres import Postgres

MOST_BYTES: Final = 20_000_000
COMPONENTS: Final = 8
WRONG_EVERY: Final = 4
ELSEWHERE: Final = 7
"""A seed of the search that no stored baseline has."""
PAGES: Final = {
    "sqlite": "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name GROUP BY m.tbl_name",
    "postgresql": "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables",
}


def reply(environment: EnvCard, number: int) -> str:
    """What a model might answer to request `number`: an idea in words, and a reward of eight components with its reasons."""
    chance = random.Random(number)
    chosen = [environment.variables[i % len(environment.variables)] for i in range(COMPONENTS)]
    terms = "\n".join(_term(variable, i, chance) for i, variable in enumerate(chosen))
    weights = [f"        {chance.uniform(0.1, 2):.2f} * term_{i}" for i in range(COMPONENTS)]
    named = "\n".join(f'        "{variable.name}_{i}": term_{i},' for i, variable in enumerate(chosen))
    total = " +\n".join(weights)
    names = ", ".join(dict.fromkeys(variable.name for variable in chosen))
    code = (
        f"def compute_reward({names}):\n{terms}\n    total = (\n{total}\n    )\n    return total, {{\n{named}\n    }}\n"
    )
    if number % WRONG_EVERY == 0:
        code = code.replace("compute_reward(", "compute_reward(wing_span, ")
    idea = "The last reward grew without the fitness following it, so this one asks for less of what came easily. "
    return f"{idea * 6}\n\n```python\n{code}```\n"


def _term(variable: Variable, place: int, chance: random.Random) -> str:
    centre, width = chance.uniform(-1, 1), chance.uniform(0.2, 2)
    distance = f"np.square(({variable.name} - {centre:.3f}) / {width:.3f})"
    whole = f"np.mean({distance}, axis=-1)" if variable.size else distance
    why = f"# keeps {variable.name} near {centre:.2f}: farther away than {width:.2f} nothing is gained any more"
    return f"    {why}\n    term_{place} = np.exp(-{whole})"


class PlayedCluster(Cluster):
    """Trains nothing and tells of it at full length: every figure is a random one with all its digits."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(0)

    def train(self, job: TrainingJob, _: Callable[[], bool]) -> Generator[ClusterProgress, None, None]:
        """Every member's segments and its end; the policy is the card's reference policy."""
        plan = plan_segments(job.card.max_steps, job.config, job.steps)
        policy = policy_path(job.card).read_bytes()
        for member in job.members:
            names = self._components(member)
            for segment in range(plan.segments):
                yield SegmentDone(member.id, self._point(plan, segment, names), b"checkpoint", plan.steps_per_segment)
            episodes = tuple(self._episode(job.card, names) for _ in range(job.config.confirmation_episodes))
            result = TrainingResult(
                best_segment=segment, fitness=self._figure(), success_rate=self._figure(), episodes=episodes
            )
            yield MemberFinished(member.id, result, policy, sum(episode.length for episode in episodes))

    def _figure(self) -> float:
        return float(np.float32(self._chance.uniform(0, 10)))

    def _components(self, member: Member) -> tuple[str, ...]:
        return tuple(f"forward_velocity_{i}" for i in range(COMPONENTS if member.code is not None else 0))

    def _point(self, plan: SegmentPlan, segment: int, names: tuple[str, ...]) -> CurvePoint:
        one = self._figure
        return CurvePoint(
            segment=segment, steps=(segment + 1) * plan.steps_per_segment, fitness=one(), fitness_error=one(),
            success_rate=one(), episode_length=one(), terminated_rate=one(), training_return=one(), training_length=one(),
            components={name: ComponentSummary(mean=one(), std=one(), share=one()) for name in names},
            steps_per_second=one(), policy_loss=one(), value_loss=one(), entropy=one(), approximate_kl=one(),
        )  # fmt: skip

    def _episode(self, environment: EnvCard, names: tuple[str, ...]) -> EpisodeSummary:
        return EpisodeSummary(
            score=self._figure(), success=True, length=environment.max_steps, end=EpisodeEnd.TRUNCATED,
            total_reward=self._figure(), components={name: self._figure() for name in names},
            last_variables={
                one.name: tuple(self._figure() for _ in range(max(one.size, 1))) for one in environment.variables
            },
        )  # fmt: skip


class PlayedOrchestrator(Orchestrator):
    """An orchestrator without Ray."""

    def _ray(self, _: Callable[[], bool]) -> Cluster:
        return PlayedCluster()


def work(url: str, folder: Path, request: RunRequest, model: str) -> dict[str, int]:
    """Works on one run to its end; the bytes of each table that it takes."""
    migrate_store(url)
    empty = pages(url)
    store = open_store(url)
    intake = examine(request)
    run = store.create_run(intake.request, intake.fitness, intake.steps)
    settings = Settings(data_folder=folder, database_url=url, model_base_url=model)
    with PlayedOrchestrator(settings, store, ArtifactStore(str(folder / "artifacts"))) as orchestrator:
        run = orchestrator.work(run.id, threading.Event())
    record = store.record(run.id)
    events = sum(1 for _ in store.events(run.id, limit=10**6))
    store.close()
    if run.state is not RunState.COMPLETED:
        raise SystemExit(f"the run is {run.state}: {run.reason}")
    points = sum(len(training.curve) for training in record.trainings)
    print(
        f"{len(record.candidates)} candidates, {len(record.completions)} completions, {len(record.trainings)} trainings, "
        f"{points} points, {events} events",
        file=sys.stderr,
    )
    return {table: size - empty.get(table, 0) for table, size in pages(url).items() if size > empty.get(table, 0)}


def pages(url: str) -> dict[str, int]:
    """The bytes of every table with its indices."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found: Mapping[str, int] = {
            name: int(size) for name, size in connection.execute(text(PAGES[engine.dialect.name]))
        }
    engine.dispose()
    return dict(found)


def main() -> int:
    """Runs the benchmark and prints its line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environment", default="Ant-v5")
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--candidates", type=int, default=16)
    options = parser.parse_args()
    request = RunRequest(
        task="walk forward with an even gait and without wasting effort",
        environment=options.environment,
        designer="openai/played",
        search=SearchConfig(iterations=options.iterations, candidates=options.candidates, seed=ELSEWHERE),
    )
    candidates = options.iterations * options.candidates
    os.environ["OPENAI_API_KEY"] = "played"
    replies = [reply(card_of(options.environment), number) for number in range(1, 3 * candidates)]
    figures = {}
    with tempfile.TemporaryDirectory() as name, Postgres(Path(name) / "server") as server:
        for url in (f"sqlite:///{name}/runs.db", server.create("runs")):
            backend = url.partition(":")[0]
            with LoopbackServer(replies) as model:
                tables = work(url, Path(name) / backend, request, model.base_url)
            whole = sum(tables.values())
            figures[backend] = {
                "bytes": whole,
                "per_iteration": whole // options.iterations,
                "per_candidate": whole // candidates,
                "tables": dict(sorted(tables.items(), key=lambda one: -one[1])),
            }
            print(f"{backend}: {json.dumps(figures[backend])}", file=sys.stderr, flush=True)
    met = all(one["bytes"] < MOST_BYTES for one in figures.values())
    print(json.dumps({"benchmark": "storage", "bar_bytes": MOST_BYTES, **figures, "met": met}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
