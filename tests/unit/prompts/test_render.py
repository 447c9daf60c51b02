"""What is said to a model, and that nobody's text can pass for ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from prompts.render import (
    ActionFacts,
    DesignFacts,
    EnvironmentFacts,
    FitnessFacts,
    ParentFacts,
    RankingFacts,
    RejectedFacts,
    VariableRow,
    WordsFacts,
    clean,
    fenced,
    render,
    span,
)

ENVIRONMENT = EnvironmentFacts(
    id="Hopper-v5",
    title="Hopper",
    summary="A one-legged robot.",
    dt=0.008,
    max_steps=1000,
    ending="The episode terminates when the torso falls below 0.7 m.",
    variables=(
        VariableRow("torso_height", 0, "m", "Height of the torso.", "0.9 to 1.3"),
        VariableRow("joint_velocities", 3, "rad/s", "Hip, knee | ankle.", "-4 to 4; -5 to 5; -9 to 9"),
    ),
    action=ActionFacts(("thigh_torque", "foot_torque"), -1.0, 1.0, "share of 200 N m", "Torque on the hinges."),
)
FITNESS = FitnessFacts("forward_speed", "m/s", "x_position[-1] / (max_steps * dt)", "steps == max_steps")
PROPOSAL = DesignFacts("hop forward", ENVIRONMENT, FITNESS)
BETTER = ParentFacts("r-1-2", "def better(): ...", 2.345678, 0.5, "effort rose", ("dead_component: upright",))
WORSE = ParentFacts("r-1-0", "def worse(): ...", 1.5, 0.0, "nothing rose", ())

anything = st.text(alphabet=st.characters(exclude_categories=[]), max_size=300)
fences_and_templates = st.lists(
    st.sampled_from(
        ["```", "````", "~~~", "\n", "\r\n", " ", "{{ 7 * 7 }}", "{% raw %}", "# Fitness", "python", "\u2028", "`"]
    ),
    max_size=30,
).map("".join)


def said(facts: DesignFacts) -> str:
    return render(facts)[1].content


def fences(markdown: str) -> list[str]:
    return [token.content for token in MarkdownIt().parse(markdown) if token.type == "fence"]


def outside_of_fences(markdown: str) -> list[str]:
    return [token.content for token in MarkdownIt().parse(markdown) if token.type != "fence"]


def test_the_system_message_states_the_whole_contract() -> None:
    system = render(PROPOSAL)[0]
    assert system.role == "system"
    for fact in (
        "compute_reward", "prev_", "prev_action", "`time`", "terminated", "float32", "(B,)", "(B, n)", "axis=-1", "1 to 16",
        "(total, components)", "finite", "same inputs give the same outputs", "exactly one fenced block", "20000 characters",
    ):  # fmt: skip
        assert fact in system.content, fact


def test_a_proposal_tells_task_variables_action_end_and_fitness() -> None:
    text = said(PROPOSAL)
    assert "| `torso_height` | (B,) | m | Height of the torso. | 0.9 to 1.3 |" in text
    # A bar inside a cell would end the cell.
    assert "| `joint_velocities` | (B, 3) | rad/s | Hip, knee / ankle. | -4 to 4; -5 to 5; -9 to 9 |" in text
    assert "falls below 0.7 m" in text
    assert "shape (B, 2)" in text
    assert "`thigh_torque`, `foot_torque`" in text
    # 1000 steps of 0.008 s are 8 s.
    assert "at most 1000 steps (8 s)" in text
    assert fences(text) == [
        "hop forward\n",
        "score = x_position[-1] / (max_steps * dt)\nsuccess = steps == max_steps\n",
    ]


def test_an_improvement_shows_parents_best_first_with_code_reflection_and_findings() -> None:
    text = said(replace(PROPOSAL, parents=(BETTER, WORSE)))
    assert fences(text)[2:] == [
        "def better(): ...\n", "effort rose\n", "dead_component: upright\n", "def worse(): ...\n", "nothing rose\n",
    ]  # fmt: skip
    assert "Candidate r-1-2: fitness 2.346, success rate 0.5" in text
    assert text.index("r-1-2") < text.index("r-1-0")


def test_people_are_heard_in_a_proposal_and_an_improvement_alike() -> None:
    words = (WordsFacts("r-1-2", "it drags its foot"), WordsFacts(None, "slower is fine"))
    rankings = (RankingFacts(("r-1-2", "r-1-0"), "smoother"), RankingFacts(("r-1-0", "r-1-2"), None))
    for facts in (PROPOSAL, replace(PROPOSAL, parents=(BETTER, WORSE))):
        message = said(replace(facts, words=words, rankings=rankings))
        assert "Of candidate r-1-2:" in message
        assert "Of the run:" in message
        assert "Liked best first: r-1-2 over r-1-0." in message
        assert {"it drags its foot\n", "slower is fine\n", "smoother\n"} <= set(fences(message))
        assert "What people say" not in said(facts)


@given(fences_and_templates, anything)
def test_any_words_of_people_stay_inside_their_fences(words: str, why: str) -> None:
    facts = replace(PROPOSAL, words=(WordsFacts(None, words),), rankings=(RankingFacts(("r-1-2", "r-1-0"), why),))
    plain = replace(PROPOSAL, words=(WordsFacts(None, "x"),), rankings=(RankingFacts(("r-1-2", "r-1-0"), "x"),))
    if why:
        assert outside_of_fences(said(facts)) == outside_of_fences(said(plain))


def test_a_repair_shows_the_code_and_every_fault() -> None:
    text = said(
        replace(PROPOSAL, parents=(BETTER,), rejected=RejectedFacts("x = (", ("- line 1: not closed", "- no total")))
    )
    assert fences(text)[2:] == ["x = (\n", "- line 1: not closed\n- no total\n"]
    assert "def better" not in text


@given(task=anything | fences_and_templates)
@settings(max_examples=200, deadline=None)
def test_any_task_stays_whole_inside_its_fence(task: str) -> None:
    text = said(replace(PROPOSAL, task=task))
    # markdown-it gives "" for a fence around nothing, and the body with its line end else.
    assert fences(text)[0].removesuffix("\n") == clean(task, 4_000)
    assert outside_of_fences(text) == outside_of_fences(said(PROPOSAL))


@given(code=anything | fences_and_templates, fault=anything | fences_and_templates)
@settings(max_examples=100, deadline=None)
def test_any_code_and_fault_stay_inside_their_fences(code: str, fault: str) -> None:
    repair = replace(PROPOSAL, rejected=RejectedFacts("x", ("y",)))
    text = said(replace(PROPOSAL, rejected=RejectedFacts(code, (fault,))))
    assert len(fences(text)) == len(fences(said(repair))) == 4
    assert outside_of_fences(text) == outside_of_fences(said(repair))


@given(about=anything | fences_and_templates)
@settings(max_examples=100, deadline=None)
def test_any_description_stays_in_its_cell(about: str) -> None:
    row = VariableRow("torso_height", 0, "m", about, "0 to 1")
    text = said(replace(PROPOSAL, environment=replace(ENVIRONMENT, variables=(row,))))
    (line,) = [line for line in text.split("\n") if line.startswith("| `torso_height`")]
    assert line.count("|") == 6
    assert len(fences(text)) == 2


def test_text_that_looks_like_a_template_is_said_as_it_is() -> None:
    assert "{{ 7 * 7 }}{% if %}" in said(replace(PROPOSAL, task="{{ 7 * 7 }}{% if %}"))


def test_a_fence_is_longer_than_any_run_of_backticks_in_its_text() -> None:
    assert fenced("a ```` b", "text", 100) == "`````text\na ```` b\n`````"


def test_a_long_text_is_cut_and_says_how_much_is_missing() -> None:
    assert clean("abcdef", 4) == "abcd\n[cut here: 2 characters left out]"
    assert len(said(replace(PROPOSAL, task="x" * 1_000_000))) < 10_000


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        ((0.5,), (1.23456,), "0.5 to 1.235"),
        ((0.0, 1.0), (2.0, 3.0), "0 to 2; 1 to 3"),
        ((0.0,) * 5, (1.0,) * 5, "0 to 1; 0 to 1; 0 to 1; 0 to 1; …"),
    ],
)
def test_a_span_is_told_for_the_first_four_entries(low: tuple[float, ...], high: tuple[float, ...], words: str) -> None:
    assert span(low, high) == words
