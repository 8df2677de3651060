"""Compares names without their case and punctuation."""

from __future__ import annotations

import re


def fold_name(name: str) -> str:
    """Return a name without case and punctuation: ``warehouse-id`` and ``warehouseId`` meet."""
    return re.sub(r"[\W_]", "", name.casefold()) or name
