from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from envs.card import card, cards
from envs.recording import record_transitions
from service.export.bundle import TrainedPolicy, export_files, zipped
from service.export.picture import picture
from service.export.wrapper_file import wrapper_file
from service.schema import RunRecord

HOPPER = card("Hopper-v5")


@pytest.fixture
def folder(record: RunRecord, policy: TrainedPolicy, tmp_path: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(export_files(record, HOPPER, policy))))) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def python(folder: Path, code: str) -> str:
    """Runs code as a stranger would: isolated, in the export's folder, nothing of ours on the path."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{code}"],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_export_holds_every_file_that_it_promises(folder: Path) -> None:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == [
        "candidates/01-0.py", "candidates/01-1.py", "candidates/01-2.refused.txt", "candidates/02-0.py",
        "candidates/02-1.py", "candidates/lineage.json", "curves.png", "policy.json", "policy.py", "policy.safetensors",
        "report.md", "request.json", "reward.py", "wrapper.py",
    ]  # fmt: skip


def test_the_exported_reward_gives_the_same_numbers_with_numpy_alone(record: RunRecord, folder: Path) -> None:
    names = ("forward_velocity", "torso_height", "prev_torso_height", "joint_velocities", "action", "time")
    transitions = record_transitions(HOPPER, count=64)
    inputs = [transitions[name] for name in names]
    np.savez(folder / "inputs.npz", *inputs)
    python(
        folder,
        "import numpy as np, reward\n"
        "inputs = [a for _, a in sorted(np.load('inputs.npz').items())]\n"
        "total, components = reward.compute_reward(*inputs)\n"
        "np.savez('outputs.npz', total=total, **components)\n"
        "foreign = {'service', 'sandbox', 'envs', 'gymnasium', 'pydantic'} & set(sys.modules)\n"
        "assert not foreign, foreign",
    )
    expected, components = compiled(record.candidates[-1].source)(*inputs)
    outputs = np.load(folder / "outputs.npz")
    np.testing.assert_array_equal(outputs["total"], expected)
    assert set(outputs) == {"total", *components}


def compiled(source: str):  # noqa: ANN201  (a reward)
    names: dict[str, object] = {"np": np}
    exec(source, names)
    return names["compute_reward"]


def test_hostile_text_stays_inside_the_comments_of_the_reward_file(folder: Path) -> None:
    text = (folder / "reward.py").read_bytes()
    assert text.isascii()
    lines = text.decode().splitlines()
    assert "coding" not in lines[0] + lines[1]
    code_starts = lines.index("from __future__ import annotations")
    assert all(line.startswith("#") or not line for line in lines[:code_starts])


def test_a_refused_candidate_is_not_a_program(folder: Path) -> None:
    text = (folder / "candidates" / "01-2.refused.txt").read_text()
    assert text.startswith("Refused by the critic:")
    with pytest.raises(SyntaxError):
        compile(text, "refused", "exec")


def test_uninitialised_memory_becomes_zeros_as_it_was_in_training(record: RunRecord) -> None:
    source = (
        "def compute_reward(time):\n    total = np.empty_like(time) + np.empty(1)\n    return total, {'t': total}\n"
    )
    changed = tuple(c.model_copy(update={"source": source}) for c in record.candidates)
    files = {f.path: f.content for f in export_files(record.model_copy(update={"candidates": changed}), HOPPER, None)}
    assert b"np.zeros_like(time) + np.zeros(1)" in files["reward.py"]


def test_the_wrapper_steps_hopper_and_the_policy_plays_it(folder: Path, policy: TrainedPolicy) -> None:
    output = python(
        folder,
        "import json, numpy as np, wrapper, policy\n"
        "from pathlib import Path\n"
        "env = wrapper.make()\n"
        "act = policy.Policy(Path('.')).act\n"
        "observation, info = env.reset(seed=3)\n"
        "rows = []\n"
        "for _ in range(3):\n"
        "    before = observation\n"
        "    action = act(observation)\n"
        "    observation, reward, terminated, truncated, info = env.step(action)\n"
        "    rows.append([before.tolist(), action.tolist(), observation.tolist(), reward, info['reward_components']])\n"
        "print(json.dumps(rows))",
    )
    tensors = load(policy.content)
    for step, (before, action, after, reward, components) in enumerate(json.loads(output), start=1):
        # compute_reward by hand: obs[1] height, obs[6] forward velocity, obs[9:12] joint velocities.
        upright = np.exp(-(((after[1] - 1.25) / 0.2) ** 2))
        sinking = min(after[1] - before[1], 0.0)
        effort = np.sum(np.square(action)) + 0.01 * np.sum(np.abs(after[9:12]))
        assert reward == pytest.approx(after[6] + 0.5 * upright + sinking - 0.01 * effort, abs=1e-4), step
        assert components["sinking"] == pytest.approx(sinking, abs=1e-5)
        x = np.clip(
            (np.array(before[1:]) - tensors["observation.mean"]) / np.sqrt(tensors["observation.variance"] + 1e-8),
            -10,
            10,
        )
        for layer in (0, 1):
            x = np.tanh(x @ tensors[f"policy.{layer}.weight"] + tensors[f"policy.{layer}.bias"])
        x = np.clip(x @ tensors["policy.2.weight"] + tensors["policy.2.bias"], -1, 1)
        np.testing.assert_allclose(action, x, atol=1e-4)


def test_the_wrapper_is_a_program_that_plays_an_episode(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-I", "wrapper.py"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "designed reward" in done.stdout


@pytest.mark.parametrize("name", sorted(cards()))
def test_a_wrapper_can_be_written_for_every_card(name: str) -> None:
    assert compile(wrapper_file(card(name)), "wrapper.py", "exec").co_names


def test_lineage_tells_parents_fitness_and_file_of_every_candidate(folder: Path) -> None:
    entries = json.loads((folder / "candidates" / "lineage.json").read_text())
    assert [(e["file"], e["fitness"], e["parents"]) for e in entries] == [
        ("01-0.py", 0.3, []),
        ("01-1.py", 0.7, []),
        ("01-2.refused.txt", None, []),
        ("02-0.py", 0.9, ["r-0123456789-1-1"]),
        ("02-1.py", 1.5, ["r-0123456789-1-1"]),
    ]


def test_the_same_run_gives_the_same_bytes_piece_by_piece(record: RunRecord, policy: TrainedPolicy) -> None:
    first = list(zipped(export_files(record, HOPPER, policy)))
    assert b"".join(first) == b"".join(zipped(export_files(record, HOPPER, policy)))
    # 14 files and the directory at the end: nobody waits for the whole.
    assert len(first) == 15


def test_the_picture_draws_a_unit_that_looks_like_a_formula_as_it_is(record: RunRecord) -> None:
    fitness = record.run.fitness.model_copy(update={"unit": r"$\frac{$_"})
    drawn = picture(record.model_copy(update={"run": record.run.model_copy(update={"fitness": fitness})}))
    assert drawn.startswith(b"\x89PNG")
    # 10 x 4.5 inches at 150 dots each: width and height stand in bytes 16 to 24 of a PNG.
    assert struct.unpack(">II", drawn[16:24]) == (1500, 675)


def test_the_picture_draws_the_level_of_a_reward_that_was_not_trained_again(record: RunRecord) -> None:
    assert record.run.comparison is not None
    ours, human, sparse = record.run.comparison.rewards
    rewards = (ours, human.model_copy(update={"stored": True}), sparse)
    stored = record.run.model_copy(update={"comparison": record.run.comparison.model_copy(update={"rewards": rewards})})
    trained = tuple(training for training in record.trainings if training.reward != "human")
    without = record.model_copy(update={"trainings": trained})
    assert picture(without.model_copy(update={"run": stored})) != picture(without)


def test_a_run_without_a_winner_exports_what_there_is(record: RunRecord) -> None:
    run = record.run.model_copy(update={"best_candidate_id": None, "best_fitness": None, "comparison": None})
    bare = record.model_copy(update={"run": run, "iterations": (), "candidates": (), "trainings": ()})
    paths = [file.path for file in export_files(bare, HOPPER, None)]
    assert paths == ["report.md", "curves.png", "request.json", "candidates/lineage.json"]


def test_an_environment_that_gymnasium_does_not_have_has_no_wrapper(record: RunRecord, policy: TrainedPolicy) -> None:
    without = HOPPER.model_copy(update={"engine": HOPPER.engine.model_copy(update={"reference": None})})
    paths = {file.path for file in export_files(record, without, policy)}
    assert {file.path for file in export_files(record, HOPPER, policy)} - paths == {"wrapper.py"}
