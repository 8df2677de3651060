"""One upstream a module, so that a gateway that calls it can serve the whole module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.image import built
from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.image import Image

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def documents() -> Path:
    """The folder of these tests' capability files."""
    return HERE / "documents"


@pytest.fixture(scope="session")
def pixel_file() -> Path:
    return HERE.parent.parent / "capabilities" / "pixel-tracking.yaml"


@pytest.fixture(scope="module")
def module_upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def api(module_upstream: Upstream) -> Iterator[Upstream]:
    """The module's upstream, empty again."""
    module_upstream.reset()
    yield module_upstream
    module_upstream.reset()


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """What the Dockerfile makes: the wheel, and the virtual environment with nothing but it."""
    with built() as image:
        yield image
