"""The tools of an MCP expose: from arguments to calls, from responses to results. Uses nothing of the MCP SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from naftiko_runtime.contract.input_schema import build_input_schema
from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.encode_for_place import encode_query, encode_utf8
from naftiko_runtime.engine.body import encode_finite_json, encode_form
from naftiko_runtime.engine.encode_fields import encode_field
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.engine.multipart import encode_multipart, find_content_type
from naftiko_runtime.errors import CallError, InputFault, Rejected
from naftiko_runtime.exposes.mcp.add_caller import add_caller
from naftiko_runtime.exposes.mcp.tool_result import (
    Result,
    make_failed_result,
    make_failure,
    make_mapped_result,
    make_numbers_plain,
    make_untouched_result,
)
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.mapping.output_schema import make_result_schema
from naftiko_runtime.plan import BrokenTool
from naftiko_runtime.suggest import suggest_text
from naftiko_runtime.telemetry.trace_headers import TRACEPARENT, TRACESTATE, make_trace_headers

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.plan import McpServer, OpenBody, Tool
    from naftiko_runtime.telemetry.server_requests import ToolInstrumentation

_NAME_CHARACTERS_MAX: Final = 128
"""Of a tool's name, as the protocol says."""


class CallTool(Protocol):
    """Calls a tool."""

    def __call__(
        self, name: str, arguments: dict[str, Any], scope: Scope | None, meta: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Result]:
        """Call a tool.

        Args:
            name: The name of an existing tool.
            arguments: The caller's arguments, unchecked.
            scope: The ASGI scope of the request, if there is one.
            meta: The ``_meta`` of the message, which may name a trace.
        """


class ToolServer:
    """The tools of one expose.

    Attributes:
        server: The exposed server.
        result: Calls a tool; see :class:`CallTool`.
        schemas: The input schema of each tool by its name.
    """

    def __init__(
        self,
        server: McpServer,
        operations: Iterable[tuple[Tool, BoundOperation]],
        policy: CallerPolicy,
        observed: ToolInstrumentation | None = None,
    ) -> None:
        self.server = server
        self._policy = policy
        self._observed = observed
        self._broken = {one.name: describe_reason(one.reason) for one in server.broken if isinstance(one, BrokenTool)}
        self._operations = {tool.name: operation for tool, operation in operations}
        self.schemas = {tool.name: make_input_schema(tool) for tool in server.tools}
        self.result: CallTool = self._call if observed is None else _watch_calls(self._call, observed)

    def list_tools(self) -> list[dict[str, Any]]:
        """Return the entries of ``tools/list``, each with its keys in MCP's order."""
        return [make_numbers_plain(describe_tool(tool, self.schemas[tool.name])) for tool in self.server.tools]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to list, and nothing that is broken."""
        return not (self._operations or self._broken)

    def has(self, name: str) -> bool:
        """Return whether there is a tool with that name, served or broken."""
        return name in self._operations or name in self._broken

    def has_progress(self, name: str) -> bool:
        """Return whether a call of a tool has parts that end one after the other."""
        operation = self._operations.get(name)
        return operation is not None and operation.operation.execution.has_parts

    def describe_unknown(self, name: str) -> str:
        """Return the error message for a call of an unknown tool."""
        shown = name if len(name) <= _NAME_CHARACTERS_MAX else f"{name[:_NAME_CHARACTERS_MAX]}…"
        hint = suggest_text(shown, (*self._operations, *self._broken), "known tools")
        return f"unknown tool: {shown}; {hint or 'this server has no tools'}"

    def _continue_trace(self, scope: Scope, meta: Mapping[str, Any]) -> Scope:
        """Return the scope with the trace that the message names. A trace in the headers has precedence."""
        named = make_trace_headers(meta.get("traceparent"), meta.get("tracestate"))
        if not named or any(name == TRACEPARENT for name, _ in scope["headers"]):
            return scope
        if self._observed is not None:
            self._observed.adopt(named)
        others = [pair for pair in scope["headers"] if pair[0] != TRACESTATE]  # which belongs to no trace here
        return {**scope, "headers": [*others, *named]}

    async def _call(
        self, name: str, arguments: dict[str, Any], scope: Scope | None, meta: Mapping[str, Any] | None = None
    ) -> Result:
        if meta is not None and "traceparent" in meta and scope is not None:
            scope = self._continue_trace(scope, meta)
        if (reason := self._broken.get(name)) is not None:
            return make_failure(reason)
        operation = self._operations[name]
        try:
            call = make_call(operation, arguments)
            if scope is not None:
                add_caller(call, operation, self._policy, scope)
            async with operation.run(call) as result:
                if result.is_mapped:
                    return make_mapped_result(result, operation)
                return await make_untouched_result(result, operation)
        except CallError as error:
            return make_failed_result(error, operation)


def _watch_calls(call: CallTool, observed: ToolInstrumentation) -> CallTool:
    """Return a function that calls tools and records each call."""

    def observe_call(
        name: str, arguments: dict[str, Any], scope: Scope | None, meta: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Result]:
        return observed.observe(name, call(name, arguments, scope, meta))

    return observe_call


def make_input_schema(tool: Tool) -> dict[str, Any]:
    """Return the input schema of a tool. An open one says where its arguments go."""
    contract, execution = tool.operation.contract, tool.operation.execution
    schema = build_input_schema(contract)
    if contract.open:
        fields = "query parameters" if execution.open_body is None else "body fields"
        targets = " and ".join(f"{target.method} {target.operation}" for target in execution.targets)
        schema["description"] = f"Arguments become {fields} of {targets}."
    return schema


def describe_tool(tool: Tool, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of a tool in ``tools/list``."""
    found = make_result_schema(tool.operation.execution.shapes)
    entry = {
        "annotations": dict(sorted(tool.hints)) or None,
        "description": tool.description,
        "inputSchema": schema,
        "name": tool.name,
        "outputSchema": found.schema if found is not None else None,
        "title": tool.title or tool.name,
    }
    return {key: value for key, value in entry.items() if value is not None}


