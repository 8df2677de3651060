"""Handles the requests of routes, of forwards, and of broken parts: makes a call of a request, and responds."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import unquote_plus

from naftiko_runtime import limits
from naftiko_runtime.caller_identity import CALLER, SENT_SECRETS
from naftiko_runtime.caller_policy import CONDITIONAL, RANGED, TRACE, UNCONDITIONAL, CallerPolicy
from naftiko_runtime.contract.compiled import drop_missing
from naftiko_runtime.encode_for_place import encode_caller_path
from naftiko_runtime.engine.exchange import describe_slow_body
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.engine.threads import run_in_thread, run_without_collection
from naftiko_runtime.errors import CallError, InputFault, Rejected, TooLarge, TooSlow
from naftiko_runtime.exposes.rest.forms import read_form
from naftiko_runtime.exposes.rest.inputs import (
    find_path_lists,
    get_cookie_values,
    get_header_values,
    get_path_lists,
    get_query_values,
)
from naftiko_runtime.exposes.rest.reply import Reply
from naftiko_runtime.exposes.rest.rewrite_header_urls import Locations, ProxiedRequest, has_every_input
from naftiko_runtime.file_value import File, Unrenderable
from naftiko_runtime.formats import DecodeError, read_json
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.problem_details import send_problem, send_problem_document
from naftiko_runtime.request_body import Disconnected, check_coding, describe_large_body, stream_body
from naftiko_runtime.telemetry.server_requests import INSTRUMENT

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.exposes.rest.path_dispatch import PathPattern
    from naftiko_runtime.plan import Execution
    from naftiko_runtime.telemetry.request_instruments import Instrument

log = logging.getLogger(__name__)

_BODY_HEADERS: Final = frozenset({b"content-type", b"content-length", b"content-encoding"})


F = TypeVar("F")
"""What the dispatcher finds in a path."""


class BrokenHandler:
    """Handles the requests of a broken route, which is not served."""

    def __init__(self, reason: str, instrument: Instrument | None) -> None:
        self._reason = reason
        self._instrument = instrument

    async def __call__(self, scope: Scope, _receive: Receive, send: Send, _found: object) -> None:
        """Respond with 501 and the reason."""
        scope[INSTRUMENT] = self._instrument
        await send_problem_document(send, 501, "broken-operation", self._reason)


class HandlerParts(NamedTuple):
    """What every handler uses.

    Attributes:
        operation: The operation to run.
        policy: The operator's limits for callers.
        locations: Rewrites the URLs of upstreams to paths of the server.
        instrument: Measures its requests. None without metrics and traces.
    """

    operation: BoundOperation
    policy: CallerPolicy
    locations: Locations
    instrument: Instrument | None


class _Handler(ABC, Generic[F]):
    """Handles a request: makes a call of it, runs it, and sends the response."""

    def __init__(self, used: HandlerParts) -> None:
        self._operation, self._policy, self._locations, self._instrument = used
        self._consumes_head = used.operation.execution.head_only
        self._named_headers = used.operation.named_headers
        self._reads_body = False
        self._names_all = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send, found: F) -> None:
        """Handle a request. Errors of calls become problems (RFC 9457)."""
        scope[INSTRUMENT] = self._instrument
        reply = Reply(send, scope["method"] == "HEAD", self._consumes_head)
        operation = self._operation
        try:
            held = await self._read_whole_body(scope, receive) if self._reads_body else None
            if held is None or len(held) <= limits.DECODED_INLINE_BYTES_MAX:
                call = self._make_call(scope, receive, held, found)
            else:
                work = partial(self._make_call, scope, receive, held, found)
                call = await run_in_thread(partial(run_without_collection, work))
            if (caller := scope.get(CALLER)) is not None:
                call.caller = caller
                SENT_SECRETS.set([])
            if self._named_headers:
                call.named_headers = [pair for pair in scope["headers"] if pair[0] in self._named_headers]
            exchange = operation.run(call)
            async with exchange as result:
                if result.has_urls:
                    own_path = scope["raw_path"].decode("latin-1") if self._has_own_path(scope["method"]) else None
                    proxied = ProxiedRequest(operation, result.url, own_path)
                    result.headers = self._locations.rewrite_headers(result.headers, proxied)
                if operation.masks is not None:
                    result.headers = operation.masks.mask_headers(result.headers)
                await reply.send(result, exchange)
        except CallError as error:
            if reply.started:  # too late for a problem; the server breaks off a response that is not complete
                log.warning("response aborted", extra={"reason": str(error)})
            else:
                await send_problem(send, error, operation)
        except Disconnected:
            return

    async def _read_whole_body(self, scope: Scope, receive: Receive) -> bytes:
        """Read the whole body. Each piece must arrive within the deadline."""
        check_coding(scope["headers"])
        deadlines = self._operation.deadlines
        deadline = deadlines.begin()
        try:
            pieces = []
            async for piece in stream_body(receive, self._policy.body_bytes_max):
                pieces.append(piece)
                deadlines.renew(deadline)
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        except BaseException as error:
            if deadline.explains(type(error)):
                raise TooSlow(describe_slow_body(deadline.seconds)) from None
            raise
        finally:
            deadlines.end(deadline)

    def _has_own_path(self, method: str) -> bool:
        """Return whether a GET of the caller's path leads to the same resource."""
        return self._names_all and method in ("GET", "HEAD")

    @abstractmethod
    def _make_call(self, scope: Scope, receive: Receive, held: bytes | None, found: F) -> Invocation:
        """Make the call for a request.

        Args:
            scope: The ASGI scope.
            receive: Receives the body, unless it is held.
            held: The body, if it was read already.
            found: What the dispatcher found in the path.
        """


