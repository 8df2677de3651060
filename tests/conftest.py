"""Fixtures that every kind of test uses."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ROOT = Path(__file__).parent.parent

# How long one example takes depends on what else the machine does; that says nothing about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that runs the tests in the background has them, and the programs they start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


MEASURE_PROCESSES: Final = "COVERAGE_PROCESS_CONFIG"
"""The variable by which a Python process that starts measures its coverage."""
LONG_SEARCHES: Final = ("properties", "scripting", "wild")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage of searches through thousands of documents or scripts: it would more than double their time.

    What they find is covered by an example of its own elsewhere. They begin first: the longest takes half a minute, and
    at the end the other processes would wait for it.
    """
    for item in items:
        if is_long_search(item):
            item.add_marker(pytest.mark.no_cover)
    items.sort(key=is_long_search, reverse=True)


def is_long_search(item: pytest.Item) -> bool:
    return item.path.relative_to(Path(__file__).parent).parts[0] in LONG_SEARCHES


# In a process of xdist that runs tests, pytest-cov pauses its own measurement for ``no_cover``. Another one that runs
# there goes on, and makes these tests several times as slow. These hooks see to it that there is no other.


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start no measurement in these processes by the variable that is for those that tests start."""
    os.environ.pop(MEASURE_PROCESSES, None)
    _stop_measuring(config)  # this process runs no tests


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop the measurement that pytest-cov starts when it is loaded: here, it starts its real one after this."""
    if hasattr(session.config, "workerinput"):
        _stop_measuring(session.config)


def _stop_measuring(config: pytest.Config) -> None:
    controller = getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if controller is not None:
        controller.cov.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage of the processes that a test with ``no_cover`` starts: pytest-cov pauses its own alone.

    Each time it goes on, coverage would patch ``os._exit`` and register a handler for forks once more. After a thousand
    times, ``os._exit`` would not end the process, and a fork would take half a minute.
    """
    measured = os.environ.get(MEASURE_PROCESSES)
    if measured is None or item.get_closest_marker("no_cover") is None:
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(MEASURE_PROCESSES)
        patch.setattr("coverage.control.apply_patches", lambda *_: None)
        return (yield)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A recording upstream on loopback."""
    with Upstream() as server:
        yield server


@pytest.fixture
def pixel() -> Path:
    """The pixel capability."""
    return ROOT / "capabilities" / "pixel-tracking.yaml"
