"""Reads the pages of a list: their items are the body of one response."""

from __future__ import annotations

import logging
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from naftiko_runtime import limits
from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.engine.exchange import choose_status, describe_failure
from naftiko_runtime.engine.next_page import NEVER, compile_next, set_first_page
from naftiko_runtime.engine.progress import report_progress
from naftiko_runtime.engine.result import OperationResult
from naftiko_runtime.engine.threads import run_in_thread
from naftiko_runtime.errors import PageError, UpstreamError, is_lasting
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.formats import DecodeError, decode
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.jsonpath import OutOfTime, TooMuchWork, compile_path, run_bounded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from naftiko_runtime.engine.next_page import FindNext
    from naftiko_runtime.plan import Pagination, Request
    from naftiko_runtime.upstream.interface import Header, OutboundRequest, UpstreamResponse

log = logging.getLogger(__name__)

_EMPTY: Final = (204, 205)
_OF_ONE_PAGE: Final = frozenset(
    {
        b"accept-ranges",
        b"content-disposition",
        b"content-encoding",
        b"content-length",
        b"content-location",
        b"content-range",
        b"content-type",
        b"etag",
        b"last-modified",
        b"link",
        b"transfer-encoding",
    }
)
"""Headers of the first page that are not about the whole list."""


class _Page(Struct, frozen=True):
    """A page of a list.

    Attributes:
        text: Its items as JSON, with commas between them.
        size: The bytes of its body.
        items: The number of its items.
        next_url: The URL of the next page. None if it is the last one.
    """

    text: bytes
    size: int
    items: int
    next_url: str | None


class _Progress(Struct):
    """What was read of a list.

    Attributes:
        request: The first request.
        pages: The number of pages.
        items: The number of items.
        bytes: The bytes of the bodies of all pages.
        urls: The URLs of the pages.
        start: When the response of the first page began, by the monotonic clock.
    """

    request: OutboundRequest
    pages: int = 0
    items: int = 0
    bytes: int = 0
    urls: set[str] = set()
    start: float = field(default_factory=time.monotonic)


