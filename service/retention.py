"""Deletes what is no longer needed of runs that have ended, beside whoever works on others.

Rows go first and files after them, under the lock of their run's row. So no row ever names a file that is gone, whenever this is
killed; what it leaves then is named by no row, and found when it is asked again a day later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.artifacts import Artifact, ArtifactStore, replay_key
from service.store import Named, Store

RUNS = "runs"
LEFT_OVER_AFTER = timedelta(days=1)
"""A file that no row names yet may be one that is being written; after a day it is not."""


@dataclass(frozen=True)
class Cuts:
    """Whose checkpoints go and which runs go whole: those that ended before that moment, None for nobody's."""

    checkpoints: datetime | None
    runs: datetime | None


@dataclass(frozen=True)
class Plan:
    """Artifacts that go, by their run: `whole` of runs that go with them, `spare` of runs that stay or are unknown."""

    whole: Mapping[str, tuple[Artifact, ...]]
    spare: Mapping[str, tuple[Artifact, ...]]


@dataclass(frozen=True)
class Pruned:
    """What was deleted: runs, and files with theirs among them. `database_bytes`: how much smaller the database's file is, None
    where the database sees to that itself.
    """

    runs: tuple[str, ...]
    files: int
    artifact_bytes: int
    database_bytes: int | None


def plan(store: Store, artifacts: ArtifactStore, cuts: Cuts, now: datetime) -> Plan:
    """What would be deleted now; nothing is. Raises `StoreUnavailable`, `ArtifactsError`.

    The artifacts must be those of this database alone: of a run that it does not know all files are left over.
    """
    there = _by_run(artifacts.list(RUNS))  # before the rows are read: whatever is written later is not in it
    whole = () if cuts.runs is None else store.retention.deletable(cuts.runs)
    old = frozenset() if cuts.checkpoints is None else frozenset(store.retention.ended(cuts.checkpoints))
    spare: dict[str, tuple[Artifact, ...]] = {}
    for run_id in there.keys() - set(whole):
        named = store.retention.named(run_id)
        if named is not None:
            forgotten = named.unneeded if run_id in old else frozenset()
            spare[run_id] = tuple(
                one
                for one in there[run_id]
                if one.key in forgotten or (one.key not in _kept(run_id, named) and _is_left_over(artifacts, one, now))
            )
    return Plan(
        {run_id: there.get(run_id, ()) for run_id in whole}, {run: files for run, files in spare.items() if files}
    )


def carry_out(plan: Plan, store: Store, artifacts: ArtifactStore, cuts: Cuts) -> Pruned:
    """Deletes what still is as it was when it was planned. Raises `StoreUnavailable`, `ArtifactsError`."""
    runs: list[str] = []
    files: list[Artifact] = []
    for run_id, all_of_it in plan.whole.items():
        if cuts.runs is not None and store.retention.delete_run(run_id, cuts.runs):
            artifacts.delete(all_of_it)
            runs.append(run_id)
            files += all_of_it
    for run_id, spare in plan.spare.items():
        if cuts.checkpoints is not None:
            store.retention.forget_checkpoints(run_id, cuts.checkpoints)
        with store.retention.at_rest(run_id) as named:
            unnamed = () if named is None else tuple(one for one in spare if one.key not in _kept(run_id, named))
            artifacts.delete(unnamed)
            files += unnamed
    return Pruned(tuple(runs), len(files), sum(one.size for one in files), store.retention.give_back())


def _by_run(artifacts: Iterable[Artifact]) -> dict[str, tuple[Artifact, ...]]:
    found: defaultdict[str, list[Artifact]] = defaultdict(list)
    for artifact in artifacts:
        found[artifact.key.split("/")[1]].append(artifact)
    return {run_id: tuple(of_run) for run_id, of_run in found.items()}


def _kept(run_id: str, named: Named) -> frozenset[str]:
    """What rows name, and the replays, which no row does: they go with the policies that they show."""
    return named.keys | {replay_key(run_id, training_id) for training_id in named.finished}


def _is_left_over(artifacts: ArtifactStore, artifact: Artifact, now: datetime) -> bool:
    modified = artifacts.modified(artifact)
    return modified is not None and modified < now - LEFT_OVER_AFTER
