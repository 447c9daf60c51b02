"""What became of one attack in one mode: the effects that witnesses saw, and what the caller was told."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tests.adversary.attack import Attack, Effect, Layer


class Mode(enum.StrEnum):
    """What stands between an attack and its caller."""

    UNPROTECTED = "unprotected"
    SYNTAX = "syntax"
    PROCESS = "process"
    BOTH = "both"


PROTECTED = (Mode.SYNTAX, Mode.PROCESS, Mode.BOTH)


def modes_of(attack: Attack) -> tuple[Mode, ...]:
    """The modes in which an attack proves something: without protection, with each layer it names alone, and with both."""
    alone = [
        mode for mode, layer in ((Mode.SYNTAX, Layer.SYNTAX), (Mode.PROCESS, Layer.PROCESS)) if layer in attack.layers
    ]
    return (Mode.UNPROTECTED, *alone, Mode.BOTH)


@dataclass(frozen=True)
class Seen:
    """An effect, and the sentence of the witness that saw it."""

    effect: Effect
    evidence: str

    def __str__(self) -> str:
        return f"{self.effect.name}: {self.evidence}"


@dataclass(frozen=True)
class Outcome:
    """One attack in one mode. `told`: what the caller was told (refused, a fault and its message, or an answer)."""

    attack: str
    mode: Mode
    seen: tuple[Seen, ...]
    told: str
    seconds: float

    @property
    def effects(self) -> frozenset[Effect]:
        """The effects, without the evidence."""
        return frozenset(one.effect for one in self.seen)

    def proves(self, attack: Attack) -> bool:
        """Unprotected: the effect was shown; protected: there was none at all."""
        return attack.effect in self.effects if self.mode is Mode.UNPROTECTED else not self.seen

    def __str__(self) -> str:
        effects = "; ".join(map(str, self.seen)) or "no effect"
        return f"{self.attack} [{self.mode}]: {effects} (the caller was told: {self.told}; {self.seconds:.2f} s)"
