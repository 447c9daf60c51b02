"""An episode in a real browser: what it shows, how true to time it plays, and what it does with what is hostile or broken."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from envs.behaviour import policy_path
from envs.card import card
from sandbox import check_reward
from service.dashboard.components.replay import Replay as Player
from service.schema import Fitness
from service.training.job import metric_of
from service.training.replay import Replay, play
from service.training.replay_file import replay_files
from tests.browser.stage import staged
from tests.tumbled import tumbled

HOPPER = card("Hopper-v5").model_copy(update={"max_steps": 500})
REWARD = """
def compute_reward(forward_velocity, torso_height):
    return forward_velocity + torso_height, {"progress": forward_velocity, "height": torso_height}
"""
DT = 0.008
HURT = "<img src=x onerror='window.hurt=1'>"
MOST_BYTES = 1_000_000
SECONDS = 4.0  # 500 steps of 0.008 s

COUNT_FRAMES = """
const ask = requestAnimationFrame;
window.asked = 0;
window.frame = ask;
window.requestAnimationFrame = (call) => { window.asked += 1; return ask(call); };
"""
COUNTED = "() => new Promise((told) => frame(() => frame(() => frame(() => told(window.asked)))))"


def played() -> Replay:
    """The reference policy's hopper for as long as it may last."""
    metric = HOPPER.metrics[0]
    fitness = metric_of(HOPPER, Fitness(name=metric.name, score=metric.score, success=metric.success))
    return play(HOPPER, policy_path(HOPPER).read_bytes(), check_reward(REWARD, HOPPER.parameters), fitness, 3)


def hostile(replay: Replay) -> Replay:
    """The same where whoever named something meant harm."""
    return replace(
        replay,
        environment=HURT,
        components={HURT: replay.components["progress"], "__proto__": replay.components["height"]},
        variables={f"{HURT}{{{{ window.hurt = 1 }}}}": replay.variables["torso_height"]},
        scene=replace(replay.scene, links=(HURT,) * 4, geoms=tuple(replace(g, body=HURT) for g in replay.scene.geoms)),
    )


@pytest.fixture(scope="module")
def replay() -> Replay:
    return played()


@pytest.fixture(scope="module")
def folder(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replays")
    for name, one in (("hopper", replay), ("hostile", hostile(replay)), ("sixty", tumbled()[0])):
        (folder / name).write_bytes(replay_files(one).episode)
    (folder / "broken").write_bytes((folder / "hopper").read_bytes()[:50_000])
    (folder / "other").write_bytes((folder / "hopper").read_bytes().replace(b"replay-2", b"replay-9"))
    return folder


@pytest.fixture(scope="module")
def stage(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with staged("replay", tmp_path_factory.mktemp("stage") / "log", str(folder)) as address:
        yield address


class Stage:
    """One page of the stage, as a person uses it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address

    def show(self, *names: str, group: str = "") -> Locator:
        """Shows those replays, and gives back the first."""
        self.page.goto(f"{self._address}/?{urlencode({'show': names, 'group': group}, doseq=True)}")
        return self.page.locator(".rsr").first

    def moments(self) -> list[float]:
        """The seconds that all sliders show."""
        return [
            float(value) for value in self.page.locator("[type=range]").evaluate_all("all => all.map(e => e.value)")
        ]

    def picture(self) -> NDArray[np.uint8]:
        """The first replay's picture, `[height, width, 3]`."""
        shot = self.page.locator(".rsr-view canvas").first.screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))


@pytest.fixture
def shown(page: Page, stage: str) -> Stage:
    return Stage(page, stage)


def at(player: Locator, seconds: str) -> None:
    expect(player.locator(".rsr-time")).to_have_text(re.compile(rf"^{seconds} of "))


