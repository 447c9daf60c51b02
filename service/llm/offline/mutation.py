"""How the grammar's rewards change: small random steps, crossing, and a mechanical reading of the analyzer's findings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from numpy.random import Generator

from service.llm.offline.genome import MAX_TERMS, Genome, Term
from service.llm.offline.grammar import MOST, Grammar, bounded, rounded
from service.schema import Fault, Finding, Severity

Terms = tuple[Term, ...]
_WEIGHT_STEP: Final = 0.4
_SCALE_STEP: Final = 0.3
_CENTER_STEP: Final = 0.3
_URGENCY: Final = {Severity.INFO: 0.3, Severity.WARNING: 1.0, Severity.SERIOUS: 2.0}
_NOTABLE: Final = 0.5
_ANSWERED: Final = frozenset(
    {
        "dominating_component",
        "dead_component",
        "fighting_components",
        "reward_hacking",
        "early_termination",
        "never_explored",
        "never_improved",
        "component_correlation",
    }
)


@dataclass(frozen=True)
class Mutation:
    """The ways a reward changes within one request."""

    random: Generator
    grammar: Grammar

    def mutate(self, parent: Genome, findings: Sequence[Finding]) -> Genome:
        """A child of one parent: up to two of its findings answered, then a random step."""
        terms = parent.terms
        for finding in self._chosen(findings):
            terms = self._answer(terms, finding)
        if not any(map(self.grammar.of_fitness, terms)) and self._happens(0.7):
            terms = self._with_fitness_term(terms)
        child = Genome(terms=self._step(terms))
        return self._restructured(child) if child == parent or self._happens(0.2) else child

    def cross(self, first: Genome, second: Genome) -> Genome:
        """A child of two parents: terms of both, the first one's where both measure the same, then a random step."""
        measured = {term.measured for term in first.terms}
        kept = [term for term in first.terms if self._happens(0.85)] or [first.terms[0]]
        kept += [term for term in second.terms if term.measured not in measured and self._happens(0.5)]
        return Genome(terms=self._step(tuple(kept[:MAX_TERMS])))

    def simplify(self, refused: Genome, faults: Sequence[Fault]) -> Genome | None:
        """A refused reward without the term that a fault names, or else without any one; None where nothing would be left."""
        if len(refused.terms) == 1:
            return None
        said = " ".join(fault.message for fault in faults)
        named = [term for term in refused.terms if term.component in said]
        dropped = named[0] if named else refused.terms[self._pick(len(refused.terms))]
        return Genome(terms=_without(refused.terms, dropped))

    def _chosen(self, findings: Sequence[Finding]) -> list[Finding]:
        """At most two of the findings that have an answer, the serious ones rather than the others."""
        known = [
            finding
            for finding in findings
            if finding.code in _ANSWERED
            and (finding.code != "component_correlation" or abs(finding.value or 0.0) >= _NOTABLE)
        ]
        if not known:
            return []
        urgency = [_URGENCY[finding.severity] for finding in known]
        chances = [each / sum(urgency) for each in urgency]
        picks = self.random.choice(len(known), size=min(len(known), 1 + self._pick(2)), replace=False, p=chances)
        return [known[int(pick)] for pick in picks]

    def _answer(self, terms: Terms, finding: Finding) -> Terms:
        named = next((term for term in terms if term.component == finding.component), None)
        match finding.code:
            case "dominating_component" if named:
                return _replaced(terms, named, self._rescaled(named, 0.1, 0.5))
            case "dead_component" if named and named.signal != "alive":
                return self._revived(terms, named)
            case "fighting_components" if named:
                rest = _without(terms, named)
                return rest if rest and self._happens(0.4) else _replaced(terms, named, self._rescaled(named, 0.2, 0.6))
            case "reward_hacking":
                return self._turned_to_fitness(terms, named)
            case "early_termination":
                return self._kept_alive(terms)
            case "never_explored" | "never_improved":
                return self._with_fitness_term(tuple(map(self._widened, terms)))
            case "component_correlation" if named and finding.value is not None:
                return _replaced(terms, named, self._led(named, finding.value))
            case _:
                return terms

    def _led(self, term: Term, correlation: float) -> Term:
        """A term that goes with the fitness pays more; one that goes against it pays less, or the other way round."""
        if correlation > 0:
            return self._rescaled(term, 1.2, 2.0)
        signed = term.signal in ("value", "rate") and term.shape in ("linear", "clipped", "saturating")
        if signed and self._happens(0.4):
            return _weighted(term, -1.0)
        return self._rescaled(term, 0.2, 0.6)

    def _revived(self, terms: Terms, dead: Term) -> Terms:
        """A term that never moves is given another temperature, dropped or redrawn."""
        if dead.shape != "linear" and self._happens(0.5):
            factor = self.random.uniform(2.0, 5.0)
            return _replaced(
                terms, dead, _retempered(dead, factor if self._happens(0.5) else 1.0 / factor, dead.center)
            )
        rest = _without(terms, dead)
        redrawn = self.grammar.term(self.random, terms) if not rest or self._happens(0.4) else None
        return (*rest, redrawn) if redrawn else rest or terms

    def _turned_to_fitness(self, terms: Terms, named: Term | None) -> Terms:
        """Where the reward rises and fitness does not: what the fitness reads pays more, the term that gains pays less."""
        paid = tuple(
            self._rescaled(term, 0.1, 0.5) if term is named
            else self._rescaled(term, 1.5, 3.0) if self.grammar.of_fitness(term)
            else term
            for term in terms
        )  # fmt: skip
        return paid if any(self.grammar.of_fitness(term) for term in paid) else self._with_fitness_term(paid)

    def _kept_alive(self, terms: Terms) -> Terms:
        """Where episodes end early, terms for living on and for posture are raised, or one is added."""
        offers = tuple(offer for offer in self.grammar.offers if offer.keeps_alive)
        kinds = {(offer.signal, offer.variable, offer.shape) for offer in offers}
        held = {term.component for term in terms if (term.signal, term.variable, term.shape) in kinds}
        if held and self._happens(0.5):
            return tuple(self._rescaled(term, 1.5, 3.0) if term.component in held else term for term in terms)
        return self._with(terms, self.grammar.term(self.random, terms, offers))

    def _widened(self, term: Term) -> Term:
        if term.shape not in ("near", "close"):
            return term
        return _retempered(term, self.random.uniform(1.5, 3.0), term.center)

    def _with_fitness_term(self, terms: Terms) -> Terms:
        offers = tuple(offer for offer in self.grammar.offers if offer.of_fitness)
        return self._with(terms, self.grammar.term(self.random, terms, offers))

    def _with(self, terms: Terms, added: Term | None) -> Terms:
        """`terms` and one more, in the place of the last where there are as many as a genome may hold."""
        return terms if added is None else (*terms[: MAX_TERMS - 1], added)

    def _step(self, terms: Terms) -> Terms:
        """A Gaussian step in the logarithm of weights and scales, of about half the terms and at least one."""
        certain = self._pick(len(terms))
        return tuple(
            self._moved(term) if at == certain or self._happens(0.5) else term for at, term in enumerate(terms)
        )

    def _moved(self, term: Term) -> Term:
        moved = _weighted(term, math.exp(self.random.normal(0.0, _WEIGHT_STEP)))
        if moved.shape == "linear":
            return moved
        center = moved.center + moved.scale * self.random.normal(0.0, _CENTER_STEP)
        return _retempered(moved, math.exp(self.random.normal(0.0, _SCALE_STEP)), center)

    def _restructured(self, genome: Genome) -> Genome:
        """One term more, one less, or one redrawn."""
        terms = genome.terms
        rest = _without(terms, terms[self._pick(len(terms))])
        if rest and self._happens(0.4):
            return Genome(terms=rest)
        beside = terms if len(terms) < MOST and self._happens(0.6) else rest
        added = self.grammar.term(self.random, beside)
        return Genome(terms=(*beside, added)) if added else genome

    def _rescaled(self, term: Term, low: float, high: float) -> Term:
        return _weighted(term, self.random.uniform(low, high))

    def _happens(self, chance: float) -> bool:
        return bool(self.random.random() < chance)

    def _pick(self, count: int) -> int:
        return int(self.random.integers(count))


def _weighted(term: Term, factor: float) -> Term:
    weight = math.copysign(bounded(abs(term.weight * factor)), term.weight * factor)
    return term.model_copy(update={"weight": weight})


def _retempered(term: Term, factor: float, center: float) -> Term:
    moved = rounded(min(max(center, -1e5), 1e5)) if term.shape == "near" else term.center
    return term.model_copy(update={"scale": bounded(term.scale * factor), "center": moved})


def _replaced(terms: Terms, old: Term, new: Term) -> Terms:
    return tuple(new if term is old else term for term in terms)


def _without(terms: Terms, dropped: Term) -> Terms:
    return tuple(term for term in terms if term is not dropped)
