"""Runs long work in threads, so that other requests need not wait for it."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_THREADS: Final = 2
"""Few: they compete with the event loop for the interpreter, and each one needs memory."""


@cache
def _get_executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="beside-loop")


async def run_in_thread(work: Callable[[], T]) -> T:
    """Run work in a thread, with the current context. Cancelling the caller does not interrupt the work."""
    return await asyncio.get_running_loop().run_in_executor(_get_executor(), partial(copy_context().run, work))


def run_without_collection(work: Callable[[], T]) -> T:
    """Run work that makes very many objects without garbage collection.

    Collection would take most of the time of reading a large JSON text.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        return work()
    finally:
        if enabled:
            gc.enable()
