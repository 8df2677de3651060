"""The server with slow, broken and hostile callers: plain sockets, on both event loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection
from support.loop_listener import LOOPS, Served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=list(LOOPS))
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    marker = request.node.get_closest_marker("server_limits")
    with Served(request.param, **(marker.kwargs if marker else {})) as server:
        yield server


@pytest.fixture
def raw(served: Served) -> Iterator[RawConnection]:
    with RawConnection(served.url) as connection:
        yield connection
