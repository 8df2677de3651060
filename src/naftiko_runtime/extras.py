"""What to tell somebody whose installation lacks an extra.

The package is on no index: whoever registers its name there would be installed instead.
"""

from __future__ import annotations


def advise_install(extra: str) -> str:
    """How an extra is installed."""
    return f"in a checkout of naftiko-runtime: pip install '.[{extra}]'"
