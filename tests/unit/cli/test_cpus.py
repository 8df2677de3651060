"""The cores of ``--workers auto``: the available ones, or the quota of the control group."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.cli import cpus

if TYPE_CHECKING:
    from pathlib import Path

MINE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ({}, MINE),
        ({"": "max 100000"}, MINE),
        ({"pod/box": "100000 100000"}, 1),
        ({"pod/box": "150000 100000"}, min(2, MINE)),
        ({"pod/box": "20000 100000"}, 1),
        ({"pod/box": "max 100000", "pod": "100000 100000"}, 1),
        ({"pod/box": "800000 100000", "": "50000 100000"}, 1),
        ({"elsewhere": "100000 100000"}, MINE),
        ({"pod/box": "?"}, MINE),
    ],
)
def test_the_quota_of_the_group_counts_and_of_those_around_it(
    tmp_path: Path, quotas: dict[str, str], expected: int
) -> None:
    own, root = tmp_path / "cgroup", tmp_path / "root"
    own.write_text("9:name=systemd:/other\n0::/pod/box\n")
    for group, quota in quotas.items():
        (root / group).mkdir(parents=True, exist_ok=True)
        (root / group / "cpu.max").write_text(f"{quota}\n")
    assert cpus.count_cpus(root, own) == expected


def test_without_control_groups_all_count(tmp_path: Path) -> None:
    own = tmp_path / "cgroup"
    assert cpus.count_cpus(tmp_path, own) == MINE
    own.write_text("3:cpuset:/\n")
    assert cpus.count_cpus(tmp_path, own) == MINE
