"""``--workers``: several processes that start, serve, reload and stop as one service, even if some of them fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.workers_gateway import WorkersGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.upstream import Upstream


@pytest.fixture
def start(tmp_path: Path, upstream: Upstream) -> Callable[..., WorkersGateway]:
    return lambda *arguments, **options: WorkersGateway(tmp_path, upstream.url, *arguments, **options)


@pytest.fixture
def workers_gateway(start: Callable[..., WorkersGateway]) -> Iterator[WorkersGateway]:
    with start("--control", "127.0.0.1:0", "--linger", "0") as running:
        yield running
