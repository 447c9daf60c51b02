"""What the stage asks a caller to do, and what the caller tells it: one line of JSON each way."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import Final, Self

import numpy as np

from sandbox import SandboxError, SandboxFault
from tests.adversary.attack import Effect
from tests.adversary.limits import SLACK_SECONDS
from tests.adversary.outcome import Mode, Seen

_MAX_TEXT: Final = 4000
_MAX_EVIDENCE: Final = 600


@dataclass(frozen=True)
class Request:
    """What to run, where: `source` with its places filled in; `tampers`: whether it is an attack on the protocol."""

    source: str
    mode: Mode
    folder: str
    secret: str
    tampers: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        fields = json.loads(text)
        return cls(**fields | {"mode": Mode(fields["mode"])})

    def line(self) -> str:
        return json.dumps(asdict(self))


@dataclass
class Report:
    """What a caller says of a run: `told` in brief, every text that came back, and the misdeeds it noticed itself."""

    told: str = "nothing"
    texts: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def noticed(self, effect: Effect, evidence: str) -> None:
        self.seen.append(Seen(effect, evidence[:_MAX_EVIDENCE]))

    @classmethod
    def parse(cls, text: str) -> Self:
        fields = json.loads(text)
        return cls(
            fields["told"], fields["texts"], [Seen(Effect(one["effect"]), one["evidence"]) for one in fields["seen"]]
        )

    def line(self) -> str:
        return json.dumps(asdict(self))

    def hear_error(self, error: BaseException) -> None:
        """Takes down an exception that the caller got."""
        text = str(error)
        self.told = f"{type(error).__name__}: {' '.join(text.split())[:200]}"
        self.texts.append(text)

    def hear_answer(self, result: object) -> None:
        """Takes down an answer: names of components, and numbers as the letters they may stand for."""
        assert isinstance(result, tuple | list)
        total, components = result
        self.told = "an answer"
        for name, column in {"total": total, **components}.items():
            numbers = np.atleast_1d(np.asarray(column, dtype=np.float64))
            self.texts += [str(name), "".join(chr(int(one)) if 0 < one < 0x110000 else " " for one in numbers[:4096])]

    def judge_fault(self, error: Exception) -> None:
        """Takes down what was raised, and whether it was what may be raised for hostile code, in words that may be shown."""
        self.hear_error(error)
        name = type(error).__name__
        if isinstance(error, SandboxFault) or not isinstance(error, SandboxError):
            self.noticed(
                Effect.CALLER, f"hostile code made it raise {name}, which blames the sandbox: {str(error)[:200]}"
            )
        if not str(error).isprintable() or len(str(error)) > _MAX_TEXT:
            self.noticed(
                Effect.BELIEVED,
                f"the text of {name} was taken as it came: {len(str(error))} characters, {str(error)[:80]!r}",
            )

    def on_time(self, what: str, start: float, seconds: float) -> None:
        """Notices that something took longer than its deadline."""
        taken = time.monotonic() - start
        if taken > seconds + SLACK_SECONDS:
            self.noticed(Effect.TIME, f"{what} took {taken:.2f} s")
