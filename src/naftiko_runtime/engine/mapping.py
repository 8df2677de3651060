"""Decodes and maps responses."""

from __future__ import annotations

import logging
from codecs import BOM_UTF8
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import limits
from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.engine.threads import run_in_thread, run_without_collection
from naftiko_runtime.errors import UpstreamError, UpstreamTimeout
from naftiko_runtime.formats import WITH_FILE, DecodeError, decode, read_json
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.jsonpath import OutOfTime, TooMuchWork, run_bounded
from naftiko_runtime.mapping.list_empty_outputs import list_empty_outputs
from naftiko_runtime.mapping.templates import fill_blanks
from naftiko_runtime.upstream.content_decoding import SUPPORTED, list_codings

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.engine.compile_terms import Values
    from naftiko_runtime.engine.exchange import Exchange
    from naftiko_runtime.engine.result import OperationResult
    from naftiko_runtime.engine.secret_masks import Masks
    from naftiko_runtime.formats import Decode
    from naftiko_runtime.mapping.compile import CompiledShapes
    from naftiko_runtime.mapping.output_schema import Mismatches
    from naftiko_runtime.plan import MappedResponse

log = logging.getLogger(__name__)
_QUOTED_CHARACTERS: Final = 200
_SECRET_BYTES_MAX: Final = 16 * 1024
_BEGINNING: Final = 64
_BEGIN_JSON: Final = frozenset(b'{["')


