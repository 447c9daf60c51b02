"""A Gymnasium wrapper, written for one card, that puts a designed reward into the reference environment."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from envs.card import EnvCard
from envs.variables import SOURCE


@dataclass(frozen=True)
class _Reader:
    name: str
    size: int
    expression: str


def wrapper_file(card: EnvCard) -> str:
    """The wrapper's code: the card's variables read from observation and info, everything else fixed.

    All that comes from the card stands there as a Python literal.
    """
    template = (files("service.export") / "templates" / "wrapper.py.j2").read_text(encoding="utf-8")
    code = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False).from_string(template)
    return code.render(
        title=" ".join(repr(card.title)[1:-1].replace('"', "'").split()),
        reference=repr(card.engine.reference),
        arguments=repr(dict(card.engine.arguments)),
        max_steps=repr(card.max_steps),
        dt=repr(card.dt),
        low=repr(card.action.low),
        high=repr(card.action.high),
        variables=[_Reader(repr(v.name), v.size, _expression(v.source)) for v in card.variables],
    )


def _expression(source: str) -> str:
    match = SOURCE.match(source)
    if match is None:
        raise ValueError(f"expected a source such as obs[5] or info.x_position, got {source!r}")
    read = match["root"] + (f"[{match['part']!r}]" if match["part"] else "")
    if match["start"] is None:
        return read
    return f"{read}[{match['start']}:{match['stop']}]" if match["stop"] else f"{read}[{match['start']}]"
