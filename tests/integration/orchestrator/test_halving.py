"""Generations that are halved, trained on several seeds, or begun warm: what is trained is bit for bit what it would be alone."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import load

from envs.card import card
from service.artifacts import ArtifactStore
from service.export.bundle import stream_export
from service.orchestrator.orchestrator import Orchestrator
from service.schema import (
    Candidate,
    CandidateState,
    Fitness,
    HalvingConfig,
    IterationState,
    PolicyOf,
    PPOConfig,
    Run,
    RunRequest,
    RunState,
    SearchConfig,
    Training,
    TrainingConfig,
    TrainingState,
)
from service.settings import Settings
from service.store import Store, open_store

FORWARD, BACKWARD, UPRIGHT, STILL = (
    f"def compute_reward({name}):\n    term = {term}\n    return term, {{'term': term}}\n"
    for name, term in (
        ("forward_velocity", "forward_velocity"),
        ("forward_velocity", "1.0 - forward_velocity"),
        ("torso_height", "torso_height"),
        ("action", "-np.sum(np.square(action), axis=-1)"),
    )
)
NAN_AFTER_A_WHILE = "def compute_reward(time):\n    risky = np.sqrt(0.05 - time)\n    return risky, {'risky': risky}\n"
QUICK = TrainingConfig(
    environments=2,
    rollout_length=300,
    evaluation_episodes=2,
    confirmation_episodes=2,
    comparison_seeds=0,
    ppo=PPOConfig(hidden_sizes=(16,), epochs=1, minibatch_size=100),
)
HALVED = QUICK.model_copy(update={"halving": HalvingConfig(eta=2, fewest=1, errors=0.0, margin=0.0)})
STEPS = 12_600
"""Three segments of 4200 steps; with eta 2 candidates are compared after the first and the second: four, two, one."""


ONE_SEGMENT = 4_200


class Place:
    """A store, its artifacts, and somebody who works on runs."""

    def __init__(self, store: Store, artifacts: ArtifactStore, orchestrator: Orchestrator) -> None:
        self.store, self.artifacts, self._orchestrator = store, artifacts, orchestrator

    def run(self, training: TrainingConfig, *rewards: str, steps: int = STEPS) -> Run:
        metric = card("Hopper-v5").metrics[0]
        request = RunRequest(
            task="hop forward",
            environment="Hopper-v5",
            seed_rewards=rewards,
            search=SearchConfig(iterations=1, candidates=len(rewards), seed=3),
            training=training,
        )
        fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
        return self.work(self.store.create_run(request, fitness, steps))

    def work(self, run: Run) -> Run:
        return self._orchestrator.work(run.id, threading.Event())

    def candidates(self, run: Run) -> list[Candidate]:
        return list(self.store.candidates(run.id))

    def training(self, run: Run, slot: int, seed: int = 0) -> Training:
        return next(one for one in self.store.trainings(run.id) if one.id == f"{run.id}-1-{slot}-s{seed}")

    def curve(self, run: Run, slot: int, seed: int = 0) -> list[str]:
        return [point.model_dump_json(exclude={"steps_per_second"}) for point in self.training(run, slot, seed).curve]

    def policy(self, training: Training) -> bytes:
        key = self.store.policy_key(training.id)
        assert key is not None
        return self.artifacts.get(key)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("halving")
    store = open_store(f"sqlite:///{folder}/runs.db")
    artifacts = ArtifactStore(str(folder / "artifacts"))
    with Orchestrator(Settings(data_folder=folder, training_cores=2), store, artifacts) as orchestrator:
        yield Place(store, artifacts, orchestrator)
    store.close()


@pytest.fixture(scope="module")
def whole(place: Place) -> Run:
    """Four rewards, all trained to the end."""
    return place.run(QUICK, FORWARD, BACKWARD, UPRIGHT, STILL)


@pytest.fixture(scope="module")
def halved(place: Place) -> Run:
    """The same four rewards, of which the weak ones are stopped."""
    return place.run(HALVED, FORWARD, BACKWARD, UPRIGHT, STILL)


def test_the_survivor_of_a_halved_generation_is_what_it_is_where_all_train_to_the_end(
    place: Place, whole: Run, halved: Run
) -> None:
    assert (whole.state, halved.state) == (RunState.COMPLETED, RunState.COMPLETED), halved.reason
    lengths = [len(place.curve(halved, slot)) for slot in range(4)]
    assert sorted(lengths) == [1, 1, 2, 3]
    for slot, length in enumerate(lengths):
        assert place.curve(halved, slot) == place.curve(whole, slot)[:length]
    best = lengths.index(3)
    assert place.policy(place.training(halved, best)) == place.policy(place.training(whole, best))
    assert place.candidates(halved)[best].fitness == place.candidates(whole)[best].fitness
    # 1 + 1 + 2 + 3 of 12 segments of 4200 steps, and shorter evaluations
    assert 28_000 < halved.spending.environment_steps < whole.spending.environment_steps


def test_a_stopped_candidate_says_where_and_why_and_was_worse_than_who_went_on(place: Place, halved: Run) -> None:
    candidates = place.candidates(halved)
    lengths = [len(place.curve(halved, slot)) for slot in range(4)]
    for candidate, length in zip(candidates, lengths, strict=True):
        if length == 3:
            assert candidate.state is CandidateState.TRAINED
            continue
        assert candidate.state is CandidateState.PRUNED
        assert candidate.fitness is None
        assert f"stopped early, after segment {length}: the score" in (candidate.reason or "")
        assert place.training(halved, candidate.slot).state is TrainingState.PRUNED
        assert candidate.findings  # what was seen as far as it went
    at_first = [place.training(halved, slot).curve[0].fitness for slot in range(4)]
    out, on = (
        [score for score, length in zip(at_first, lengths, strict=True) if (length == 1) is first]
        for first in (True, False)
    )
    assert max(out) < min(on)


def test_stopped_candidates_that_are_continued_end_as_they_would_have_even_without_a_checkpoint(
    place: Place, whole: Run, halved: Run
) -> None:
    stopped = [one for one in place.candidates(halved) if len(place.curve(halved, one.slot)) == 1]
    for one in stopped:
        run = place.store.continue_candidate(halved.id, one.id)
    assert run.state is RunState.QUEUED
    place.artifacts.delete_prefix(f"runs/{halved.id}/trainings/{place.training(halved, stopped[0].slot).id}")
    run = place.work(run)
    assert run.state is RunState.COMPLETED, run.reason
    for one in stopped:
        assert place.curve(run, one.slot) == place.curve(whole, one.slot)
        assert place.policy(place.training(run, one.slot)) == place.policy(place.training(whole, one.slot))
        now, undisturbed = (place.candidates(of)[one.slot] for of in (run, whole))
        assert (now.state, now.fitness, now.continued) == (CandidateState.TRAINED, undisturbed.fitness, True)
    others = [one.state for one in place.candidates(run) if one.id not in {one.id for one in stopped}]
    assert sorted(others) == [CandidateState.PRUNED, CandidateState.TRAINED]


def test_a_candidate_is_worth_the_mean_over_its_seeds_and_its_best_seeds_policy_is_exported(
    place: Place, whole: Run
) -> None:
    run = place.run(QUICK.model_copy(update={"seeds": 2}), FORWARD)
    [good] = place.candidates(run)
    results = [place.training(run, 0, seed).result for seed in (0, 1)]
    fitness = [result.fitness for result in results if result is not None]
    assert len(set(fitness)) == 2
    assert good.fitness == pytest.approx(sum(fitness) / 2)
    assert good.fitness_interval is not None
    assert (good.fitness_interval.low, good.fitness_interval.high) == pytest.approx((min(fitness), max(fitness)))
    assert place.curve(run, 0) == place.curve(whole, 0)  # the first seed is that of a run with one
    best = place.training(run, 0, fitness.index(max(fitness)))
    exported = zipfile.ZipFile(io.BytesIO(b"".join(stream_export(place.store, place.artifacts, run.id))))
    assert exported.read("policy.safetensors") == place.policy(best)


def test_a_reward_that_fails_with_one_seed_is_not_trained_on_with_the_others(place: Place, whole: Run) -> None:
    run = place.store.create_run(whole.request, whole.fitness, ONE_SEGMENT)
    claim = place.store.claim("somebody", 60.0, run.id)
    assert claim is not None
    writer = place.store.writer(claim)
    writer.start_iteration(1)
    for slot, source in enumerate((FORWARD, NAN_AFTER_A_WHILE)):  # the critic would have found it
        candidate_id = f"{run.id}-1-{slot}"
        writer.add_candidate(
            Candidate(
                id=candidate_id, run_id=run.id, iteration=1, slot=slot, state=CandidateState.PROPOSED, source=source,
                origin="proposed", created_at=run.created_at,
            )
        )  # fmt: skip
        for k, seed in enumerate((3, 4)):
            training = Training(
                id=f"{candidate_id}-s{k}", run_id=run.id, candidate_id=candidate_id, reward="candidate", comparison=False,
                seed=seed, state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
            )  # fmt: skip
            writer.add_trainings((training,))
        writer.set_candidate_state(candidate_id, CandidateState.QUEUED)
    writer.set_iteration_state(1, IterationState.TRAINING)
    writer.set_run_state(RunState.QUEUED)

    assert place.work(run).state is RunState.COMPLETED
    good, faulty = place.candidates(run)
    assert (good.state, faulty.state) == (CandidateState.TRAINED, CandidateState.FAILED)
    assert "finite" in (faulty.reason or "")
    assert {place.training(run, 1, seed).state for seed in (0, 1)} == {TrainingState.FAILED}
    told = [event.text for event in place.store.events(run.id) if event.text.endswith("of the same reward")]
    assert len(told) == 1  # one seed was found at fault, and the other went with it


def test_a_training_begun_with_anothers_policy_says_so_can_be_repeated_and_is_compared_from_scratch(
    place: Place, whole: Run
) -> None:
    start = PolicyOf(run_id=whole.id, candidate_id=f"{whole.id}-1-0")
    warm = QUICK.model_copy(update={"warm_start": start})
    once = place.run(warm.model_copy(update={"comparison_seeds": 1}), FORWARD, steps=ONE_SEGMENT)
    again = place.run(warm, FORWARD, steps=ONE_SEGMENT)
    assert once.state is RunState.COMPLETED, once.reason
    assert place.training(once, 0).warm_start == f"{whole.id}-1-0-s0"
    assert place.curve(once, 0) == place.curve(again, 0)
    assert place.policy(place.training(once, 0)) == place.policy(place.training(again, 0))
    counts = [load(place.policy(place.training(run, 0)))["observation.count"] for run in (once, whole)]
    assert counts[0] > counts[1]  # rows seen: those of the policy it began with, and its own
    final = [one for one in place.store.trainings(once.id) if one.comparison]
    assert [one.reward for one in final] == ["candidate", "human", "sparse"]
    assert [one.warm_start for one in final] == [None, None, None]


def test_a_policy_of_another_network_is_refused_before_anything_is_spent(place: Place, whole: Run) -> None:
    start = PolicyOf(run_id=whole.id, candidate_id=f"{whole.id}-1-0")
    wider = QUICK.ppo.model_copy(update={"hidden_sizes": (32,)})
    run = place.run(QUICK.model_copy(update={"warm_start": start, "ppo": wider}), FORWARD)
    assert run.state is RunState.FAILED
    assert "[32]" in (run.reason or "")
    assert "[16]" in (run.reason or "")
    assert run.spending.environment_steps == 0
    assert place.candidates(run) == []
