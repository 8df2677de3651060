"""The event loop of a process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from naftiko_runtime import limits

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def raise_open_file_limit() -> None:
    """Raise the limit of open files, which is often 1024: each connection is one."""
    try:
        import resource  # noqa: PLC0415 - not everywhere
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, limits.OPEN_FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run_loop(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end, in uvloop's loop where there is one."""
    raise_open_file_limit()
    try:
        import uvloop  # noqa: PLC0415 - not everywhere
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
