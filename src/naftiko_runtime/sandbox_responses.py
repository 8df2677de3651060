"""A transport that calls no upstream: responses come from a sandbox file, or describe the request."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document.parse import parse_part
from naftiko_runtime.encode_for_place import encode_header, encode_json
from naftiko_runtime.model.key_annotations import Range, field
from naftiko_runtime.model.part import Part, Text
from naftiko_runtime.rules import helps
from naftiko_runtime.rules.message_clauses import describe_problem
from naftiko_runtime.source import SourceError, read_source
from naftiko_runtime.suggest import suggest
from naftiko_runtime.upstream.previewed_requests import PREVIEWED, NoResponse
from naftiko_runtime.upstream.stub_response import Stub, StubResponse

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from naftiko_runtime.plan import Operation, Plan, Server
    from naftiko_runtime.rules import Statement
    from naftiko_runtime.upstream.interface import OutboundRequest

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_NO_MORE_PAGES: Final = Stub(204, (), b"")


class SandboxResponse(Part):
    """The response of the sandbox for one consumed operation, with one kind of body, or none."""

    status: Annotated[int, Range(200, 599)] = 200
    headers: dict[str, Text] = field(default_factory=dict)
    json_: Any = field(default=None, alias="json")
    text: Text | None = None
    base64: Text | None = None
    file: Text | None = None


class SandboxFile(Part):
    """Responses by ``namespace.operation``."""

    operations: dict[str, SandboxResponse]


class _ResponseError(Exception):
    """A response of a sandbox file is invalid."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        super().__init__(statement)


def read_responses(path: Path, operations: Collection[str]) -> dict[str, Stub]:
    """Return the responses of a sandbox file, by ``namespace.operation``.

    Args:
        path: The file.
        operations: The consumed operations of the document it belongs to.

    Raises:
        SourceError: The file is not a sandbox file, or has a response for an unknown operation.
    """
    source, findings = read_source(path), Findings()
    file = parse_part(SandboxFile, source, findings)
    responses: dict[str, Stub] = {}
    for name, response in (file.operations if file else {}).items():
        key_path = ("operations", name)
        if name not in operations:
            advice = suggest(name, operations, helps.CONSUMED_OPERATIONS)
            findings.report(rules.SANDBOX(call=name), source.find_span(key_path, key=True), advice)
            continue
        try:
            responses[name] = _make_response(response, path.parent)
        except _ResponseError as error:
            findings.report(error.statement, source.find_span(key_path, key=True))
        except ValueError as error:  # a header or a body holds what none can carry
            statement = rules.INVALID_VALUE_RESPONSE(problem=describe_problem(error))
            findings.report(statement, source.find_span(key_path, key=True))
    if findings.has_errors:
        raise SourceError(findings.list_sorted(), source)
    return responses


def _make_response(response: SandboxResponse, folder: Path) -> Stub:
    kinds = [kind for kind in ("json_", "text", "base64", "file") if kind in response.model_fields_set]
    if len(kinds) > 1:
        raise _ResponseError(rules.INVALID_VALUE_RESPONSE_BODIES())
    body, content_type = _read_body(response, kinds[0], folder) if kinds else (b"", "")
    headers = {name.lower(): value for name, value in response.headers.items()}
    if content_type:
        headers.setdefault("content-type", content_type)
    headers["content-length"] = str(len(body))
    for name in headers:
        if not _HEADER_NAME.fullmatch(name):
            raise _ResponseError(rules.INVALID_VALUE_RESPONSE_HEADER(name=name))
    pairs = tuple((name.encode(), encode_header(value)) for name, value in headers.items())
    return Stub(response.status, pairs, body)


def _read_body(response: SandboxResponse, kind: str, folder: Path) -> tuple[bytes, str]:
    if kind == "json_":
        return encode_json(response.json_), "application/json"
    if kind == "text":
        return (response.text or "").encode(), "text/plain; charset=utf-8"
    if kind == "base64":
        try:
            return base64.b64decode("".join((response.base64 or "").split()), validate=True), "application/octet-stream"
        except binascii.Error:
            raise _ResponseError(rules.INVALID_VALUE_RESPONSE_BASE64()) from None
    try:
        return (folder / (response.file or "")).read_bytes(), "application/octet-stream"
    except OSError as error:
        problem = error.strerror or ""
        raise _ResponseError(rules.INVALID_VALUE_RESPONSE_FILE(file=response.file or "", problem=problem)) from None


def drop_mappings(plan: Plan, except_operations: Collection[str]) -> Plan:
    """Return a plan in which operations without a response have no mapping: an echo does not fit a mapping.

    Workflows with a step without a response become previews.
    """

    def remove_mapping(operation: Operation) -> Operation:
        return replace(operation, execution=operation.execution.remove_mapping(except_operations))

    # Nor does a sandbox have token endpoints or challenges: no upstream needs more than the request itself.
    upstreams = tuple(replace(upstream, credential=None) for upstream in plan.upstreams)
    servers = tuple(_prepare_guard(server.map_operations(remove_mapping)) for server in plan.servers)
    return replace(plan, upstreams=upstreams, servers=servers)


def _prepare_guard(server: Server) -> Server:
    """Return a server that can start without variables. It accepts no token that a server would have to check."""
    if server.guard is None:
        return server
    return replace(server, guard=get_kind(server.guard).prepare_sandbox(server.guard))


class SandboxTransport:
    """Responds to every request from a file. It gets placeholders instead of secrets, so it cannot reveal any."""

    def __init__(self, responses: Mapping[str, Stub]) -> None:
        self._responses = responses

    async def send(self, request: OutboundRequest) -> StubResponse:
        """Return the response of the operation, or an echo of the request. Only the first page of a list has items.

        Raises:
            NoResponse: A preview sends the request, and there is no response.
        """
        if request.page > 1:
            return StubResponse(_NO_MORE_PAGES)
        stub = self._responses.get(request.operation)
        if (requests := PREVIEWED.get()) is not None:
            requests.append(await _describe_request(request))
            if stub is None:
                raise NoResponse
        return StubResponse(stub if stub is not None else await _echo(request))

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


async def _echo(request: OutboundRequest) -> Stub:
    about = {"sandbox": "no upstream was called; this is the request that would have been sent"}
    encoded = encode_json(about | await _describe_request(request))
    length = str(len(encoded)).encode()
    return Stub(200, ((b"content-type", b"application/json"), (b"content-length", length)), encoded)


async def _describe_request(request: OutboundRequest) -> dict[str, Any]:
    body = request.body if isinstance(request.body, bytes | None) else b"".join([c async for c in request.body])
    return {
        "operation": request.operation,
        "method": request.method,
        "url": request.url,
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers},
        "body": None if body is None else body.decode("utf-8", "replace"),
    }
