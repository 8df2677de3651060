"""Runs the execution of kind ``call``: one request to a consumed operation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from naftiko_runtime import limits
from naftiko_runtime.engine.exchange import Exchange
from naftiko_runtime.engine.mapping import ResponseMapping
from naftiko_runtime.engine.pagination import Pager
from naftiko_runtime.engine.represented_resource import describe_resource
from naftiko_runtime.engine.result import OperationResult, choose_kept_headers
from naftiko_runtime.plan import MappedResponse, UntouchedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from naftiko_runtime.authentication.flow import Flow
    from naftiko_runtime.engine.compile_terms import Values
    from naftiko_runtime.engine.deadline import Deadlines
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.engine.secret_masks import Masks
    from naftiko_runtime.engine.shared_compiled_parts import CompiledParts
    from naftiko_runtime.formats import Decode
    from naftiko_runtime.plan import Call, Operation
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse

SendRequest: TypeAlias = "Callable[[OutboundRequest], Awaitable[UpstreamResponse]]"
"""Sends a request, and returns its response."""


class BoundCall:
    """A compiled call, with its secrets and its transport.

    Attributes:
        name: The exposed operation, for logs.
        send: Sends a request, with the authentication that it needs; of a list, the requests of all its pages.
        target: The consumed operation, as ``namespace.operation``.
        namespace: The API that is called.
        resource: The resource that the response represents.
        is_exact: Whether results have only numbers that JSON can represent.
        head_only: Whether responses never have a body, because the method is HEAD.
    """

    __slots__ = (
        "builder",
        "bytes_max",
        "deadlines",
        "head_only",
        "is_exact",
        "kept",
        "mapping",
        "name",
        "namespace",
        "resource",
        "send",
        "target",
        "untouched",
    )

    def __init__(
        self,
        operation: Operation,
        call: Call,
        compiled: CompiledParts,
        transport: Transport,
        *,
        deadlines: Deadlines,
        bytes_max: int,
        decode: Decode | None = None,
        flow: Flow | None = None,
        masks: Masks | None = None,
        exposed_headers: frozenset[bytes] = frozenset(),
    ) -> None:
        """Compile everything that is the same for all calls.

        Args:
            operation: The exposed operation.
            call: The call.
            compiled: Compiles its request and its shapes, and shares them with equal calls.
            transport: Sends its requests.
            deadlines: Limits each exchange.
            bytes_max: The size limit of a response that is held in memory.
            decode: Decodes responses that are mapped.
            flow: What authenticates by more than a part of the request.
            masks: Masks the upstream's secrets in what is logged of its responses; None if it has none.
            exposed_headers: More response headers that callers get, in lower case.

        Raises:
            Unrenderable: A fixed value, such as a secret, cannot be written at its place.
        """
        request = call.request
        self.name, self.target, self.namespace = operation.name, request.operation, request.upstream.namespace
        self.mapping = None
        self.untouched: UntouchedResponse | None = None
        """The declaration of successful untouched responses; None if there is none."""
        if isinstance(call.response, MappedResponse):
            shapes = compiled.get_shapes(call.response.shapes)
            self.mapping = ResponseMapping(operation.name, request.operation, call.response, shapes, decode, masks)
        elif call.response.bytes_max is not None or call.response.media_type is not None:
            self.untouched = call.response
        self.builder = compiled.get_builder(request, decodes=self.mapping is not None)
        self.send: SendRequest = transport.send if flow is None else partial(flow.send, transport=transport)
        self.kept = choose_kept_headers(
            exposed_headers.union(request.exposed_headers, request.upstream.exposed_headers)
        )
        self.deadlines = deadlines
        self.bytes_max = bytes_max
        self.is_exact = not isinstance(call.response, MappedResponse) or call.response.format.name == "json"
        self.head_only = request.method == "HEAD"
        if (pagination := request.pagination) is not None:
            self.send = Pager(
                operation.name,
                request,
                pagination,
                self.send,
                secret_fields=self.builder.secret_fields,
                bytes_max=bytes_max,
                seconds=deadlines.seconds,
            ).send
        self.resource = describe_resource(request, operation.contract, self.builder.secret_fields)

    def run(self, call: Invocation) -> Exchange:
        """Start an exchange."""
        return _CallExchange(self, call)

    async def finish_result(self, result: OperationResult, values: Values, exchange: Exchange) -> None:
        """Make a response the result: map it, or apply what is declared of an untouched one."""
        if self.mapping is not None:
            await self.mapping.apply(result, values, exchange)
        elif self.untouched is not None:
            await _apply_declaration(result, self.untouched, head_only=self.head_only)


class _CallExchange(Exchange, eq=False):
    _execution: BoundCall

    async def __aenter__(self) -> OperationResult:
        call, execution = self._call, self._execution
        if call.body is not None and not isinstance(call.body, bytes):
            call.body = self._watch_caller(call.body)
        request = execution.builder.build(call)
        self._deadline = execution.deadlines.begin()
        try:
            response = await execution.send(request)
            self._result = result = OperationResult(response, request.url, execution.bytes_max, execution.kept)
            if execution.mapping is not None:
                await execution.mapping.apply(result, call.values, self)
            elif execution.untouched is not None:
                await _apply_declaration(result, execution.untouched, head_only=execution.head_only)
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise
        return result

    async def _watch_caller(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the caller's body. If the deadline expires while the next chunk is awaited, the caller is too slow."""
        streams = self._execution.mapping is None
        self._awaits_caller = True
        async for chunk in body:
            self._awaits_caller = False
            for piece in _split_chunk(chunk):
                if streams:
                    self.await_upstream()
                yield piece
            self._awaits_caller = True
            if streams:
                self.await_upstream()
        self._awaits_caller = False


def _split_chunk(chunk: bytes) -> Iterable[bytes]:
    """Split a chunk of a body, so that a slow upstream reads each piece within a deadline."""
    if len(chunk) <= limits.UPLOAD_PIECE_BYTES_MAX:
        return (chunk,)
    starts = range(0, len(chunk), limits.UPLOAD_PIECE_BYTES_MAX)
    return (chunk[at : at + limits.UPLOAD_PIECE_BYTES_MAX] for at in starts)


async def _apply_declaration(result: OperationResult, declared: UntouchedResponse, *, head_only: bool) -> None:
    """Apply the declared size limit and content type to a successful untouched response."""
    if not 200 <= result.status < 300 or result.status in (204, 205) or head_only:  # noqa: PLR2004 - HTTP
        return
    if declared.bytes_max is not None:
        await result.limit_body(declared.bytes_max)
    if declared.media_type is not None:
        result.set_media_type(declared.media_type)
