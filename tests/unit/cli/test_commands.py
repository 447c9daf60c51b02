from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli.faults import ExitCode
from service.schema import Fitness, RunRequest, RunState
from service.store import Store, process_owner
from tests.unit.cli.shell import Shell

REWARD = "def compute_reward(forward_velocity):\n    return forward_velocity, {'progress': forward_velocity}\n"
HOSTILE = "hop \x1b[31m[red]now[/red]\nand \u202eback"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("runn", "did you mean 'run'"),
        ("run --env Hopper-v5", "--task"),
        ("run --env Hoper-v5 --task x", "did you mean Hopper-v5"),
        ("run --env Hopper-v5 --task x --fitness forward", "did you mean forward_speed"),
        ("run --env Hopper-v5 --task x --score x_positon[-1] --success True", "x_position"),
        ("run --env Hopper-v5 --task x --score 1.0", "--success"),
        (
            "run --env Hopper-v5 --task x --iterations 0",
            "--iterations: Input should be greater than or equal to 1, got 0",
        ),
        ("run --env Hopper-v5 --task x --candidates -3", "--candidates"),
        ("run --env Hopper-v5 --task x --max-usd 0", "--max-usd: Input should be greater than 0"),
        ("run --env Hopper-v5 --task x --max-steps -1", "--max-steps"),
        ("run --env Hopper-v5 --task x --seed -1", "--seed"),
        ("run --env Hopper-v5 --task x --training-seeds 0", "--training-seeds: Input should be greater than"),
        ("run --env Hopper-v5 --task x --warm-start best", "expected `parent` or RUN/CANDIDATE"),
        ("run --env Hopper-v5 --task x --warm-start ../1-0", "--warm-start: String should match pattern"),
        ("run --env Hopper-v5 --task x --warm-start r-0000000000/1-0", "r-0000000000"),
        ("run --env Hopper-v5 --task x --steps 0", "--steps: Input should be greater than 0"),
        # Two full episodes of 1000 steps, in whole rollouts of 256, in each of 8 environments: 8 * 256 * 8 = 16384.
        ("run --env Hopper-v5 --task x --steps 10", "at least 16384"),
        ("run --env Hopper-v5 --task x --model openai/gpt-4.1", "OPENAI_API_KEY"),
        ("envs Hoper-v5", "did you mean Hopper-v5"),
        ("show r-0000000000", "r-0000000000"),
        ("resume r-0000000000", "r-0000000000"),
        ("continue r-0000000000 1-0", "r-0000000000"),
        ("export r-0000000000", "r-0000000000"),
        ("watch r-0000000000", "r-0000000000"),
        ("pause r-0000000000", "r-0000000000"),
        ("cancel r-0000000000", "r-0000000000"),
        ("extend r-0000000000 --iterations 1", "r-0000000000"),
        ("extend r-0000000000", "--iterations: give iterations, or budget, or both"),
        ("extend r-0000000000 --max-usd 0", "--max-usd: Input should be greater than 0"),
        ("extend r-0000000000 --iterations -1", "--iterations"),
        ("feedback r-0000000000 slower", "r-0000000000"),
        ("feedback r-0000000000 slower --candidate ../x", "--candidate: String should match pattern"),
        ("show ../../healthz", "rewardsmith: "),
        ("validate missing.py --env Hopper-v5", "missing.py: No such file"),
        ("validate . --env Hopper-v5", "directory"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(anywhere: Shell, words: str, told: str) -> None:
    assert told.lower() in anywhere.refused(*words.split()).lower()


def test_what_a_run_would_take_is_told_and_nothing_is_stored(anywhere: Shell, store: Store) -> None:
    words = ("run", "--env", "Hopper-v5", "--task", "hop", "--max-steps", "1", "--estimate")
    code, out, _ = anywhere(*words)
    assert code == ExitCode.OK
    # Three iterations of four candidates.
    for told in (
        "12 trainings",
        "12 at least",
        "nothing has been trained",
        "the budget of 1 environment steps may be used up",
    ):
        assert told in " ".join(out.split())
    code, out, _ = anywhere(*words, "--json")
    assert (code, json.loads(out)["training"]["search_trainings"]) == (ExitCode.OK, 12)
    assert store.list_runs().runs == ()


def test_bad_input_leaves_nothing_behind(anywhere: Shell, store: Store) -> None:
    anywhere.refused("run", "--env", "Hopper-v5", "--task", "x", "--model", "openai/gpt-4.1")
    assert store.list_runs().runs == ()


def test_a_reward_file_that_is_no_text_is_refused(shell: Shell) -> None:
    Path("binary.py").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in shell.refused("validate", "binary.py", "--env", "Hopper-v5")
    Path("large.py").write_bytes(b"#" * 200_000)
    assert "at most" in shell.refused("validate", "large.py", "--env", "Hopper-v5")


def test_an_occupied_folder_is_refused_before_anything_is_spent(anywhere: Shell, store: Store) -> None:
    Path("thesis").mkdir()
    Path("thesis/chapter.tex").write_text("")
    assert "--to" in anywhere.refused("run", "--env", "Hopper-v5", "--task", "x", "--to", "thesis")
    assert store.list_runs().runs == ()


def test_a_setting_that_is_wrong_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARDSMITH_MODEL_RETRIES", "many")
    assert "REWARDSMITH_MODEL_RETRIES" in shell.refused("ls")


def test_a_database_that_cannot_be_used_is_an_infrastructure_fault(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("not a folder")
    monkeypatch.setenv("REWARDSMITH_DATABASE_URL", f"sqlite:///{Path('file').absolute()}/runs.db")
    shell.refused("ls", code=ExitCode.INFRASTRUCTURE)


def test_a_good_reward_is_accepted_with_its_components(anywhere: Shell) -> None:
    Path("reward.py").write_text(REWARD)
    code, out, _ = anywhere("validate", "reward.py", "--env", "Hopper-v5")
    assert code == ExitCode.OK
    assert out.startswith("accepted")
    assert "Components per step, over 4096 recorded transitions" in out
    assert "progress moves with forward_velocity" in out
    assert "(total) moves with forward_velocity" in out
    assert "µs per transition" in out


def test_a_bad_reward_is_rejected_with_its_place_and_exit_1(anywhere: Shell) -> None:
    Path("reward.py").write_text(REWARD.replace("(forward_velocity)", "(forward_speed)", 1))
    code, out, err = anywhere("validate", "reward.py", "--env", "Hopper-v5")
    assert code == ExitCode.FAILED
    # compute_reward( is 19 characters, so its first parameter stands in column 20.
    assert "reward.py:1:20: " in out
    assert "forward_velocity" in out
    assert len(err.splitlines()) == 1


def test_a_verdict_as_json_is_a_document_of_its_own(anywhere: Shell) -> None:
    Path("reward.py").write_text("import os\n" + REWARD)
    code, out, _ = anywhere("validate", "reward.py", "--env", "Hopper-v5", "--json")
    assert code == ExitCode.FAILED
    assert json.loads(out)["accepted"] is False


def test_train_refuses_a_bad_reward_before_a_run_is_stored(anywhere: Shell, store: Store) -> None:
    Path("reward.py").write_text("import os\n" + REWARD)
    code, _, err = anywhere("train", "reward.py", "--env", "Hopper-v5")
    assert code == ExitCode.FAILED
    assert "nothing was trained" in err
    assert store.list_runs().runs == ()


def test_environments_are_listed_and_shown(anywhere: Shell) -> None:
    code, out, _ = anywhere("envs", "--json")
    assert code == ExitCode.OK
    assert "Hopper-v5" in [card["id"] for card in json.loads(out)]
    code, out, _ = anywhere("envs", "Hopper-v5")
    assert code == ExitCode.OK
    for told in ("torso_height", "forward_speed", "163,840 steps", "the default ones", "Stored baselines"):
        assert told in out
    assert "but initial_log_std -0.7" in anywhere("envs", "HalfCheetah-v5")[1]


@pytest.fixture
def hostile_run(store: Store) -> str:
    request = RunRequest(task=HOSTILE, environment="Hopper-v5")
    return store.create_run(request, Fitness(name="speed", score="1.0", success="True"), 100_000).id


def test_what_a_request_says_never_reaches_the_terminal_as_a_command(anywhere: Shell, hostile_run: str) -> None:
    for words in (["ls"], ["show", hostile_run]):
        code, out, _ = anywhere(*words)
        assert code == ExitCode.OK
        assert "[red]now[/red]" in "".join(out.split())
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_runs_and_one_run_come_as_json(anywhere: Shell, hostile_run: str) -> None:
    _, listed, _ = anywhere("ls", "--json")
    _, shown, _ = anywhere("show", hostile_run, "--json")
    assert [run["id"] for run in json.loads(listed)] == [hostile_run]
    assert json.loads(shown)["run"]["request"]["task"] == HOSTILE
    assert json.loads(shown)["candidates"] == []


def test_a_run_that_has_nothing_yet_can_be_exported(anywhere: Shell, hostile_run: str) -> None:
    code, out, _ = anywhere("export", hostile_run, "--json")
    assert code == ExitCode.OK
    folder = Path(json.loads(out)["export"])
    assert sorted(path.name for path in folder.iterdir()) == ["candidates", "curves.png", "report.md", "request.json"]
    assert "\x1b" not in (folder / "report.md").read_text()


def test_a_run_whose_card_is_gone_is_told_in_one_line(anywhere: Shell, store: Store, hostile_run: str) -> None:
    gone = store.create_run(RunRequest(task="hop", environment="Gone-v1"), store.get_run(hostile_run).fitness, 100_000)
    assert f"run {gone.id} cannot be exported: Gone-v1 has no card here any more" in anywhere.refused("export", gone.id)


def test_a_run_that_cannot_be_resumed_for_want_of_a_key_is_left_as_it_is(shell: Shell, store: Store) -> None:
    request = RunRequest(task="hop", environment="Hopper-v5", designer="openai/gpt-4.1")
    run = store.create_run(request, Fitness(name="speed", score="1.0", success="True"), 100_000)
    paused = store.request_state(run.id, "pause")
    assert "OPENAI_API_KEY" in shell.refused("resume", run.id)
    assert store.get_run(run.id) == paused


def test_a_run_is_paused_extended_told_something_and_cancelled(anywhere: Shell, store: Store, hostile_run: str) -> None:
    assert anywhere("pause", hostile_run) == (ExitCode.OK, f"{hostile_run} is paused\n", "")
    assert anywhere("extend", hostile_run, "--iterations", "2", "--max-usd", "3")[1] == (
        f"{hostile_run} is paused; 5 iterations\n"  # three unless asked for otherwise, and two more
    )
    assert store.get_run(hostile_run).request.budget.usd == 3.0
    assert anywhere("feedback", hostile_run, "slower")[1] == f"{hostile_run}: kept for the next iteration\n"
    assert [one.words for one in store.feedback(hostile_run)] == ["slower"]
    assert json.loads(anywhere("cancel", hostile_run, "--json")[1])["state"] == "cancelled"
    assert "cancelled" in anywhere.refused("cancel", hostile_run)


def test_whoever_works_on_a_run_is_told_to_stop(anywhere: Shell, store: Store, hostile_run: str) -> None:
    claim = store.claim(process_owner(), 3600.0, hostile_run)
    assert claim is not None
    told = f"{hostile_run} is running; who works on it is told to cancel\n"
    assert anywhere("cancel", hostile_run) == (ExitCode.OK, told, "")
    assert store.heartbeat(claim, 3600.0).wanted is RunState.CANCELLED


@pytest.mark.parametrize(
    ("state", "code", "told"),
    [
        (RunState.COMPLETED, ExitCode.OK, "rewardsmith export {run}"),
        (RunState.FAILED, ExitCode.FAILED, "run {run} is failed: because; what it brought: rewardsmith show {run}"),
        (RunState.PAUSED, ExitCode.INFRASTRUCTURE, "when that is mended: rewardsmith resume {run}"),
        (RunState.AWAITING_FEEDBACK, ExitCode.OK, "rewardsmith feedback {run} WORDS; then: rewardsmith resume {run}"),
    ],
)
def test_whoever_watches_a_run_learns_how_it_stands_and_how_to_go_on(
    anywhere: Shell, store: Store, hostile_run: str, state: RunState, code: ExitCode, told: str
) -> None:
    claim = store.claim(process_owner(), 3600.0, hostile_run)
    assert claim is not None
    store.writer(claim).set_run_state(state, "because")
    ended, out, err = anywhere("watch", hostile_run)
    assert ended == code
    assert told.format(run=hostile_run) in out + err
