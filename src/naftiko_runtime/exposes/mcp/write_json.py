"""Writes values as JSON."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic_core import to_json

from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.source import WrittenFloat, WrittenInt


def write_json(value: Any) -> bytes:
    """Return a value as JSON. Numbers keep their digits; NaN and infinities become null."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return _write_exactly(value) or to_json(value, inf_nan_mode="null")


def _write_exactly(value: Any) -> bytes | None:
    """Return a value as JSON with the digits of its numbers. None if it has no such numbers, or is not JSON."""
    waiting, found = [value], False
    while waiting and not found:
        item = waiting.pop()
        found = isinstance(item, WrittenFloat | WrittenInt)
        waiting.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
    try:
        return encode_json(value) if found else None
    except Unrenderable:
        return None