class RouteHandler(_Handler[dict[str, str]]):
    """Handles the requests of a route. ``found`` has the values of the path's placeholders."""

    def __init__(self, used: HandlerParts, pattern: PathPattern) -> None:
        super().__init__(used)
        operation = used.operation
        inputs = operation.contract.inputs
        self._takes_inputs = bool(inputs)
        self._body_inputs = tuple(s.name for s in inputs if s.place == "body" and s.path is None)
        self._takes_bytes = any(s.type == "binary" and (s.name,) == self._body_inputs == ("body",) for s in inputs)
        self._body_paths = tuple((s.name, s.path) for s in inputs if s.path is not None)
        self._header_inputs = {
            input_.name.lower().encode(): input_.name for input_ in inputs if input_.place == "header"
        }
        self._cookie_inputs = frozenset(input_.name for input_ in inputs if input_.place == "cookie")
        self._lists = frozenset(input_.name for input_ in inputs if input_.type == "array" and input_.path is None)
        self._query_inputs = frozenset(
            s.name for s in inputs if s.place == "query" or (s.place == "path" and s.inferred)
        )
        self._names_all = has_every_input(pattern, operation.execution.resource)
        self._path_lists = find_path_lists(pattern, self._lists)
        self._reads_body = bool(self._body_inputs or self._body_paths)
        self._open_body = operation.open_body is not None
        self._conditions = _choose_conditions(operation.operation.execution)

    def _make_call(self, scope: Scope, receive: Receive, held: bytes | None, found: dict[str, str]) -> Invocation:
        names = self._conditions
        if names is RANGED and scope["method"] == "HEAD":  # a range is a part of what GET gives
            names = CONDITIONAL
        always, own = self._policy.select_headers(scope, names)
        query = _drop_inputs(scope["query_string"], self._query_inputs)
        call = Invocation(query=query, headers=always, caller_headers=own)
        if self._takes_inputs:
            given = self._get_inputs(scope, found)
            is_form = False
            if held:
                body, is_form = self._read_body(scope, held)
                given = self._get_body_values(body) | given
            call.values = self._operation.contract.admit_request(given, form=is_form)
        if self._open_body:
            _pass_body(scope, receive if held is None else held, call, self._policy)
        return call

    def _read_body(self, scope: Scope, body: bytes) -> tuple[Any, bool]:
        """Return the value of a body, and whether it is a form. The fields of a form are texts."""
        content_type = dict(scope["headers"]).get(b"content-type", b"")
        if self._takes_bytes:
            return File(body, "", content_type.decode("latin-1") or None), False
        fields = read_form(content_type, body, self._lists)
        return (_decode_body(body), False) if fields is None else (fields, True)

    def _get_inputs(self, scope: Scope, path_values: dict[str, str]) -> dict[str, Any]:
        """Return the values outside the body, by input name."""
        given = get_query_values(scope["query_string"], self._query_inputs, self._lists)
        if self._header_inputs:
            given |= get_header_values(scope["headers"], self._header_inputs, self._lists)
        if self._cookie_inputs:
            given |= get_cookie_values(scope["headers"], self._cookie_inputs, self._lists)
        if self._path_lists:
            path_values = path_values | get_path_lists(scope["raw_path"], self._path_lists, self._lists)
        return given | path_values

    def _get_body_values(self, value: Any) -> dict[str, Any]:
        found = drop_missing({name: path(value) for name, path in self._body_paths})
        if self._body_inputs == ("body",):
            return {"body": value, **found}
        if not self._body_inputs:
            return found
        if not isinstance(value, dict):
            raise Rejected(InputFault("", "body", "must be a JSON object"))
        return {**{name: value[name] for name in self._body_inputs if name in value}, **found}


