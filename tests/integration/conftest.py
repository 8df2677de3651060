"""One upstream a module, so that a gateway that calls it can serve the whole module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.gateway import Gateway
from support.image import build_image
from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.image import Image

HERE = Path(__file__).parent

UNDER_BOTH_SERVERS = frozenset(
    {
        "test_binary",
        "test_caller_values",
        "test_deadlines",
        "test_flows",
        "test_forward",
        "test_guards",
        "test_json_limits",
        "test_mcp",
        "test_mcp_faults",
        "test_mcp_hosts",
        "test_mcp_introductions",
        "test_mcp_lazily",
        "test_mcp_results",
        "test_metrics",
        "test_multipart",
        "test_openapi",
        "test_rest",
        "test_traces",
    }
)
"""The tests of the REST and MCP applications. All of them also run with uvicorn in the place of our server.

Other modules test our server, the program's life, its files, or other commands. A test of these modules that is about
our server has the marker ``own_server``. Under uvicorn, one of the two HTTP clients is enough.
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in UNDER_BOTH_SERVERS:
        own_only = metafunc.definition.get_closest_marker("own_server") is not None
        metafunc.parametrize("server", ["own"] if own_only else ["own", "uvicorn"], indirect=True, scope="module")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    twice = [item for item in items if _repeats_other_client(item)]
    if twice:
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in set(twice)]


def _repeats_other_client(item: pytest.Item) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return parameters.get("server") == "uvicorn" and "httpx2" in parameters.values()


@pytest.fixture(scope="module", autouse=True)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The HTTP server that runs the applications of every :class:`Gateway`."""
    Gateway.server = name = str(getattr(request, "param", "own"))
    yield name
    Gateway.server = "own"


@pytest.fixture(scope="session")
def documents() -> Path:
    """The folder of these tests' capability files."""
    return HERE / "documents"


@pytest.fixture(scope="session")
def pixel_file() -> Path:
    return HERE.parent.parent / "capabilities" / "pixel-tracking.yaml"


@pytest.fixture(scope="module")
def module_upstream(server: str) -> Iterator[Upstream]:  # noqa: ARG001 - what it serves is started by each server
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def api(module_upstream: Upstream) -> Iterator[Upstream]:
    """The module's upstream, empty again."""
    module_upstream.reset()
    yield module_upstream
    module_upstream.reset()


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """What the Dockerfile makes: the wheel, and the virtual environment with nothing but it."""
    with build_image() as image:
        yield image
