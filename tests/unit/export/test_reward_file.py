"""What stands in an exported reward runs with all of its user's rights: it does what the sandbox ran, and no more."""

from __future__ import annotations

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
