"""The type of a decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from naftiko_runtime.decoding_irregularities import Irregularities

Decode: TypeAlias = Callable[[bytes, str | None, Irregularities], object]
"""From a body, the charset that its content type names, and where irregularities are noted, to a plain value."""
