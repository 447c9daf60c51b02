"""The pages over what is stored: hostile words, a network that goes away, tokens, and a run of many candidates."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from service.schema import (
    CandidateState,
    ComponentVerdict,
    CurvePoint,
    Finding,
    Fitness,
    Message,
    RunRequest,
    RunState,
    Scope,
    Severity,
    Training,
    TrainingState,
    Usage,
    Verdict,
    Words,
)
from service.store import Store, Writer, open_store, process_owner
from tests.browser.axe import grave_faults
from tests.browser.dashboard import served
from tests.browser.relay import Relay
from tests.integration.store.test_candidates import candidate

EVIL = "<img src=x onerror='window.caught=1'><script>window.caught=1</script>{{window.caught=1}} ```\n</pre>"
FITNESS = Fitness(name="forward_speed", score="x_position[-1]", success="steps == max_steps", unit="m/s")
AN_HOUR = 3600.0
FIRST_CONTENT_SECONDS = 1.5
ASK = """([event, told]) => Object.values(document.querySelector("#app")._vnode.component.proxy.$refs)
  .forEach((one) => one?.$emit?.(event, told))"""
"""Every part of the page sends that, whatever its buttons are."""


def point(segment: int, fitness: float) -> CurvePoint:
    return CurvePoint(
        segment=segment, steps=1000 * (segment + 1), fitness=fitness, success_rate=0.5, episode_length=100.0, terminated_rate=1.0,
        training_return=2.0, training_length=90.0, components={}, steps_per_second=5000.0, policy_loss=0.1, value_loss=1.0,
        entropy=1.0, approximate_kl=0.01,
    )  # fmt: skip


def live_run(store: Store, task: str, steps: int = 1) -> Writer:
    """A run that this process works on."""
    claim = store.claim(
        process_owner(), AN_HOUR, store.create_run(RunRequest(task=task, environment="Hopper-v5"), FITNESS, steps).id
    )
    assert claim is not None
    writer = store.writer(claim)
    writer.start_iteration(1)
    return writer


def in_training(writer: Writer, slot: int, segments: int, **more: object) -> str:
    """A candidate that is being trained; its training's id."""
    one = candidate(writer, 1, slot, **more)
    writer.add_candidate(one)
    writer.set_candidate_state(one.id, CandidateState.QUEUED)
    training = Training(
        id=f"{one.id}-s0", run_id=one.run_id, candidate_id=one.id, reward="candidate", comparison=False, seed=1,
        state=TrainingState.QUEUED, segments=segments, segments_done=0, curve=(), result=None, reason=None,
    )  # fmt: skip
    writer.add_trainings((training,))
    writer.set_candidate_state(one.id, CandidateState.TRAINING)
    return training.id


@pytest.fixture(scope="module")
def hostile(store: Store) -> str:
    """A run in which everything that people and models write is hostile."""
    writer = live_run(store, EVIL)
    run_id = writer.claim.run_id
    asked = writer.intend_completion(1, 0, 0, "openai/some-model", (Message(role="user", content=EVIL),))
    writer.store_completion(asked.id, EVIL, "proposed", (), Usage())
    figures = ComponentVerdict(mean=1.0, std=1.0, low=0.0, high=2.0, share=1.0)
    verdict = Verdict(accepted=True, notes=(EVIL,), components={EVIL: figures})
    training = in_training(writer, 0, 2, source=EVIL, verdict=verdict)
    writer.add_segment(training, point(0, 0.5), "key", 1000)
    finding = Finding(code="dead", severity=Severity.SERIOUS, message=EVIL, component=EVIL)
    writer.prune_candidate(f"{run_id}-1-0", EVIL, (finding,))
    writer.add_candidate(candidate(writer, 1, 1, f"{EVIL}\nmore", parents=(f"{run_id}-1-0",)))
    store.say(run_id, Words(words=EVIL), EVIL)
    return run_id


