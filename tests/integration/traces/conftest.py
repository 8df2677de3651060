"""Traces of the real program, sent to a collector that reads OpenTelemetry's own messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.collector import Collector
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.upstream import Upstream


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def start(documents: Path, api: Upstream, collector: Collector) -> Callable[..., Gateway]:
    """Starts mcp.yaml with its traces sent to the collector."""

    def start(*arguments: str, **environment: str) -> Gateway:
        base = ("--base-uri", f"api={api.url}", "--linger", "0", *arguments)
        variables = collector.environment(**environment)
        return Gateway(documents / "mcp.yaml", ["web", "tools"], *base, environment=variables)

    return start
