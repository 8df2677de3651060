"""The same capability over HTTP, over HTTP by two replicas in turn, and over stdio."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from support.gateway import Gateway
from support.nginx_replicas import balance
from support.npm_packages import install_packages
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.upstream import Upstream

HERE: Final = Path(__file__).parent
CAPABILITY: Final = HERE / "capability.yaml"
PYTHON_SDK_1: Final = "mcp==1.30.0"
SHIP: Final = b'{"name": "Aurora"}'


@pytest.fixture
def registry(api: Upstream) -> Upstream:
    """The API, which knows one ship, and whose slow call ends when its caller is gone."""
    api.on("GET", "/ships/7", Reply(200, {"content-type": "application/json"}, SHIP))
    api.on("GET", "/slow", Reply(until_gone=True))
    return api


@pytest.fixture(scope="module")
def targets(module_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """What a client connects to, by transport."""
    base_uri = ("--base-uri", f"registry={module_upstream.url}")
    with ExitStack() as stack:
        replicas = [stack.enter_context(Gateway(CAPABILITY, ["ships"], *base_uri)) for _ in range(2)]
        urls = [replica.urls["ships"] for replica in replicas]
        balanced = stack.enter_context(balance(urls, tmp_path_factory.mktemp("nginx")))
        command = [sys.executable, "-m", "naftiko_runtime", "run", str(CAPABILITY), "--stdio", *base_uri]
        yield {"http": {"url": urls[0]}, "replicas": {"url": f"{balanced}/mcp"}, "stdio": {"command": command}}


@pytest.fixture(scope="session")
def javascript() -> Path:
    """The folder of the programs and their packages."""
    return install_packages(HERE / "programs")
