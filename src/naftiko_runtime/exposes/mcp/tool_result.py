"""The result of a tool, without any library: content blocks and a structured value."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from http import HTTPStatus
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime import limits
from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.engine.result import format_status
from naftiko_runtime.engine.threads import run_in_thread, run_without_collection
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.exposes.mcp.failure_advice import advise_on_error, advise_on_status, find_retry, read_retry
from naftiko_runtime.exposes.mcp.response_header_hints import list_hint_headers
from naftiko_runtime.exposes.text_detection import is_json, read_text_body
from naftiko_runtime.formats import DecodeError, decode
from naftiko_runtime.formats.decode_text import decode_if_text
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.problem_details import find_status

if TYPE_CHECKING:
    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.engine.result import OperationResult
    from naftiko_runtime.errors import CallError

_NO_VALUE: Final = object()
_MISMATCHED: Final = "structuredContent has null where a value does not match the output schema; the text has the value"


class Result(Struct, frozen=True):
    """A tool's result.

    Attributes:
        block: The content block with the result, as written on the wire.
        structured: The structured content, or None.
        is_error: Whether the call failed.
        note: More information, for a block of its own. Empty without any.
    """

    block: dict[str, Any]
    structured: dict[str, Any] | None = None
    is_error: bool = False
    note: str = ""

    @property
    def blocks(self) -> tuple[dict[str, Any], ...]:
        """Return all blocks of content."""
        return (self.block, _make_text_block(self.note)) if self.note else (self.block,)


def make_failure(text: str) -> Result:
    """Return a result with an error message."""
    return Result(_make_text_block(text), is_error=True)


def _make_text_block(text: str) -> dict[str, Any]:
    return {"text": text, "type": "text"}


def make_mapped_result(result: OperationResult, operation: BoundOperation) -> Result:
    """Return a mapped response as the result of a tool: as text, and as the output schema says."""
    if not operation.execution.is_exact:  # others have numbers that JSON cannot write; it writes null for them
        result.value = _replace_nonfinite(result.value)
    text, result_schema, value = result.encode_json().decode(), operation.result_schema, result.value
    note = list_hint_headers(result, operation)
    if result_schema is None:
        return Result(_make_text_block(text), _wrap_in_object(value), note=note)
    if result.mismatched:
        note = _join(note, _MISMATCHED)
    elif not result_schema.wraps and not isinstance(value, dict):
        note = _join(note, "structuredContent has no values, because the result is not an object")
    return Result(_make_text_block(text), result_schema.make_structured(value, mismatched=result.mismatched), note=note)


async def make_untouched_result(result: OperationResult, operation: BoundOperation) -> Result:
    """Return a response that is passed through as the result of a tool.

    Raises:
        UpstreamError: The body cannot be read.
    """
    body = await result.read()
    note = list_hint_headers(result, operation)
    if result.status >= HTTPStatus.MULTIPLE_CHOICES and result.status != HTTPStatus.NOT_MODIFIED:
        text = describe_upstream_failure(result, body, operation)
        problem = None
        if (retry := _read_retry(result)) is not None:
            problem = _make_problem(result.status, "upstream-error", text.partition("\n")[0], retry, operation)
        return Result(_make_text_block(text), problem, is_error=True, note=note)
    if not body:
        structured = {} if operation.result_schema is None else operation.result_schema.empty
        return Result(
            _make_text_block(f"{format_status(result.status)}: the response has no body"), structured, note=note
        )
    if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
        return _make_content(body, result, operation, note)
    return await run_in_thread(partial(_make_content, body, result, operation, note))


def _join(note: str, line: str) -> str:
    return f"{note}\n{line}" if note else line


def _replace_nonfinite(value: Any) -> Any:
    """Return a value with null for infinities and NaN."""
    match value:
        case float() if type(value) is float:  # others remember how they were written
            return value if isfinite(value) else None
        case dict():
            return {key: _replace_nonfinite(item) for key, item in value.items()}
        case list():
            return [_replace_nonfinite(item) for item in value]
        case _:
            return value


def make_numbers_plain(value: Any) -> Any:
    """Replace numbers that remember their digits by plain ones. A number that is too large becomes null."""
    match value:
        case float():
            return float(value) if isfinite(value) else None
        case dict():
            return {key: make_numbers_plain(item) for key, item in value.items()}
        case list():
            return [make_numbers_plain(item) for item in value]
        case _:
            return value


def _wrap_in_object(value: Any) -> dict[str, Any]:
    """Return a JSON value as an object, as every protocol revision wants. Other values become its ``result``."""
    return value if isinstance(value, dict) else {"result": value}


def describe_upstream_failure(result: OperationResult, body: bytes, operation: BoundOperation) -> str:
    """Return the status and the body of a response that is an error, without secrets."""
    head = f"'{operation.execution.target}' responded with {format_status(result.status)}"
    if location := result.get_header(b"location"):
        head += f", to {location.decode('utf-8', 'replace')}, which is not followed"
    if advice := advise_on_status(result.status, _read_retry(result), operation):
        head += f"; {advice}"
    text = decode_if_text(body, result.charset, is_json=is_json(result.media_type))
    if text is None:
        text = f"({len(body)} bytes of {result.media_type or 'unknown type'})"
    if (masks := operation.masks) is not None:
        head, text = masks.mask_text(head), masks.mask_body(text)
    return f"{head}\n{text}" if text else head


def make_failed_result(error: CallError, operation: BoundOperation) -> Result:
    """Return the result of a failed call."""
    text, problem = describe_call_failure(error, operation), None
    if (retry := find_retry(error)) is not None:
        problem = _make_problem(*find_status(error), text, retry, operation)
    return Result(_make_text_block(text), problem, is_error=True)


def _read_retry(result: OperationResult) -> int | str | None:
    return read_retry(value) if (value := result.get_header(b"retry-after")) else None


def _make_problem(
    status: int, slug: str, detail: str, retry: int | str, operation: BoundOperation
) -> dict[str, Any] | None:
    """Return the problem of a call that may be repeated later, as structured content.

    None for a tool with an output schema: clients check structured content by it, also that of errors.
    """
    if operation.result_schema is not None:
        return None
    return {"detail": detail, "retryAfter": retry, "status": status, "type": f"urn:naftiko:problem:{slug}"}


def describe_call_failure(error: CallError, operation: BoundOperation) -> str:
    """Return why a call failed and what to do, without secrets.

    For upstream errors it has what helps to find them in the log.
    """
    text = str(error)
    if advice := advise_on_error(error, operation):
        text += f"; {advice}"
    if isinstance(error, UpstreamError):
        text += f" (API '{operation.namespace}', request id {error.request_id})"
    return operation.mask(text)


def _make_content(body: bytes, result: OperationResult, operation: BoundOperation, note: str) -> Result:
    """Return an untouched body as a content block: text, or bytes with their type."""
    media_type, notes = result.media_type, Irregularities()
    text = read_text_body(body, media_type, result.charset, notes)
    if text is None:
        kind = media_type.partition("/")[0]
        if kind in ("image", "audio"):
            return Result({"data": b64encode(body).decode(), "mimeType": media_type, "type": kind}, note=note)
        return Result(_make_blob(body, media_type, operation), note=note)
    try:
        value = _parse(body, result, notes)
    except ValueError as error:
        value, note = _NO_VALUE, _join(note, f"structuredContent is omitted, because of the body: {error}")
    if notes.count:
        note = _join(note, f"the body holds {notes.latest}, shown here as U+FFFD or null")
    return Result(_make_text_block(text), None if value is _NO_VALUE else _wrap_in_object(value), note=note)


def _parse(body: bytes, result: OperationResult, notes: Irregularities) -> Any:
    """Parse a body that is JSON. Without a specific content type, it must be an object or an array.

    Raises:
        ValueError: It has more values than the limit.
    """
    media_type = result.media_type
    if not is_json(media_type) and (media_type not in _UNSPECIFIC_TYPES or not body.lstrip().startswith((b"{", b"["))):
        return _NO_VALUE
    found = Irregularities()
    try:
        if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
            value = decode("json", body, charset=result.charset, notes=found)
        else:
            check_json_limits(body, limits.RESPONSE_VALUES_MAX, len(body))
            value = run_without_collection(partial(decode, "json", body, charset=result.charset, notes=found))
    except DecodeError:
        return _NO_VALUE
    notes.add(found.latest, found.count)
    return value


_UNSPECIFIC_TYPES: Final = ("", "application/octet-stream")
"""Content types that say nothing of what a body is."""


def _make_blob(body: bytes, media_type: str, operation: BoundOperation) -> dict[str, Any]:
    resource = {
        "blob": b64encode(body).decode(),
        "mimeType": media_type or "application/octet-stream",
        "uri": f"naftiko:{operation.execution.target}",
    }
    return {"resource": resource, "type": "resource"}
