"""Attacks by direct system calls, and the proof that the witnesses see them where the process layer is gone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversary.attack import Attack
from tests.adversary.corpus import CORPUS
from tests.adversary.families.system_calls import ATTACKS
from tests.adversary.outcome import Mode, modes_of
from tests.adversary.theatre import Theatre

REPOSITORY = Path(__file__).parents[3]
CASES = [pytest.param(attack, mode, id=f"{attack.name} [{mode}]") for attack in ATTACKS for mode in modes_of(attack)]


@pytest.mark.parametrize(("attack", "mode"), CASES)
def test_a_system_call_has_its_effect_only_where_nothing_holds_it(theatre: Theatre, attack: Attack, mode: Mode) -> None:
    outcome = theatre.perform(attack, mode)

    assert outcome.proves(attack), f"expected {attack.effect.name} unprotected and nothing else anywhere: {outcome}"


@pytest.fixture(scope="module")
def unlocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """A stage for a copy of the sandbox whose processes are not confined."""
    root = tmp_path_factory.mktemp("unlocked")
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "sandbox", root / "sandbox", ignore=without_caches)
    shutil.copytree(REPOSITORY / "tests/adversary", root / "tests/adversary", ignore=without_caches)
    with (root / "sandbox/jail.py").open("a") as jail:
        jail.write("\n\ndef confine(*_: object) -> None:\n    pass\n")
    with Theatre(root=root) as theatre:
        yield theatre


ONE_OF_EACH = (
    *("openat2", "connect over TCP", "setpriority", "clone", "shmget", "readv of a file"),
    *("lowering the caller's priority", "killing the caller"),
)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_without_its_locks_the_process_layer_would_be_seen_to_fail(unlocked: Theatre, name: str) -> None:
    attack = next(attack for attack in CORPUS if attack.name == name)

    outcome = unlocked.perform(attack, Mode.PROCESS)

    assert attack.effect in outcome.effects, str(outcome)
