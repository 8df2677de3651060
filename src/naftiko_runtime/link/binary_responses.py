"""Checks the declarations of binary responses: their size limit and media type."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from naftiko_runtime.document.consumes import ConsumedOperation
    from naftiko_runtime.document.exposes import ExposeWithOperations
    from naftiko_runtime.link.context import Context

_SIZE: Final = compile_lazily(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(B|KiB|MiB|GiB)")
_UNITS: Final = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_TOKEN: Final = r"[a-zA-Z0-9!#$&^_.+-]+"  # noqa: S105 - a word of HTTP's grammar
_MEDIA_TYPE: Final = compile_lazily(rf"{_TOKEN}/{_TOKEN}(?: *; *{_TOKEN}=(?:{_TOKEN}|\"[ !#-~]*\"))*")


def parse_binary_size(part: ConsumedOperation | ExposeWithOperations, context: Context) -> int | None:
    """Return ``maxBinarySize`` in bytes; None if there is none, or an invalid one, which is reported."""
    if part.max_binary_size is None:
        return None
    if (found := _SIZE.fullmatch(part.max_binary_size)) is None:
        context.report(rules.INVALID_VALUE_SIZE(value=part.max_binary_size), part.get_path("maxBinarySize"))
        return None
    return int(Decimal(found[1]) * _UNITS[found[2]])


def check_media_type(operation: ConsumedOperation, context: Context) -> str | None:
    """Return ``outputMediaType``; None if there is none, or an invalid one, which is reported."""
    if operation.output_media_type is None or _MEDIA_TYPE.fullmatch(operation.output_media_type):
        return operation.output_media_type
    context.report(
        rules.INVALID_VALUE_MEDIA_TYPE(value=operation.output_media_type), operation.get_path("outputMediaType")
    )
    return None
