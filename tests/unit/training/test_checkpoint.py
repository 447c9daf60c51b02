import jax
import numpy as np
import pytest

from service.schema import PPOConfig
from service.training.checkpoint import BestPolicy, Checkpoint, begin, checkpoint_bytes, load_checkpoint

CONFIG = PPOConfig(hidden_sizes=(6, 5))
SIZES = (4, 2, CONFIG)


def disturbed() -> Checkpoint:
    """A checkpoint of which no two numbers are the same, so that none can take another's place."""
    checkpoint = begin(3, *SIZES)
    leaves, structure = jax.tree.flatten(checkpoint.state)
    random = np.random.default_rng(0)
    changed = [random.integers(1, 2**20, leaf.shape).astype(leaf.dtype) / np.array(7, leaf.dtype) for leaf in leaves]
    state = jax.tree.unflatten(structure, [leaf.astype(old.dtype) for leaf, old in zip(changed, leaves, strict=True)])
    return Checkpoint(4, state, BestPolicy(2, 1 / 3, b"\x00policy\xff"))


def test_a_checkpoint_is_read_back_bit_for_bit() -> None:
    written = disturbed()
    read = load_checkpoint(checkpoint_bytes(written), *SIZES)
    assert read.segments == 4
    assert read.best == BestPolicy(2, 1 / 3, b"\x00policy\xff")
    assert jax.tree.structure(read.state) == jax.tree.structure(written.state)
    for one, other in zip(jax.tree.leaves(read.state), jax.tree.leaves(written.state), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert checkpoint_bytes(read) == checkpoint_bytes(written)


def test_a_member_that_has_not_been_judged_has_no_best_policy() -> None:
    assert load_checkpoint(checkpoint_bytes(begin(3, *SIZES)), *SIZES).best is None


def test_a_member_begins_as_its_seed_says() -> None:
    assert checkpoint_bytes(begin(3, *SIZES)) == checkpoint_bytes(begin(3, *SIZES))
    assert checkpoint_bytes(begin(3, *SIZES)) != checkpoint_bytes(begin(4, *SIZES))


@pytest.mark.parametrize(
    ("observation_size", "action_size", "hidden_sizes"),
    [(5, 2, (6, 5)), (4, 3, (6, 5)), (4, 2, (6, 6)), (4, 2, (6,)), (4, 2, (6, 5, 5))],
)
def test_a_checkpoint_of_another_network_is_refused(
    observation_size: int, action_size: int, hidden_sizes: tuple[int, ...]
) -> None:
    other = PPOConfig(hidden_sizes=hidden_sizes)
    with pytest.raises(ValueError, match="expected a checkpoint of a network"):
        load_checkpoint(checkpoint_bytes(disturbed()), observation_size, action_size, other)
