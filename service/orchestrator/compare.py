"""The last step: the winner trained from scratch on new seeds, beside the human and the sparse reward."""

from __future__ import annotations

from typing import get_args

from service.evolution.comparison import compare as sum_up
from service.evolution.comparison import comparison_seeds
from service.orchestrator.train import planned, train_all
from service.orchestrator.work import Tools
from service.schema import RewardKind


def compare(tools: Tools, winner_id: str) -> None:
    """Trains all three rewards from scratch on the same seeds and stores how they compare.

    Where a continued candidate became the winner, the trainings of the human and the sparse reward are there already.
    """
    run = tools.store.get_run(tools.run_id)
    seeds = comparison_seeds(run.request.training.comparison_seeds, run.request.search.seed)
    kinds: tuple[RewardKind, ...] = get_args(RewardKind)
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
    ids = {training.id for training in trainings}
    train_all(tools, ids)
    ended = [training for training in tools.record().trainings if training.id in ids]
    tools.writer.set_comparison(sum_up(winner_id, ended, run.steps))
