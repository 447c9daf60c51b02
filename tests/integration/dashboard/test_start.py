"""A dashboard that has started has done already what the first page takes more than others."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own, since there is one NiceGUI in each.
TWO_VIEWERS = """
import asyncio, time
import httpx
from service.dashboard.app import dashboard_of

async def spent(client):
    begun = time.process_time()
    assert (await client.get("/login")).status_code == 200
    return time.process_time() - begun

async def main():
    app, told, says = dashboard_of("http://127.0.0.1:9"), asyncio.Queue(), asyncio.Queue()
    serving = asyncio.create_task(app({"type": "lifespan", "state": {}}, told.get, says.put))
    await told.put({"type": "lifespan.startup"})
    assert (await says.get())["type"] == "lifespan.startup.complete"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        print(await spent(client) / min([await spent(client) for _ in range(5)]))
    await told.put({"type": "lifespan.shutdown"})
    await serving

asyncio.run(main())
"""


def test_the_first_viewer_waits_no_longer_than_others() -> None:
    done = subprocess.run([sys.executable, "-c", TWO_VIEWERS], capture_output=True, text=True, check=True)
    # It would be five times as long: imports, routes, a template.
    assert float(done.stdout.split()[-1]) < 2.5
