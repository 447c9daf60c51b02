"""The training steps: submits what is not yet trained and stores what comes back, segment by segment."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sandbox import RewardRejected
from service.orchestrator.work import Interrupted, Tools
from service.schema import (
    CandidateState,
    IterationState,
    RewardKind,
    Run,
    RunRecord,
    Training,
    TrainingState,
)
from service.schema.segments import plan_segments
from service.training.errors import TrainingStopped, WorkerLost
from service.training.job import (
    Member,
    MemberFailed,
    MemberFinished,
    Progress,
    SegmentDone,
    TrainingJob,
    code_of,
    metric_of,
)

WORKER_LOSSES = 5
"""Times in a row that a population is submitted again without one new segment before the run is paused."""

log = logging.getLogger(__name__)


def planned(
    tools: Tools,
    run: Run,
    training_id: str,
    reward: RewardKind,
    seed: int,
    candidate_id: str | None,
    *,
    comparison: bool,
) -> Training:
    """A training that has not begun, with as many segments as the run's steps allow."""
    return Training(
        id=training_id,
        run_id=run.id,
        candidate_id=candidate_id,
        reward=reward,
        comparison=comparison,
        seed=seed,
        state=TrainingState.QUEUED,
        segments=plan_segments(tools.card.max_steps, run.request.training, run.steps).segments,
        segments_done=0,
        curve=(),
        result=None,
        reason=None,
    )


def train(tools: Tools, iteration: int) -> None:
    """Trains the queued candidates of an iteration, from their checkpoints where there are any."""
    record = tools.record()
    queued = {
        candidate.id
        for candidate in record.candidates
        if candidate.iteration == iteration and candidate.state in (CandidateState.QUEUED, CandidateState.TRAINING)
    }
    for candidate_id in queued:
        tools.writer.set_candidate_state(candidate_id, CandidateState.TRAINING)
    train_all(tools, [t.id for t in record.trainings if t.candidate_id in queued and not t.comparison])
    tools.writer.set_iteration_state(iteration, IterationState.ANALYZING)


def train_all(tools: Tools, training_ids: Sequence[str]) -> None:
    """Brings every training to its end, whatever happens to the workers.

    Raises `WorkerLost` if workers keep dying without getting anywhere, `Interrupted` if asked to stop.
    """
    losses = 0
    while True:
        record = tools.record()
        unfinished = [
            training
            for training in record.trainings
            if training.id in training_ids and training.state in (TrainingState.QUEUED, TrainingState.RUNNING)
        ]
        if not unfinished:
            return
        members = _members(tools, record, unfinished)
        if not members:
            continue
        try:
            for progress in tools.cluster().train(_job(tools, record, members), tools.stopped):
                _store(tools, progress)
                losses = 0
        except TrainingStopped:
            raise Interrupted from None
        except WorkerLost as error:
            losses += 1
            tools.writer.log(f"{error}; submitting what is left again ({losses} of {WORKER_LOSSES})")
            if losses >= WORKER_LOSSES:
                raise


def _job(tools: Tools, record: RunRecord, members: Sequence[Member]) -> TrainingJob:
    keys = {member.id: tools.writer.checkpoint_key(member.id) for member in members}
    return TrainingJob(
        card=tools.card,
        metric=metric_of(tools.card, record.run.fitness),
        config=record.run.request.training,
        steps=record.run.steps,
        members=tuple(members),
        checkpoints={member_id: tools.artifacts.get(key) for member_id, key in keys.items() if key is not None},
    )


def _members(tools: Tools, record: RunRecord, trainings: Sequence[Training]) -> list[Member]:
    """A member for each training; code that is refused today, though it was let in before, fails its training here."""
    sources = {candidate.id: candidate.source for candidate in record.candidates}
    members: list[Member] = []
    for training in trainings:
        source = sources[training.candidate_id] if training.candidate_id is not None else None
        try:
            members.append(Member(training.id, training.seed, code_of(tools.card, training.reward, source)))
        except RewardRejected as fault:
            tools.writer.fail_training(training.id, f"rejected: {fault}")
    return members


def _store(tools: Tools, progress: Progress) -> None:
    """Artifacts first, then the row that names them: a crash between the two leaves a file that nothing names, no more."""
    folder = f"runs/{tools.run_id}/trainings/{progress.member_id}"
    match progress:
        case SegmentDone():
            segment = progress.point.segment
            key = f"{folder}/checkpoints/{segment:03d}/state.safetensors"
            tools.artifacts.put(key, progress.checkpoint)
            tools.writer.add_segment(progress.member_id, progress.point, key, progress.environment_steps)
            if segment:
                tools.artifacts.delete_prefix(f"{folder}/checkpoints/{segment - 1:03d}")
        case MemberFinished():
            key = f"{folder}/policy.safetensors"
            tools.artifacts.put(key, progress.policy)
            tools.writer.finish_training(progress.member_id, progress.result, key, progress.environment_steps)
        case MemberFailed():
            tools.writer.fail_training(progress.member_id, progress.reason)
