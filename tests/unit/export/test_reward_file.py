"""What stands in an exported reward runs with all of its user's rights: it does what the sandbox ran, and no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from envs.card import card
from sandbox import check_reward
from service.export.reward_file import reward_file
from service.schema import Candidate, RunRecord

HOPPER = card("Hopper-v5")


def run_file(record: RunRecord, candidate: Candidate, source: str) -> dict[str, object]:
    """The names of an exported reward after its import."""
    check_reward(source, HOPPER.parameters)
    text = reward_file(record.run, candidate.model_copy(update={"source": source}), HOPPER)
    names: dict[str, object] = {}
    exec(compile(text, "reward.py", "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize(
    "source",
    [
        "from __future__ import annotations\nimport numpy as np\n\n\ndef compute_reward(forward_velocity):\n"
        "    return forward_velocity, {'progress': forward_velocity}\n",
        # NDArray and Tuple were never imported: the sandbox drops hints, and the file never evaluates them.
        "def compute_reward(forward_velocity: NDArray) -> Tuple[NDArray, Components]:\n"
        "    progress: Column = forward_velocity\n"
        "    return progress, {'progress': progress}\n",
    ],
    ids=["a future import of its own", "hints that name nothing"],
)
def test_what_the_sandbox_accepts_can_be_imported(record: RunRecord, source: str) -> None:
    compute_reward = run_file(record, record.candidates[0], source)["compute_reward"]

    assert callable(compute_reward)
    total, _ = compute_reward(np.ones(2, np.float32))
    assert total.tolist() == [1.0, 1.0]


RETURNING = "def compute_reward(forward_velocity):\n    return forward_velocity, {'progress': forward_velocity}\n"
HOSTILE = "import pathlib; pathlib.Path('hostile').touch()"


@pytest.mark.parametrize(
    "top",
    [
        # To a search for lines these are imports; to Python they stand in a text, whose end they hold.
        f'S = """\nfrom __future__ import annotations """\nT = """\n{HOSTILE}\n# """\n',
        f'from __future__ import annotations\rT = """\n{HOSTILE}\n# """\n',
    ],
    ids=["a text that ends in the import", "a line that ends as no other"],
)
def test_what_looks_like_an_import_in_a_text_stays_a_text(
    record: RunRecord, top: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert callable(run_file(record, record.candidates[0], top + RETURNING)["compute_reward"])
    assert list(tmp_path.iterdir()) == []


IMPORTS = {
    "with another statement behind it": "from __future__ import annotations; K = 2.0\n",
    "in brackets": "from __future__ import (\n    annotations)\nK = 2.0\n",
    "with a remark": "from __future__ import annotations  # for hints\nK = 2.0\n",
    "behind everything": "K = 2.0\nfrom __future__ import annotations\n",
}


@pytest.mark.parametrize("top", IMPORTS.values(), ids=IMPORTS.keys())
def test_an_import_from_the_future_is_taken_out_wherever_it_stands(record: RunRecord, top: str) -> None:
    assert run_file(record, record.candidates[0], top + RETURNING)["K"] == 2.0


UNINITIALISED = {
    "np.empty": ("", "np.empty(2)"),
    "np.empty_like": ("", "np.empty_like(forward_velocity)"),
    "another name of NumPy": ("import numpy as n\n", "n.empty(2)"),
    "an imported function": ("from numpy import empty\n", "empty(2)"),
    "an imported function of another name": ("from numpy import (exp, empty_like as new,)\n", "new(forward_velocity)"),
    "wide letters": ("", "np.\uff45mpty(2)"),
    "behind letters of several bytes": ("", "0 * len('é') + np.empty(2)"),
}


@pytest.mark.parametrize(("top", "made"), UNINITIALISED.values(), ids=UNINITIALISED.keys())
def test_uninitialised_memory_is_zeros_as_in_training(record: RunRecord, top: str, made: str) -> None:
    source = f"{top}def compute_reward(forward_velocity):\n    x = {made}\n    return x, {{'x': x}}\n"
    names = run_file(record, record.candidates[0], source)
    compute_reward = names["compute_reward"]

    assert callable(compute_reward)
    assert "empty" not in compute_reward.__code__.co_names or names["empty"] is np.zeros
    assert compute_reward(np.ones(2, np.float32))[0].tolist() == [0.0, 0.0]


def test_code_that_cannot_be_edited_by_its_tree_is_shown_and_not_run(record: RunRecord) -> None:
    source = "def compute_reward(forward_velocity):\n    x = (np).empty(2)\n    return x, {'x': x}\n"

    names = run_file(record, record.candidates[0], source)
    assert "compute_reward" not in names
