"""REST over real sockets, with an upstream that records requests, and with both clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream


@pytest.fixture(scope="module", params=["native", "httpx2"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def gateway(client: str, documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    base = f"api={module_upstream.url}/base"
    options = ("--base-uri", base, "--http-client", client, "--max-body", "2000")
    with Gateway(documents / "rest.yaml", ["web"], *options) as running:
        yield running


@pytest.fixture(scope="module")
def web(gateway: Gateway) -> str:
    """The REST URL of rest.yaml."""
    return gateway.urls["web"]
