"""The grammar: which terms a card offers by the roles of its variables, and how their figures are drawn.

Figures are drawn around what was recorded under a random policy, so that weights compare across variables and units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from numpy.random import Generator

from envs.card import EnvCard, Role, Variable
from service.llm.contract import DesignRequest, VariableStatistics
from service.llm.offline.fitness import fitness_variables
from service.llm.offline.genome import Genome, Shape, Signal, Term

FEWEST, MOST = 2, 5
_FITNESS_WEIGHT: Final = 3.0
_GAIN: Final = (0.1, 3.0)
_PENALTY: Final = (0.01, 1.0)

_Production = tuple[Signal, Shape, float]
"""What is measured, how it is paid, and how often this is chosen."""

_ROLES: Final[dict[Role, tuple[_Production, ...]]] = {
    "velocity": (
        ("value", "linear", 0.6),
        ("value", "clipped", 0.5),
        ("value", "saturating", 0.5),
        ("value", "near", 0.4),
    ),
    "height": (("value", "near", 0.9), ("value", "linear", 0.6)),
    "orientation": (("value", "near", 0.6), ("square", "linear", 0.3), ("rate", "linear", 0.1)),
    "angle": (("value", "near", 0.2), ("square", "linear", 0.1)),
    "angular_velocity": (("square", "linear", 0.5), ("value", "linear", 0.1)),
    "position": (("rate", "linear", 0.6), ("rate", "saturating", 0.4), ("value", "near", 0.1)),
    "distance": (("value", "linear", 0.6), ("value", "close", 0.8), ("approach", "linear", 0.6)),
    "goal": (),
    "contact": (("value", "linear", 0.3),),
    "effort": (("square", "linear", 0.6),),
}
_PAIRS: Final[tuple[_Production, ...]] = (("gap", "linear", 0.6), ("gap", "close", 0.8), ("approach", "linear", 0.6))
_NEARING: Final[tuple[_Production, ...]] = (("gap", "linear", 0.2), ("gap", "close", 0.3), ("approach", "linear", 0.2))
"""Between two things that both move, as a gripper and what it is to move: no goal, but often the way to one."""
_ACTION: Final[tuple[_Production, ...]] = (("square", "linear", 0.8), ("change", "linear", 0.4))
_ALIVE: Final = 1.2


@dataclass(frozen=True)
class Offer:
    """A term that the card allows, its figures still open; `chance` is relative to the other offers."""

    signal: Signal
    shape: Shape
    variable: str
    entries: int
    other: str | None
    role: Role
    of_fitness: bool
    chance: float

    @property
    def keeps_alive(self) -> bool:
        """Whether it pays for living on, or for a posture in which one does."""
        return self.signal == "alive" or (self.role in ("height", "orientation") and self.shape == "near")


class Grammar:
    """The terms that one request allows, and how to draw them."""

    def __init__(self, request: DesignRequest) -> None:
        self._statistics = request.statistics
        self._card = request.card
        self._fitness = fitness_variables(request.fitness, request.card)
        self.offers = tuple(self._offers())

    def of_fitness(self, term: Term) -> bool:
        """Whether a term measures a variable that the fitness reads."""
        return not self._fitness.isdisjoint(term.variables())

    def genome(self, random: Generator) -> Genome:
        """A fresh reward of 2 to 5 terms."""
        wanted = int(random.integers(FEWEST, MOST + 1))
        terms: tuple[Term, ...] = ()
        while len(terms) < wanted and (term := self.term(random, terms)):
            terms += (term,)
        return Genome(terms=terms)

    def term(self, random: Generator, beside: tuple[Term, ...], only: tuple[Offer, ...] | None = None) -> Term | None:
        """A fresh term that measures nothing that `beside` measures already; None where nothing is left."""
        taken = {(term.signal, term.variable, term.other) for term in beside}
        open_ = [o for o in (self.offers if only is None else only) if (o.signal, o.variable, o.other) not in taken]
        if not open_:
            return None
        chances = [offer.chance for offer in open_]
        chosen = open_[int(random.choice(len(open_), p=[chance / sum(chances) for chance in chances]))]
        return self.draw(random, chosen)

    def draw(self, random: Generator, offer: Offer) -> Term:
        """An offer with its figures drawn."""
        entry = self._entry_that_moves(random, offer)
        size = _Sizes(self._statistics, self._card).of(offer, entry)
        center, scale = 0.0, 1.0
        if offer.shape == "near":
            center, scale = self._target(random, offer, entry)
        elif offer.shape in ("clipped", "saturating"):
            scale = size * _log_uniform(random, 0.5, 4.0)
        elif offer.shape == "close":
            scale = size * _log_uniform(random, 0.2, 1.0)
        strength = _log_uniform(random, *(_PENALTY if offer.signal in ("square", "change") else _GAIN))
        unit = {"linear": size, "clipped": scale}.get(offer.shape, 1.0)
        return Term(
            signal=offer.signal,
            shape=offer.shape,
            variable=offer.variable,
            entry=entry,
            other=offer.other,
            center=rounded(center),
            scale=bounded(scale),
            weight=bounded(strength / unit) * self._sign(random, offer),
        )

    def _entry_that_moves(self, random: Generator, offer: Offer) -> int | None:
        """One of the entries that were seen to change (a planar robot's feet never leave their plane), any where none was."""
        if not offer.entries:
            return None
        known = self._statistics.get(offer.variable)
        moving = [i for i in range(offer.entries) if known is None or known.std[i] > 0] or list(range(offer.entries))
        return moving[int(random.integers(len(moving)))]

    def _target(self, random: Generator, offer: Offer, entry: int | None) -> tuple[float, float]:
        """Where a `near` term pays most and how wide: a speed beyond the usual for velocities, else a usual value."""
        known = _entry(self._statistics.get(offer.variable), entry)
        width = max(known.std, 1e-3) * _log_uniform(random, 1.0, 10.0)
        if offer.role == "velocity":
            speed = known.size * _log_uniform(random, 0.5, 4.0) * (1.0 if random.random() < 0.8 else -1.0)
            return speed, max(abs(speed) * _log_uniform(random, 0.3, 1.0), width)
        if offer.role == "height":
            return (known.low, known.mean, known.high)[int(random.integers(3))], width
        return (0.0 if random.random() < 0.5 else known.mean), width

    def _sign(self, random: Generator, offer: Offer) -> float:
        if offer.signal in ("square", "change"):
            return -1.0
        if offer.shape in ("near", "close") or offer.signal in ("alive", "approach"):
            return 1.0
        if offer.role == "distance":
            return -1.0
        more_is_better = 0.5 if offer.role in ("orientation", "angular_velocity") else 0.8
        return 1.0 if random.random() < more_is_better else -1.0

    def _offers(self) -> list[Offer]:
        card = self._card
        offers = [
            offer
            for variable in card.variables
            for production in _ROLES[variable.role]
            if (offer := self._offer(production, variable.name, variable.size, variable.role))
        ]
        offers += [
            self._offer(production, here.name, here.size, "distance", there.name)
            for there in card.variables
            if there.role == "goal"
            for here in card.variables
            if here.role == "position" and here.size == there.size
            for production in _PAIRS
        ]
        if any(variable.role == "goal" for variable in card.variables):
            places = [variable for variable in card.variables if variable.role == "position" and variable.size > 1]
            offers += [
                self._offer(production, here.name, here.size, "distance", there.name)
                for here, there in combinations(places, 2)
                if here.size == there.size
                for production in _NEARING
            ]
        offers += [self._offer(production, "action", card.action.size, "effort") for production in _ACTION]
        if card.ending.early:
            offers.append(Offer("alive", "linear", "terminated", 0, None, "contact", False, _ALIVE))
        return offers

    def _offer(self, production: _Production, variable: str, size: int, role: Role, other: str | None = None) -> Offer:
        signal, shape, chance = production
        known = not self._fitness.isdisjoint({variable, other})
        entries = size if signal in ("value", "rate") and role != "distance" else 0
        return Offer(signal, shape, variable, entries, other, role, known, chance * (_FITNESS_WEIGHT if known else 1.0))


@dataclass(frozen=True)
class _Entry:
    """One number's statistics; `size` is how large it usually gets."""

    mean: float
    std: float
    low: float
    high: float
    size: float


def _entry(statistics: VariableStatistics | None, entry: int | None) -> _Entry:
    if statistics is None:
        return _Entry(0.0, 1.0, -1.0, 1.0, 1.0)
    at = entry or 0
    size = max(abs(statistics.low[at]), abs(statistics.high[at]), statistics.std[at], 1e-3)
    return _Entry(statistics.mean[at], statistics.std[at], statistics.low[at], statistics.high[at], size)


@dataclass(frozen=True)
class _Sizes:
    """How large signals usually are under a random policy."""

    statistics: Mapping[str, VariableStatistics]
    card: EnvCard

    def of(self, offer: Offer, entry: int | None) -> float:
        """The usual size of what an offer measures, in its own unit, never 0."""
        match offer.signal:
            case "value":
                if offer.role == "distance":
                    return self._gap(offer.variable, None)
                return _entry(self.statistics.get(offer.variable), entry).size
            case "rate":
                return self._speed("angular_velocity" if offer.role == "orientation" else "velocity")
            case "gap" | "approach":
                return self._gap(offer.variable, offer.other)
            case "square":
                return self._square(offer.variable, 1.0, 1.0)
            case "change":
                return self._square(offer.variable, 0.0, 2.0)
            case "alive":
                return 1.0

    def _speed(self, role: Role) -> float:
        speeds = [self._largest(variable) for variable in self.card.variables if variable.role == role]
        return max(speeds, default=1.0)

    def _largest(self, variable: Variable) -> float:
        return max(_entry(self.statistics.get(variable.name), entry).size for entry in range(max(variable.size, 1)))

    def _gap(self, here: str, there: str | None) -> float:
        a, b = self.statistics.get(here), self.statistics.get(there) if there else None
        if a is None:
            return 1.0
        if b is None:
            return max(math.sqrt(sum(m**2 + s**2 for m, s in zip(a.mean, a.std, strict=True))), 1e-3)
        squares = ((m - n) ** 2 + s**2 + t**2 for m, n, s, t in zip(a.mean, b.mean, a.std, b.std, strict=True))
        return max(math.sqrt(sum(squares)), 1e-3)

    def _square(self, variable: str, of_mean: float, of_std: float) -> float:
        known = self.statistics.get(variable)
        if known is None:
            return 1.0
        return max(sum(of_mean * m**2 + of_std * s**2 for m, s in zip(known.mean, known.std, strict=True)), 1e-3)


def rounded(value: float) -> float:
    """`value` to three significant figures, as it will stand in the code."""
    return float(f"{value:.3g}")


def bounded(value: float) -> float:
    """`value` rounded and kept within what a genome may hold for a scale or the size of a weight."""
    return rounded(min(max(value, 1e-5), 1e5))


def _log_uniform(random: Generator, low: float, high: float) -> float:
    return math.exp(random.uniform(math.log(low), math.log(high)))
