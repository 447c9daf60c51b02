"""Tables in a browser, and the files that it is handed of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.stage import staged
from tests.browser.stages.table import HOSTILE


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with staged("table", tmp_path_factory.mktemp("table") / "log") as address:
        yield address


@pytest.fixture
def stage(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.get_by_role("table").first).to_be_visible()
    return page


def file(page: Page, name: str) -> tuple[str, str]:
    """The name and the text of the file that a button hands out."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes().decode()


def test_a_row_says_what_its_record_has(stage: Page) -> None:
    rows = stage.get_by_role("table").first.get_by_role("row")
    assert rows.nth(0).get_by_role("columnheader").all_inner_texts() == ["Name", "State", "Figure", "Course"]
    assert rows.nth(1).get_by_role("cell").all_inner_texts() == [HOSTILE, "awaiting feedback", "1.23", ""]
    expect(rows.nth(1).get_by_role("img")).to_have_accessible_name("Course: 1.00, \N{EN DASH}, 2.50")
    expect(rows.nth(2).get_by_role("cell").nth(2)).to_have_text(
        "\N{EN DASH}unknown"
    )  # the word is for those who do not see the dash
    assert stage.evaluate("window.struck") is None


def test_files_have_everything_in_full_and_no_formula(stage: Page) -> None:
    name, text = file(stage, "Some things as CSV")
    assert name == "some-things.csv"
    assert text.split("\r\n") == [
        '"Id","Name","State","Figure","Course"',
        f'"id-{HOSTILE}","\'{HOSTILE}","awaiting_feedback",1.23456,"[1.0, null, 2.5]"',
        '"id-second","second","running","","[]"',
        '"id-third","third","failed",-2.0,"[1.0]"',
        '"id-fourth","fourth","queued",4.0,"[]"',
        "",
    ]
    name, text = file(stage, "Some things as JSON")
    told = json.loads(text)
    assert (name, [one["Name"] for one in told]) == ("some-things.json", [HOSTILE, "second", "third", "fourth"])
    assert told[0] == {
        "Id": f"id-{HOSTILE}", "Name": HOSTILE, "State": "awaiting_feedback", "Figure": 1.23456, "Course": [1.0, None, 2.5],
    }  # fmt: skip


def test_what_keeps_a_file_from_being_made_is_said(stage: Page) -> None:
    stage.get_by_role("button", name="Not to be had as CSV").click()
    expect(stage.get_by_text("the API does not answer")).to_be_visible()


def test_rows_that_stay_are_not_made_anew(stage: Page) -> None:
    stage.get_by_role("link", name="third").focus()
    stage.evaluate("() => document.querySelectorAll('tbody tr').forEach((row) => { row.kept = true; })")
    stage.get_by_role("button", name="One goes").click()
    expect(stage.get_by_role("table").first.get_by_role("row")).to_have_count(3)
    assert stage.evaluate(
        "() => [...document.querySelectorAll('table')[0].querySelectorAll('tbody tr')].every((row) => row.kept)"
    )


def test_without_records_it_says_so(page: Page, address: str) -> None:
    page.goto(f"{address}/none")
    expect(page.get_by_text("There is nothing.")).to_be_visible()
    assert file(page, "Nothing yet as CSV")[1] == '"Id","Name","State","Figure","Course"\r\n'


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(browser: Browser, address: str, scheme: str) -> None:
    with browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_role("table").first).to_be_visible()
        found = Axe().run(page, {"include": [[".rs-table"]]}).response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
