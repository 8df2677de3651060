"""One upstream a module, so that a gateway that calls it can serve the whole module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from support.gateway import Gateway
from support.image import build_image
from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from support.image import Image

HERE = Path(__file__).parent

ONLY_UNDER_OUR_SERVER: Final = {
    "hardening": "tests the bounds and time-outs of our server",
    "test_conformance": "chooses the server itself, for uvicorn gets one other verdict",
    "test_container": "tests the image, which has no uvicorn",
    "test_framing": "tests how our server reads and writes HTTP/1.1",
    "test_lifecycle": "tests how the process and its listeners start and stop",
    "test_reload": "tests how the process replaces what it serves",
    "test_server_differences": "compares our server with uvicorn",
    "test_startup_signals": "tests signals to a process that starts",
    "test_wheel": "tests the wheel, which has no uvicorn",
    "workers": "tests processes that share ports, and their signals",
}
"""The modules and folders that serve an application and do not also run under uvicorn, and why.

All other modules that start a :class:`Gateway` or a listener, and all of ``SERVING_FOLDERS``, run under both servers. A
test of them that is about our server, or about none, has the marker ``own_server``. Under uvicorn, one of the two HTTP
clients is enough.
"""

SERVING_FOLDERS: Final = {"mcp", "mcp_fast_path", "mcp_faults", "rest", "traces"}
"""Those whose ``conftest.py`` starts the servers that all their modules use."""


def runs_under_both_servers(module: ModuleType) -> bool:
    """Whether a module's tests serve applications by a server that can be chosen."""
    names = set(module.__name__.split("."))
    serves = any(hasattr(module, name) for name in ("Gateway", "start_listener")) or names & SERVING_FOLDERS
    return bool(serves) and not names & ONLY_UNDER_OUR_SERVER.keys()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if runs_under_both_servers(metafunc.module):
        own_only = metafunc.definition.get_closest_marker("own_server") is not None
        both = ["own", pytest.param("uvicorn", marks=pytest.mark.no_cover)]
        metafunc.parametrize("server", ["own"] if own_only else both, indirect=True, scope="module")


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