def test_the_picture_of_another_moment_is_another_one(shown: Stage) -> None:
    player = shown.show("hopper")
    at(player, "0.00")
    first = shown.picture()
    player.locator("[type=range]").fill("1.6")
    at(player, "1.60")
    later = shown.picture()
    player.locator("[type=range]").fill("0")
    at(player, "0.00")
    again = shown.picture()
    # the hopper covers some hundredths of the picture and has gone a metre on, over a floor that passes by
    assert (first != later).any(axis=-1).mean() > 0.02
    assert (first != again).any(axis=-1).mean() < 0.001


def test_a_second_of_playing_is_a_second_of_the_episode(shown: Stage) -> None:
    player = shown.show("hopper")
    player.get_by_role("button", name="Play").click()
    passed = player.evaluate(
        """async (player) => {
            const slider = player.querySelector("[type=range]");
            const moved = () => new Promise((told) => {
                const before = slider.value;
                const look = (now) => (slider.value === before ? requestAnimationFrame(look) : told([now, Number(slider.value)]));
                look(0);
            });
            const [begun, from] = await moved();
            while (performance.now() < begun + 1500) await moved();
            const [ended, to] = await moved();
            return [(ended - begun) / 1000, to - from];
        }"""
    )
    real, shown_seconds = passed
    assert real > 1.5
    # what is looked at in a frame was drawn in it or in the one before, whose length here is up to 0.2 s
    assert shown_seconds == pytest.approx(real, abs=0.2)


def test_it_stops_at_the_end_and_plays_again_from_the_beginning(shown: Stage) -> None:
    player = shown.show("hopper")
    player.locator("[type=range]").fill("3.8")
    player.get_by_label("Speed").select_option("4")
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    at(player, "4.00")
    player.get_by_label("Speed").select_option("0.25")
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    shown.page.wait_for_function("document.querySelector('[type=range]').value < 1")
    player.get_by_role("button", name="Pause").click()
    (stopped,) = shown.moments()
    assert 0 < stopped < 1


def test_values_are_told_of_the_moment_that_is_shown(shown: Stage, replay: Replay) -> None:
    player = shown.show("hopper")
    expect(player.locator(".rsr-name")).to_have_text(["progress", "height", "total reward", "x_position"])
    expect(player.locator(".rsr-value").first).to_have_text("\N{EN DASH}")  # nothing was rewarded before the first step
    player.locator("[type=range]").fill("2")
    # 2 s of 0.008 s are 250 steps, of which the last one's reward is number 249
    expected = [
        replay.components["progress"][249],
        replay.components["height"][249],
        replay.rewards[249],
        replay.variables["x_position"][250],
    ]
    expect(player.locator(".rsr-value")).to_have_text(
        [f"{value:.3f}".replace("-", "\N{MINUS SIGN}") for value in expected]
    )
    expect(player.locator(".rsr-told-end")).to_contain_text(f"score {replay.summary.score:.3f}. 500 steps in 4.00 s")


def test_a_line_is_a_place_to_go_to_and_to_drag_along(shown: Stage) -> None:
    player = shown.show("hopper")
    box = player.locator(".rsr-lane canvas").nth(1).bounding_box()
    assert box is not None
    # the line begins and ends 8 pixels within its canvas; a pixel is some 0.005 s here
    width = box["width"] - 16

    def to(share: float) -> None:
        shown.page.mouse.move(box["x"] + 8 + share * width, box["y"] + 20)

    to(0.5)
    shown.page.mouse.down()
    expect(player.locator(".rsr-time")).to_have_text(re.compile(r"^(1\.99|2\.0[01]) of 4\.00 s$"))
    to(0.75)
    shown.page.mouse.up()
    to(0.1)
    expect(player.locator(".rsr-time")).to_have_text("3.00 of 4.00 s")
    cursor, canvas = player.locator(".rsr-cursor").bounding_box(), box
    assert cursor is not None
    assert cursor["x"] == pytest.approx(canvas["x"] + 8 + 0.75 * width, abs=1.5)


