"""Invalid MCP messages: the error has our own words, the place and the fix, in all revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream


@pytest.fixture(scope="module", params=["1", "0"], ids=["direct", "sdk"])
def tools(request: pytest.FixtureRequest, documents: Path, module_upstream: Upstream) -> Iterator[str]:
    base, environment = f"api={module_upstream.url}", {"NAFTIKO_MCP_FAST_PATH": request.param}
    with Gateway(documents / "mcp.yaml", ["web", "tools"], "--base-uri", base, environment=environment) as gateway:
        yield gateway.urls["tools"]
