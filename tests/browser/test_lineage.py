"""The candidates of a run in a browser, as columns and as a tree."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.stage import staged
from tests.browser.stages.lineage import HOSTILE, RUN, eighty

KEEP_NODES = "() => document.querySelectorAll('[data-card]').forEach((card) => { card.kept = true; })"
KEPT = "() => [...document.querySelectorAll('[data-card]')].filter((card) => card.kept).length"
WATCH = """() => {
  window.touched = new Set();
  const cardOf = (node) => (node.nodeType === 1 ? node : node.parentElement).closest("[data-card]");
  new MutationObserver((seen) => seen.forEach(({ target }) => cardOf(target) && window.touched.add(cardOf(target).dataset.card)))
    .observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""

ASK = """(ids) => Object.values(document.querySelector("#app")._vnode.component.proxy.$refs)
  .find((one) => one?.bestPath).$emit("compare", ids)"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with staged("lineage", tmp_path_factory.mktemp("lineage") / "log") as address:
        yield address


@pytest.fixture
def stage(page: Page, address: str) -> Page:
    page.goto(address)
    expect(card(page, "2-0")).to_be_visible()
    return page


def card(page: Page, name: str) -> Locator:
    return page.locator(f"[data-card='{RUN}-{name}']")


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=f"Candidate {name}", exact=True)


def names(page: Page) -> list[list[str]]:
    """The candidates of each column from above."""
    columns = page.locator(".rs-lineage-column").all()
    return [column.get_by_role("link").all_inner_texts() for column in columns]


def test_each_iteration_is_a_column_that_says_how_it_went(stage: Page) -> None:
    assert stage.get_by_role("heading", level=3).all_text_contents() == [
        "Iteration 1 · best 5.00 m/s · 2 of 3 trained",
        "Iteration 2 · best 12.3 m/s · 2 of 4 trained",
        "Iteration 3 · 0 of 1 trained",
    ]
    assert names(stage) == [["1-0", "1-1", "1-2"], ["2-0", "2-1", "2-2", "2-3"], ["3-0"]]


def test_the_fittest_come_first_when_asked_for(stage: Page) -> None:
    stage.get_by_label("Order").select_option("fittest first")

    expect(link(stage, "1-2")).to_be_visible()
    assert names(stage) == [["1-2", "1-0", "1-1"], ["2-0", "2-1", "2-2", "2-3"], ["3-0"]]


def test_a_card_says_how_fit_it_is_and_against_its_first_parent(stage: Page) -> None:
    # 12.34 - 5.0 = 7.34 above 1-2; 1.5 - 2.0 = -0.5 against 1-0, the first of two parents
    for words in (
        "trained",
        "12.3",
        "m/s",
        "▲",
        "better than its parent by",
        "7.34",
        "25% success · mutated from 1-2",
        "★ best",
    ):
        expect(card(stage, "2-0")).to_contain_text(words)
    for words in ("1.50", "▼", "worse than its parent by", "0.500", "crossed from 1-0 and 1-2"):
        expect(card(stage, "2-1")).to_contain_text(words)


def test_the_way_to_the_best_is_marked(stage: Page) -> None:
    assert stage.get_by_text("best path").count() == 1
    expect(card(stage, "1-2")).to_contain_text("◆ best path")


def test_a_card_is_a_link_that_the_enter_key_opens(stage: Page) -> None:
    link(stage, "2-0").focus()
    stage.keyboard.press("Enter")

    stage.wait_for_url(f"**/runs/{RUN}/candidates/{RUN}-2-0")


def test_keys_go_from_card_to_card(stage: Page) -> None:
    for key, name in (
        ("j", "1-0"), ("j", "1-1"), ("k", "1-0"), ("ArrowDown", "1-1"), ("ArrowRight", "2-1"), ("ArrowRight", "3-0"),
        ("ArrowRight", "3-0"), ("ArrowLeft", "2-0"), ("ArrowUp", "1-2"),
    ):  # fmt: skip
        stage.keyboard.press(key)
        expect(link(stage, name)).to_be_focused()


def test_two_to_four_are_marked_by_keys_or_mouse_and_compared(stage: Page) -> None:
    compare = stage.get_by_role("button", name="Compare")
    stage.keyboard.press("j")
    stage.keyboard.press("c")
    expect(compare).to_be_disabled()
    stage.keyboard.press("ArrowRight")
    stage.keyboard.press("c")
    compare.click()
    expect(stage.locator("#compared")).to_have_text(f"{RUN}-1-0 {RUN}-2-0; ")

    stage.get_by_label("compare 1-2").check()
    stage.get_by_label("compare 2-1").check()

    expect(stage.get_by_label("compare 3-0")).to_be_disabled()
    expect(stage.get_by_text("1-0, 1-2, 2-0, 2-1 are marked, which are as many as can be compared.")).to_be_visible()
    stage.get_by_label("compare 1-0").uncheck()
    compare.click()
    expect(stage.locator("#compared")).to_contain_text(f"; {RUN}-2-0 {RUN}-1-2 {RUN}-2-1; ")


def test_a_browser_that_asks_for_what_it_cannot_is_not_heard(stage: Page) -> None:
    one, other = f"{RUN}-1-0", f"{RUN}-1-1"
    for ids in ([one], [one, one], [one, "x"], [one, {"a": 1}], "ab", [], None, [one, other]):
        stage.evaluate(ASK, ids)

    expect(stage.locator("#compared")).to_have_text(f"{one} {other}; ")  # that alone: what is sent keeps its order


def test_what_changes_is_drawn_again_and_nothing_else(stage: Page) -> None:
    stage.evaluate(KEEP_NODES)
    stage.evaluate(WATCH)

    stage.get_by_role("button", name="One changes").click()

    expect(card(stage, "2-2")).to_contain_text("★ best")
    for words in ("trained", "14.0", "▲", "9.00"):  # 14 - 5 above 1-2
        expect(card(stage, "2-2")).to_contain_text(words)
    assert "Iteration 2 · best 14.0 m/s · 3 of 4 trained" in stage.get_by_role("heading", level=3).all_text_contents()
    assert stage.evaluate(KEPT) == 8
    # The best path leads to 2-2 and no longer to 2-0.
    assert stage.evaluate("[...window.touched].sort()") == [f"{RUN}-2-0", f"{RUN}-2-2"]


def test_one_that_comes_gets_a_column(stage: Page) -> None:
    stage.evaluate(KEEP_NODES)

    stage.get_by_role("button", name="One comes").click()

    expect(card(stage, "4-0")).to_be_visible()
    assert stage.evaluate(KEPT) == 8


def test_what_has_not_changed_is_not_sent(page: Page, address: str) -> None:
    came: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: came.append(str(frame))))
    page.goto(address)
    expect(card(page, "2-0")).to_be_visible()

    page.get_by_role("button", name="Nothing changes").click()
    page.get_by_role("button", name="One comes").click()
    expect(card(page, "4-0")).to_be_visible()

    changes = [frame for frame in came if '"change\\"' in frame]
    assert len(changes) == 1
    assert "2-1" not in changes[0]  # neither is what others are
    assert len(changes[0]) < 600


def test_a_tree_leads_from_parents_to_children(stage: Page) -> None:
    stage.get_by_role("button", name="Tree").click()

    # 2-0, 2-2, 2-3 and 3-0 have one parent, 2-1 has two; 1-2 to 2-0 leads to the best
    expect(stage.locator(".rs-lineage-edges path")).to_have_count(6)
    expect(stage.locator(".rs-lineage-edges .rs-lineage-main")).to_have_count(1)
    # Children stand as their parents do: 2-3 by 1-0 (place 0), 2-1 between 1-0 and 1-2 (1), 2-0 and 2-2 by 1-2 (2).
    assert names(stage)[1] == ["2-3", "2-1", "2-0", "2-2"]


def test_what_was_refused_can_be_hidden(stage: Page) -> None:
    stage.get_by_role("button", name="Tree").click()
    stage.get_by_label("Hide rejected and screened out (2)").check()

    expect(card(stage, "1-1")).to_have_count(0)
    assert names(stage) == [["1-0", "1-2"], ["2-1", "2-0", "2-2"], ["3-0"]]
    expect(stage.locator(".rs-lineage-edges path")).to_have_count(5)


def test_hostile_words_are_words(stage: Page) -> None:
    expect(card(stage, "2-2")).to_contain_text(HOSTILE)
    assert stage.evaluate("window.struck") is None


def test_without_candidates_it_says_so(page: Page, address: str) -> None:
    page.goto(f"{address}/none")

    expect(page.get_by_text("No candidate yet. The first ones appear here as they are written.")).to_be_visible()


def test_eighty_come_at_once_in_less_than_20_kb(page: Page, address: str) -> None:
    none, many = (len(httpx.get(f"{address}/{path}").content) for path in ("none", "eighty"))
    assert many - none < 20_000

    page.goto(f"{address}/eighty")
    expect(page.locator("[data-card]")).to_have_count(len(eighty()))


def test_what_lies_beyond_the_edge_is_pointed_at(page: Page, address: str) -> None:
    page.goto(f"{address}/eighty")
    earlier, later = page.get_by_role("button", name="Earlier"), page.get_by_role("button", name="Later")
    expect(earlier).to_be_disabled()

    later.click()

    expect(earlier).to_be_enabled()
    page.keyboard.press("k")  # from nowhere to the last of all
    expect(later).to_be_disabled()


@pytest.mark.parametrize("view", ["Columns", "Tree"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(browser: Browser, address: str, scheme: str, view: str) -> None:
    with browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name=view).click()
        page.get_by_label("compare 1-0").check()
        page.get_by_label("compare 1-2").check()
        expect(page.get_by_role("button", name="Compare 2")).to_be_enabled()

        found = Axe().run(page, {"include": [[".rs-lineage"]]}).response["violations"]

    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
