"""The last step: the winner trained from scratch on new seeds, beside the human and the sparse reward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from service.baselines.stored import baseline_of
from service.evolution.comparison import compare as sum_up
from service.evolution.comparison import stored_rewards
from service.evolution.seeds import comparison_seeds
from service.orchestrator.train import planned, train_all
from service.orchestrator.work import Tools
from service.schema import RewardComparison, RewardKind, Run, TrainingState


def compare(tools: Tools, winner_id: str) -> None:
    """Trains all three rewards from scratch on the same seeds and stores how they compare.

    Human and sparse are not trained again where a stored baseline holds these very trainings. Where a continued candidate
    became the winner, theirs are there already. Where the budget is used up on the way there is no comparison.
    """
    run = tools.store.get_run(tools.run_id)
    seeds = comparison_seeds(run.request.training.comparison_seeds, run.request.search.seed)
    stored = _stored(tools, run, seeds)
    kinds: tuple[RewardKind, ...] = ("candidate",) if stored else get_args(RewardKind)
    trainings = tuple(
        planned(
            tools,
            run,
            f"{run.id}-final-{winner_id.removeprefix(f'{run.id}-') if kind == 'candidate' else kind}-{k}",
            kind,
            seed,
            winner_id if kind == "candidate" else None,
            comparison=True,
        )
        for kind in kinds
        for k, seed in enumerate(seeds)
    )
    tools.writer.add_trainings(trainings)
    tools.writer.queue_comparison()
    ids = {training.id for training in trainings}
    train_all(tools, ids)
    ended = [training for training in tools.record().trainings if training.id in ids]
    if any(training.state in (TrainingState.QUEUED, TrainingState.RUNNING) for training in ended):
        tools.writer.prune_comparison(f"stopped early: {tools.due()}")
        return
    tools.writer.set_comparison(sum_up(winner_id, ended, run.steps, stored))


def _stored(tools: Tools, run: Run, seeds: Sequence[int]) -> tuple[RewardComparison, ...]:
    """The human and the sparse reward as a stored baseline has them on these seeds; the run's log says what is done."""
    found = baseline_of(run, tools.data_folder)
    stored = stored_rewards(found.baseline, seeds) if found.baseline is not None else ()
    if stored:
        tools.writer.log("human and sparse reward are taken from a stored baseline of the same trainings")
    else:
        reason = (
            found.reason or f"the stored baseline is of other seeds than those of search.seed {run.request.search.seed}"
        )
        tools.writer.log(f"human and sparse reward are trained here: {reason}")
    return stored
