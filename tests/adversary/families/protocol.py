"""Protocol tampering."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import Attack, Effect, Family, reward

ATTACKS: Final[tuple[Attack, ...]] = (
    Attack("trial: an honest one", Family.PROTOCOL, reward("pass"), Effect.TIME),
    Attack("trial: too little", Family.PROTOCOL, reward("import os", "os.write(1, b'hello')"), Effect.TIME),
)
