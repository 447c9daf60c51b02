"""An application that serves works on few requests at once, keeps little memory, and does not stop to look through what stays."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI

from service.app import ARENAS, THREADS, answering

THREADS_THAT_ALLOCATE = """
import asyncio, ctypes, sys, threading
from fastapi import FastAPI
from service.app import answering


def allocate(all_there):
    block = bytearray(100_000)
    all_there.wait()  # each has its memory while all others have theirs


async def serve():
    async with answering(FastAPI()):
        all_there = threading.Barrier(12)
        threads = [threading.Thread(target=allocate, args=(all_there,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


asyncio.run(serve())
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
told = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, told)
libc.fclose(told)
"""
"""Twelve threads allocate at once in a process that serves; what the C library tells of its memory goes into a file."""


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


def test_a_process_that_serves_puts_little_memory_by_for_its_threads(tmp_path: Path) -> None:
    told = tmp_path / "malloc.xml"
    subprocess.run([sys.executable, "-c", THREADS_THAT_ALLOCATE, str(told)], check=True)
    assert 1 <= told.read_text().count("<heap nr=") <= ARENAS
