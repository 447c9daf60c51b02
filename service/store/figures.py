"""What runs so far have taken, as far as it tells what the next one will take."""

from __future__ import annotations

from collections.abc import Collection
from statistics import fmean, median

from sqlmodel import Session, col, select

from service.schema import CompletionState, EventKind, MeasuredCompletions, MeasuredPace
from service.store.tables import CompletionRow, EventRow, RunRow

RECENT_RUNS = 5
RECENT_COMPLETIONS = 200


def pace(session: Session, environments: Collection[str] | None) -> MeasuredPace | None:
    """How fast the newest runs were trained in any of these environments, in any at all for None; None if none was."""
    among = () if environments is None else (col(RunRow.environment).in_(environments),)
    trained = select(RunRow.id).where(*among, RunRow.environment_steps > 0)
    runs = session.exec(trained.order_by(col(RunRow.created_at).desc()).limit(RECENT_RUNS)).all()
    told = session.exec(
        select(EventRow.run_id, EventRow.steps_per_second).where(
            col(EventRow.run_id).in_(runs), EventRow.kind == EventKind.CURVE_POINT
        )
    ).all()
    rates = [rate for _, rate in told if rate]
    if not rates:
        return None
    return MeasuredPace(steps_per_second=median(rates), runs=len({run for run, _ in told}), segments=len(rates))


def completions(session: Session, model: str) -> MeasuredCompletions | None:
    """What the newest stored completions of a model took; None if there are none whose tokens were counted."""
    counted = select(CompletionRow.attempt, CompletionRow.prompt_tokens, CompletionRow.completion_tokens).where(
        CompletionRow.model == model, CompletionRow.state == CompletionState.STORED, CompletionRow.prompt_tokens > 0
    )
    rows = session.exec(counted.order_by(col(CompletionRow.created_at).desc()).limit(RECENT_COMPLETIONS)).all()
    if not rows:
        return None
    attempts, prompts, replies = zip(*rows, strict=True)
    return MeasuredCompletions(
        completions=len(rows),
        per_reward=len(rows) / max(attempts.count(0), 1),
        mean_prompt_tokens=fmean(prompts),
        mean_completion_tokens=fmean(replies),
        most_prompt_tokens=max(prompts),
        most_completion_tokens=max(replies),
    )
