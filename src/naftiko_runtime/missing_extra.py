"""The advice for a missing extra.

It names a checkout, because the package is on no index: an index could have another package of this name.
"""

from __future__ import annotations


def advise_install(extra: str) -> str:
    """Return how an extra is installed."""
    return f"in a checkout of naftiko-runtime: pip install '.[{extra}]'"
