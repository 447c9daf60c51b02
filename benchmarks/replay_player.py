"""How fast a browser plays sixty geoms over a thousand frames: `python -m benchmarks.replay_player [--width 1280]`.

Chromium without a graphics card, so that frames a second are those of a machine that has none. The time that JavaScript takes for a
frame does not depend on that: it is what it costs besides drawing, everywhere.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from service.training.replay_file import replay_files
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.stage import staged
from tests.tumbled import tumbled

SECONDS = 6
TIMED = """
const ask = requestAnimationFrame;
window.spent = [];
window.requestAnimationFrame = (call) => ask((now) => {
  const begun = performance.now();
  call(now);
  spent.push(performance.now() - begun);
});
"""
PLAYED = """
async (milliseconds) => {
  const slider = document.querySelector("[type=range]");
  const begun = performance.now();
  spent.length = 0;
  document.querySelector(".rsr-play").click();
  await new Promise((told) => setTimeout(told, milliseconds));
  const seconds = (performance.now() - begun) / 1000;
  const sorted = spent.toSorted((one, other) => one - other);
  const at = (share) => sorted[Math.floor(share * sorted.length)];
  return { rate: sorted.length / seconds, median: at(0.5), tail: at(0.95), late: seconds - Number(slider.value) };
}
"""


def main() -> None:
    """Plays and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=1280, help="of the page, in pixels")
    width: int = parser.parse_args().width
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        (folder / "sixty").write_bytes(replay_files(tumbled()[0]).episode)
        with staged("replay", folder / "log", str(folder)) as address:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.add_init_script(TIMED)
            page.goto(f"{address}/?show=sixty")
            page.wait_for_selector(".rsr-play")
            found = page.evaluate(PLAYED, SECONDS * 1000)
            browser.close()
    print(
        json.dumps(
            {
                "width": width,
                "frames_per_second": round(found["rate"], 1),
                "javascript_ms_median": round(found["median"], 1),
                "javascript_ms_95": round(found["tail"], 1),
                "behind_ms": round(found["late"] * 1000),
            }
        )
    )


if __name__ == "__main__":
    main()
