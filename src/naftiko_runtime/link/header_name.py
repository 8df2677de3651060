"""Checks the names of headers in documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.encode_for_place import HEADER_NAME

if TYPE_CHECKING:
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.source import KeyPath


def check_header_name(name: str, key_path: KeyPath, context: Context) -> None:
    """Report a header name that HTTP does not allow."""
    if not HEADER_NAME.fullmatch(name):
        context.report(rules.INVALID_VALUE_HEADER_NAME(name=name), key_path)
