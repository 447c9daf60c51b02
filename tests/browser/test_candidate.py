"""A candidate's page over what is stored: live while it is trained, and asked to go on where it was stopped."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.artifacts import ArtifactStore, replay_key
from service.schema import (
    CandidateState,
    ComponentSummary,
    CurvePoint,
    Finding,
    Moment,
    RunState,
    Severity,
    Training,
    TrainingResult,
    TrainingState,
    Verdict,
)
from service.store import Store, Writer
from service.training.replay_file import replay_files
from tests.browser.relay import Relay
from tests.browser.test_pages import in_training, live_run, point
from tests.integration.store.test_candidates import candidate
from tests.tumbled import tumbled

FIRST, SECOND = 0.123456, 0.654321  # found again in what is sent
RESULT = TrainingResult(best_segment=1, fitness=SECOND, success_rate=1.0, episodes=())
SLIPS = Finding(code="slip", severity=Severity.WARNING, message="it slips", moment=Moment(seconds=0.2))


@pytest.fixture(scope="module")
def episode() -> bytes:
    return gzip.compress(replay_files(tumbled()[0]).episode)


def told(segment: int, fitness: float) -> CurvePoint:
    """A segment's point with a component."""
    upright = ComponentSummary(mean=fitness + 1, std=0.0, share=1.0)
    return point(segment, fitness).model_copy(update={"components": {"upright": upright}})


def address(writer: Writer, slot: int = 0) -> str:
    return f"/runs/{writer.claim.run_id}/candidates/{writer.claim.run_id}-1-{slot}"


def end(writer: Writer, folder: Path, training: str, episode: bytes) -> None:
    """The training and its candidate come to their end, with a replay and a finding."""
    writer.finish_training(training, RESULT, "policy", 1000)
    ArtifactStore(str(folder / "artifacts")).put(replay_key(writer.claim.run_id, training), episode)
    candidate_id = training.removesuffix("-s0")
    writer.set_candidate_state(candidate_id, CandidateState.TRAINED, fitness=SECOND, findings=(SLIPS,))


def points(page: Page, label: str) -> list[list[float]]:
    """What a curve has drawn."""
    with page.expect_download() as download:
        page.get_by_role("region", name=label, exact=True).get_by_role("button", name="JSON").click()
    [line] = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["lines"]
    found: list[list[float]] = line["points"]
    return found


def test_a_candidate_is_watched_from_its_first_line_to_its_replay(
    page: Page, site: str, store: Store, folder: Path, episode: bytes
) -> None:
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda words: sent.append(str(words))))
    writer = live_run(store, "watched")
    one = candidate(writer, source="a = 1")
    writer.add_candidate(one)
    page.goto(f"{site}{address(writer)}?show=verdict")
    state = page.locator(".rs-state").first
    expect(state).to_have_text("proposed")
    expect(page.get_by_text("It was not checked yet.")).to_be_visible()
    expect(page.get_by_role("region", name="Fitness")).to_be_hidden()

    writer.add_candidate(one.model_copy(update={"verdict": Verdict(accepted=True)}))
    expect(page.get_by_text("Accepted")).to_be_visible()
    training = Training(
        id=f"{one.id}-s0", run_id=one.run_id, candidate_id=one.id, reward="candidate", comparison=False, seed=1,
        state=TrainingState.QUEUED, segments=2, segments_done=0, curve=(), result=None, reason=None,
    )  # fmt: skip
    writer.set_candidate_state(one.id, CandidateState.QUEUED)
    writer.add_trainings((training,))
    writer.set_candidate_state(one.id, CandidateState.TRAINING)
    expect(state).to_have_text("training")
    fitness = page.get_by_role("region", name="Fitness", exact=True)
    expect(fitness).to_contain_text("Nothing to draw yet")
    writer.add_segment(training.id, told(0, FIRST), "key", 1000)
    expect(fitness.get_by_role("list", name="Lines")).to_contain_text("0.123")
    sent.clear()
    writer.add_segment(training.id, told(1, SECOND), "key", 1000)
    expect(fitness.get_by_role("list", name="Lines")).to_contain_text("0.654")
    assert points(page, "Fitness") == [[1000, FIRST], [2000, SECOND]]
    assert points(page, "Reward components") == [[1000, FIRST + 1], [2000, SECOND + 1]]
    assert points(page, "Reward components by share") == [[1000, 1.0], [2000, 1.0]]
    assert str(SECOND) in "".join(sent)
    assert str(FIRST) not in "".join(sent)  # it is there already

    end(writer, folder, training.id, episode)
    expect(state).to_have_text("trained")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator("dl").first).to_contain_text("0.654")
    page.get_by_role("button", name="at 0.200 s").click()
    expect(page.locator(".rsr-time")).to_contain_text("0.20 of")


def test_what_became_of_it_while_the_network_was_away_is_there_once(
    page: Page, site: str, store: Store, folder: Path, episode: bytes
) -> None:
    writer = live_run(store, "watched through a network that goes away")
    training = in_training(writer, 0, 3)
    with Relay(site).between() as network:
        page.goto(f"http://127.0.0.1:{network.port}{address(writer)}")
        writer.add_segment(training, told(0, FIRST), "key", 1000)
        lines = page.get_by_role("region", name="Fitness", exact=True).get_by_role("list", name="Lines")
        expect(lines).to_contain_text("0.123")
        network.cut()
        writer.add_segment(training, told(1, SECOND), "key", 1000)
        writer.log("time for the page to be told")
        network.restore()
        expect(lines).to_contain_text("0.654", timeout=30_000)
        writer.add_segment(training, told(2, 0.75), "key", 1000)
        end(writer, folder, training, episode)
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        assert points(page, "Fitness") == [[1000, FIRST], [2000, SECOND], [3000, 0.75]]
        expect(page.get_by_text("it slips")).to_have_count(1)
        expect(page.locator(".rsr")).to_have_count(1)


def test_one_that_was_stopped_early_is_trained_to_its_end(page: Page, site: str, store: Store) -> None:
    writer = live_run(store, "stopped", steps=163_840)
    training = in_training(writer, 0, 4)
    page.goto(site + address(writer))
    go_on = page.get_by_role("button", name="Continue")
    expect(go_on).to_be_hidden()
    writer.add_segment(training, told(0, FIRST), "key", 1000)
    writer.prune_candidate(training.removesuffix("-s0"), "the others do better", ())
    expect(page.get_by_text("the others do better")).to_be_visible()
    writer.set_run_state(RunState.COMPLETED)
    expect(page.get_by_text("nobody would hear of it")).to_be_visible()
    go_on.click()
    # three of four segments of 163,840 steps are left
    expect(page.get_by_text("some 122,880 environment steps more")).to_be_visible()
    expect(page.get_by_text("The run, which is completed, is worked on again")).to_be_visible()
    page.get_by_role("button", name="Train it").click()
    expect(go_on).to_be_hidden()
    run_id = writer.claim.run_id
    assert store.candidate(run_id, f"{run_id}-1-0").continued
    assert not store.get_run(run_id).state.ended  # the server's own orchestrator may have it by now


def test_one_of_a_cancelled_run_cannot_go_on(page: Page, site: str, store: Store) -> None:
    writer = live_run(store, "cancelled")
    training = in_training(writer, 0, 4)
    writer.prune_candidate(training.removesuffix("-s0"), "the others do better", ())
    page.goto(site + address(writer))
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    writer.set_run_state(RunState.CANCELLED)
    expect(page.get_by_role("button", name="Continue")).to_be_hidden()
