"""The page of environments is made from the cards, and is there as it would be made now."""

from __future__ import annotations

from pathlib import Path

from envs.card import card, cards
from service.cli.environments_page import FAMILIES, page

PAGE = Path(__file__).parents[3] / "docs" / "environments.md"


def test_the_page_is_that_of_the_present_cards_and_baselines() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(tuple(cards().values())), "make environments-page"


def test_every_family_has_a_place_on_it() -> None:
    assert {one.family for one in cards().values()} == set(FAMILIES)


def test_an_environment_is_told_whole() -> None:
    told = page([card("HalfCheetah-v5")])
    for part in (
        "[HalfCheetah-v5](#halfcheetah-v5)", "| `forward_velocity` | 1 | m/s |", "`forward_speed`: score `(x_position[-1]",
        "sparse reward: `1.0 * (forward_velocity > 3.0)`", "| `forward_speed` | 327,680 | 5 |",
    ):  # fmt: skip
        assert part in told, part


def test_an_expression_of_several_lines_stands_on_one() -> None:
    ours = card("Walker2d-splits")
    assert "\n" in ours.metrics[0].score
    (told,) = [line for line in page([ours]).splitlines() if line.startswith("- `splits`: score")]
    assert told.endswith("> 0.95`")


def test_a_bar_in_an_expression_does_not_end_a_cell_of_a_table() -> None:
    ours = card("Hopper-v5")
    metric = ours.metrics[0].model_copy(update={"about": "This | that."})
    assert "| This \\| that. |" in page([ours.model_copy(update={"metrics": (metric,)})])
