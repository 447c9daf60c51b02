"""What runs so far have taken, as it is told to the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from service.schema import Fitness, MeasuredCompletions, Message, RunRequest, Usage
from service.store import Store, Writer, process_owner
from service.store.database import Database
from tests.integration.store.test_trainings import point, training

MESSAGES = (Message(role="user", content="Hop."),)


def trained(store: Store, environment: str, *rates: float) -> None:
    """A run with a segment for each rate."""
    fitness = Fitness(name="far", score="1.0", success="True")
    run = store.create_run(RunRequest(task="t", environment=environment), fitness, 1000)
    claim = store.claim(process_owner(), 3600.0, run.id)
    assert claim is not None
    writer = store.writer(claim)
    planned = training(writer, segments=len(rates))
    writer.add_trainings((planned,))
    for segment, rate in enumerate(rates):
        told = point(segment).model_copy(update={"steps_per_second": rate})
        writer.add_segment(planned.id, told, f"checkpoint-{segment}", 1000)


def test_the_pace_is_the_median_over_the_segments_of_runs_in_these_environments(store: Store) -> None:
    trained(store, "Hopper-v5", 100.0, 300.0)
    trained(store, "Hopper-v5", 900.0)
    trained(store, "Ant-v5", 50.0)
    pace = store.pace({"Hopper-v5"})
    assert pace is not None
    assert (pace.steps_per_second, pace.runs, pace.segments) == (300.0, 2, 3)
    everywhere = store.pace()
    assert everywhere is not None
    assert (everywhere.steps_per_second, everywhere.runs) == (200.0, 3)  # between 100 and 300
    assert store.pace({"Walker2d-v5"}) is None


def test_only_the_newest_runs_tell_the_pace(store: Store) -> None:
    trained(store, "Hopper-v5", 1.0)
    for _ in range(5):
        trained(store, "Hopper-v5", 7.0)
    pace = store.pace({"Hopper-v5"})
    assert pace is not None
    assert (pace.steps_per_second, pace.runs) == (7.0, 5)


@pytest.mark.usefixtures("writer")
def test_nothing_is_told_where_nothing_was_trained_or_asked(store: Store) -> None:
    assert store.pace() is None
    assert store.measured_completions("openai/some-model") is None


def test_completions_of_one_model_tell_its_tokens_and_how_often_it_repairs(store: Store, writer: Writer) -> None:
    def asked(model: str, slot: int, attempt: int, usage: Usage) -> None:
        intended = writer.intend_completion(1, slot, attempt, model, MESSAGES)
        writer.store_completion(intended.id, "reply", "proposed", (), usage)

    asked("openai/some-model", 0, 0, Usage(prompt_tokens=100, completion_tokens=10))
    asked("openai/some-model", 0, 1, Usage(prompt_tokens=200, completion_tokens=40))
    asked("openai/some-model", 1, 0, Usage(prompt_tokens=300, completion_tokens=10))
    asked("openai/another", 2, 0, Usage(prompt_tokens=9000, completion_tokens=9000))
    asked("openai/some-model", 3, 0, Usage())  # a server that counts nothing
    writer.intend_completion(1, 4, 0, "openai/some-model", MESSAGES)
    # Three counted ones for two rewards; (100 + 200 + 300) / 3 and (10 + 40 + 10) / 3.
    assert store.measured_completions("openai/some-model") == MeasuredCompletions(
        completions=3, per_reward=1.5, mean_prompt_tokens=200.0, mean_completion_tokens=20.0,
        most_prompt_tokens=300, most_completion_tokens=40,
    )  # fmt: skip


def test_completions_are_found_by_their_index(store: Store, database_url: str, new_run: Callable[..., object]) -> None:
    if not database_url.startswith("sqlite"):
        return  # PostgreSQL reads small tables whole
    new_run()
    database = Database(database_url)
    query = "EXPLAIN QUERY PLAN SELECT attempt FROM completion WHERE model = 'm' ORDER BY created_at DESC LIMIT 200"
    with database.engine.connect() as connection:
        plan = [row[3] for row in connection.execute(text(query))]
    database.close()
    assert plan == ["SEARCH completion USING INDEX ix_completion_model_created_at (model=?)"]
