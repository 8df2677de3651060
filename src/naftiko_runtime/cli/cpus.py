"""Counts the cores that a process may use."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_OWN: Final = Path("/proc/self/cgroup")


def count_cpus(root: Path = _ROOT, own: Path = _OWN) -> int:
    """Return the cores that this process may run on, or the quota of its control group if that is less; at least 1.

    Args:
        root: Where control groups (version 2) are.
        own: The file that says which one is this process's.
    """
    return max(1, min([len(os.sched_getaffinity(0)), *(math.ceil(quota) for quota in _read_quotas(root, own))]))


def _read_quotas(root: Path, own: Path) -> list[float]:
    """Read the quotas of a group and of all groups around it, in cores."""
    quotas: list[float] = []
    with suppress(OSError, StopIteration):
        lines = own.read_text().splitlines()
        inside = next(line.removeprefix("0::/") for line in lines if line.startswith("0::/"))
        group = root / inside
        for folder in (group, *(parent for parent in group.parents if parent.is_relative_to(root))):
            with suppress(OSError, ValueError):
                quota, _, period = (folder / "cpu.max").read_text().partition(" ")
                quotas.append(int(quota) / int(period))
    return quotas
