"""Curves in a browser: what is drawn is read from the files that it hands out and from what it says to those who do not see it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.stage import staged
from tests.browser.stages.curve import COUNT, HOSTILE, NAMES

LIVE, EMPTY, MANY = "Fitness of the best", "Nothing yet", "Eight of a thousand"
BLUE_ON_LIGHT, BLUE_ON_DARK = [0, 114, 178], [86, 180, 233]
HAS_COLOUR = """([canvas, [red, green, blue]]) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4) if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) return true;
  return false;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with staged("curve", tmp_path_factory.mktemp("curve") / "log") as address:
        yield address


@pytest.fixture
def stage(page: Page, address: str) -> Page:
    return shown(page, address, LIVE)


@pytest.fixture
def strange(page: Page, address: str) -> Page:
    return shown(page, f"{address}/strange", HOSTILE)


@pytest.fixture
def many(page: Page, address: str) -> Page:
    return shown(page, f"{address}/many", MANY)


def shown(page: Page, address: str, label: str) -> Page:
    page.goto(address)
    expect(chart(page, label).locator("canvas")).to_be_visible()
    return page


def chart(page: Page, label: str) -> Locator:
    return page.get_by_role("region", name=label, exact=True)


def box(page: Page, label: str) -> Locator:
    return page.get_by_role("application", name=label, exact=True)


def press(page: Page, *buttons: str) -> None:
    for button in buttons:
        page.get_by_role("button", name=button, exact=True).click()


def file(page: Page, label: str, kind: str) -> tuple[str, str]:
    with page.expect_download() as downloaded:
        chart(page, label).get_by_role("button", name=kind).click()
    return downloaded.value.suggested_filename, Path(downloaded.value.path()).read_bytes().decode()


def points(page: Page, line: int = 0) -> list[list[float | None]]:
    found: list[list[float | None]] = json.loads(file(page, LIVE, "JSON")[1])["lines"][line]["points"]
    return found


def legend(page: Page, words: str) -> Locator:
    return chart(page, LIVE).get_by_role("list", name="Lines").get_by_role("button", name=words, exact=True)


def test_a_line_grows_by_the_points_beyond_its_last(stage: Page) -> None:
    press(stage, "Append")

    expect(legend(stage, "first 4.50")).to_be_visible()
    assert points(stage) == [[0, 1], [1000, 2], [2000, 4.5]]


def test_points_that_come_twice_are_there_once(stage: Page) -> None:
    press(stage, "Append", "Send once more", "Append to second")

    expect(legend(stage, "second 7.00")).to_be_visible()  # what was sent before has come too: messages keep their order
    assert points(stage) == [[0, 1], [1000, 2], [2000, 4.5]]


def test_a_page_that_is_sent_all_again_has_what_was_appended(stage: Page) -> None:
    press(stage, "Append", "Send all", "Append to second")

    expect(legend(stage, "second 7.00")).to_be_visible()
    assert points(stage) == [[0, 1], [1000, 2], [2000, 4.5]]


def test_what_came_while_the_network_was_away_is_there_once(stage: Page) -> None:
    press(stage, "Append in half a second")
    stage.evaluate("window.socket.io.engine.close()")  # it connects again by itself, a second later

    expect(legend(stage, "first 4.50")).to_be_visible(timeout=15_000)
    assert points(stage) == [[0, 1], [1000, 2], [2000, 4.5]]


def test_points_of_lines_that_are_no_longer_shown_belong_to_none(stage: Page) -> None:
    press(stage, "Show another")
    expect(legend(stage, "another 6.00")).to_be_visible()
    press(stage, "Send once more", "Append")

    expect(legend(stage, "another 4.50")).to_be_visible()
    assert points(stage) == [[5, 6], [1000, 9], [2000, 4.5]]


def test_the_lines_are_told_in_words(stage: Page) -> None:
    expect(box(stage, LIVE)).to_have_accessible_description(
        "Fitness of the best. fitness (m/s) over steps, 2 lines. first: 2 points, last 2.00 at 1,000; "
        "second: 2 points, last 1.25 at 1,000; human: 3.00 throughout"
    )


def test_a_table_has_each_point_with_its_band_and_each_level(stage: Page) -> None:
    name, table = file(stage, LIVE, "CSV")

    assert name == "fitness-of-the-best.csv"
    assert table.splitlines() == [
        "line,steps,fitness (m/s),low,high",
        "first,0,1,0.5,1.5",
        "first,1000,2,1.5,2.5",
        "second,0,0.5,,",
        "second,1000,1.25,,",
        "human,,3,2.5,3.5",
    ]