class Pager:
    """Reads the lists of one paginated operation."""

    __slots__ = ("_bytes_max", "_find_next", "_irregular", "_items", "_name", "_plan", "_seconds", "_send", "_target")

    def __init__(
        self,
        name: str,
        request: Request,
        plan: Pagination,
        send: Callable[[OutboundRequest], Awaitable[UpstreamResponse]],
        *,
        secret_fields: frozenset[bytes],
        bytes_max: int,
        seconds: float,
    ) -> None:
        """Compile what is the same for all lists.

        Args:
            name: The exposed operation, for logs.
            request: The request of the operation.
            plan: Its pagination.
            send: Sends a request, with the authentication that it needs.
            secret_fields: The names of the query fields that hold secrets.
            bytes_max: The size limit of one page.
            seconds: The time limit for finding the items of one page.
        """
        self._name, self._target, self._plan, self._send = name, request.operation, plan, send
        self._bytes_max, self._seconds = bytes_max, seconds
        self._irregular = Irregularities()
        self._items = compile_path(plan.items)
        self._find_next: FindNext = compile_next(plan, request.upstream.base_uri, secret_fields)

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        """Send the request of the first page. Return the response with the items of all pages.

        A response that has no list, because its status says so, is returned as it is.

        Raises:
            UpstreamError: The first page cannot be read.
        """
        first = replace(request, url=set_first_page(self._plan, request.url))
        response = await self._send(first)
        if not 200 <= response.status < 300 or response.status in _EMPTY:  # noqa: PLR2004 - HTTP
            return response
        progress = _Progress(first, urls={first.url})
        try:
            page = await self._read(response, first.url, progress)
        finally:
            await response.close()
        return PagedResponse(self, progress, page, response)

    async def fetch(self, url: str, progress: _Progress) -> _Page:
        """Fetch a later page.

        Raises:
            PageError: It cannot be read, or exceeds a limit.
        """
        number, most = progress.pages + 1, self._plan.pages_max
        if number > most:
            raise self._fail(number, f"it exceeds the limit of {most:,} pages ('maxPages')")
        if time.monotonic() - progress.start > limits.PAGES_SECONDS:
            raise self._fail(number, f"the list takes longer than {limits.PAGES_SECONDS:g} seconds", status=504)
        progress.urls.add(url)
        try:
            response = await self._send(replace(progress.request, url=url, page=number))
        except UpstreamError as error:
            raise self._wrap(number, error) from None
        try:
            if response.status in _EMPTY:
                return _Page(b"", 0, 0, None)
            if not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP
                raise self._describe_status(number, response)
            return await self._read(response, url, progress)
        finally:
            await response.close()

    async def _read(self, response: UpstreamResponse, url: str, progress: _Progress) -> _Page:
        """Read a page, and count it."""
        number = progress.pages + 1
        result = OperationResult(response, url, self._bytes_max)
        try:
            body = await result.read()
        except UpstreamError as error:
            raise self._wrap(number, error) from None
        if progress.bytes + len(body) > self._plan.bytes_max:
            most = self._plan.bytes_max
            raise self._fail(number, f"with it the list exceeds the limit of {most:,} bytes ('maxBytes')")
        work = partial(self._make, body, result, progress)
        page = work() if len(body) <= limits.DECODED_INLINE_BYTES_MAX else await run_in_thread(work)
        progress.pages, progress.bytes = number, progress.bytes + page.size
        progress.items += page.items
        report_progress(f"page {number} was read")
        return page

    def _make(self, body: bytes, result: OperationResult, progress: _Progress) -> _Page:
        """Find the items of a page, and what leads to the next one."""
        number = progress.pages + 1
        value = self._decode(number, body, result)
        try:
            items = run_bounded(self._items.get, value, lambda: self._seconds)
        except (TooMuchWork, OutOfTime):
            raise self._fail(number, f"the path '{self._items.text}' takes too long") from None
        if not isinstance(items, list):
            raise self._fail(number, f"it has no list at '{self._items.text}'")
        following = self._find_next(value, result, number, progress.items + len(items))
        if following == NEVER:
            raise self._fail(number + 1, "its URL is not below the 'baseUri' of the API, so it is not requested")
        wanted = None if self._plan.items_max is None else self._plan.items_max - progress.items
        if wanted is not None and len(items) >= wanted:
            if following is not None or len(items) > wanted:
                extra = {
                    "operation": self._name,
                    "upstream": self._target,
                    "page": number,
                    "items": self._plan.items_max,
                }
                log.info("list ended at maxItems", extra=extra)
            items, following = items[:wanted], None
        if not items and (self._plan.type in ("page", "offset") or following in progress.urls):
            following = None
        if following in progress.urls:
            raise self._fail(number, "it leads to a page that was read already")
        try:
            return _Page(encode_json(items)[1:-1], len(body), len(items), following)
        except Unrenderable:
            raise self._fail(number, "it contains text that JSON cannot represent") from None

    def _decode(self, number: int, body: bytes, result: OperationResult) -> Any:
        notes = Irregularities()
        try:
            check_json_limits(body, limits.RESPONSE_VALUES_MAX, len(body))
            value = decode("json", body, charset=result.charset, notes=notes)
        except DecodeError as error:
            self._log("page not decoded", number, str(error))
            raise self._fail(number, "it is not valid JSON") from None
        except ValueError as error:
            raise self._fail(number, str(error)) from None
        if notes.count:
            before = self._irregular.count
            self._irregular.add(notes.latest, notes.count)
            if before == 0 or len(str(self._irregular.count)) > len(str(before)):  # the 1st, 10th, 100th …
                self._log("irregular page", number, str(notes.latest))
        return value

    def _log(self, event: str, number: int, reason: str) -> None:
        extra = {"operation": self._name, "upstream": self._target, "page": number, "reason": reason}
        log.warning(event, extra=extra)

    def _fail(self, number: int, problem: str, *, status: int = 502) -> PageError:
        message = f"page {number} of '{self._target}' failed: {problem}"
        return PageError(number, message, status=status, lasting=True)

    def _wrap(self, number: int, error: UpstreamError) -> PageError:
        """Make the error of a page without a usable response."""
        message = f"page {number} of '{self._target}' failed: {describe_failure(self._target, error)}"
        status, retry_after = choose_status(error)
        return PageError(
            number,
            message,
            status=status,
            retry_after=retry_after,
            detail=error.detail,
            request_id=error.request_id,
            lasting=is_lasting(error),
        )

    def _describe_status(self, number: int, response: UpstreamResponse) -> PageError:
        """Make the error of a page that is not successful."""
        status = response.status if response.status >= HTTPStatus.BAD_REQUEST else int(HTTPStatus.BAD_GATEWAY)
        retry_after = next((value for name, value in response.headers if name == b"retry-after"), b"")
        message = f"page {number} of '{self._target}' failed: the API responded with status {response.status}"
        return PageError(number, message, status=status, retry_after=retry_after)


class PagedResponse:
    """The items of all pages as the body of one response. Its pages are requested while it is read."""

    __slots__ = ("_first", "_is_complete", "_pager", "_progress", "headers", "status")

    def __init__(self, pager: Pager, progress: _Progress, first: _Page, response: UpstreamResponse) -> None:
        self._pager, self._progress = pager, progress
        self._first: _Page | None = first
        """The first page; None after it was requested."""
        self._is_complete = False
        self.status = response.status
        kept: list[Header] = [header for header in response.headers if header[0] not in _OF_ONE_PAGE]
        self.headers = [*kept, (b"content-type", b"application/json")]

    def read_whole(self) -> bytes | None:
        """Return the whole list if the first page is the last one."""
        if self._first is not None and self._first.next_url is not None:
            return None
        self._is_complete = True
        return b"[" + self._take_first().text + b"]"

    async def iter_chunks(self) -> AsyncIterator[bytes]:
        """Yield the list, one page at a time.

        Raises:
            PageError: A page cannot be read, or exceeds a limit.
        """
        page, opening = self._take_first(), b"["
        while (url := page.next_url) is not None:
            if page.text:
                yield opening + page.text
                opening = b","
            page = await self._pager.fetch(url, self._progress)
        self._is_complete = True
        yield (opening + page.text if page.text or opening == b"[" else b"") + b"]"

    def is_complete(self) -> bool:
        """Return whether all pages were read."""
        return self._is_complete

    async def close(self) -> None:
        """Do nothing: each page was read to its end, or closed."""

    def _take_first(self) -> _Page:
        """Return the first page, and forget it: one page at a time is in memory."""
        if (first := self._first) is None:
            raise RuntimeError("the body was requested before")
        self._first = None
        return first
