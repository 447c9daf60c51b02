"""An application that serves works on few requests at once, and does not stop to look through what stays."""

from __future__ import annotations

import asyncio
import gc

from anyio import to_thread
from fastapi import FastAPI

from service.app import THREADS, answering


def test_a_process_that_serves_has_few_threads() -> None:
    async def tokens() -> float:
        async with answering(FastAPI()):
            return to_thread.current_default_thread_limiter().total_tokens

    assert asyncio.run(tokens()) == THREADS


def test_what_a_process_begins_with_is_looked_through_once() -> None:
    async def kept() -> int:
        async with answering(FastAPI()):
            return gc.get_freeze_count()

    assert asyncio.run(kept()) > 10_000  # the modules alone are more
    assert gc.get_freeze_count() == 0
