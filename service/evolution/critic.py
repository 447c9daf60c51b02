"""Reads the code out of a reply and judges it before anything is trained: syntax and names, then a probe on real transitions."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard
from sandbox import ComponentStatistics, RewardRejected, validate
from sandbox.parsing import parse_module
from service.schema import ComponentVerdict, Fault, Verdict

_OPENING: Final = re.compile(r"^[ \t]*(?P<fence>`{3,}+|~{3,}+)[ \t]*+(?P<language>[^`\s]*+)[^`]*+$")
_DEFINITION: Final = re.compile(r"^[ \t]*def[ \t]+compute_reward[ \t]*\(", re.MULTILINE)
_BARE_CODE: Final = re.compile(r"\A\s*(?:#[^\n]*\s+|import\s|from\s+\w+\s+import\s|def\s)")
_WANTED: Final = (
    "answer with exactly one fenced block that begins with ```python and holds the whole `def compute_reward(...)`"
)


class NoCode(Exception):
    """The reply holds no whole reward function; the message tells its author what to send instead."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.fault = Fault(code=code, message=message)

    def __str__(self) -> str:
        return self.fault.message


@dataclass(frozen=True)
class _Block:
    text: str
    closed: bool

    @property
    def defines_reward(self) -> bool:
        return _DEFINITION.search(self.text) is not None


def extract_source(reply: str) -> str:
    """The reward's source in a reply: the code block that defines `compute_reward`, the last one if several do.

    Raises `NoCode` where no block does, or where the reply breaks off inside it.
    """
    blocks = _blocks(reply)
    if not blocks:
        if _BARE_CODE.match(reply) and _DEFINITION.search(reply):
            return reply.strip() + "\n"
        raise NoCode("no_code", f"the reply holds no code block; {_WANTED}")
    defining = [block for block in blocks if block.defines_reward]
    if not defining:
        if not blocks[-1].closed:
            raise NoCode("reply_cut", f"the reply breaks off inside its code block; be brief and {_WANTED}")
        found = "its code block does not" if len(blocks) == 1 else f"none of its {len(blocks)} code blocks does"
        raise NoCode("no_code", f"the reply should define `compute_reward` and {found}; {_WANTED}")
    chosen = defining[-1]
    if not chosen.closed and not _parses(chosen.text):
        raise NoCode("reply_cut", f"the reply breaks off inside its code block; be brief and {_WANTED}")
    return chosen.text


def review(source: str, card: EnvCard, transitions: Mapping[str, NDArray[np.float32]]) -> Verdict:
    """The verdict on a reward: what the policy refuses, else what it does on recorded transitions, `(B,)` or `(B, n)` float32.

    `transitions` holds every parameter of the card, 4,096 times or more. Raises `sandbox.SandboxFault` where the sandbox
    itself fails: that says nothing about the reward.
    """
    probed = validate(source, {name: transitions[name] for name in card.parameters})
    return Verdict(
        accepted=probed.accepted,
        faults=tuple(Fault(code=f.code, message=f.message, line=f.line, column=f.column) for f in probed.faults),
        notes=tuple(note.message for note in probed.notes),
        total=None if probed.total is None else _component(probed.total),
        components={component.name: _component(component) for component in probed.components},
        ignored_inputs=probed.ignored_inputs,
        seconds_per_transition=probed.seconds_per_transition,
        transitions=probed.transitions or None,
    )


def _component(figures: ComponentStatistics) -> ComponentVerdict:
    return ComponentVerdict(
        mean=figures.mean,
        std=figures.std,
        low=figures.min,
        high=figures.max,
        share=figures.share,
        saturated=figures.saturated,
        inputs=figures.inputs,
    )


def _blocks(reply: str) -> list[_Block]:
    """The fenced blocks of a reply, as CommonMark reads them (section 4.5); the last may lack its closing fence."""
    blocks: list[_Block] = []
    fence, lines = "", list[str]()
    for line in reply.splitlines():
        opening = _OPENING.match(line)
        if not fence:
            if opening:
                fence, lines = opening["fence"], []
        elif opening and not opening["language"] and opening["fence"].startswith(fence):
            blocks.append(_Block(_text(lines), closed=True))
            fence = ""
        else:
            lines.append(line)
    return [*blocks, _Block(_text(lines), closed=False)] if fence else blocks


def _text(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines)).strip("\n") + "\n"


def _parses(source: str) -> bool:
    try:
        parse_module(source)
    except RewardRejected:
        return False
    return True
