"""Every attack, of every family."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from tests.adversary import families
from tests.adversary.attack import Attack

CORPUS: Final[tuple[Attack, ...]] = tuple(
    attack
    for found in sorted(pkgutil.iter_modules(families.__path__), key=lambda one: one.name)
    for attack in importlib.import_module(f"{families.__name__}.{found.name}").ATTACKS
)
