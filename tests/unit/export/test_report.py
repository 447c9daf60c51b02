from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from service.export.report import command, report
from service.export.text import fenced, markdown, plain, quoted
from service.schema import HalvingConfig, Interval, PPOConfig, RunRecord, TrainingConfig
from tests.unit.baselines.example import made


def test_a_report_gives_the_figures_of_iterations_and_comparison(record: RunRecord) -> None:
    text = report(record, record.trainings[-1])
    assert "| 1 | 0.7 | 0.5 | 2 of 3 |" in text
    assert "| 2 | 1.5 | 1.2 | 2 of 2 |" in text
    assert "| winner | 1.6 [1.4, 1.8] | 50% | 1.3, 1.5, 1.6, 1.7, 1.9 |" in text
    assert "1.33 [1.1, 1.6]" in text
    assert "| completions possibly paid for and lost | 1 |" in text
    assert "![Fitness over environment steps](curves.png)" in text


def test_a_report_gives_intervals_over_seeds_and_how_candidates_were_trained(record: RunRecord) -> None:
    interval = Interval(mean=1.5, low=1.25, high=1.75)
    candidates = tuple(
        one.model_copy(update={"fitness_interval": interval}) if one.id == record.run.best_candidate_id else one
        for one in record.candidates
    )
    training = TrainingConfig(seeds=3, halving=HalvingConfig(), warm_start="parent", ppo=PPOConfig(discount=0.98))
    request = record.run.request.model_copy(update={"training": training})
    run = record.run.model_copy(update={"request": request})
    text = report(record.model_copy(update={"candidates": candidates, "run": run}), None)
    assert "fitness 1.5 [1.25, 1.75], the mean over its seeds with a 95% interval" in text
    assert text.count("| 1.5 [1.25, 1.75] |") == 1
    assert "3 seeds from 0 on; weak candidates stopped early; begun with the best parent's policy; " in text
    assert "; hyperparameters: the default ones but discount 0.98 |" in text


def test_hostile_text_is_shown_and_not_obeyed(record: RunRecord) -> None:
    text = report(record, None)
    outside_code = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text)
    assert "<script>" not in outside_code
    assert "<img" not in outside_code
    assert not re.search(r"(?<!\\)\]\(http", outside_code)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n# coding" not in outside_code


def test_where_human_and_sparse_cannot_be_told_apart_the_normalised_score_is_left_out(record: RunRecord) -> None:
    assert record.run.comparison is not None
    comparison = record.run.comparison.model_copy(update={"human_normalised": None})
    run = record.run.model_copy(update={"comparison": comparison})
    assert "left out" in report(record.model_copy(update={"run": run}), None)


def test_candidates_are_measured_by_a_stored_baseline_and_the_report_says_by_which(record: RunRecord) -> None:
    # sparse 1, human 3: the fitness 1.5 is a quarter of the way, and 0.3 is 0.35 of it back
    text = report(record, None, made())
    assert "human 3 [2.5, 3.5], sparse 1 [0.5, 1.5], each trained on 2 seeds for 4,096 environment steps" in text
    assert "| candidate | state | origin | parents | fitness | human-normalised | reason |" in text
    assert "| 1.5 | 0.25 |" in text
    assert "| 0.3 | -0.35 |" in text
    assert "| - | - |" in text  # the one that was refused


def test_candidates_are_not_measured_where_human_and_sparse_cannot_be_told_apart(record: RunRecord) -> None:
    assert "human-normalised" not in report(record, None, made(gap=None))


def test_the_report_says_which_reward_of_the_comparison_was_not_trained_again(record: RunRecord) -> None:
    assert record.run.comparison is not None
    ours, human, sparse = record.run.comparison.rewards
    rewards = (ours, human.model_copy(update={"stored": True}), sparse)
    run = record.run.model_copy(update={"comparison": record.run.comparison.model_copy(update={"rewards": rewards})})
    text = report(record.model_copy(update={"run": run}), None)
    assert "| human (the environment's own), from a stored baseline | 1.3" in text
    assert "| sparse | 0.4" in text
    assert "was not trained again" in text
    assert "was not trained again" not in report(record, None)


def test_the_command_of_a_report_quotes_what_a_shell_would_obey(record: RunRecord) -> None:
    request = record.run.request.model_copy(update={"task": "--help $(reboot); 'x'\ny"})
    line = command(record.run.model_copy(update={"request": request}))
    assert """'--task=--help $(reboot); '"'"'x'"'"' y'""" in line
    assert "\n" not in line


@given(st.text())
def test_markdown_never_holds_a_tag_a_line_break_or_an_open_special(text: str) -> None:
    shown = markdown(text)
    assert not re.search(r"[<>\n\r]", shown)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]|$]", shown)


@given(st.text())
def test_plain_text_moves_no_cursor_and_hides_nothing(text: str) -> None:
    assert all(character.isprintable() for character in plain(text).replace(" ", ""))


@given(st.text())
def test_a_quoted_text_is_one_line_of_ascii(text: str) -> None:
    assert quoted(text).isascii()
    assert quoted(text).isprintable()


@given(st.text(alphabet="`a\n"))
def test_code_cannot_leave_its_fence(code: str) -> None:
    lines = fenced(code, "python").splitlines()
    fence = lines[0].removesuffix("python")
    assert all(not line.startswith(fence) for line in lines[1:-1])
    assert lines[-1] == fence
