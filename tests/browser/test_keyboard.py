"""All that a person does in the dashboard, done without a mouse; wherever the focus comes it can be seen."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from service.artifacts import ArtifactStore, replay_key
from service.schema import Scope
from service.store import Store, open_store
from service.training.replay_file import replay_files
from tests.browser.dashboard import served
from tests.integration.api.whole_run import whole_run
from tests.tumbled import tumbled

MOST_STOPS = 80
FOCUS_IS_SEEN = """(element) => {
  if (element.closest(".q-field")) return element.closest(".q-field--focused") !== null; // a line under the field
  return [element, element.closest("[data-card]")].some((one) => {
    const { outlineStyle, outlineWidth } = one ? getComputedStyle(one) : {};
    return outlineStyle && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
}"""


@dataclass(frozen=True)
class Place:
    """A dashboard with a run in it that waits for nobody, the API behind it and a token for both."""

    dashboard: str
    api: str
    token: str
    run_id: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("keyboard")
    store = open_store(f"sqlite:///{folder}/rewardsmith.db")
    run_id = run_with_replays(store, ArtifactStore(str(folder / "artifacts")))
    token = store.tokens.create("somebody", Scope.RUN).secret
    with (
        served(folder, "api") as api,
        served(folder, "dashboard", sign="/login", REWARDSMITH_URL=api) as dashboard,
    ):
        yield Place(dashboard, api, token, run_id)
    store.close()


def run_with_replays(store: Store, artifacts: ArtifactStore) -> str:
    run_id = whole_run(store, artifacts)
    episode = gzip.compress(replay_files(tumbled()[0]).episode)
    for name in ("1-0", "2-0"):
        artifacts.put(replay_key(run_id, f"{run_id}-{name}-s0"), episode)
    return run_id


class Person:
    """Somebody at a keyboard, logged in."""

    def __init__(self, page: Page, place: Place) -> None:
        self.page, self.place = page, place
        self.press = page.keyboard.press
        self.type = page.keyboard.type

    def reach(self, there: Locator) -> None:
        """Goes on from stop to stop until it is that, and sees the focus at each."""
        expect(there).to_be_visible()
        for _ in range(MOST_STOPS):
            focus = self.page.locator("*:focus")
            if focus.count():
                assert focus.evaluate(FOCUS_IS_SEEN), focus.evaluate("(element) => element.outerHTML.slice(0, 300)")
                if there.evaluate("(element) => element === document.activeElement"):
                    return
            self.press("Tab")
        raise AssertionError(f"{there} is not among the first {MOST_STOPS} stops")

    def use(self, role: str, name: str, key: str = "Enter") -> None:
        """Goes there and presses a key."""
        self.reach(self.page.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]
        self.press(key)

    def log_in(self) -> None:
        """From the form, which has the focus at once."""
        expect(self.page.get_by_label("Token")).to_be_focused()
        self.type(self.place.token)
        self.press("Enter")


@pytest.fixture
def person(page: Page, place: Place) -> Person:
    page.goto(place.dashboard)
    person = Person(page, place)
    person.log_in()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    return person


def test_a_run_is_submitted(person: Person) -> None:
    page = person.page
    person.use("link", "New run")
    person.reach(page.get_by_role("combobox", name="Environment"))
    person.type("Walker2d-splits")
    expect(page.get_by_role("option")).to_have_count(1)
    person.press("ArrowDown")
    person.press("Enter")
    expect(page.get_by_role("heading", name="Walker that may fall")).to_be_visible()
    person.reach(page.get_by_label("What the robot should do"))
    person.type("do the splits")
    person.use("combobox", "Fitness: what it is judged by")
    expect(page.get_by_role("listbox")).to_be_visible()
    person.press("End")
    person.press("Enter")
    person.reach(page.get_by_label("Score"))
    person.type("x_position[-1]")
    person.reach(page.get_by_label("Success"))
    person.type("steps == max_steps")
    person.use("switch", "Wait for my words after each iteration", "Space")
    expect(page.get_by_role("switch")).to_be_checked()
    expect(page.get_by_label("Estimate").get_by_text("nothing: no model is asked")).to_be_visible()
    person.use("button", "Submit")
    expect(page.get_by_role("heading", name="do the splits")).to_be_visible()
    run_id = page.url.rsplit("/", 1)[1]
    stored = httpx.get(
        f"{person.place.api}/api/v1/runs/{run_id}", headers={"Authorization": f"Bearer {person.place.token}"}
    ).json()
    asked = stored["request"]
    assert (asked["environment"], asked["task"], asked["feedback"]) == ("Walker2d-splits", "do the splits", "wait")
    assert asked["fitness"]["score"] == "x_position[-1]"


def test_the_winner_is_found_and_its_replay_played(person: Person) -> None:
    page = person.page
    person.press("/")
    person.type("hop")
    expect(page.locator("tbody tr")).to_have_count(1)
    person.use("link", "hop forward")
    expect(page.get_by_role("listitem").filter(has_text="★ best")).to_contain_text("1-0")
    person.use("link", "Candidate 1-0")
    person.use("tab", "Code", "ArrowRight")
    expect(page.get_by_role("tab", name="Difference")).to_be_focused()
    person.press("Enter")
    expect(page.get_by_text("It has no parent")).to_be_visible()
    person.use("button", "▶ Play", "Space")
    page.wait_for_function("document.querySelector('input[type=range]').value > 0.1")
    person.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_focused()
    person.press("End")
    expect(page.locator(".rsr-time")).to_have_text("7.99 of 7.99 s")


def test_two_are_marked_compared_and_ranked(person: Person) -> None:
    page = person.page
    page.goto(f"{person.place.dashboard}/runs/{person.place.run_id}")
    for name in ("1-0", "2-0"):
        person.use("checkbox", f"compare {name}", "Space")
    expect(page.get_by_text("1-0, 2-0 are marked.")).to_be_visible()
    page.reload()  # from the beginning, this time by the page's own keys
    for name in ("1-0", "2-0"):
        person.reach(page.get_by_role("link", name=f"Candidate {name}"))
        person.press("c")
    expect(page.get_by_text("1-0, 2-0 are marked.")).to_be_visible()
    person.use("button", "Compare 2")
    expect(page.locator("article")).to_have_count(2)
    places = page.locator(".rs-ranking li")
    expect(places).to_have_text([re.compile("candidate 1-0"), re.compile("candidate 2-0")])
    person.use("button", "Down: place 1")
    expect(places).to_have_text([re.compile("candidate 2-0"), re.compile("candidate 1-0")])
    expect(page.get_by_role("button", name="Down: place 1")).to_be_focused()
    person.reach(page.get_by_label("Why"))
    person.type("it looks smoother")
    person.use("button", "Send the ranking")
    expect(page.get_by_text("The ranking is stored.")).to_be_visible()


def test_words_are_given(person: Person) -> None:
    page = person.page
    page.goto(f"{person.place.dashboard}/runs/{person.place.run_id}")
    person.reach(page.get_by_label("Words for the designer"))
    person.type("lift the foot higher")
    person.use("button", "Send")
    expect(page.get_by_role("listitem").filter(has_text="lift the foot higher")).to_be_visible()


def test_a_dialog_keeps_the_focus_and_gives_it_back(person: Person) -> None:
    page = person.page
    page.goto(f"{person.place.dashboard}/runs/{person.place.run_id}")
    person.use("button", "Cancel")
    dialog = page.get_by_role("dialog", name="Cancel this run?")
    expect(dialog.locator("*:focus")).to_have_count(1)
    for _ in range(5):  # it has two stops, and between its last and its first is the browser itself
        person.press("Tab")
        expect(page.locator("*:focus:not([role=dialog] *)")).to_have_count(0)
    person.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    person.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    person.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_way_past_what_every_page_begins_with(person: Person) -> None:
    page = person.page
    page.goto(f"{person.place.dashboard}/runs/{person.place.run_id}")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    person.use("link", "To the page's content")
    person.press("Tab")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()


def test_somebody_logs_out_and_in(person: Person) -> None:
    page = person.page
    page.goto(f"{person.place.dashboard}/runs/{person.place.run_id}")
    person.use("button", "Log out")
    page.wait_for_url(re.compile("/login$"))
    person.log_in()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
