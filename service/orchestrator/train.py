"""The training steps: submits what is not yet trained and stores what comes back, segment by segment."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing

from sandbox import RewardRejected
from service.artifacts import ArtifactUnknown
from service.orchestrator.work import Interrupted, Tools
from service.schema import (
    RewardKind,
    Run,
    RunRecord,
    Training,
    TrainingState,
)
from service.schema.segments import plan_segments
from service.training.errors import TrainingStopped
from service.training.job import (
    Member,
    MemberFailed,
    MemberFinished,
    PopulationResubmitted,
    SegmentDone,
    TrainingJob,
    code_of,
    metric_of,
)

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
    warm_start: str | None = None,
) -> Training:
    """A training that has not begun, with as many segments as the run's steps allow."""
    return Training(
        id=training_id,
        run_id=run.id,
        candidate_id=candidate_id,
        reward=reward,
        comparison=comparison,
        seed=seed,
        warm_start=warm_start,
        state=TrainingState.QUEUED,
        segments=plan_segments(tools.card.max_steps, run.request.training, run.steps).segments,
        segments_done=0,
        curve=(),
        result=None,
        reason=None,
    )


def train_all(
    tools: Tools, training_ids: Collection[str], until: int | None = None, *, beyond_budget: bool = False
) -> None:
    """Brings every training to its end, or to segment `until` where others are compared first, whatever happens to the workers.

    Where the budget is used up all trainings stay where they are, unless they may go beyond it. A candidate whose reward
    fails with one seed is not trained on with the others: whoever is left is submitted again. Raises `ClusterFault` if the
    cluster cannot, `Interrupted` if asked to stop.
    """

    def used_up() -> bool:
        return not beyond_budget and tools.due() is not None

    def stopped() -> bool:
        return tools.stopped() or used_up()

    while not used_up() and (members := _members(tools, record := tools.record(), training_ids, until)):
        checkpoints = _checkpoints(tools, members)
        if checkpoints is None:
            continue
        job = _job(tools, record, members, checkpoints, until)
        try:
            with closing(tools.cluster(stopped).train(job, stopped)) as told:
                for progress in told:
                    if isinstance(progress, PopulationResubmitted):
                        log.warning("%s", progress.reason, extra={"trainings": ", ".join(progress.member_ids)})
                        tools.writer.log(progress.reason)
                    elif isinstance(progress, MemberFailed):
                        log.info("training failed: %s", progress.reason, extra={"training_id": progress.member_id})
                        if tools.writer.fail_training(progress.member_id, progress.reason):
                            break
                    else:
                        _store(tools, progress)
        except TrainingStopped:
            if tools.stopped():
                raise Interrupted from None


def _checkpoints(tools: Tools, members: Sequence[Member]) -> dict[str, bytes] | None:
    """The newest checkpoint of each member that has one; None where one is gone, whose training begins anew.

    A backup of the database may name a checkpoint that had been replaced before the files were copied.
    """
    checkpoints = {}
    for member in members:
        key = tools.writer.checkpoint_key(member.id)
        try:
            if key is not None:
                checkpoints[member.id] = tools.artifacts.get(key)
        except ArtifactUnknown as error:
            log.warning("%s", error, extra={"training_id": member.id})
            tools.writer.begin_anew(member.id)
            return None
    return checkpoints


def _job(
    tools: Tools, record: RunRecord, members: Sequence[Member], checkpoints: Mapping[str, bytes], until: int | None
) -> TrainingJob:
    return TrainingJob(
        card=tools.card,
        metric=metric_of(tools.card, record.run.fitness),
        config=record.run.request.training,
        steps=record.run.steps,
        members=tuple(members),
        checkpoints=checkpoints,
        until=until,
    )


def _members(tools: Tools, record: RunRecord, training_ids: Collection[str], until: int | None) -> list[Member]:
    """A member for each training with segments left; code that is refused today, though it was let in before, fails here."""
    sources = {candidate.id: candidate.source for candidate in record.candidates}
    members: list[Member] = []
    for training in record.trainings:
        if (
            training.id not in training_ids
            or training.state not in (TrainingState.QUEUED, TrainingState.RUNNING)
            or (until is not None and training.segments_done >= until)
        ):
            continue
        source = sources[training.candidate_id] if training.candidate_id is not None else None
        try:
            code = code_of(tools.card, training.reward, source)
        except RewardRejected as fault:
            log.info("training failed: rejected: %s", fault, extra={"training_id": training.id})
            tools.writer.fail_training(training.id, f"rejected: {fault}")
            continue
        start = tools.policy(training.warm_start) if training.warm_start and not training.segments_done else None
        members.append(Member(training.id, training.seed, code, start))
    return members


def _store(tools: Tools, progress: SegmentDone | MemberFinished) -> None:
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
