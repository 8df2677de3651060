"""A pool whose processes all end with a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.scripting.pool import ScriptPool
from support.script_programs import find_running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def pool() -> AsyncIterator[ScriptPool]:
    pool = ScriptPool(workers_max=2)
    yield pool
    pids = pool.list_processes()
    await pool.close()
    assert find_running(pids) == []
