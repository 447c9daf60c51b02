"""`rewardsmith replay`: a stored candidate of a run, played and kept as a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envs.behaviour import policy_path
from envs.card import card
from service.artifacts import ArtifactStore
from service.cli import main
from service.cli.faults import ExitCode
from service.schema import (
    Candidate,
    CandidateState,
    Fitness,
    RunRequest,
    Training,
    TrainingConfig,
    TrainingResult,
    TrainingState,
)
from service.settings import Settings
from service.store import Store, Writer, process_owner
from tests.replay_reader import ReadReplay
from tests.unit.cli.shell import Shell

REWARD = "def compute_reward(forward_velocity):\n    return forward_velocity, {'progress': forward_velocity}\n"
LATE = "def compute_reward(time):\n    assert np.max(time) < 0.1, 'too late'\n    return time, {'time': time}\n"


class Bench:
    """A run of one iteration whose candidates are put there by hand, and the command beside it."""

    def __init__(self, writer: Writer, artifacts: ArtifactStore, capsys: pytest.CaptureFixture[str]) -> None:
        self.run_id = writer.claim.run_id
        self._writer, self._artifacts, self._capsys = writer, artifacts, capsys

    def candidate(self, slot: int, source: str = REWARD) -> str:
        identifier = f"{self.run_id}-1-{slot}"
        self._writer.add_candidate(
            Candidate(
                id=identifier, run_id=self.run_id, iteration=1, slot=slot, state=CandidateState.PROPOSED, source=source,
                origin="proposed", created_at=datetime(2030, 1, 1, tzinfo=UTC),
            )
        )  # fmt: skip
        return identifier

    def trained(self, candidate: str, name: str, fitness: float, policy: bytes) -> None:
        """A finished training of a candidate, with its policy."""
        training, key = f"{candidate}-{name}", f"policies/{candidate}-{name}"
        self._writer.add_trainings((
            Training(
                id=training, run_id=self.run_id, candidate_id=candidate, reward="candidate", comparison=False, seed=0,
                state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
            ),
        ))  # fmt: skip
        self._artifacts.put(key, policy)
        result = TrainingResult(best_segment=0, fitness=fitness, success_rate=0.0, episodes=())
        self._writer.finish_training(training, result, key, 0)

    def replay(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["replay", self.run_id, *words])
        said = self._capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err


@pytest.fixture
def bench(shell: Shell, store: Store, capsys: pytest.CaptureFixture[str]) -> Bench:
    request = RunRequest(task="hop", environment="Hopper-v5", training=TrainingConfig(steps=16_384))
    metric = card("Hopper-v5").metrics[0]
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success, unit=metric.unit)
    run_id = store.create_run(request, fitness, 16_384).id
    claim = store.claim(process_owner(), 3600.0, run_id)
    assert claim is not None
    return Bench(store.writer(claim), ArtifactStore(Settings().artifacts_url), capsys)


def policy(name: str = "Hopper-v5") -> bytes:
    return policy_path(card(name)).read_bytes()


def test_a_candidates_best_policy_is_played_and_kept(bench: Bench) -> None:
    candidate = bench.candidate(0)
    bench.trained(candidate, "seed-0", 1.0, b"a policy that nobody plays")
    bench.trained(candidate, "seed-1", 2.0, policy())
    code, out, _ = bench.replay("1-0", "--seed", "3", "--json")
    assert code == ExitCode.OK
    told = json.loads(out)
    assert (told["candidate"], told["training"], told["seed"]) == (candidate, f"{candidate}-seed-1", 3)
    data = Path(told["replay"]).read_bytes()
    assert told["replay"] == f"{candidate}.replay.safetensors"
    assert told["bytes"] == len(data)
    assert told["meshes"] is None
    replay = ReadReplay(data)
    assert told["episode"] == replay.header["summary"]
    assert told["episode"]["end"] in ("terminated", "truncated")
    assert replay.header["components"] == ["progress"]
    assert len(replay.geoms) == told["episode"]["length"] + 1


def test_a_candidate_of_a_server_is_played_on_this_machine(bench: Bench, server: str) -> None:
    bench.trained(bench.candidate(0), "seed-0", 2.0, policy())
    code, out, _ = bench.replay("1-0", "--json")
    assert code == ExitCode.OK
    assert ReadReplay(Path(json.loads(out)["replay"]).read_bytes()).header["summary"] == json.loads(out)["episode"]


def test_the_episode_is_told_in_a_table(bench: Bench) -> None:
    candidate = bench.candidate(0)
    bench.trained(candidate, "seed-0", 2.0, policy())
    code, out, _ = bench.replay(candidate, "--out", "hop.replay")
    assert code == ExitCode.OK
    assert Path("hop.replay").is_file()
    for word in ("score", "m/s", "steps, t", "hop.replay", "bytes", "fitness 2.000"):
        assert word in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["1-7"], "unknown candidate of run r-"),
        (["1-7"], "did you mean 1-2, 1-1, 1-0?"),
        (["1-0"], "is proposed: expected one with a trained policy"),
        (["1-1"], "got one for ('HalfCheetah-v5'"),
        (["1-2", "--out", "."], "expected a file in a folder that exists"),
        (["1-2", "--out", "nowhere/hop.replay"], "expected a file in a folder that exists"),
        (["1-2", "--seed", "-1"], "--seed"),
    ],
)
def test_what_cannot_be_played_is_refused_in_one_line(bench: Bench, words: list[str], told: str) -> None:
    for slot in (0, 1, 2):
        bench.candidate(slot)
    bench.trained(f"{bench.run_id}-1-1", "seed-0", 1.0, policy("HalfCheetah-v5"))
    bench.trained(f"{bench.run_id}-1-2", "seed-0", 1.0, policy())
    code, out, err = bench.replay(*words)
    assert (code, out) == (ExitCode.BAD_INPUT, "")
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_reward_that_fails_on_the_episode_fails_the_command(bench: Bench) -> None:
    bench.trained(bench.candidate(0, LATE), "seed-0", 1.0, policy())
    code, out, err = bench.replay("1-0")
    assert (code, out) == (ExitCode.FAILED, "")
    assert "too late" in err
    assert list(Path().glob("*.safetensors")) == []


def test_a_policy_that_is_lost_is_an_infrastructure_fault(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    candidate = bench.candidate(0)
    bench.trained(candidate, "seed-0", 1.0, policy())
    ArtifactStore(Settings().artifacts_url).delete_prefix("policies")
    code, _, err = bench.replay("1-0")
    assert code == ExitCode.INFRASTRUCTURE
    assert "policies and replays cannot be read" in err
    assert "no artifact" in caplog.text
