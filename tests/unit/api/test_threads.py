"""An application that serves works on few requests at once."""

from __future__ import annotations

import asyncio

from anyio import to_thread
from fastapi import FastAPI

from service.app import THREADS, threads_limited


def test_a_process_that_serves_has_few_threads() -> None:
    async def tokens() -> float:
        async with threads_limited(FastAPI()):
            return to_thread.current_default_thread_limiter().total_tokens

    assert asyncio.run(tokens()) == THREADS