def test_keys_play_step_and_leap(shown: Stage) -> None:
    player = shown.show("hopper")
    player.focus()
    keys = shown.page.keyboard
    for key, seconds in (
        ("ArrowRight", "0.01"),
        ("ArrowRight", "0.02"),
        ("Shift+ArrowRight", "1.02"),
        ("ArrowLeft", "1.01"),
        ("End", "4.00"),
        ("ArrowRight", "4.00"),
        ("Home", "0.00"),
    ):
        keys.press(key)
        at(player, seconds)
    keys.press("Space")
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    keys.press("Space")
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    assert shown.moments()[0] > 0


def test_two_of_a_group_play_seek_and_stop_as_one(shown: Stage) -> None:
    first = shown.show("hopper", "sixty", group="both")
    second = shown.page.locator(".rsr").nth(1)
    expect(second.locator(".rsr-time")).to_have_text("0.00 of 7.99 s")
    second.get_by_label("Speed").select_option("0.5")
    expect(first.get_by_label("Speed")).to_have_value("0.5")
    first.get_by_role("button", name="Play").click()
    expect(second.get_by_role("button", name="Pause")).to_be_visible()
    for later in (0.2, 0.4, 0.6):
        shown.page.wait_for_function(f"document.querySelector('[type=range]').value > {later}")
        one, other = shown.moments()
        assert abs(one - other) <= DT
    second.get_by_role("button", name="Pause").click()
    second.locator("[type=range]").fill("1")
    for player in (first, second):
        expect(player.get_by_role("button", name="Play")).to_be_visible()
        at(player, "1.00")


def test_without_a_group_each_plays_alone(shown: Stage) -> None:
    first = shown.show("hopper", "hopper")
    first.locator("[type=range]").fill("1")
    at(first, "1.00")
    at(shown.page.locator(".rsr").nth(1), "0.00")


def test_the_server_can_show_a_moment_and_play(shown: Stage) -> None:
    player = shown.show("hopper")
    at(player, "0.00")
    shown.page.get_by_role("button", name="Seek 1 s").click()
    at(player, "1.00")
    shown.page.get_by_role("button", name="Toggle").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()


def test_playing_says_nothing_to_the_server(shown: Stage) -> None:
    sent: list[str | bytes] = []
    shown.page.on("websocket", lambda socket: socket.on("framesent", lambda words: sent.append(words)))
    player = shown.show("hopper")
    at(player, "0.00")
    shown.page.get_by_role("button", name="Seek 1 s").click()
    at(player, "1.00")
    assert sent
    sent.clear()
    player.get_by_role("button", name="Play").click()
    shown.page.wait_for_function("document.querySelector('[type=range]').value > 1.7")
    assert [words for words in sent if words != "3"] == []  # 3 is the answer to the server's own "are you there"


def test_nothing_is_drawn_while_nothing_moves(shown: Stage) -> None:
    shown.page.add_init_script(COUNT_FRAMES)
    player = shown.show("hopper")
    player.locator("[type=range]").fill("1")
    at(player, "1.00")
    settled = shown.page.evaluate(COUNTED)
    assert shown.page.evaluate(COUNTED) == settled
    player.get_by_role("button", name="Play").click()
    shown.page.wait_for_function(f"window.asked > {settled + 3}")


def test_nothing_is_drawn_where_nobody_can_see_it_and_time_goes_on(shown: Stage) -> None:
    shown.page.add_init_script(COUNT_FRAMES)
    shown.page.set_viewport_size({"width": 360, "height": 400})
    player = shown.show("hopper")
    player.get_by_label("Speed").select_option("0.25")
    player.get_by_role("button", name="Play").click()
    shown.page.wait_for_function("document.querySelector('[type=range]').value > 0")
    shown.page.evaluate("document.querySelector('.rsr').style.marginBottom = '2000px'; scrollTo(0, 10000)")
    shown.page.wait_for_function(
        f"async () => {{ const count = {COUNTED}; return (await count()) === (await count()); }}"
    )
    (left_at,) = shown.moments()
    player.scroll_into_view_if_needed()
    shown.page.wait_for_function(f"document.querySelector('[type=range]').value > {left_at}")


