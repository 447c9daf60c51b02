"""Replays of a folder: `/?show=NAME` shows that, with more of it `show=NAME&show=NAME`; `group=` has them play together."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import JSONResponse, Response
from nicegui import ui

from service.dashboard.components.replay import Replay

STYLE = Path(__file__).parents[3] / "service" / "dashboard" / "style.css"
MISSING = {
    "type": "urn:rewardsmith:problem:replay-not-recorded",
    "title": "Not found",
    "status": 404,
    "detail": "candidate <img src=x onerror='window.hurt=1'> is queued: it has a replay once it is trained",
}


def install(app: FastAPI, folder: str) -> None:
    """Adds the page, and the files of the folder as the API sends them."""

    @app.get("/files/{name}")
    def file(name: str) -> Response:
        path = Path(folder) / name
        if not path.is_file():
            return JSONResponse(MISSING, 404, media_type="application/problem+json")
        headers = {"Content-Encoding": "gzip"}
        return Response(gzip.compress(path.read_bytes()), headers=headers, media_type="application/octet-stream")

    @ui.page("/")
    def page(show: Annotated[list[str], Query()] = [], group: str | None = None, dark: bool = False) -> None:  # noqa: B006
        ui.add_css(STYLE)
        ui.dark_mode(dark)
        with ui.element("main").classes("rs-main"):
            with ui.element("div").classes("rs-columns"):
                replays = [
                    Replay(f"/files/{name}", meshes="/files", label=f"Episode {i}", group=group)
                    for i, name in enumerate(show)
                ]
            if replays:
                ui.button("Seek 1 s", on_click=lambda: replays[0].seek(1.0))
                ui.button("Toggle", on_click=replays[0].toggle)
                ui.button("Take away", on_click=replays[0].delete)
