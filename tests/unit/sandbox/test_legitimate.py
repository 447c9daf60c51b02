"""The syntax layer accepts sane rewards in the many ways in which they are written, and none of them is refused."""

import ast

import pytest

from envs.card import CARDS, read_card
from sandbox import check_reward
from tests.legitimate.corpus import KNOWN, REWARDS, LegitimateReward, transitions


@pytest.mark.parametrize("reward", REWARDS, ids=str)
def test_a_sane_reward_is_accepted(reward: LegitimateReward) -> None:
    checked = check_reward(reward.source, KNOWN[reward.card])

    assert checked.parameters
    assert set(checked.parameters) <= set(KNOWN[reward.card])


def test_the_corpus_is_large_and_no_two_of_its_rewards_are_one_program() -> None:
    programs = {ast.dump(check_reward(reward.source, KNOWN[reward.card]).tree) for reward in REWARDS}

    assert len(programs) == len(REWARDS) >= 100


@pytest.mark.parametrize("card", KNOWN)
def test_the_corpus_knows_the_names_that_the_card_knows(card: str) -> None:
    (path,) = CARDS.glob(f"*/{card}.toml")
    assert KNOWN[card].items() <= read_card(path).parameters.items()
    assert {name: array.shape[1:] for name, array in transitions(card, 8).items()} == {
        name: (size,) if size else () for name, size in KNOWN[card].items()
    }
