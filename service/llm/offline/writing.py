"""Writes a genome as reward code that a person can read: one named, weighted component per term."""

from __future__ import annotations

from envs.card import EnvCard
from service.llm.offline.genome import Genome, Term, mark


def write_source(genome: Genome, card: EnvCard) -> str:
    """The source of the reward, which asks for exactly the inputs that its terms need."""
    sizes = card.parameters
    lines, inputs, names = list[str](), list[str](), dict[str, str]()
    for term in genome.terms:
        inputs += [name for name in _inputs(term) if name not in inputs]
        names[term.component] = f"{term.component}_term" if term.component in sizes else term.component
        payment = _payment(term, _signal(term, sizes[term.variable], card.dt))
        lines += [f"    # {_comment(term)}", f"    {names[term.component]} = {_number(term.weight)} * {payment}"]
    return "\n".join(
        [
            mark(genome),
            "# Composed by the offline designer's grammar; no language model was involved.",
            f"def compute_reward({', '.join(inputs)}):",
            *lines,
            f"    total = {' + '.join(names.values())}",
            "    return total, {",
            *(f'        "{component}": {name},' for component, name in names.items()),
            "    }",
            "",
        ]
    )


def _inputs(term: Term) -> list[str]:
    names = list(term.variables())
    earlier = [f"prev_{name}" for name in names] if term.signal in ("rate", "approach", "change") else []
    return names + earlier


def _number(value: float) -> str:
    return f"{value:.4g}"


def _signal(term: Term, size: int, dt: float) -> str:
    """The array expression `(B,)` of what a term measures."""
    at = "" if term.entry is None else f"[:, {term.entry}]"
    now, before = f"{term.variable}{at}", f"prev_{term.variable}{at}"
    vector = size > 0 and term.entry is None
    match term.signal:
        case "value":
            return _distance(now, None, vector)
        case "rate":
            return f"({now} - {before}) / {_number(dt)}"
        case "gap":
            return _distance(term.variable, term.other, vector)
        case "approach":
            earlier = _distance(before, None if term.other is None else f"prev_{term.other}", vector)
            return f"({earlier} - {_distance(now, term.other, vector)}) / {_number(dt)}"
        case "square":
            return f"np.sum(np.square({now}), axis=-1)" if vector else f"np.square({now})"
        case "change":
            change = f"np.square({now} - {before})"
            return f"np.sum({change}, axis=-1)" if vector else change
        case "alive":
            return "(1.0 - terminated)"


def _distance(here: str, there: str | None, vector: bool) -> str:
    if there is None:
        return f"np.linalg.norm({here}, axis=-1)" if vector else here
    return f"np.linalg.norm({here} - {there}, axis=-1)" if vector else f"np.abs({here} - {there})"


def _payment(term: Term, signal: str) -> str:
    scale, center = _number(term.scale), _number(term.center)
    inner = f"({signal})" if " / " in signal or (" - " in signal and not signal.startswith(("np.", "("))) else signal
    match term.shape:
        case "linear":
            return inner
        case "clipped":
            return f"np.clip({signal}, -{scale}, {scale})"
        case "saturating":
            return f"np.tanh({inner} / {scale})"
        case "near":
            shifted = (
                inner
                if term.center == 0
                else f"({inner} - {center})"
                if term.center > 0
                else f"({inner} + {center[1:]})"
            )
            return f"np.exp(-np.square({shifted} / {scale}))"
        case "close":
            return f"np.exp(-np.abs({signal}) / {scale})"


def _comment(term: Term) -> str:
    return _MEASURES[term.signal].format(name=_name(term), other=term.other or "zero") + _PAYS[term.shape].format(
        scale=_number(term.scale), center=_number(term.center)
    )


def _name(term: Term) -> str:
    return term.variable if term.entry is None else f"entry {term.entry} of {term.variable}"


_MEASURES = {
    "value": "{name}",
    "rate": "rate of change of {name} per second",
    "gap": "distance of {name} to {other}",
    "approach": "how fast {name} nears {other}",
    "square": "magnitude of {name}",
    "change": "change of {name} within one step",
    "alive": "the episode goes on",
}
_PAYS = {
    "linear": ", in proportion",
    "clipped": ", up to {scale} either way",
    "saturating": ", little more beyond {scale}",
    "near": ", most at {center}, little further off than {scale}",
    "close": ", most at zero, little further off than {scale}",
}
