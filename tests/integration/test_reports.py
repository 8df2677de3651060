"""The runnable cases based on public fault reports, if their folder is beside the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPORTS = Path(__file__).resolve().parents[3] / "shared" / "reports"
CASES = sorted(path.stem for path in REPORTS.glob("*.yml"))


@pytest.mark.skipif(not CASES, reason="../shared/reports is not there")
@pytest.mark.parametrize("case", CASES)
def test_a_reported_fault_is_fixed(case: str) -> None:
    runner = [
        sys.executable,
        str(REPORTS / "cases.py"),
        str(Path(sys.executable).with_name("naftiko")),
        "-k",
        case,
        "-v",
    ]
    ran = subprocess.run(runner, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