class ResponseMapping:
    """Maps the responses of one operation, and counts what is irregular in them."""

    __slots__ = (
        "_decode",
        "_format",
        "_has_blanks",
        "_irregular",
        "_make",
        "_masks",
        "_mismatches",
        "_name",
        "_searches",
        "_shapes",
        "_target",
    )

    def __init__(
        self,
        name: str,
        target: str,
        response: MappedResponse,
        compiled: CompiledShapes,
        decoding: Decode | None,
        masks: Masks | None = None,
    ) -> None:
        """Prepare the mapping.

        Args:
            name: The exposed operation, for logs.
            target: The consumed operation.
            response: How its responses are mapped.
            compiled: Its output shapes.
            decoding: Decodes its responses.
            masks: Masks the upstream's secrets in what is logged of a response; None if it has none.
        """
        self._masks = masks
        self._name, self._target = name, target
        self._format, self._decode = response.format.name, decoding
        self._shapes = response.shapes
        self._make, self._searches, self._has_blanks = compiled.make, compiled.searches, compiled.has_blanks
        self._mismatches = compiled.mismatches
        self._irregular = Irregularities()

    async def apply(self, result: OperationResult, values: Values, exchange: Exchange) -> None:
        """Map a successful response. Any other is passed on unchanged, but decompressed.

        Raises:
            UpstreamError: It cannot be decoded, or its mapping exceeds a limit.
            UpstreamTimeout: Its mapping takes longer than the call has left.
        """
        if result.status in (204, 205, 304):
            if result.status == HTTPStatus.NOT_MODIFIED:  # its headers describe the mapped result
                result.drop_byte_headers()
            return
        if not 200 <= result.status < 300:  # noqa: PLR2004 - HTTP
            if (applied := list_codings(result.headers)) and SUPPORTED.issuperset(applied):
                result.hold_body(await result.read())
            return
        body = await result.read()
        if body and (body[0] in _BEGIN_JSON or _has_content(body, self._format)):
            before = self._mismatches.count
            if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
                # no await from here on: what is counted is of this response
                value = self._make_small(body, result, exchange.compute_remaining)
            else:  # then what is counted may be of another one, which does no harm
                value = await run_in_thread(partial(self._make_large, body, result, exchange.compute_remaining))
            result.set_value(fill_blanks(value, values) if self._has_blanks else value)
            if log.isEnabledFor(logging.DEBUG):
                self._log_empty_outputs(value)
            if self._mismatches.count != before:
                result.mismatched = True
                report_mismatches(self._name, self._mismatches, before)
        else:
            result.set_empty()

    async def read_value(self, result: OperationResult, exchange: Exchange) -> Any:
        """Return the mapped value of a successful response, and leave the result as it is. None for an empty body.

        Raises:
            UpstreamError: It cannot be decoded, or its mapping exceeds a limit.
            UpstreamTimeout: Its mapping takes longer than the call has left.
        """
        body = await result.read()
        if not body or not _has_content(body, self._format):
            return None
        if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
            return self._make_small(body, result, exchange.compute_remaining)
        return await run_in_thread(partial(self._make_large, body, result, exchange.compute_remaining))

    def _log_empty_outputs(self, value: Any) -> None:
        """Log each output whose path found nothing in the response."""
        for output in list_empty_outputs(self._shapes, value):
            log.debug("a mapping found nothing", extra={"operation": self._name, "output": output})

    def _make_bounded(self, decoded: Any, seconds: Callable[[], float]) -> Any:
        """Map a value with a limit on the work of its paths.

        Raises:
            UpstreamError: Paths visit too many values.
            UpstreamTimeout: Paths take longer than the call has left.
        """
        try:
            return run_bounded(self._make, decoded, seconds)
        except TooMuchWork:
            most = limits.JSONPATH_VISITS_MAX
            message = (
                f"the mapping of '{self._name}' looks at more than {most:,} values of the response; use fewer '..'"
            )
            raise UpstreamError(message) from None
        except OutOfTime:
            raise UpstreamTimeout(f"the mapping of '{self._name}' took longer than the deadline allows") from None

    def _make_small(self, body: bytes, result: OperationResult, seconds: Callable[[], float]) -> Any:
        """Decode and map a response that takes little time."""
        decoded = self._decode_body(body, result)
        return self._make_bounded(decoded, seconds) if self._searches else self._make(decoded)

    def _make_large(self, body: bytes, result: OperationResult, seconds: Callable[[], float]) -> Any:
        """Decode and map a large response."""
        if self._format == "json":
            try:
                check_json_limits(body, limits.RESPONSE_VALUES_MAX, len(body))
            except ValueError as error:
                raise UpstreamError(f"the response of '{self._target}' cannot be mapped: {error}") from None
        return self._make_bounded(run_without_collection(partial(self._decode_body, body, result)), seconds)

    def _decode_body(self, body: bytes, result: OperationResult) -> Any:
        if self._format == "json":
            try:
                return read_json(body)
            except DecodeError:
                pass  # it may only be irregular
        notes = Irregularities()
        try:
            value = decode(self._format, body, self._decode, result.charset, notes)
        except DecodeError as error:
            label = _label_format(self._format)
            message = f"the response of '{self._target}' is not valid {label}, so that no value can be read from it"
            failure = UpstreamError(message, f"{message}: {error}")
            extra = {
                "operation": self._name,
                "reason": str(error),
                "body": self._quote(body),
                "request_id": failure.request_id,
            }
            log.warning("response not decoded", extra=extra | {"format": self._format})
            raise failure from None
        if notes.count:
            self._report_irregular(notes)
        return value

    def _quote(self, body: bytes) -> str:
        """Return the beginning of a body, without the upstream's secrets: those that are cut off at the end as well."""
        text = body[: _QUOTED_CHARACTERS + _SECRET_BYTES_MAX].decode("utf-8", "replace")
        return (text if self._masks is None else self._masks.mask_body(text))[:_QUOTED_CHARACTERS]

    def _report_irregular(self, notes: Irregularities) -> None:
        """Log irregular rows or values at the 1st, 10th, 100th … occurrence."""
        before = self._irregular.count
        self._irregular.add(notes.latest, notes.count)
        if before == 0 or len(str(self._irregular.count)) > len(str(before)):
            extra = {"operation": self._name, "irregular": self._irregular.count, "latest": notes.latest}
            log.warning("irregular response", extra=extra)


def _label_format(raw_format: str) -> str:
    """Return the name of a format as people write it: most are acronyms."""
    is_acronym = len(raw_format) <= len("json") and raw_format not in WITH_FILE
    return raw_format.upper() if is_acronym else raw_format


def _has_content(body: bytes, raw_format: str) -> bool:
    """Return whether a body is not empty. White space is empty, unless the format is binary."""
    if raw_format in WITH_FILE:
        return True
    text = body.removeprefix(BOM_UTF8)
    return bool(text[:_BEGINNING].strip() or text.strip())


def report_mismatches(name: str, mismatches: Mismatches, before: int) -> None:
    """Log values of another type than declared at the 1st, 10th, 100th … occurrence."""
    count = mismatches.count
    if len(str(count)) > len(str(before)) or before == 0:
        extra = {"operation": name, "mismatches": count, "latest": mismatches.latest}
        log.warning("a value does not have its declared type", extra=extra)
