"""One exposed operation, ready to run."""

from __future__ import annotations

import logging
from codecs import BOM_UTF8
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime import limits
from naftiko_runtime.engine.answer import Answer, filled, kept_headers
from naftiko_runtime.engine.beside import call_uncollected, run_beside_loop
from naftiko_runtime.engine.request import ForwardBuilder, Invocation, RequestBuilder
from naftiko_runtime.errors import (
    CallError,
    TooSlow,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from naftiko_runtime.formats import WITH_FILE, Undecodable, decode, read_json
from naftiko_runtime.json_bounds import check_json_bounds
from naftiko_runtime.jsonpath import OutOfTime, TooMuchWork, run_bounded
from naftiko_runtime.notes import Notes
from naftiko_runtime.transport.compression import SUPPORTED, codings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from types import TracebackType

    from naftiko_runtime.auth.outbound import Flow
    from naftiko_runtime.engine.deadline import Deadline, Deadlines
    from naftiko_runtime.engine.masks import Masks
    from naftiko_runtime.engine.terms import Values
    from naftiko_runtime.plan import Operation
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.transport.base import Transport

log = logging.getLogger(__name__)
_QUOTED_CHARACTERS = 200
_BEGINNING = 64
_BEGIN_JSON = frozenset(b'{["')


class BoundOperation:
    """A planned operation with its secrets in place and a transport to send by."""

    __slots__ = (
        "builder",
        "bytes_max",
        "contract",
        "deadlines",
        "flow",
        "kept",
        "masks",
        "plan",
        "presents",
        "transport",
    )

    def __init__(
        self,
        plan: Operation,
        secrets: Mapping[str, Secret],
        transport: Transport,
        *,
        deadlines: Deadlines,
        bytes_max: int,
        flow: Flow | None = None,
        masks: Masks | None = None,
        exposed_headers: frozenset[bytes] = frozenset(),
    ) -> None:
        self.plan = plan
        self.contract = plan.contract
        building = ForwardBuilder if plan.request.forwards else RequestBuilder
        self.builder = building(plan.request, secrets, decodes=plan.shape is not None)
        self.transport = transport
        self.flow = flow
        self.masks = masks
        exposed = exposed_headers | plan.request.exposed_headers | plan.request.upstream.exposed_headers
        self.kept = kept_headers(exposed)
        self.deadlines = deadlines
        self.bytes_max = bytes_max
        self.presents = plan.binary_bytes_max is not None or plan.media_type is not None

    @property
    def namespace(self) -> str:
        """Of the API that it calls."""
        return self.plan.request.upstream.namespace

    def masked(self, text: str) -> str:
        """A text for callers without any secret of the API's."""
        return text if self.masks is None else self.masks.text(text)

    def run(self, call: Invocation) -> Exchange:
        """Start an exchange; use it as ``async with``, and read the answer inside."""
        return Exchange(self, call)


class Exchange(Struct, eq=False):
    """One call from the request to the last byte of the answer, under one deadline.

    Where the answer is held in memory, the deadline is for all of it. Where it streams through, it is for its head and
    for each pause: it begins anew whenever data has moved.

    Raises (on entering, and on leaving when the deadline struck inside):
        Rejected: The input does not fit the request.
        UpstreamUnreachable, UpstreamTimeout, UpstreamError: There is no usable answer.
    """

    _operation: BoundOperation
    _call: Invocation
    _answer: Answer | None = None
    _awaits_caller: bool = False
    _deadline: Deadline | None = None

    async def __aenter__(self) -> Answer:
        call, operation = self._call, self._operation
        if call.body is not None and not isinstance(call.body, bytes):
            call.body = self._noting_who_is_slow(call.body)
        request = operation.builder.build(call)
        self._deadline = operation.deadlines.begin()
        try:
            if operation.flow is None:
                response = await operation.transport.send(request)
            else:
                response = await operation.flow.send(request, operation.transport)
            self._answer = answer = Answer(response, request.url, operation.bytes_max, operation.kept)
            if operation.plan.shape is not None:
                await _map(answer, operation.plan, call.values, self)
            elif operation.presents:
                await _present(answer, operation.plan)
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise
        return answer

    async def _noting_who_is_slow(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The caller's body; while its next piece is awaited, a deadline that strikes is the caller's."""
        streams = self._operation.plan.shape is None
        self._awaits_caller = True
        async for chunk in body:
            self._awaits_caller = False
            for piece in _small_pieces(chunk):
                if streams:
                    self.await_upstream()
                yield piece
            self._awaits_caller = True
            if streams:
                self.await_upstream()
        self._awaits_caller = False

    def left(self) -> float:
        """How many seconds the call still has."""
        return 0.0 if self._deadline is None else self._operation.deadlines.left(self._deadline)

    def await_caller(self) -> None:
        """A piece of the answer goes to the caller now, whose reading is bounded by its connection."""
        if self._deadline is not None:
            self._operation.deadlines.suspend(self._deadline)

    def await_upstream(self) -> None:
        """Data has moved; the next step has the time of the deadline again."""
        if self._deadline is not None:
            self._operation.deadlines.renew(self._deadline)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        deadline, deadlines = self._deadline, self._operation.deadlines
        self._call.body = None  # it may have this as well, and neither be read nor collected for long
        try:
            if self._answer is not None:
                await self._answer.response.close()
        finally:
            if deadline is not None:
                deadlines.end(deadline)
            if error is not None or (deadline is not None and deadline.struck):
                self._tell(kind, error, deadline)

    def _tell(self, kind: type[BaseException] | None, error: BaseException | None, deadline: Deadline | None) -> None:
        """Say in our own words what went wrong."""
        plan = self._operation.plan
        if deadline is not None and deadline.explains(kind):
            raise self._too_late(deadline.seconds) from None
        if isinstance(error, UpstreamError):
            extra = {"operation": plan.name, "upstream": plan.request.operation, "reason": error.detail}
            log.warning("upstream failed", extra=extra | {"request_id": error.request_id})
        if isinstance(error, UpstreamOverloaded):
            message = f"'{plan.request.operation}' is overloaded: {error}; try again in {error.retry_seconds} s"
            raise UpstreamOverloaded(message, error.retry_seconds, error.detail, error.request_id) from None
        if isinstance(error, UpstreamUnreachable):
            message = f"'{plan.request.operation}' cannot be reached: {error}"
            raise UpstreamUnreachable(message, error.detail, error.request_id) from None

    def _too_late(self, seconds: float) -> CallError:
        """What to say when the deadline struck, by whom was waited for."""
        plan = self._operation.plan
        extra = {"operation": plan.name, "upstream": plan.request.operation, "seconds": seconds}
        if self._awaits_caller:
            log.info("caller too slow", extra=extra)
            return TooSlow(too_slow(seconds))
        if self._answer is not None:
            event = "answer not delivered in time"
            error = UpstreamTimeout(f"the answer of '{plan.request.operation}' took longer than {seconds:g} seconds")
        else:
            event = "upstream deadline"
            error = UpstreamTimeout(f"'{plan.request.operation}' did not answer within {seconds:g} seconds")
        log.warning(event, extra=extra | {"request_id": error.request_id})
        return error


def _small_pieces(chunk: bytes) -> Iterable[bytes]:
    """A piece of a body as pieces small enough that a slow reader takes each within a deadline."""
    if len(chunk) <= limits.UPLOAD_PIECE_BYTES_MAX:
        return (chunk,)
    starts = range(0, len(chunk), limits.UPLOAD_PIECE_BYTES_MAX)
    return (chunk[at : at + limits.UPLOAD_PIECE_BYTES_MAX] for at in starts)


def too_slow(seconds: float) -> str:
    """What to tell a caller whose body takes too long."""
    return f"the request's body did not arrive within {seconds:g} seconds"


async def _present(answer: Answer, plan: Operation) -> None:
    """What the document says of successful answers that go through untouched: how large, and what they are."""
    if not 200 <= answer.status < 300 or answer.status in (204, 205) or plan.request.method == "HEAD":  # noqa: PLR2004 - HTTP
        return
    if plan.binary_bytes_max is not None:
        await answer.limit(plan.binary_bytes_max)
    if plan.media_type is not None:
        answer.call(plan.media_type)


async def _map(answer: Answer, plan: Operation, values: Values, exchange: Exchange) -> None:
    """Decode and shape a successful answer; any other goes through as it came, but for the compression we asked for."""
    shape = plan.shape
    if shape is None or answer.status in (204, 205, 304):
        if shape is not None and answer.status == HTTPStatus.NOT_MODIFIED:  # it tells of what a mapping made
            answer.represent_otherwise()
        return
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP
        if (applied := codings(answer.headers)) and SUPPORTED.issuperset(applied):
            answer.hold(await answer.read())
        return
    body = await answer.read()
    if body and (body[0] in _BEGIN_JSON or _is_there(body, plan.raw_format)):
        before = plan.mismatches.count
        if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
            decoded = _decoded(body, plan, answer)  # from here in one go: what is counted meanwhile is of this answer
            value = _searched(shape, decoded, plan, exchange.left) if plan.searches else shape(decoded)
        else:  # then it may be of another one, which costs no more than a look at the value
            value = await run_beside_loop(partial(_shaped, body, plan, answer, exchange.left))
        answer.become(filled(value, values) if plan.blanks else value)
        if plan.mismatches.count != before:
            answer.mismatched = True
            _report(plan, before)
    else:
        answer.empty()


def _searched(shape: Callable[[Any], Any], decoded: Any, plan: Operation, seconds: Callable[[], float]) -> Any:
    """A shaped value whose paths search; how much, is bounded.

    Raises:
        UpstreamError: They look at too many values.
        UpstreamTimeout: They take longer than the call has left.
    """
    try:
        return run_bounded(shape, decoded, seconds)
    except TooMuchWork:
        most = limits.JSONPATH_VISITS_MAX
        message = f"the mapping of '{plan.name}' looks at more than {most:,} values of the answer: use fewer '..'"
        raise UpstreamError(message) from None
    except OutOfTime:
        raise UpstreamTimeout(f"the mapping of '{plan.name}' took longer than the deadline allows") from None


def _is_there(body: bytes, raw_format: str) -> bool:
    """Whether a body holds something to map: white space is nothing, unless it is bytes of a binary format."""
    if raw_format in WITH_FILE:
        return True
    text = body.removeprefix(BOM_UTF8)
    return bool(text[:_BEGINNING].strip() or text.strip())


def _shaped(body: bytes, plan: Operation, answer: Answer, seconds: Callable[[], float]) -> Any:
    """A large answer, decoded and shaped."""
    if plan.raw_format == "json":
        try:
            check_json_bounds(body, limits.ANSWER_VALUES_MAX, len(body))
        except ValueError as error:
            raise UpstreamError(f"the answer of '{plan.request.operation}' cannot be mapped: {error}") from None
    value = call_uncollected(partial(_decoded, body, plan, answer))
    return value if plan.shape is None else _searched(plan.shape, value, plan, seconds)


def _report(plan: Operation, before: int) -> None:
    """Tell of results that are not of the declared type: at the first, the tenth, the hundredth."""
    count = plan.mismatches.count
    if len(str(count)) > len(str(before)) or before == 0:
        extra = {"operation": plan.name, "mismatches": count, "latest": plan.mismatches.latest}
        log.warning("an answer is not of the declared type", extra=extra)


def _decoded(body: bytes, plan: Operation, answer: Answer) -> Any:
    if plan.raw_format == "json":
        try:
            return read_json(body)
        except Undecodable:
            pass  # it may only be irregular
    notes = Notes()
    try:
        value = decode(plan.raw_format, body, plan.decode, answer.charset, notes)
    except Undecodable as error:
        message = f"the answer of '{plan.request.operation}' is not {plan.raw_format}, which its mapping needs"
        failure = UpstreamError(message, f"{message}: {error}")
        quoted = body[:_QUOTED_CHARACTERS].decode("utf-8", "replace")
        extra = {"operation": plan.name, "reason": str(error), "body": quoted, "request_id": failure.request_id}
        log.warning("the upstream's answer is not %s", plan.raw_format, extra=extra)
        raise failure from None
    if notes.count:
        _report_irregular(plan, notes)
    return value


def _report_irregular(plan: Operation, notes: Notes) -> None:
    """Tell of answers that had irregular rows or values: at the first, the tenth, the hundredth."""
    before = plan.irregular.count
    plan.irregular.add(notes.latest, notes.count)
    if before == 0 or len(str(plan.irregular.count)) > len(str(before)):
        extra = {"operation": plan.name, "irregular": plan.irregular.count, "latest": notes.latest}
        log.warning("an answer is irregular, and was read all the same", extra=extra)