def make_call(operation: BoundOperation, arguments: dict[str, Any]) -> Invocation:
    """Return the engine's call for a tool call. Undeclared arguments become the query or the body.

    Raises:
        Rejected: The arguments do not fit the contract.
    """
    values, extras = operation.contract.admit_arguments(arguments)
    call = Invocation(values=values)
    try:
        if (body := operation.open_body) is not None:
            if (made := make_open_body(body.kind, extras)) is not None:
                call.body = made
                call.body_headers = ((b"content-type", get_open_type(body, made)),)
        else:
            call.query = make_open_query(extras)
    except Unrenderable as error:
        raise Rejected(InputFault("", "arguments", str(error))) from None
    return call


def get_open_type(open_body: OpenBody, body: bytes) -> bytes:
    """Return the content type of a body that :func:`make_open_body` made."""
    return find_content_type(body) if open_body.kind == "multipart" else open_body.content_type.encode()


def make_open_body(kind: Literal["json", "text", "form", "multipart"], arguments: dict[str, Any]) -> bytes | None:
    """Encode arguments as a body: as an object or a form, or the single argument ``body`` alone. None if empty."""
    if not arguments:
        return None
    if kind == "multipart":
        return encode_multipart(arguments)
    whole = arguments["body"] if list(arguments) == ["body"] else arguments
    if kind == "json" or (kind == "text" and not isinstance(whole, str)):
        return encode_finite_json(whole)
    return encode_utf8(str(whole)) if kind == "text" else encode_form(whole)


def make_open_query(arguments: dict[str, Any]) -> bytes:
    """Encode arguments as a query string. A list repeats its name, an object is JSON, null is omitted."""
    fields = (field for name, value in arguments.items() for field in encode_field(encode_query(name), value))
    return "&".join(fields).encode()
