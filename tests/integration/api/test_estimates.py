"""What a run would take, over HTTP: checked as a run is, with nothing stored."""

from __future__ import annotations

import httpx
import pytest

from service.schema import Estimate, MeasuredPace
from service.store import Store, Writer
from tests.integration.api.test_problems import problem
from tests.integration.store.test_trainings import point, training

HOPPER = {"task": "hop", "environment": "Hopper-v5"}


def asked(client: httpx.Client, **fields: object) -> Estimate:
    answer = client.post("/runs/estimate", json=HOPPER | fields)
    assert answer.status_code == 200, answer.text
    return Estimate.model_validate_json(answer.content)


def test_a_run_is_estimated_and_not_stored(client: httpx.Client, store: Store) -> None:
    before = store.list_runs(limit=1)
    search = {"iterations": 2, "candidates": 3}
    training = {"steps": 16_384, "comparison_seeds": 2, "evaluation_episodes": 1, "confirmation_episodes": 1}
    found = asked(client, search=search, training=training, budget={"environment_steps": 60_000})
    # One segment of 8 rollouts of 8 * 256 steps, an evaluation and a confirmation of 1000 steps each: 18384.
    assert (found.training.search_trainings, found.training.search_steps_at_most) == (6, 6 * 18_384)
    assert (found.training.comparison_trainings, found.training.comparison_steps_at_most) == (6, 6 * 18_384)
    assert (found.design.completions_at_least, found.design.completions_at_most) == (6, 18)
    assert (found.design.usd_likely, found.design.usd_at_most) == (0.0, 0.0)
    assert [(one.budget, one.whole_iterations) for one in found.budgets_reached] == [("environment_steps", 1)]
    assert store.list_runs(limit=1) == before


def test_a_stored_baseline_spares_the_human_and_the_sparse_reward(client: httpx.Client) -> None:
    # Hopper's baseline with five seeds travels with the package; it is of search.seed 0.
    assert asked(client).training.comparison_trainings == 5
    assert asked(client, search={"seed": 1}).training.comparison_trainings == 15


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"environment": "Hoper-v5"}, "environment", "Hopper-v5"),
        ({"fitness": "distanse"}, "fitness", "unknown metric"),
        ({"designer": "openai/some-model"}, "designer", "OPENAI_API_KEY"),
        ({"training": {"steps": 16_383}}, "training.steps", "at least 16384"),
        ({"training": {"warm_start": {"run_id": "r-0", "candidate_id": "c"}}}, "training.warm_start", "r-0"),
    ],
)
def test_what_a_run_is_refused_for_is_refused_here(
    client: httpx.Client, fields: dict[str, object], field: str, told: str
) -> None:
    errors = problem(client.post("/runs/estimate", json=HOPPER | fields), 422, "invalid-request")
    assert told in errors[field]


def test_the_speed_is_of_the_environment_else_of_its_family_else_of_any(
    client: httpx.Client, store: Store, writer: Writer
) -> None:
    planned = training(writer)
    writer.add_trainings((planned,))
    writer.add_segment(planned.id, point(0), "checkpoint", 1000)
    pace = store.pace({"Hopper-v5"})
    assert isinstance(pace, MeasuredPace)
    own, family, any_ = (asked(client, environment=one).training for one in ("Hopper-v5", "Ant-v5", "FetchReach-v4"))
    assert "runs in Hopper-v5 on" in own.basis
    assert "runs in the family gymnasium-mujoco on" in family.basis
    assert "runs in all environments on" in any_.basis
    assert own.steps_per_second == pace.steps_per_second
    assert own.minutes is not None
