"""Pictures for docs/dashboard.md and the README, of a data folder's last completed run: `python -m tests.browser.pictures FOLDER`.

`make pictures` runs the demo first. Look at each before it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.dashboard import served

OUT = Path(__file__).parents[2] / "docs" / "pictures"
VIEWPORT = {"width": 1280, "height": 860}


def take(page: Page, name: str, *, until: str, whole: bool = False) -> None:
    """A picture, once what it is about is there."""
    page.locator(until).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=OUT / f"{name}.png", full_page=whole, animations="disabled")


def main() -> None:
    """Takes all."""
    OUT.mkdir(exist_ok=True)
    with served(Path(sys.argv[1]), "serve") as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(viewport=VIEWPORT)
        found = httpx.get(f"{site}/api/v1/runs?state=completed&limit=1").json()["items"][0]
        run, best = found["id"], found["best_candidate_id"]
        lineage = httpx.get(f"{site}/api/v1/runs/{run}/lineage").json()
        other = next(one["id"] for one in lineage["candidates"] if one["fitness"] is not None and one["id"] != best)
        page.goto(site)
        take(page, "runs", until="tbody a")
        page.goto(f"{site}/new")
        page.get_by_label("What the robot should do").fill("hop forward in long, slow leaps")
        take(page, "new-run", until="text=nothing: no model is asked")
        page.goto(f"{site}/runs/{run}")
        take(page, "run", until="canvas", whole=True)
        page.goto(f"{site}/runs/{run}/candidates/{best}")
        page.get_by_role("button", name="Play").click()
        page.wait_for_function("() => document.querySelector('input[type=range]').value > 0.4")
        page.get_by_role("button", name="Pause").click()
        take(page, "candidate", until="canvas")
        page.goto(f"{site}/runs/{run}/compare?of={best},{other}")
        page.get_by_role("button", name="Play").first.wait_for()
        take(page, "compare", until="canvas")
        page.goto(f"{site}/health")
        take(page, "health", until="text=database")
        browser.close()


if __name__ == "__main__":
    main()
