"""Sane rewards mean in the sandbox what their texts mean to plain Python, and validation finds no fault in them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox import SandboxedReward, check_reward, validate
from tests.legitimate.corpus import KNOWN, REWARDS, LegitimateReward, in_process, transitions

ROWS = 4096


def column(value: object) -> NDArray[np.float32]:
    """What one result is as float32 (B,); a single number is spread over the rows."""
    return np.broadcast_to(np.asarray(value).astype(np.float32), (ROWS,))


@pytest.mark.parametrize("reward", REWARDS, ids=str)
def test_the_rewritten_tree_computes_bit_for_bit_what_the_text_does(reward: LegitimateReward) -> None:
    checked = check_reward(reward.source, KNOWN[reward.card])
    inputs = transitions(reward.card, ROWS)
    with np.errstate(all="ignore"):
        total, components = in_process(reward.source)(*(inputs[name].copy() for name in checked.parameters))

    with SandboxedReward(checked, KNOWN[reward.card], ROWS) as confined:
        batch = confined(inputs)

    assert list(batch.components) == list(components)
    assert batch.total.tobytes() == column(total).tobytes()
    for name, value in components.items():
        assert batch.components[name].tobytes() == column(value).tobytes(), name


@pytest.mark.parametrize("reward", REWARDS, ids=str)
def test_validation_finds_no_fault_and_a_total_that_moves(reward: LegitimateReward) -> None:
    verdict = validate(reward.source, transitions(reward.card, ROWS))

    assert verdict.faults == ()
    assert verdict.accepted
    # Other notes depend on how the synthetic transitions are spread, and on how busy the machine is.
    assert "constant.total" not in {note.code for note in verdict.notes}