class ForwardHandler(_Handler[bytes]):
    """Handles requests that are forwarded to an API. ``found`` is the rest of the path."""

    def __init__(self, used: HandlerParts, trusted: tuple[str, ...]) -> None:
        super().__init__(used)
        self._trusted = frozenset({b"accept", *(name.encode() for name in trusted)}) - TRACE  # which go anyway, checked

    def _make_call(self, scope: Scope, receive: Receive, _held: bytes | None, found: bytes) -> Invocation:
        try:
            path = encode_caller_path(found)
        except Unrenderable as error:
            raise Rejected(InputFault("", "path", str(error))) from None
        always, _ = self._policy.select_headers(scope, RANGED)
        trusted = [pair for pair in scope["headers"] if pair[0] in self._trusted]
        call = Invocation(query=scope["query_string"], headers=always, caller_headers=trusted)
        call.method, call.rest = scope["method"], path
        _pass_body(scope, receive, call, self._policy)
        return call


def _choose_conditions(execution: Execution) -> frozenset[bytes]:
    """The headers of a caller that go to the upstream, with the conditions that may be about its response."""
    if not execution.passes_conditions:
        return UNCONDITIONAL
    return CONDITIONAL if execution.untouched is None else RANGED


def _pass_body(scope: Scope, body: Receive | bytes, call: Invocation, policy: CallerPolicy) -> None:
    """Pass the caller's body on: as a stream, unless it was read already."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length")
    if length is None and b"transfer-encoding" not in headers:
        return
    if length is not None and int(length) > policy.body_bytes_max:
        raise TooLarge(describe_large_body(policy.body_bytes_max))
    call.body_headers = [pair for pair in scope["headers"] if pair[0] in _BODY_HEADERS]
    if isinstance(body, bytes):
        call.body = body
    else:
        call.body = b"" if length == b"0" else stream_body(body, policy.body_bytes_max)


def _decode_body(body: bytes) -> Any:
    try:
        check_json_limits(body, limits.REQUEST_VALUES_MAX, limits.REQUEST_DEPTH_MAX)
    except ValueError as error:
        raise Rejected(InputFault("", "body", f"exceeds a limit: {error}")) from None
    try:
        return read_json(body)
    except DecodeError as error:
        raise Rejected(InputFault("", "body", f"must be JSON: {error}")) from None


def _drop_inputs(query: bytes, names: frozenset[str]) -> bytes:
    """Return an open query without the fields that are inputs. The rest is unchanged."""
    if not names:
        return query
    fields = query.split(b"&")
    return b"&".join(field for field in fields if unquote_plus(field.partition(b"=")[0].decode("latin-1")) not in names)