@pytest.mark.parametrize(
    "path",
    ["", "?text={evil}", "health", "runs/{id}", "runs/{id}/candidates/{id}-1-0", "runs/{id}/candidates/{id}-1-1?show=difference",
     "runs/{id}/candidates/{id}-1-0?show=prompts", "runs/{id}/candidates/{id}-1-0?show=verdict",
     "runs/{id}/compare?of={id}-1-0,{id}-1-1", "runs/{id}/compare?of={evil}", "login?fault={evil}", "new?task={evil}",
     "runs/{id}?view={evil}&order={evil}"],
)  # fmt: skip
def test_hostile_words_are_text(page: Page, site: str, hostile: str, path: str) -> None:
    page.goto(f"{site}/{path.format(id=hostile, evil=quote(EVIL))}")
    expect(page.get_by_role("heading").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("() => window.caught") is None
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_grave_fault_on_any_page(
    page: Page, site: str, hostile: str, colours: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=colours)
    candidate = f"runs/{hostile}/candidates/{hostile}-1"
    faults: dict[str, list[str]] = {}
    for path in (
        "", "?text=nothing-is-called-that", "new", "health", "login?fault=token", "runs/r-nobody", f"runs/{hostile}",
        f"runs/{hostile}?view=tree", f"{candidate}-0", f"{candidate}-0?show=prompts", f"{candidate}-0?show=verdict",
        f"{candidate}-1?show=difference", f"runs/{hostile}/compare?of={hostile}-1-0,{hostile}-1-1",
    ):  # fmt: skip
        page.goto(f"{site}/{path}")
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.locator("body.body--dark").count() == (colours == "dark")
        faults[path] = grave_faults(page)
    assert {path: found for path, found in faults.items() if found} == {}


def test_chosen_colours_are_remembered_by_the_browser(page: Page, site: str) -> None:
    page.emulate_media(color_scheme="light")
    dark = page.locator("body.body--dark")
    page.goto(site)
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(dark).to_have_count(0)  # as the system has it
    page.keyboard.press("d")
    expect(dark).to_have_count(1)
    page.goto(f"{site}/health")
    expect(dark).to_have_count(1)
    page.emulate_media(color_scheme="dark")
    page.keyboard.press("d")
    expect(dark).to_have_count(0)  # light, whatever the system has
    page.reload()
    expect(page.get_by_role("heading", name="Health")).to_be_visible()
    expect(dark).to_have_count(0)
    page.keyboard.press("d")
    expect(dark).to_have_count(1)  # the system's again


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_grave_fault_in_what_opens_over_a_page(
    page: Page, site: str, store: Store, colours: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=colours)
    page.goto(f"{site}/runs/{live_run(store, 'asked in dialogs').claim.run_id}")
    for name, leave in (("Keys", "Close"), ("Extend", "Not now"), ("Cancel", "Let it go on")):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("button", name=leave)).to_be_visible()
        page.wait_for_function("document.getAnimations().length === 0")
        assert grave_faults(page) == []
        page.get_by_role("button", name=leave).click()
        expect(page.get_by_role("button", name=leave)).to_be_hidden()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Say something first.")).to_be_visible()
    page.wait_for_function("document.getAnimations().length === 0")
    assert grave_faults(page) == []


def test_a_browser_that_asks_for_what_no_button_offers_is_not_heard(page: Page, site: str, store: Store) -> None:
    run_id = live_run(store, "asked for what is not").claim.run_id
    page.goto(f"{site}/runs/{run_id}")
    page.get_by_label("Words for the designer").fill("slower")
    for wish in ("delete", "", None, 5, ["cancel"], {"wish": "cancel"}):
        page.evaluate(ASK, ["wish", wish])
    for words in (None, 5, ["slower"], {"words": "slower"}):
        page.evaluate(ASK, ["send", words])
    for ending in ("py", None, 5, ["csv"], {"csv": 1}):
        page.evaluate(ASK, ["save", ending])

    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".rs-said-words")).to_have_text(["slower"])
    assert page.locator(".q-notification").count() == 0  # nor was any of it tried and refused
    assert [given.words for given in store.feedback(run_id)] == ["slower"]
    assert store.get_run(run_id).state is RunState.RUNNING