def test_hostile_words_run_nothing_and_are_no_formula(strange: Page) -> None:
    box(strange, HOSTILE).hover()
    expect(chart(strange, HOSTILE).get_by_role("status")).to_contain_text(HOSTILE)
    name, table = file(strange, HOSTILE, "CSV")

    # Sixty characters of the label at most. A formula is text behind an apostrophe, a negative number is a number.
    assert name == "img-src-x-onerror-window-struck-true-constructor-constructor.csv"
    assert table.splitlines() == [
        f"line,'=steps,{HOSTILE},low,high",
        """"'=HYPERLINK(""http://evil"")",0,-1.5,,""",
        """"'=HYPERLINK(""http://evil"")",0.1,,,""",
        """"'=HYPERLINK(""http://evil"")",2,0.30000000000000004,,""",
        f"{HOSTILE},1,-2,,",
    ]
    assert strange.evaluate("window.struck") is None


def test_a_file_has_numbers_in_full_and_gaps(strange: Page) -> None:
    lines = json.loads(file(strange, HOSTILE, "JSON")[1])["lines"]

    assert lines[0]["points"] == [[0, -1.5], [0.1, None], [2, 0.30000000000000004]]


def test_a_line_that_is_hidden_is_in_no_file(stage: Page) -> None:
    legend(stage, "first 2.00").click()

    expect(legend(stage, "first 2.00")).to_have_attribute("aria-pressed", "false")
    assert points(stage) == [[0, 0.5], [1000, 1.25]]


def test_colours_follow_dark_and_light(stage: Page) -> None:
    canvas = chart(stage, LIVE).locator("canvas").element_handle()
    stage.wait_for_function(HAS_COLOUR, arg=[canvas, BLUE_ON_LIGHT])
    assert not stage.evaluate(HAS_COLOUR, [canvas, BLUE_ON_DARK])

    stage.keyboard.press("d")

    stage.wait_for_function(HAS_COLOUR, arg=[canvas, BLUE_ON_DARK])


def test_keys_read_points_and_zoom(stage: Page) -> None:
    box(stage, LIVE).focus()
    stage.keyboard.press("ArrowRight")
    expect(chart(stage, LIVE).get_by_role("status")).to_have_text(
        re.compile(r"steps 0\s*first1.00\s*second0.500\s*human3.00")
    )
    stage.keyboard.press("Escape")
    expect(chart(stage, LIVE).get_by_role("status")).to_be_empty()
    before = box(stage, LIVE).screenshot()

    stage.keyboard.press("+")
    whole = chart(stage, LIVE).get_by_role("button", name="Whole range")
    expect(whole).to_be_enabled()
    zoomed = box(stage, LIVE).screenshot()
    stage.keyboard.press("0")
    expect(whole).to_be_disabled()

    assert zoomed != before
    assert box(stage, LIVE).screenshot() == before


def test_the_wheel_scrolls_the_page_until_a_chart_has_been_chosen(stage: Page) -> None:
    whole = chart(stage, LIVE).get_by_role("button", name="Whole range")
    stage.set_viewport_size({"width": 1280, "height": 500})
    box(stage, LIVE).hover()
    stage.mouse.wheel(0, -300)
    stage.mouse.wheel(0, 100)
    stage.wait_for_function("scrollY > 0")
    expect(whole).to_be_disabled()

    box(stage, LIVE).click()
    stage.mouse.wheel(0, -300)

    expect(whole).to_be_enabled()
    whole.click()
    expect(whole).to_be_disabled()


def test_without_points_it_says_so(stage: Page) -> None:
    expect(chart(stage, EMPTY)).to_contain_text("Nothing to draw yet. Points appear here as they are measured.")
    expect(chart(stage, EMPTY).get_by_role("button", name="CSV")).to_be_disabled()


def test_eight_lines_of_a_thousand_points_are_all_there(many: Page) -> None:
    lines = json.loads(file(many, MANY, "JSON")[1])["lines"]

    assert [(line["name"], len(line["points"])) for line in lines] == [(name, COUNT) for name in NAMES]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(browser: Browser, address: str, scheme: str) -> None:
    with browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        legend(page, "second 1.25").click()
        box(page, LIVE).focus()
        page.keyboard.press("ArrowRight")
        expect(chart(page, LIVE).get_by_role("status")).to_contain_text("first")

        found = Axe().run(page, {"include": [[".rs-curve"]]}).response["violations"]

    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
