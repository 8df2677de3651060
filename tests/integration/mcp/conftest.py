"""MCP over real sockets: with the official client in every revision, and with raw messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.gateway import Gateway
from support.mcp_messages import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream


@pytest.fixture(scope="module")
def pixels(pixel_file: Path, module_upstream: Upstream) -> Iterator[str]:
    """The pixel capability's MCP URL."""
    names = [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"]
    with Gateway(pixel_file, names, "--base-uri", f"{NAMESPACE}={module_upstream.url}/v1") as gateway:
        yield gateway.urls[names[1]]


@pytest.fixture(scope="module")
def gateway(documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    base = f"api={module_upstream.url}"
    with Gateway(documents / "mcp.yaml", ["web", "tools"], "--base-uri", base) as running:
        yield running


@pytest.fixture(scope="module")
def tools(gateway: Gateway) -> str:
    """The MCP URL of mcp.yaml."""
    return gateway.urls["tools"]
