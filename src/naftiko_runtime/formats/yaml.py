"""YAML, by the guarded reader that capability files are read with."""

from __future__ import annotations

from typing import Any

from naftiko_runtime.source import SourceError, load


def decode(body: bytes) -> Any:
    """Decode a YAML document.

    Raises:
        ValueError: It is none, has a feature outside the 1.2 core, or exceeds a limit.
    """
    try:
        return load(body, "answer").data
    except SourceError as error:
        raise ValueError(error.diagnostics[0].message) from None
