"""Recognises capability files, by their name and content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.ignored_files import is_left_out
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.suggest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SUFFIXES: Final = (".yaml", ".yml")
_FIRST_KEY: Final = compile_lazily(r"^[\"'{\s]*(naftiko|ikanos|capability)\b", re.MULTILINE)
_VERSIONS: Final = {"naftiko", "ikanos"}
_IMPORTABLE: Final = {"consumes", "binds", "exposes", "aggregates"}


def has_capability_name(path: Path, suffixes: tuple[str, ...] = _SUFFIXES) -> bool:
    """Return whether a file found in a folder may be a capability: YAML, not hidden, without sandbox and test files."""
    return path.suffix in suffixes and not is_left_out(path.name)


def is_capability(data: Any, *, importable: bool = False) -> bool:
    """Return whether data is a capability; with ``importable``, also a document that can only be imported."""
    if not isinstance(data, dict):
        return False
    if "capability" in data or ("exposes" in data and bool(data.keys() & _VERSIONS)):
        return True
    if not data.keys() & _VERSIONS:
        return False
    return find_nearest("capability", data) is not None or (importable and bool(data.keys() & _IMPORTABLE))


def starts_as_capability(text: str) -> bool:
    """Return whether a text that is not YAML begins as a capability, not as a template or a file of another tool."""
    return _FIRST_KEY.search(text) is not None


def format_no_files(paths: Iterable[Path | str]) -> str:
    """Return the message for paths without any; they are quoted, since one may be a dot."""
    return "There is no capability file in " + ", ".join(f"'{path}'" for path in paths)
