"""Pools of processes: one for a test, and one for all tests of a module that do not end its processes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from naftiko_runtime.scripting.pool import ScriptPool
from support.script_programs import find_running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def open_pool() -> AsyncIterator[ScriptPool]:
    """A pool whose processes all end with it."""
    pool = ScriptPool(workers_max=2)
    yield pool
    pids = pool.list_processes()
    await pool.close()
    assert find_running(pids) == []


@pytest.fixture
async def pool() -> AsyncIterator[ScriptPool]:
    async with open_pool() as pool:
        yield pool


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared() -> AsyncIterator[ScriptPool]:
    async with open_pool() as pool:
        yield pool