def test_lines_are_chosen_by_name(shown: Stage) -> None:
    player = shown.show("hopper")
    player.get_by_text("Lines: 4 of").click()
    player.get_by_role("checkbox", name="total reward").uncheck()
    player.get_by_label("Find").fill("VELOCITIES[1")
    player.get_by_label("joint_velocities[1]").check()
    expect(player.locator(".rsr-name")).to_have_text(["progress", "height", "x_position", "joint_velocities[1]"])


def test_names_that_mean_harm_are_words(shown: Stage) -> None:
    player = shown.show("hostile")
    expect(player.locator(".rsr-name").first).to_have_text(HURT)
    player.get_by_text("Lines: 4 of 4").click()
    for name in (HURT, "__proto__", "total reward", f"{HURT}{{{{ window.hurt = 1 }}}}"):
        expect(player.get_by_label(name, exact=True)).to_be_checked()
    shown.show("missing")
    expect(shown.page.get_by_role("alert")).to_contain_text(HURT)
    assert shown.page.locator("img[src=x]").count() == 0
    assert shown.page.evaluate("window.hurt") is None


def test_a_replay_that_is_not_there_says_why_and_can_be_asked_for_again(shown: Stage, folder: Path) -> None:
    player = shown.show("later")
    expect(shown.page.get_by_role("alert")).to_contain_text("There is no replay to show.")
    expect(shown.page.get_by_role("alert")).to_contain_text("is queued: it has a replay once it is trained")
    (folder / "later").write_bytes((folder / "hopper").read_bytes())
    player.get_by_role("button", name="Try again").click()
    at(player, "0.00")


@pytest.mark.parametrize(
    ("name", "why"), [("broken", "broken"), ("other", "expected rewardsmith-replay-2, got rewardsmith-replay-9")]
)
def test_a_file_that_cannot_be_read_is_told(shown: Stage, name: str, why: str) -> None:
    shown.show(name)
    expect(shown.page.get_by_role("alert")).to_contain_text("so it cannot be shown")
    expect(shown.page.get_by_role("alert")).to_contain_text(why)


def test_without_webgl_the_lines_are_there_and_it_says_so(shown: Stage) -> None:
    shown.page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : get.call(this, kind, ...more); };"
    )
    player = shown.show("hopper")
    expect(player.get_by_text("no WebGL")).to_be_visible()
    player.get_by_role("button", name="Play").click()
    shown.page.wait_for_function("document.querySelector('[type=range]').value > 0.1")


def test_what_is_taken_away_gives_its_graphics_back(shown: Stage) -> None:
    shown.page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext; window.held = new Set();"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) { const made = get.call(this, kind, ...more);"
        " if (kind.startsWith('webgl')) window.held.add(made); return made; };"
    )
    player = shown.show("hopper")
    player.get_by_role("button", name="Play").click()
    held = "[...window.held].filter((context) => !context.isContextLost()).length"
    assert shown.page.evaluate(held) == 1
    shown.page.get_by_role("button", name="Take away").click()
    expect(shown.page.locator(".rsr")).to_have_count(0)
    assert shown.page.evaluate(held) == 0


@pytest.mark.parametrize("name", ["hopper", "sixty"])
def test_a_replay_is_less_than_a_megabyte_as_it_is_sent(shown: Stage, name: str) -> None:
    with shown.page.expect_request_finished(lambda request: f"/files/{name}" in request.url) as asked:
        shown.show(name)
    assert 10_000 < asked.value.sizes()["responseBodySize"] < MOST_BYTES


def test_axe_finds_no_serious_fault(shown: Stage) -> None:
    player = shown.show("hopper", "missing")
    at(player, "0.00")
    player.get_by_text("Lines: 4 of").click()
    found = Axe().run(shown.page, context=".rsr").response["violations"]
    assert [(one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("url", ["https://elsewhere.example/replay", "//elsewhere.example/replay", "replay"])
def test_a_replay_of_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected a path at this address"):
        Player(url, label="an episode")
