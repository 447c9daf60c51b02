"""The offline designer: samples in the first iteration, then mutates and crosses what trained best."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from service.llm.contract import DesignRequest, Parent, Reply
from service.llm.offline.genome import Genome, read_genome
from service.llm.offline.grammar import Grammar
from service.llm.offline.mutation import Mutation
from service.llm.offline.writing import write_source
from service.schema import OFFLINE, OFFLINE_RANDOM, Usage

_CROSSED: Final = 0.25
_NOTE: Final = (
    "No language model was involved: the offline designer composed this reward by a grammar from the environment card. "
    "It follows the fitness and does not read the task's sentence."
)


@dataclass(frozen=True)
class OfflineDesigner:
    """Composes rewards without a language model; the same request gives the same reward.

    With `explore_only` every reply is a fresh sample of the grammar, whatever the parents did: what search is measured against.
    """

    explore_only: bool = False

    @property
    def name(self) -> str:
        """`offline`, or `offline-random` where it only samples."""
        return OFFLINE_RANDOM if self.explore_only else OFFLINE

    def check(self) -> None:
        """It can always be used."""

    def design(self, request: DesignRequest) -> Reply:
        """One reward in the contract, as a model would send it; costs nothing."""
        started = time.perf_counter()
        made = self._make(request, np.random.default_rng(request.seed))
        text = f"{_NOTE} This one was {made.origin}.\n\n```python\n{write_source(made.genome, request.card)}```\n"
        return Reply(text, Usage(usd=0.0, latency_seconds=time.perf_counter() - started), made.origin, made.parents)

    def _make(self, request: DesignRequest, random: Generator) -> _Made:
        grammar = Grammar(request)
        mutation = Mutation(random, grammar)
        fresh = _Made(grammar.genome(random), "sampled", ())
        if self.explore_only:
            return fresh
        if request.rejected is not None:
            refused = read_genome(request.rejected.source, request.card)
            mended = None if refused is None else mutation.simplify(refused, request.rejected.faults)
            return _Made(mended or fresh.genome, "repaired", ())
        readable = [
            _Read(parent, genome) for parent in request.parents if (genome := read_genome(parent.source, request.card))
        ]
        if not readable or (request.slot + request.iteration) % 4 == 3:
            return fresh
        first = readable[min(int(random.geometric(0.6)) - 1, len(readable) - 1)]
        others = [read for read in readable if read.genome != first.genome]
        if others and random.random() < _CROSSED:
            second = others[int(random.integers(len(others)))]
            child = mutation.cross(first.genome, second.genome)
            return _Made(child, "crossed", (first.parent.candidate_id, second.parent.candidate_id))
        return _Made(mutation.mutate(first.genome, first.parent.findings), "mutated", (first.parent.candidate_id,))


@dataclass(frozen=True)
class _Read:
    parent: Parent
    genome: Genome


@dataclass(frozen=True)
class _Made:
    genome: Genome
    origin: str
    parents: tuple[str, ...]
