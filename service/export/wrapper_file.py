"""A Gymnasium wrapper, written for one card, that puts a designed reward into the reference environment."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from envs.card import EnvCard
from envs.kinematics import FARTHEST
from envs.sources import Posed, Shown, Turned, parse_source


@dataclass(frozen=True)
class _Reader:
    name: str
    size: int
    expression: str


def wrapper_file(card: EnvCard) -> str:
    """The wrapper's code: the card's variables read from observation and info, everything else fixed.

    All that comes from the card stands there as a Python literal.
    """
    sources = [parse_source(variable.source) for variable in card.variables]
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
        posed=any(isinstance(source, Posed) for source in sources),
        turned=any(isinstance(source, Turned) for source in sources),
        farthest=repr(FARTHEST),
        variables=[_Reader(repr(v.name), v.size, _expression(v.source)) for v in card.variables],
    )


def _expression(text: str) -> str:
    match parse_source(text):
        case Posed() as posed:
            return f"self.{posed.quantity}({posed.kind!r}, {posed.name!r})"
        case Turned() as turned:
            return f"self.turns({_columns(turned.quaternion)}, {turned.axis})"
        case Shown() as shown:
            return _columns(shown)


def _columns(shown: Shown) -> str:
    read = shown.root + (f"[{shown.part!r}]" if shown.part != "obs" else "")
    if shown.start is None or shown.stop is None:
        return read
    return f"{read}[{shown.start}:{shown.stop}]" if shown.stop > shown.start + 1 else f"{read}[{shown.start}]"
