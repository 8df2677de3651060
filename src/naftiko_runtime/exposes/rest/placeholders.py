"""The placeholders of a route's path."""

from __future__ import annotations

from naftiko_runtime.template import Placeholder, split_path


def list_placeholders(path: str) -> list[str]:
    """Return the names in a path, each once; none in one that does not parse."""
    try:
        return list(dict.fromkeys(piece.name for piece in split_path(path) if isinstance(piece, Placeholder)))
    except ValueError:
        return []
