"""The corpus of attacks: each shows its effect where nothing holds it, and none under the layers that must each stop it alone."""

from collections import Counter

import pytest

from tests.adversary.attack import Attack, Family, Layer
from tests.adversary.corpus import CORPUS
from tests.adversary.outcome import Mode, modes_of
from tests.adversary.theatre import Theatre

# Two families have test files of their own, which run beside this one.
ELSEWHERE = {Family.PROTOCOL, Family.SYSTEM_CALLS}
CASES = [
    pytest.param(attack, mode, id=f"{attack.family}: {attack.name} [{mode}]")
    for attack in CORPUS
    if attack.family not in ELSEWHERE
    for mode in modes_of(attack)
]


@pytest.mark.parametrize(("attack", "mode"), CASES)
def test_an_attack_has_its_effect_only_where_nothing_holds_it(theatre: Theatre, attack: Attack, mode: Mode) -> None:
    outcome = theatre.perform(attack, mode)

    assert outcome.proves(attack), f"expected {attack.effect.name} unprotected and nothing else anywhere: {outcome}"


def test_the_corpus_is_large_and_its_attacks_are_distinct() -> None:
    assert len(CORPUS) >= 150
    assert Counter(attack.family for attack in CORPUS).keys() == set(Family)
    assert max(Counter(attack.name for attack in CORPUS).values()) == 1
    assert max(Counter(attack.source for attack in CORPUS).values()) == 1


def test_the_process_layer_must_stop_every_attack_whatever_the_syntax_layer_does() -> None:
    assert all(Layer.PROCESS in attack.layers for attack in CORPUS)
