"""Fixtures that every kind of test uses."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent

# How long one example takes depends on what else the machine does; that says nothing about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that runs the tests in the background has them, and the programs they start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONG_SEARCHES: Final = ("properties", "scripting", "wild")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage of searches through thousands of documents or scripts: it would more than double their time.

    What they find is covered by an example of its own elsewhere.
    """
    tests = Path(__file__).parent
    for item in items:
        if item.path.relative_to(tests).parts[0] in LONG_SEARCHES:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A recording upstream on loopback."""
    with Upstream() as server:
        yield server


@pytest.fixture
def pixel() -> Path:
    """The pixel capability."""
    return ROOT / "capabilities" / "pixel-tracking.yaml"
