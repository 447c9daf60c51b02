"""An episode to look at: what the robot did, and rewards and variables on the same time line."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui
from nicegui.element import Element
from nicegui.elements import scene  # noqa: F401  it tells browsers where three.js is

ui.add_css(Path(__file__).with_name("replay.css"), shared=True)

REPLAY_KEYS = (
    ("space", "in a replay: play, stop"),
    ("← →", "in a replay: a step back, on; with Shift a second"),
    ("Home, End", "in a replay: its beginning, its end"),
)


class Replay(Element, component="replay.js", dependencies=["replay_*.js"]):
    """Plays the file at `url`, as docs/contracts/replay.md has it, on the browser's own clock: nothing is sent while it plays.

    `url` and `meshes`, under which the files of meshes are by their digest, are paths at this address; others are a `ValueError`.
    `label` names the episode. Replays of one `group` on a page play, stop, seek and change their speed together.
    """

    def __init__(self, url: str, *, meshes: str = "/api/v1/meshes", label: str, group: str | None = None) -> None:
        _check(url, meshes)
        super().__init__()
        self._props["url"], self._props["meshes"] = url, meshes
        self._props["label"], self._props["group"] = label, group

    def seek(self, seconds: float) -> None:
        """Shows that moment of the episode, the nearest where it has none."""
        self.run_method("seek", seconds)

    def toggle(self) -> None:
        """Plays, or stops where it plays; from the beginning where it stands at the end."""
        self.run_method("toggle")


class Still(Element, component="still.js", dependencies=["replay_*.js"]):
    """The first frame of the file at `url`, drawn once, or a sentence that says why there is no picture.

    `url` and `meshes` are as in `Replay`; `label` says what is to be seen.
    """

    def __init__(self, url: str, *, meshes: str = "/api/v1/meshes", label: str) -> None:
        _check(url, meshes)
        super().__init__()
        self._props["url"], self._props["meshes"], self._props["label"] = url, meshes, label


def _check(*paths: str) -> None:
    for path in paths:
        if not path.startswith("/") or path.startswith(("//", "/\\")):
            raise ValueError(f"expected a path at this address, as /api/v1/meshes, got {path!r}")
