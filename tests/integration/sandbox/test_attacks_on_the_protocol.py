"""Attacks on the protocol: a credulous caller believes them, waits for them or dies of them; ours does not."""

import pytest

from tests.adversary.attack import Attack
from tests.adversary.families.protocol import ATTACKS
from tests.adversary.outcome import Mode, modes_of
from tests.adversary.theatre import Theatre

CASES = [pytest.param(attack, mode, id=f"{attack.name} [{mode}]") for attack in ATTACKS for mode in modes_of(attack)]


@pytest.mark.parametrize(("attack", "mode"), CASES)
def test_an_attack_has_its_effect_only_on_a_credulous_caller(theatre: Theatre, attack: Attack, mode: Mode) -> None:
    outcome = theatre.perform(attack, mode)

    assert outcome.proves(attack), f"expected {attack.effect.name} unprotected and nothing else anywhere: {outcome}"
