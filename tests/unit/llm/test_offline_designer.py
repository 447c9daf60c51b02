"""The designer without a model: repeatable, always within the contract, led by fitness and findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from envs.card import card
from sandbox import check_reward
from service.evolution.critic import extract_source
from service.llm.contract import DesignRequest, Parent, Rejected
from service.llm.offline import OfflineDesigner
from service.llm.offline.genome import Genome, Term, read_genome
from service.llm.offline.grammar import Grammar
from service.llm.offline.writing import write_source
from service.schema import Fault, Finding, Severity
from tests.representatives import REPRESENTATIVES

RequestMaker = Callable[..., DesignRequest]
CODES = (
    "dominating_component", "dead_component", "fighting_components", "reward_hacking", "early_termination", "never_explored",
    "never_improved", "component_correlation", "a_code_of_tomorrow",
)  # fmt: skip

SPEED = Term(signal="value", shape="linear", variable="forward_velocity", weight=1.0)
HEIGHT = Term(signal="value", shape="near", variable="torso_height", center=1.25, scale=0.2, weight=0.5)
EFFORT = Term(signal="square", shape="linear", variable="action", weight=-0.01)
PROGRESS = Term(signal="rate", shape="linear", variable="x_position", weight=1.0)


def parent(*terms: Term, findings: tuple[Finding, ...] = (), candidate: str = "r-0-1-0") -> Parent:
    return Parent(candidate, write_source(Genome(terms=terms), card("Hopper-v5")), 1.0, 0.0, findings, "")


def finding(code: str, component: str | None = None, value: float | None = None) -> Finding:
    return Finding(code=code, severity=Severity.SERIOUS, message="seen", component=component, value=value)


def children(make: RequestMaker, *parents: Parent, count: int = 200) -> list[tuple[Term, ...]]:
    """Terms of children over many seeds; slot 0 of iteration 2 is never the one that only explores."""
    found = []
    for seed in range(count):
        reply = OfflineDesigner().design(make(iteration=2, seed=seed, parents=parents))
        genome = read_genome(extract_source(reply.text), card("Hopper-v5"))
        assert genome is not None
        found.append(genome.terms)
    return found


def median_weight(terms: list[tuple[Term, ...]], component: str) -> float:
    return float(np.median([abs(t.weight) for t in chain.from_iterable(terms) if t.component == component]))


def test_the_same_request_gives_the_same_reply_and_another_seed_another(request_for: RequestMaker) -> None:
    replies = [OfflineDesigner().design(request_for(seed=seed)).text for seed in (1, 1, 2)]
    assert replies[0] == replies[1] != replies[2]


def test_it_says_that_no_language_model_was_involved_and_costs_nothing(request_for: RequestMaker) -> None:
    OfflineDesigner().check()
    reply = OfflineDesigner().design(request_for())
    assert "No language model was involved" in reply.text
    assert "no language model was involved" in extract_source(reply.text)
    assert (reply.usage.usd, reply.usage.prompt_tokens, reply.usage.completion_tokens) == (0.0, 0, 0)
    assert (reply.origin, reply.parents) == ("sampled", ())


@pytest.mark.parametrize("environment", REPRESENTATIVES)
def test_whatever_it_writes_passes_the_policy_generation_after_generation(
    environment: str, request_for: RequestMaker
) -> None:
    known = card(environment).parameters
    random = np.random.default_rng(3)
    for seed in range(40):
        source = extract_source(OfflineDesigner().design(request_for(environment, seed=seed)).text)
        parents: tuple[Parent, ...] = ()
        for iteration in range(2, 7):
            check_reward(source, known)
            genome = read_genome(source, card(environment))
            assert genome is not None
            findings = tuple(
                finding(str(code), genome.terms[int(random.integers(len(genome.terms)))].component)
                for code in random.choice(CODES, size=3)
            )
            parents = (Parent(f"c{iteration}", source, 1.0, 0.0, findings, ""), *parents[:2])
            asked = request_for(environment, iteration=iteration, slot=seed % 4, seed=seed, parents=parents)
            source = extract_source(OfflineDesigner().design(asked).text)


def test_one_slot_in_four_explores_and_the_others_build_on_parents(request_for: RequestMaker) -> None:
    origins = [
        OfflineDesigner()
        .design(request_for(iteration=2, slot=slot, seed=slot, parents=(parent(SPEED, HEIGHT),)))
        .origin
        for slot in range(8)
    ]
    assert origins.count("sampled") == 2
    assert set(origins) == {"sampled", "mutated"}


def test_two_different_parents_are_sometimes_crossed_and_both_named(request_for: RequestMaker) -> None:
    pair = (parent(SPEED, HEIGHT, candidate="a"), parent(PROGRESS, EFFORT, candidate="b"))
    replies = [OfflineDesigner().design(request_for(iteration=2, seed=seed, parents=pair)) for seed in range(60)]
    crossed = [reply for reply in replies if reply.origin == "crossed"]
    assert 5 <= len(crossed) <= 30
    assert all(set(reply.parents) == {"a", "b"} for reply in crossed)


def test_explore_only_never_looks_at_parents(request_for: RequestMaker) -> None:
    designer = OfflineDesigner(explore_only=True)
    alone = designer.design(request_for(seed=5))
    beside = designer.design(request_for(seed=5, iteration=4, parents=(parent(SPEED, HEIGHT),)))
    assert designer.name == "offline-random"
    assert extract_source(alone.text) == extract_source(beside.text)
    assert beside.origin == "sampled"


@pytest.mark.parametrize(
    "source",
    [
        "def compute_reward(action): ...",
        "# genome: not json",
        "# genome: " + "[" * 3000,
        '# genome: {"terms":[]}',
        '# genome: {"terms":[{"signal":"value","shape":"linear","variable":"x); import os #","weight":1}]}',
        '# genome: {"terms":[{"signal":"value","shape":"linear","variable":"wing_span","weight":1}]}',
        '# genome: {"terms":[{"signal":"value","shape":"linear","variable":"joint_velocities","entry":3,"weight":1}]}',
        '# genome: {"terms":[{"signal":"value","shape":"linear","variable":"joint_velocities","weight":1}]}',
        '# genome: {"terms":[{"signal":"gap","shape":"linear","variable":"torso_height","other":"joint_velocities","weight":1}]}',
        '# genome: {"terms":[{"signal":"value","shape":"linear","variable":"torso_height","weight":NaN}]}',
        '# genome: {"terms":[{"signal":"value","shape":"linear","variable":"torso_height","weight":1e999}]}',
        '# genome: {"terms":[{"signal":"value","shape":"near","variable":"torso_height","scale":0,"weight":1}]}',
        '# genome: {"terms":[{"signal":"alive","shape":"linear","variable":"terminated","other":"wing_span","weight":1}]}',
    ],
)
def test_a_parent_without_a_readable_genome_is_left_aside(source: str, request_for: RequestMaker) -> None:
    assert read_genome(source, card("Hopper-v5")) is None
    hostile = Parent("c", source, 1.0, 0.0, (), "")
    reply = OfflineDesigner().design(request_for(iteration=2, parents=(hostile,)))
    assert (reply.origin, reply.parents) == ("sampled", ())


def test_a_dominating_component_is_brought_down(request_for: RequestMaker) -> None:
    told = children(
        request_for, parent(SPEED, HEIGHT, findings=(finding("dominating_component", "forward_velocity_linear"),))
    )
    untold = children(request_for, parent(SPEED, HEIGHT))
    # Rescaled by 0.1 to 0.5, median 0.3, and then a step whose median factor is 1; without the finding the step alone.
    assert median_weight(told, "forward_velocity_linear") < 0.45
    assert 0.7 < median_weight(untold, "forward_velocity_linear") < 1.4


def test_a_dead_component_is_dropped_or_given_another_temperature(request_for: RequestMaker) -> None:
    told = children(request_for, parent(SPEED, HEIGHT, findings=(finding("dead_component", "torso_height_near"),)))
    kept = [term for terms in told for term in terms if term.component == "torso_height_near"]
    assert len(kept) < 150
    # A factor of 2 to 5 either way against a step whose deviation is a factor of 1.35.
    assert np.mean([not 0.13 < term.scale < 0.3 for term in kept]) > 0.6


def test_the_bonus_for_living_is_no_dead_weight(request_for: RequestMaker) -> None:
    alive = Term(signal="alive", shape="linear", variable="terminated", weight=1.0)
    told = children(request_for, parent(SPEED, alive, findings=(finding("dead_component", "alive"),)))
    assert sum(any(term.component == "alive" for term in terms) for terms in told) > 150


def test_episodes_that_end_early_raise_what_keeps_alive_or_bring_it_in(request_for: RequestMaker) -> None:
    def pays_for_living(terms: tuple[Term, ...]) -> bool:
        return any(
            t.signal == "alive" or (t.shape == "near" and t.variable in ("torso_height", "torso_angle")) for t in terms
        )

    told = children(request_for, parent(SPEED, EFFORT, findings=(finding("early_termination"),)))
    untold = children(request_for, parent(SPEED, EFFORT))
    assert sum(map(pays_for_living, told)) > 150
    assert sum(map(pays_for_living, untold)) < 60
    raised = children(request_for, parent(SPEED, HEIGHT, findings=(finding("early_termination"),)))
    # Half of them are raised by 1.5 to 3, the others get a term more.
    assert median_weight(raised, "torso_height_near") > 0.55


def test_a_component_that_goes_against_the_fitness_pays_less_or_the_other_way_round(request_for: RequestMaker) -> None:
    against = finding("component_correlation", "forward_velocity_linear", -0.9)
    told = children(request_for, parent(SPEED, HEIGHT, findings=(against,)))
    weights = [term.weight for terms in told for term in terms if term.component == "forward_velocity_linear"]
    # Turned round with a chance of 0.4; of those that are not, the weight falls to 0.2 to 0.6.
    assert 0.25 < np.mean([weight < 0 for weight in weights]) < 0.55
    assert np.median([weight for weight in weights if weight > 0]) < 0.6


def test_a_component_that_goes_with_the_fitness_pays_more_unless_by_chance(request_for: RequestMaker) -> None:
    clear = finding("component_correlation", "forward_velocity_linear", 0.9)
    by_chance = finding("component_correlation", "forward_velocity_linear", 0.2)
    assert (
        median_weight(children(request_for, parent(SPEED, HEIGHT, findings=(clear,))), "forward_velocity_linear") > 1.3
    )
    assert (
        median_weight(children(request_for, parent(SPEED, HEIGHT, findings=(by_chance,))), "forward_velocity_linear")
        < 1.2
    )


def test_reward_without_fitness_turns_towards_what_the_fitness_reads(request_for: RequestMaker) -> None:
    told = children(request_for, parent(HEIGHT, EFFORT, findings=(finding("reward_hacking", "torso_height_near"),)))
    assert sum(any("x_position" in term.variable for term in terms) for terms in told) > 150
    assert median_weight(told, "torso_height_near") < 0.25


def test_a_parent_that_pays_for_nothing_the_fitness_reads_mostly_gets_such_a_term(request_for: RequestMaker) -> None:
    # Added with a chance of 0.7, before one term in a few is dropped or redrawn again.
    grown = children(request_for, parent(HEIGHT, EFFORT))
    assert 100 < sum(any(term.variable == "x_position" for term in terms) for terms in grown) < 180


def test_a_refused_reward_loses_the_term_that_the_fault_names(request_for: RequestMaker) -> None:
    source = write_source(Genome(terms=(SPEED, HEIGHT, EFFORT)), card("Hopper-v5"))
    fault = Fault(code="misshapen", message="component 'torso_height_near': expected finite float32, got nan")
    reply = OfflineDesigner().design(request_for(attempt=1, rejected=Rejected(source, (fault,))))
    genome = read_genome(extract_source(reply.text), card("Hopper-v5"))
    assert reply.origin == "repaired"
    assert genome == Genome(terms=(SPEED, EFFORT))


def test_a_refused_reward_of_one_term_or_of_strangers_is_made_anew(request_for: RequestMaker) -> None:
    alone = write_source(Genome(terms=(SPEED,)), card("Hopper-v5"))
    for source in (alone, "print('hello')"):
        reply = OfflineDesigner().design(request_for(attempt=1, seed=9, rejected=Rejected(source, ())))
        assert reply.origin == "repaired"
        assert extract_source(reply.text) == extract_source(OfflineDesigner().design(request_for(seed=9)).text)


def test_it_pays_no_entry_that_never_moved(request_for: RequestMaker) -> None:
    # a planar robot's foot has a position in the plane: its second entry, y, never changes
    asked = request_for("Walker2d-splits")
    flat = {
        name: replace(known, std=(known.std[0], 0.0, known.std[2])) if name.endswith("_foot_position") else known
        for name, known in asked.statistics.items()
    }
    drawn = [
        term
        for seed in range(100)
        for term in Grammar(replace(asked, statistics=flat)).genome(np.random.default_rng(seed)).terms
        if term.variable.endswith("_foot_position") and term.entry is not None
    ]
    assert {term.entry for term in drawn} == {0, 2}


def test_where_there_is_a_goal_it_may_pay_for_two_things_nearing_each_other(request_for: RequestMaker) -> None:
    pairs = {(offer.variable, offer.other) for offer in Grammar(request_for("drawer-open-v3")).offers if offer.other}
    assert {("drawer_handle_position", "goal"), ("hand_position", "drawer_handle_position")} <= pairs
    assert not [offer for offer in Grammar(request_for("Walker2d-splits")).offers if offer.other]


def test_a_distance_that_is_a_vector_is_paid_by_its_length(request_for: RequestMaker) -> None:
    (vector, *_) = [one for one in card("Reacher-v5").variables if one.role == "distance" and one.size > 1]
    offers = [
        one for one in Grammar(request_for("Reacher-v5")).offers if (one.variable, one.signal) == (vector.name, "value")
    ]
    terms = tuple(Grammar(request_for("Reacher-v5")).draw(np.random.default_rng(0), offer) for offer in offers[:1])
    source = write_source(Genome(terms=terms), card("Reacher-v5"))
    assert f"np.linalg.norm({vector.name}, axis=-1)" in source
    assert read_genome(source, card("Reacher-v5")) == Genome(terms=terms)
