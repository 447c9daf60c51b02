"""What of a run must be the same however often the work on it was interrupted."""

from __future__ import annotations

from service.artifacts import ArtifactStore, replay_key
from service.schema import CandidateState
from service.store.store import Store


def figures(store: Store, run_id: str) -> str:
    """Candidates, trainings, curves and comparison of a run, without ids, clocks and costs."""
    record = store.record(run_id)
    parts = [
        one.model_dump_json(exclude={"created_at": True, "verdict": {"seconds_per_transition"}})
        for one in record.candidates
    ]
    parts += [one.model_dump_json(exclude={"curve"}) for one in record.trainings]
    parts += [point.model_dump_json(exclude={"steps_per_second"}) for one in record.trainings for point in one.curve]
    parts += [record.run.comparison.model_dump_json()] if record.run.comparison else []
    return "\n".join(parts).replace(run_id, "RUN")


def policies(store: Store, artifacts: ArtifactStore, run_id: str) -> list[bytes]:
    """The policies of a run's trainings, in their order."""
    keys = [store.policy_key(training.id) for training in store.trainings(run_id)]
    return [artifacts.get(key) for key in keys if key is not None]


def replays(store: Store, artifacts: ArtifactStore, run_id: str) -> list[bytes]:
    """The replays of a run's trained candidates, each trained with one seed."""
    trained = store.candidates(run_id, CandidateState.TRAINED)
    return [artifacts.get(replay_key(run_id, f"{candidate.id}-s0")) for candidate in trained]
