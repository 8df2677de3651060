"""The measurement of the whole corpus, which takes its time, once for all tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from wild.run import CORPUS, totals

if TYPE_CHECKING:
    from wild.report import Totals


@pytest.fixture(scope="session")
def corpus_totals() -> Totals:
    """What the product makes of the corpus; without one, the test is skipped."""
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus is not at {CORPUS}")
    return asyncio.run(totals(CORPUS))
