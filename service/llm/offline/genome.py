"""A reward of the grammar as data: a few weighted terms, carried in its source as one comment line so that it can be read back."""

from __future__ import annotations

import zlib
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from envs.card import EnvCard, Name
from service.schema.search import Frozen

Signal = Literal["value", "rate", "gap", "approach", "square", "change", "alive"]
"""What a term measures: a variable (of a distance that is a vector its length), its rate of change, its distance to another, how
fast that shrinks, its square (summed over entries), the square of its change in one step, or that the episode goes on."""

Shape = Literal["linear", "clipped", "saturating", "near", "close"]
"""How a term pays for it: in proportion, in proportion up to a bound, by tanh, most at a target, most at zero."""

MARK: Final = "# genome: "
MAX_TERMS: Final = 6
_MAX_LINE: Final = 4_000
_LONGEST_NAME: Final = 64
_Figure = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Positive = Annotated[float, Field(ge=1e-6, le=1e6, allow_inf_nan=False)]


class Term(Frozen):
    """One component: `weight` times a shape of a signal; `scale` in the signal's unit, `center` the target of `near`."""

    signal: Signal
    shape: Shape
    variable: Name
    entry: int | None = Field(default=None, ge=0, le=512)
    other: Name | None = None
    center: _Figure = 0.0
    scale: _Positive = 1.0
    weight: _Figure

    @property
    def measured(self) -> tuple[Signal, str, int | None, str | None]:
        """What it measures, whatever it pays for it."""
        return self.signal, self.variable, self.entry, self.other

    @property
    def component(self) -> str:
        """Its name among the components of the reward, at most 64 characters."""
        if self.signal == "alive":
            return "alive"
        name = self.variable if self.entry is None else f"{self.variable}_{self.entry}"
        goal = "" if self.other is None else f"_to_{self.other}"
        match self.signal:
            case "square":
                return "effort" if self.variable == "action" else f"{name}_square"
            case "change":
                return f"{name}_change"
            case "value" | "gap":
                return _short(f"{name}{goal}_{self.shape}")
            case _:
                return _short(f"{name}_{self.signal}{goal}_{self.shape}")

    def variables(self) -> tuple[str, ...]:
        """The variables of the card that it needs, without `prev_`."""
        return (self.variable,) if self.other is None else (self.variable, self.other)


class Genome(Frozen):
    """A whole reward: the sum of its terms."""

    terms: tuple[Term, ...] = Field(min_length=1, max_length=MAX_TERMS)


def _short(name: str) -> str:
    """Names of two variables may be longer together than a component's may be; the checksum keeps them apart."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 9]}_{zlib.crc32(name.encode()):08x}"


def mark(genome: Genome) -> str:
    """The comment line that carries a genome in its source."""
    return MARK + genome.model_dump_json(exclude_defaults=True)


def read_genome(source: str, card: EnvCard) -> Genome | None:
    """The genome in a source, None where there is none or where it does not fit the card: anyone may have written that line."""
    line = next((line for line in source.splitlines() if line.startswith(MARK)), None)
    if line is None or len(line) > _MAX_LINE:
        return None
    try:
        genome = Genome.model_validate_json(line.removeprefix(MARK))
    except ValidationError:
        return None
    names = {term.component for term in genome.terms}
    fits = len(names) == len(genome.terms) and all(_fits(term, card) for term in genome.terms)
    return genome if fits else None


def _fits(term: Term, card: EnvCard) -> bool:
    """Whether the term can be written for this card: known variables, entries within their sizes, vectors reduced."""
    if term.signal == "alive":
        return (term.variable, term.entry, term.other) == ("terminated", None, None)
    sizes = {variable.name: variable.size for variable in card.variables} | {"action": card.action.size}
    if any(name not in sizes for name in term.variables()):
        return False
    size = sizes[term.variable]
    if term.signal in ("gap", "approach"):
        paired = term.other is not None and sizes[term.other] == size
        return term.entry is None and (paired or term.other is None)
    if term.other is not None or (term.entry is not None and term.entry >= size):
        return False
    if size == 0:
        return term.entry is None
    whole = term.signal in ("square", "change") or (term.signal == "value" and term.variable in _distances(card))
    return whole or term.entry is not None


def _distances(card: EnvCard) -> set[str]:
    """The variables whose length says it all."""
    return {variable.name for variable in card.variables if variable.role == "distance"}
