"""`make soak` in short: after mixed calls and callers that leave, the server has what it had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from bench.soak import MAX_GROWTH_MB, Resources, SoakError, check

ROOT = Path(__file__).resolve().parents[2]
BEFORE = Resources(memory_mb=90, tasks=3, sockets=4, files=11)


@pytest.mark.no_cover
def test_nothing_is_left_of_four_thousand_calls() -> None:
    command = [sys.executable, str(ROOT / "bench/soak.py"), "--calls", "4000"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, (done.stdout, done.stderr)
    kinds = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    assert len(kinds) == 16
    assert done.stdout.endswith("as before\n")


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (Resources(91 + MAX_GROWTH_MB, 3, 4, 11), "memory"),
        (Resources(90, 4, 4, 11), "tasks: 3 before, 4 after"),
        (Resources(90, 3, 5, 11), "sockets: 4 before, 5 after"),
        (Resources(90, 3, 4, 12), "other files: 11 before, 12 after"),
    ],
)
def test_more_than_before_is_an_error(after: Resources, what: str) -> None:
    with pytest.raises(SoakError, match=what):
        check(BEFORE, after)
