"""A server without sockets for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.http_connections import ServerHarness

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ServerHarness]:
    harness = ServerHarness()
    yield harness
    harness.close()
