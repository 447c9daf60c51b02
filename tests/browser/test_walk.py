"""A run from its sentence to its winner, as one person walks through the dashboard."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import grave_faults
from tests.browser.dashboard import served

FINISHED_MILLISECONDS = 240_000
TASK = "hop forward without falling"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("walk"), "serve") as address:
        yield address


@pytest.fixture(scope="module")
def walked(site: str) -> dict[str, str]:
    """What earlier steps of the walk have found: steps are tests of their own, in their order."""
    return {"site": site}


def test_a_task_is_submitted(page: Page, walked: dict[str, str]) -> None:
    page.goto(f"{walked['site']}/new")
    page.get_by_label("What the robot should do").fill(TASK)
    page.get_by_label("Iterations", exact=True).fill("2")
    page.get_by_label("Candidates each").fill("2")
    page.get_by_label("Steps per training").fill("10")
    expect(page.get_by_text(re.compile("a segment|at least"))).to_be_visible()  # what is wrong is told as one types
    page.get_by_label("Steps per training").fill("16384")
    expect(page.get_by_label("Estimate").get_by_text("nothing: no model is asked")).to_be_visible()
    switch = page.get_by_role("switch", name="Wait for my words")
    switch.click()
    expect(switch).to_be_checked()  # by way of the server, so not at once
    assert grave_faults(page) == []
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile("/runs/r-[0-9a-f]+$"))
    walked["run"] = page.url
    expect(page.get_by_role("heading", name=TASK)).to_be_visible()


def test_an_iteration_is_watched_until_the_run_waits_for_words(page: Page, walked: dict[str, str]) -> None:
    page.goto(walked["run"])
    expect(page.locator(".rs-state-awaiting_feedback")).to_be_visible(timeout=FINISHED_MILLISECONDS)
    expect(page.get_by_role("heading", name="Iteration 1")).to_be_visible()
    expect(page.get_by_text("The run waits: say what should change")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("trained with fitness")
    assert grave_faults(page) == []


def test_two_are_compared_and_ranked(page: Page, walked: dict[str, str]) -> None:
    page.goto(walked["run"])
    for box in page.get_by_role("checkbox", name=re.compile("^compare 1-")).all():
        box.check()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(re.compile("/compare"))
    expect(page.locator("article")).to_have_count(2)
    first = page.get_by_role("list").filter(has_text="1. candidate").get_by_role("listitem").first
    before = first.inner_text()
    page.get_by_role("button", name="Down: place 1").click()
    expect(first).not_to_have_text(before)
    assert grave_faults(page) == []
    page.get_by_label("Why").fill("it looks smoother")
    page.get_by_role("button", name="Send the ranking").click()
    expect(page.get_by_text("The ranking is stored.")).to_be_visible()
    run_id = walked["run"].rsplit("/", 1)[1]
    [stored] = httpx.get(f"{walked['site']}/api/v1/runs/{run_id}/preferences").json()
    assert (stored["words"], len(stored["ranking"])) == ("it looks smoother", 2)


def test_words_are_given_and_the_run_goes_on_to_its_end(page: Page, walked: dict[str, str]) -> None:
    page.goto(walked["run"])
    page.get_by_label("Words for the designer").fill("lift the foot <b>higher</b>")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("lift the foot <b>higher</b>")).to_be_visible()
    expect(page.get_by_text("it looks smoother")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".rs-state-completed")).to_be_visible(timeout=FINISHED_MILLISECONDS)
    expect(page.get_by_role("button", name="Send")).not_to_be_visible()  # nobody would hear of it
    [best] = page.get_by_role("listitem").filter(has_text="★").get_by_role("link").all()
    walked["winner"] = walked["site"] + (best.get_attribute("href") or "")


def test_the_run_is_exported(page: Page, walked: dict[str, str]) -> None:
    page.goto(walked["run"])
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    names = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())).namelist()
    assert any(name.endswith("reward.py") for name in names)


def test_the_winner_is_opened_and_its_replay_moves(page: Page, walked: dict[str, str]) -> None:
    page.goto(walked["winner"])
    expect(page.get_by_role("heading", name=re.compile("^Candidate 1-"))).to_be_visible()
    canvas = page.locator("canvas").first
    play = page.get_by_role("button", name="Play")
    expect(play).to_be_enabled(timeout=30_000)
    before = canvas.screenshot()
    play.click()
    page.wait_for_function("() => document.querySelector('input[type=range]').value > 0")
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=60_000)  # it stops at its end
    assert canvas.screenshot() != before
    assert grave_faults(page) == []


def test_what_differs_and_what_was_said_is_in_the_address(page: Page, walked: dict[str, str]) -> None:
    page.goto(walked["winner"])
    page.get_by_role("tab", name="Verdict").click()
    expect(page.get_by_text("Accepted")).to_be_visible()
    page.wait_for_url(re.compile("show=verdict"))
    page.reload()
    expect(page.get_by_text("Accepted")).to_be_visible()


def test_all_runs_and_health_are_shown(page: Page, walked: dict[str, str]) -> None:
    page.goto(walked["site"])
    expect(page.get_by_role("link", name=TASK)).to_be_visible()
    assert grave_faults(page) == []
    page.get_by_role("link", name="Health").click()
    expect(page.get_by_text("database", exact=True)).to_be_visible()
    assert grave_faults(page) == []