def test_candidates_are_ranked_by_dragging(page: Page, site: str, hostile: str) -> None:
    page.goto(f"{site}/runs/{hostile}/compare?of={hostile}-1-0,{hostile}-1-1")
    places = page.locator(".rs-ranking li")
    expect(places).to_have_text([re.compile("candidate 1-0"), re.compile("candidate 1-1")])
    places.nth(1).drag_to(places.nth(0))
    expect(places).to_have_text([re.compile("candidate 1-1"), re.compile("candidate 1-0")])
    expect(page.get_by_role("status").filter(has_text="Candidate 1-1 is at place 1 of 2")).to_be_attached()
    page.get_by_role("button", name="Send the ranking").click()
    expect(page.get_by_text("The ranking is stored.")).to_be_visible()
    [stored] = httpx.get(f"{site}/api/v1/runs/{hostile}/preferences").json()
    assert stored["ranking"] == [f"{hostile}-1-1", f"{hostile}-1-0"]


def test_what_happens_while_the_network_is_away_is_shown_once_when_it_is_back(
    page: Page, site: str, store: Store
) -> None:
    writer = live_run(store, "watched")
    with Relay(site).between() as network:
        page.goto(f"http://127.0.0.1:{network.port}/runs/{writer.claim.run_id}")
        log = page.get_by_role("log")
        writer.log("said before")
        expect(log).to_contain_text("said before")
        network.cut()
        writer.log("said while it was away")
        network.restore()
        writer.log("said after")
        expect(log).to_contain_text("said after", timeout=30_000)
        told = log.inner_text()
    assert [told.count(words) for words in ("said before", "said while it was away", "said after")] == [1, 1, 1]


