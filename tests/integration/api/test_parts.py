import math
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pydantic import TypeAdapter

from service.artifacts import ArtifactStore
from service.schema import (
    Candidate,
    CandidateState,
    Comparison,
    Completion,
    CurvePoint,
    Interval,
    Iteration,
    Message,
    RewardComparison,
    RunState,
    Training,
    TrainingResult,
    TrainingState,
    Usage,
)
from service.store import Store, Writer, process_owner
from tests.integration.store.test_candidates import candidate
from tests.unit.baselines.example import ARM, STEPS, made, put

POINT = CurvePoint(
    segment=0,
    steps=1000,
    fitness=1.5,
    success_rate=0.0,
    episode_length=100.0,
    terminated_rate=1.0,
    training_return=None,
    training_length=None,
    components={},
    steps_per_second=5000.0,
    policy_loss=float("nan"),
    value_loss=1.0,
    entropy=1.0,
    approximate_kl=0.01,
)


def add_candidate(writer: Writer, slot: int, fitness: float | None) -> Candidate:
    run_id = writer.claim.run_id
    candidate = Candidate(
        id=f"{run_id}-1-{slot}",
        run_id=run_id,
        iteration=1,
        slot=slot,
        state=CandidateState.PROPOSED,
        source="def compute_reward(): ...  # <b>bold</b>",
        origin="proposed",
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    writer.add_candidate(candidate)
    if fitness is not None:
        for state in (CandidateState.QUEUED, CandidateState.TRAINING):
            writer.set_candidate_state(candidate.id, state)
        writer.set_candidate_state(candidate.id, CandidateState.TRAINED, fitness=fitness)
    return candidate


def test_candidates_are_sorted_by_fitness_and_filtered_by_state(client: httpx.Client, writer: Writer) -> None:
    url = f"/runs/{writer.claim.run_id}/candidates"
    for slot, fitness in enumerate((None, -2.0, 3.0, 0.0)):
        add_candidate(writer, slot, fitness)
    assert [one["slot"] for one in client.get(url).json()] == [0, 1, 2, 3]
    assert [one["slot"] for one in client.get(url, params={"sort": "fitness"}).json()] == [2, 3, 1, 0]
    assert [one["slot"] for one in client.get(url, params={"state": "proposed"}).json()] == [0]


def test_one_candidate_can_be_looked_at_in_its_own_run_only(client: httpx.Client, store: Store, writer: Writer) -> None:
    candidate = add_candidate(writer, 0, None)
    answer = client.get(f"/runs/{writer.claim.run_id}/candidates/{candidate.id}")
    assert Candidate.model_validate_json(answer.content) == candidate
    other = client.post("/runs", json={"task": "hop", "environment": "Hopper-v5"}).json()["id"]
    assert client.get(f"/runs/{other}/candidates/{candidate.id}").status_code == 404


def test_a_fitness_is_shown_normalised_where_a_baseline_of_the_same_training_is_stored(
    client: httpx.Client, store: Store, folder: Path
) -> None:
    put(made(), folder)
    shown = {}
    for steps in (STEPS, 2 * STEPS):
        asked = {"task": "reach", "environment": ARM.id, "training": {"steps": steps}}
        run = client.post("/runs", json=asked).json()["id"]
        claim = store.claim(process_owner(), 3600.0, run)
        assert claim is not None
        candidate = add_candidate(store.writer(claim), 0, 2.0)
        add_candidate(store.writer(claim), 1, None)
        listed = [one["human_normalised"] for one in client.get(f"/runs/{run}/candidates").json()]
        one = client.get(f"/runs/{run}/candidates/{candidate.id}").json()["human_normalised"]
        runs = {one["id"]: one["human_normalised"] for one in client.get("/runs").json()["items"]}
        shown[steps] = (listed, one, runs[run])
    # sparse 1, human 3: 2 is half of the way; nobody trained those for twice the steps
    assert shown == {STEPS: ([0.5, None], 0.5, 0.5), 2 * STEPS: ([None, None], None, None)}


def test_a_list_of_runs_hears_of_a_baseline_that_is_made_while_it_is_looked_at(
    client: httpx.Client, store: Store, folder: Path
) -> None:
    asked = {"task": "reach", "environment": ARM.id, "training": {"steps": 3 * STEPS}}
    claim = store.claim(process_owner(), 3600.0, client.post("/runs", json=asked).json()["id"])
    assert claim is not None
    add_candidate(store.writer(claim), 0, 2.0)
    before = client.get("/runs", params={"limit": 1}).json()["items"][0]
    put(made(steps=3 * STEPS), folder)
    after = client.get("/runs", params={"limit": 1}).json()["items"][0]
    assert (before["id"], after["id"]) == (claim.run_id, claim.run_id)
    assert (before["human_normalised"], after["human_normalised"]) == (None, 0.5)


def test_without_a_baseline_a_fitness_is_shown_by_what_the_run_itself_compared(
    client: httpx.Client, writer: Writer
) -> None:
    one = add_candidate(writer, 0, 2.0)
    interval = Interval(mean=0.0, low=-1.0, high=1.0)
    rewards = tuple(
        RewardComparison(reward=kind, fitness=(mean,), success_rate=0.0, interval=interval.model_copy(update={"mean": mean}))
        for kind, mean in (("candidate", 1.8), ("human", 5.0), ("sparse", 1.0))
    )  # fmt: skip
    writer.set_comparison(Comparison(winner_id=one.id, rewards=rewards, human_normalised=interval, steps=1))
    run_id = writer.claim.run_id
    [listed] = [run for run in client.get("/runs").json()["items"] if run["id"] == run_id]
    [candidate] = client.get(f"/runs/{run_id}/candidates").json()
    # (2 - 1) / |5 - 1|: of its fitness in the search, as stored baselines have it
    assert (listed["human_normalised"], candidate["human_normalised"]) == (0.25, 0.25)


def test_a_pruned_candidate_is_continued_and_no_other(client: httpx.Client, writer: Writer) -> None:
    pruned, trained = add_candidate(writer, 0, None), add_candidate(writer, 1, 1.0)
    for state in (CandidateState.QUEUED, CandidateState.TRAINING):
        writer.set_candidate_state(pruned.id, state)
    writer.prune_candidate(pruned.id, "stopped early", ())
    writer.set_run_state(RunState.COMPLETED)
    url = f"/runs/{writer.claim.run_id}/candidates"
    refused = client.post(f"{url}/{trained.id}/continue")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:rewardsmith:problem:state-conflict")
    assert client.post(f"{url}/{trained.id}0/continue").status_code == 404
    answer = client.post(f"{url}/{pruned.id}/continue")
    assert (answer.status_code, answer.json()["state"]) == (200, "queued")
    assert client.get(f"{url}/{pruned.id}").json()["state"] == "queued"


def test_iterations_have_their_figures(client: httpx.Client, writer: Writer) -> None:
    writer.start_iteration(1)
    add_candidate(writer, 0, 1.0)
    add_candidate(writer, 1, 2.0)
    answer = client.get(f"/runs/{writer.claim.run_id}/iterations")
    [iteration] = TypeAdapter(list[Iteration]).validate_json(answer.content)
    assert (iteration.best, iteration.mean, iteration.trained) == (2.0, 1.5, 2)


def test_a_curve_survives_the_way_with_figures_that_json_lacks(client: httpx.Client, writer: Writer) -> None:
    training = Training.model_validate(
        {
            "id": f"{writer.claim.run_id}-final-human-0",
            "run_id": writer.claim.run_id,
            "candidate_id": None,
            "reward": "human",
            "comparison": True,
            "seed": 1,
            "state": "queued",
            "segments": 1,
            "segments_done": 0,
            "curve": (),
            "result": None,
            "reason": None,
        }
    )
    writer.add_trainings((training,))
    writer.add_segment(training.id, POINT, "checkpoints/0", 1000)
    answer = client.get(f"/runs/{writer.claim.run_id}/trainings")
    [stored] = TypeAdapter(list[Training]).validate_json(answer.content)
    assert math.isnan(stored.curve[0].policy_loss)
    assert stored.curve[0].fitness == 1.5


def test_completions_come_with_prompt_reply_and_cost(client: httpx.Client, writer: Writer) -> None:
    asked = writer.intend_completion(1, 0, 0, "openai/some-model", (Message(role="user", content="<hop>"),))
    stored = writer.store_completion(asked.id, "reply", "proposed", (), Usage(prompt_tokens=7, usd=None))
    answer = client.get(f"/runs/{writer.claim.run_id}/completions")
    assert TypeAdapter(list[Completion]).validate_json(answer.content) == [stored]


def test_the_trainings_of_one_candidate_are_told_alone_and_thinned(client: httpx.Client, writer: Writer) -> None:
    ids = []
    for slot in (0, 1):
        one = candidate(writer, slot=slot)
        writer.add_candidate(one)
        training = Training(
            id=f"{one.id}-s0", run_id=one.run_id, candidate_id=one.id, reward="candidate", comparison=False, seed=0,
            state=TrainingState.QUEUED, segments=5, segments_done=0, curve=(), result=None, reason=None,
        )  # fmt: skip
        writer.add_trainings((training,))
        for segment in range(5):
            writer.add_segment(training.id, POINT.model_copy(update={"segment": segment}), "key", 1000)
        ids.append(one.id)
    path = f"/runs/{writer.claim.run_id}/candidates"
    (told,) = client.get(f"{path}/{ids[1]}/trainings", params={"points": 3}).json()
    assert (told["candidate_id"], [point["segment"] for point in told["curve"]]) == (ids[1], [0, 2, 4])
    assert client.get(f"{path}/r-nowhere-1-0/trainings").status_code == 404


def test_a_policy_is_fetched_once_a_training_has_ended(client: httpx.Client, writer: Writer, folder: Path) -> None:
    one = candidate(writer)
    writer.add_candidate(one)
    training = Training(
        id=f"{one.id}-s0", run_id=one.run_id, candidate_id=one.id, reward="candidate", comparison=False, seed=0,
        state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
    )  # fmt: skip
    writer.add_trainings((training,))
    path = f"/runs/{one.run_id}/candidates/{one.id}/policy"
    missing = client.get(path)
    assert missing.status_code == 404
    assert "none of its trainings has come to its end" in missing.json()["detail"]
    key = f"runs/{one.run_id}/trainings/{training.id}/policy.safetensors"
    ArtifactStore(str(folder / "artifacts")).put(key, b"weights")
    writer.add_segment(training.id, POINT, "key", 1000)
    result = TrainingResult(best_segment=0, fitness=1.0, success_rate=0.0, episodes=())
    writer.finish_training(training.id, result, key, 10)
    answer = client.get(path)
    assert (answer.content, answer.headers["content-type"]) == (b"weights", "application/octet-stream")
    assert answer.headers["content-disposition"] == f'attachment; filename="{one.id}.policy.safetensors"'
