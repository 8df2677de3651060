"""The event loop that everything here runs in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def run_loop(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end, in uvloop's loop where there is one."""
    try:
        import uvloop  # noqa: PLC0415 - not everywhere
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
