"""What a tool's caller gets, in MCP's terms but no library's: one block of content, and a structured value."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from http import HTTPStatus
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime import limits
from naftiko_runtime.engine.beside import call_uncollected, run_beside_loop
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.formats import decode
from naftiko_runtime.formats.charset import text_or_nothing
from naftiko_runtime.json_bounds import check_json_bounds

if TYPE_CHECKING:
    from naftiko_runtime.engine.answer import Answer
    from naftiko_runtime.engine.operation import BoundOperation
    from naftiko_runtime.errors import CallError

_TEXT_TYPES: Final = frozenset(
    {"application/xml", "application/javascript", "application/x-www-form-urlencoded", "application/yaml"}
)


class Result(Struct, frozen=True):
    """A tool's result.

    Attributes:
        block: The one block of content, as it is written on the wire.
        structured: The structured content; none when there is none.
        is_error: Whether the call failed.
    """

    block: dict[str, Any]
    structured: dict[str, Any] | None = None
    is_error: bool = False


def failure(text: str) -> Result:
    """A result that says what went wrong."""
    return Result(_text_block(text), is_error=True)


def _text_block(text: str) -> dict[str, Any]:
    return {"text": text, "type": "text"}


def mapped_result(answer: Answer, operation: BoundOperation) -> Result:
    """An answer that was mapped as a tool's result: as text, and as the listed output schema says."""
    if operation.plan.raw_format != "json":  # others have numbers that JSON cannot write; it writes null for them
        answer.value = _finite(answer.value)
    text, outline = answer.as_json().decode(), operation.plan.outline
    if outline is None:
        return _structured(text, answer.value)
    return Result(_text_block(text), outline.structured(answer.value, mismatched=answer.mismatched))


async def untouched_result(answer: Answer, operation: BoundOperation) -> Result:
    """An answer that goes through as it came as a tool's result.

    Raises:
        UpstreamError: The body cannot be read.
    """
    body = await answer.read()
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES and answer.status != HTTPStatus.NOT_MODIFIED:
        return failure(_upstream_failure(answer, body, operation))
    if not body:
        return _structured(f"{_status_line(answer.status)}: the response has no body", {})
    if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
        return _content(body, answer, operation)
    return await run_beside_loop(partial(_content, body, answer, operation))


def _finite(value: Any) -> Any:
    """A value with nothing in the place of infinities and of what is no number."""
    match value:
        case float() if type(value) is float:  # others remember how they were written
            return value if isfinite(value) else None
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list():
            return [_finite(item) for item in value]
        case _:
            return value


def plain_numbers(value: Any) -> Any:
    """A value for those who cannot write numbers as they were written: what is too large for them is null."""
    match value:
        case float():
            return float(value) if isfinite(value) else None
        case dict():
            return {key: plain_numbers(item) for key, item in value.items()}
        case list():
            return [plain_numbers(item) for item in value]
        case _:
            return value


def _structured(text: str, value: Any) -> Result:
    """Text, and the value itself when it is an object: the only kind that every protocol revision takes."""
    return Result(_text_block(text), value if isinstance(value, dict) else None)


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _upstream_failure(answer: Answer, body: bytes, operation: BoundOperation) -> str:
    head = f"'{operation.plan.request.operation}' answered {_status_line(answer.status)}"
    if location := answer.header(b"location"):
        head += f", to {location.decode('utf-8', 'replace')}, which is not followed"
    text = text_or_nothing(body, answer.charset, is_json=_is_json(answer.media_type))
    if text is None:
        text = f"({len(body)} bytes of {answer.media_type or 'unknown type'})"
    if (masks := operation.masks) is not None:
        head, text = masks.text(head), masks.body(text)
    return f"{head}\n{text}" if text else head


def failed_call(error: CallError, operation: BoundOperation) -> Result:
    """A result that says why a call failed; of an upstream's fault also what helps to find it in the log."""
    text = str(error)
    if isinstance(error, UpstreamError):
        text += f" (API '{operation.namespace}', request id {error.request_id})"
    return failure(operation.masked(text))


def _content(body: bytes, answer: Answer, operation: BoundOperation) -> Result:
    """An untouched body as the kind of content that its type is."""
    media_type = answer.media_type
    kind = media_type.partition("/")[0]
    if kind in ("image", "audio"):
        return Result({"data": b64encode(body).decode(), "mimeType": media_type, "type": kind})
    if (text := _text(body, answer)) is None:
        return Result(_blob(body, media_type, operation))
    return _structured(text, _parsed(body, answer))


def _text(body: bytes, answer: Answer) -> str | None:
    media_type = answer.media_type
    is_text = media_type in _TEXT_TYPES or media_type.startswith("text/") or media_type.endswith(("json", "+xml"))
    if media_type and not is_text:
        return None
    return text_or_nothing(body, answer.charset, is_json=_is_json(media_type))


def _is_json(media_type: str) -> bool:
    return media_type.endswith("json")


def _parsed(body: bytes, answer: Answer) -> Any:
    """The value of a body that is JSON; a body without a type may be."""
    if answer.media_type and not _is_json(answer.media_type):
        return None
    try:
        if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
            return decode("json", body, charset=answer.charset)
        check_json_bounds(body, limits.ANSWER_VALUES_MAX, len(body))
        return call_uncollected(partial(decode, "json", body, charset=answer.charset))
    except ValueError:
        return None


def _blob(body: bytes, media_type: str, operation: BoundOperation) -> dict[str, Any]:
    resource = {
        "blob": b64encode(body).decode(),
        "mimeType": media_type or "application/octet-stream",
        "uri": f"naftiko:{operation.plan.request.operation}",
    }
    return {"resource": resource, "type": "resource"}