def test_a_run_is_steered_and_says_what_became_of_it(page: Page, site: str, store: Store) -> None:
    run = store.create_run(
        RunRequest(task="to be cancelled", environment="Ant-v5", designer="openai/nobody"), FITNESS, 1
    )
    claim = store.claim(process_owner(), AN_HOUR, run.id)
    assert claim is not None
    page.goto(f"{site}/runs/{run.id}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator(".rs-state").first).to_have_text("running")  # as long as its owner has not heard of it
    store.writer(claim).set_run_state(store.get_run(run.id).state.CANCELLED, "asked for")
    expect(page.locator(".rs-state-cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).not_to_be_visible()


def test_what_is_not_there_is_said_in_words(page: Page, site: str) -> None:
    page.goto(f"{site}/runs/r-nobody")
    expect(page.get_by_role("heading", name="Not here")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("r-nobody")


def test_runs_are_searched_and_the_address_remembers_it(page: Page, site: str, store: Store) -> None:
    live_run(store, "a needle in the hay")
    page.goto(site)
    page.keyboard.press("/")
    page.keyboard.type("needle")
    expect(page.get_by_role("link", name="a needle in the hay")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.wait_for_url(re.compile("text=needle"))
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_file_has_all_runs_that_are_asked_for_and_not_those_of_the_page_alone(
    page: Page, site: str, store: Store
) -> None:
    for number in range(30):
        store.create_run(
            RunRequest(task=f"=alike {number}", environment="Ant-v5", designer="openai/nobody"), FITNESS, 1
        )
    page.goto(f"{site}/?text=alike")
    expect(page.locator("tbody tr")).to_have_count(25)
    with page.expect_download() as download:
        page.get_by_role("button", name="Runs as CSV").click()
    lines = csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8").splitlines())
    assert [line["Task"] for line in lines] == [f"'=alike {number}" for number in range(29, -1, -1)]


@pytest.mark.parametrize(
    ("path", "button", "name", "told"),
    [
        ("", "Candidates as JSON", "Candidate", ["{id}-1-0", "{id}-1-1"]),
        ("", "Events as JSON", "Number", None),
        ("/candidates/{id}-1-0", "Findings as JSON", "Message", [EVIL]),
        ("/candidates/{id}-1-0?show=verdict", "Faults and notes as JSON", "Message", [EVIL]),
        ("/candidates/{id}-1-0?show=verdict", "Components as JSON", "Component", [EVIL]),
        ("/compare?of={id}-1-1,{id}-1-0", "Figures as JSON", "Candidate", ["{id}-1-1", "{id}-1-0"]),
    ],
)
def test_what_a_page_of_a_run_shows_goes_into_a_file(
    page: Page, site: str, store: Store, hostile: str, path: str, button: str, name: str, told: list[str] | None
) -> None:
    page.goto(f"{site}/runs/{hostile}{path.format(id=hostile)}")
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    found = [one[name] for one in json.loads(Path(download.value.path()).read_text(encoding="utf-8"))]
    everything = [event.number for event in store.events(hostile)]
    assert found == (everything if told is None else [one.replace("{id}", hostile) for one in told])


def test_keys_go_through_runs_and_enter_opens_one(page: Page, site: str, store: Store) -> None:
    for number in range(3):
        store.create_run(RunRequest(task=f"keyed {number}", environment="Ant-v5", designer="openai/nobody"), FITNESS, 1)
    page.goto(f"{site}/?text=keyed")
    expect(page.locator("tbody tr")).to_have_count(3)
    for key, number in (("j", 2), ("j", 1), ("k", 2), ("k", 2), ("j", 1), ("j", 0), ("j", 0)):  # the newest comes first
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=f"keyed {number}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="keyed 0")).to_be_visible()


def test_keys_go_to_the_candidates_beside_one_and_keep_what_is_shown_of_it(page: Page, site: str, hostile: str) -> None:
    page.goto(f"{site}/runs/{hostile}/candidates/{hostile}-1-0")
    page.get_by_role("tab", name="Verdict").click()
    expect(page.get_by_role("link", name="1-1 →")).to_have_attribute("href", re.compile("show=verdict"))
    page.keyboard.press("j")
    page.wait_for_url(re.compile(f"{hostile}-1-1.show=verdict"))
    expect(page.get_by_role("link", name="← 1-0")).to_be_visible()
    page.keyboard.press("j")  # it is the last
    page.keyboard.press("k")
    page.wait_for_url(re.compile(f"{hostile}-1-0.show=verdict"))


def test_keys_go_through_those_that_are_compared(page: Page, site: str, hostile: str) -> None:
    page.goto(f"{site}/runs/{hostile}/compare?of={hostile}-1-0,{hostile}-1-1")
    expect(page.locator("article")).to_have_count(2)
    for key, name in (("j", "Candidate 1-0"), ("j", "Candidate 1-1"), ("k", "Candidate 1-0")):
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=name)).to_be_focused()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("", ["/", "j, k", "Enter", "d", "?"]),
        ("health", ["d", "?"]),
        ("runs/{id}", ["j, k", "← ↑ → ↓", "c", "Enter", "← →", "+, -, 0", "d", "?"]),
        ("runs/{id}/candidates/{id}-1-0", ["j, k", "space", "← →", "Home, End", "← →", "+, -, 0", "d", "?"]),
    ],
)
def test_the_sheet_tells_the_keys_of_the_page(page: Page, site: str, hostile: str, path: str, told: list[str]) -> None:
    page.goto(f"{site}/{path.format(id=hostile)}")
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", name="Keys")).to_be_visible()
    assert sheet.locator("dt").all_inner_texts() == told
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(page.locator("[data-listed] :focus")).to_have_count(0)  # what was behind the sheet stayed as it was
    expect(page.get_by_role("link", name="← 1-0")).to_have_count(0)


def test_how_candidates_are_looked_at_is_in_the_address(page: Page, site: str, hostile: str) -> None:
    page.goto(f"{site}/runs/{hostile}")
    page.get_by_label("Order").select_option("fittest first")
    page.wait_for_url(re.compile(r"\?view=columns&order=fitness$"))
    page.get_by_role("button", name="Tree").click()
    page.wait_for_url(re.compile(r"\?view=tree&order=fitness$"))
    page.goto(page.url)
    expect(page.get_by_role("button", name="Tree")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Columns").click()
    expect(page.get_by_label("Order")).to_have_value("fitness")
    page.goto(f"{site}/runs/{hostile}?view=none&order=none")
    expect(page.get_by_label("Order")).to_have_value("slot")


def test_the_robot_is_shown_before_anything_is_trained(page: Page, site: str) -> None:
    page.goto(f"{site}/new?environment=Hopper-v5")
    picture = page.get_by_role("img", name="Hopper, as an episode begins")
    expect(page.get_by_text("The picture is being drawn.")).to_be_hidden(timeout=30_000)
    pixels = np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("RGB")).astype(int)
    assert np.sum(pixels[..., 0] - pixels[..., 2] > 30) > 500  # the robot is brown, all else is grey or blue
    environment = page.get_by_role("combobox", name="Environment")
    environment.fill("drawer-open-v3")
    page.get_by_role("option", name="drawer-open-v3").click()
    expect(page.get_by_text("No picture: drawer-open-v3 has no reference environment in Gymnasium")).to_be_visible()
    expect(page.locator("canvas")).to_be_hidden()


def test_a_run_of_eighty_candidates_and_a_thousand_points_each_is_there_at_once(
    page: Page, site: str, store: Store
) -> None:
    writer = live_run(store, "many")
    for slot in range(80):
        one = candidate(writer, 1, slot, source=f"def compute_reward(time):\n    return time * {slot}, {{}}\n" * 10)
        writer.add_candidate(one)
    first = in_training(writer, 80, 1000)
    for segment in range(1000):
        writer.add_segment(first, point(segment, segment / 1000), "key", 1000)
    page.goto(site)  # a browser that has been here before, as those of its users have
    begun = time.monotonic()
    page.goto(f"{site}/runs/{writer.claim.run_id}", wait_until="commit")
    expect(page.get_by_role("link", name=re.compile("^Candidate 1-79"))).to_be_visible()
    assert time.monotonic() - begun < 4 * FIRST_CONTENT_SECONDS  # a machine that runs other tests as well
    writer.log("and on")
    expect(page.get_by_role("log")).to_contain_text("and on")


def test_who_is_logged_out_logs_in_with_a_token(page: Page, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/rewardsmith.db")
    run_id = live_run(store, "seen with a token").claim.run_id
    with (
        served(tmp_path, "api") as api,
        served(tmp_path, "dashboard", sign="/login", REWARDSMITH_URL=api) as site,
    ):
        page.goto(f"{site}/runs/{run_id}")
        expect(page).to_have_url(re.compile(r"/login\?next="))
        page.get_by_label("Token").fill("rewardsmith_nonsense")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("unknown or revoked")
        page.get_by_label("Token").fill(store.tokens.create("reader", Scope.READ).secret)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(re.compile(f"/runs/{run_id}$"))
        expect(page.get_by_role("heading", name="seen with a token")).to_be_visible()
        [cookie] = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        status = page.evaluate(f"async () => (await fetch('/api/v1/runs/{run_id}')).status")
        assert status == 200  # what a component of a page reads goes through the dashboard
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("this takes a token of scope run")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(re.compile("/login$"))
        page.goto(site)
        expect(page).to_have_url(re.compile("/login"))
    store.close()


def test_who_asks_too_often_is_told_so_and_not_that_the_token_is_wrong(page: Page, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/rewardsmith.db")
    secret = store.tokens.create("reader", Scope.READ).secret
    store.close()
    with (
        served(tmp_path, "api", REWARDSMITH_REQUESTS_PER_MINUTE="1") as api,
        served(tmp_path, "dashboard", sign="/login", REWARDSMITH_URL=api) as site,
    ):
        headers = {"Authorization": f"Bearer {secret}"}
        assert page.request.get(f"{api}/api/v1/runs", headers=headers).status == 200
        page.goto(f"{site}/login")
        page.get_by_label("Token").fill(secret)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("too many requests")


def test_several_processes_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="keeps its pages in one process; WEB_CONCURRENCY asks for '2'"),
        served(tmp_path, "dashboard", REWARDSMITH_URL="http://127.0.0.1:1", WEB_CONCURRENCY="2"),
    ):
        pass


def test_an_api_that_asks_nobody_is_shown_to_this_machine_alone(site: str, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="asks nobody for a token"),
        served(tmp_path, "dashboard", "--host", "0.0.0.0", REWARDSMITH_URL=site),
    ):
        pass
