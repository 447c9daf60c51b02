"""A run with all that one can have, stored through the store's own methods."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save

from service.artifacts import ArtifactStore
from service.schema import (
    CandidateState,
    Comparison,
    CurvePoint,
    Fault,
    Finding,
    Fitness,
    Interval,
    IterationState,
    Message,
    Order,
    RewardComparison,
    RunRequest,
    RunState,
    Severity,
    Training,
    TrainingResult,
    TrainingState,
    Usage,
    Verdict,
    Words,
)
from service.store import Store, Writer, process_owner
from tests.integration.store.test_candidates import candidate

SOURCE = "def compute_reward(forward_velocity):\n    return forward_velocity, {'progress': forward_velocity}\n"
FITNESS = Fitness(name="forward_speed", score="x_position[-1]", success="steps == max_steps", unit="m/s")
REQUEST = RunRequest(task="hop forward", environment="Hopper-v5")
POINT = CurvePoint(
    segment=0, steps=20_000, fitness=1.5, success_rate=0.5, episode_length=100.0, terminated_rate=1.0, training_return=2.0,
    training_length=90.0, components={}, steps_per_second=5000.0, policy_loss=float("nan"), value_loss=1.0, entropy=1.0,
    approximate_kl=0.01,
)  # fmt: skip
RESULT = TrainingResult(best_segment=0, fitness=1.5, success_rate=0.5, episodes=())


def whole_run(store: Store, artifacts: ArtifactStore, *, completed: bool = False) -> str:
    """Stores a run of two iterations, completed or still worked on; its id.

    `ID-1-0` is trained and has a policy, `ID-1-1` was stopped early, `ID-1-3` refused; `ID-2-0` is a child of the first.
    """
    claim = store.claim(process_owner(), 3600.0, store.create_run(REQUEST, FITNESS, 163_840).id)
    assert claim is not None
    writer = store.writer(claim)
    run_id = writer.claim.run_id
    for number in (1, 2):
        writer.start_iteration(number)
    asked = writer.intend_completion(1, 0, 0, "openai/some-model", (Message(role="user", content="<hop>"),))
    writer.store_completion(asked.id, SOURCE, "proposed", (), Usage(prompt_tokens=7, completion_tokens=9, usd=0.01))
    _train(writer, artifacts, 1, 0, ())
    _train(writer, artifacts, 2, 0, (f"{run_id}-1-0",))
    _stop_early(writer)
    fault = Fault(code="name", message="no name 'os'", line=1)
    refused = {
        "state": "rejected",
        "verdict": Verdict(accepted=False, faults=(fault,)),
        "reason": "import os is refused",
    }
    writer.add_candidate(candidate(writer, 1, 3, "import os", **refused))
    store.say(run_id, Words(words="it drags its foot", candidate_id=f"{run_id}-1-0"), "somebody")
    store.prefer(run_id, Order(ranking=(f"{run_id}-2-0", f"{run_id}-1-0")), "somebody")
    store.contribute(run_id, SOURCE, "somebody")
    for number in (1, 2):
        writer.set_iteration_state(number, IterationState.DONE)
    writer.set_comparison(_comparison(f"{run_id}-2-0"))
    if completed:
        writer.set_run_state(RunState.COMPLETED)
    return run_id


def _train(writer: Writer, artifacts: ArtifactStore, iteration: int, slot: int, parents: tuple[str, ...]) -> None:
    one = candidate(writer, iteration, slot, SOURCE, parents=parents, verdict=Verdict(accepted=True))
    writer.add_candidate(one)
    writer.set_candidate_state(one.id, CandidateState.QUEUED)
    training = Training(
        id=f"{one.id}-s0", run_id=one.run_id, candidate_id=one.id, reward="candidate", comparison=False, seed=1,
        state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
    )  # fmt: skip
    writer.add_trainings((training,))
    writer.set_candidate_state(one.id, CandidateState.TRAINING)
    key = f"runs/{one.run_id}/trainings/{training.id}/policy.safetensors"
    artifacts.put(key, save({"log_std": np.zeros(3, np.float32)}, {"environment": "Hopper-v5"}))
    writer.add_segment(training.id, POINT, "checkpoint", 20_000)
    writer.finish_training(training.id, RESULT, key, 1000)
    finding = Finding(
        code="dead_component", severity=Severity.WARNING, message="upright never moves", component="upright"
    )
    interval = Interval(mean=1.5, low=1.0, high=2.0)
    writer.set_candidate_state(
        one.id, CandidateState.TRAINED, fitness=1.5, fitness_interval=interval, success_rate=0.5, findings=(finding,)
    )


def _stop_early(writer: Writer) -> None:
    one = candidate(writer, 1, 1, SOURCE)
    writer.add_candidate(one)
    for state in (CandidateState.QUEUED, CandidateState.TRAINING):
        writer.set_candidate_state(one.id, state)
    writer.prune_candidate(one.id, "stopped early", ())


def _comparison(winner: str) -> Comparison:
    interval = Interval(mean=1.5, low=1.0, high=2.0)
    rewards = tuple(
        RewardComparison(reward=kind, fitness=(1.0, 2.0), success_rate=0.5, interval=interval)
        for kind in ("candidate", "human", "sparse")
    )
    return Comparison(winner_id=winner, rewards=rewards, steps=163_840, human_normalised=interval)
