"""The last step: the winner trained from scratch on new seeds, beside the human and the sparse reward."""

from __future__ import annotations

from typing import get_args

from envs.recording import environment_seeds
from service.evolution.comparison import compare as sum_up
from service.orchestrator.train import train_all
from service.orchestrator.work import Tools
from service.schema import RewardKind, Training, TrainingState
from service.training.job import plan_segments

COMPARISON_SEEDS = 1
"""Keeps the seeds of the comparison apart from those of the search, whatever the search's own seed is."""


def compare(tools: Tools, winner_id: str) -> None:
    """Trains all three rewards on the same seeds and stores how they compare."""
    run = tools.store.get_run(tools.run_id)
    seeds = environment_seeds(run.request.training.comparison_seeds, run.request.search.seed, COMPARISON_SEEDS)
    plan = plan_segments(tools.card.max_steps, run.request.training, run.steps)
    kinds: tuple[RewardKind, ...] = get_args(RewardKind)
    planned = tuple(
        Training(
            id=f"{tools.run_id}-final-{kind}-{k}",
            run_id=tools.run_id,
            candidate_id=winner_id if kind == "candidate" else None,
            reward=kind,
            comparison=True,
            seed=seed,
            state=TrainingState.QUEUED,
            segments=plan.segments,
            segments_done=0,
            curve=(),
            result=None,
            reason=None,
        )
        for kind in kinds
        for k, seed in enumerate(seeds)
    )
    tools.writer.add_trainings(planned)
    train_all(tools, [training.id for training in planned])
    finished = [training for training in tools.record().trainings if training.comparison]
    tools.writer.set_comparison(sum_up(winner_id, finished, run.steps))
