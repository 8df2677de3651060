"""The resources of an MCP expose: lists, and reading. Uses nothing of the MCP SDK."""

from __future__ import annotations

from base64 import b64encode
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.errors import CallError, Rejected, StepError
from naftiko_runtime.exposes.mcp.add_caller import add_caller
from naftiko_runtime.exposes.mcp.skills import list_skill_resources
from naftiko_runtime.exposes.mcp.tool_result import describe_call_failure, describe_upstream_failure
from naftiko_runtime.exposes.mcp.uri_template import CompiledUriTemplate
from naftiko_runtime.exposes.text_detection import is_json, read_text_body
from naftiko_runtime.limits import RESOURCE_URI_CHARACTERS_MAX
from naftiko_runtime.plan import BrokenResource, DynamicResource, ResourceFolder, ServedFile
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.engine.result import OperationResult
    from naftiko_runtime.plan import McpServer

ReadProblem: TypeAlias = Literal["not-found", "rejected", "failed"]
_SHOWN_CHARACTERS: Final = 200
_JSON: Final = "application/json"
_BYTES: Final = "application/octet-stream"
_ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class ReadError(Exception):
    """A resource cannot be read; ``str()`` is for the model.

    Attributes:
        problem: Whether there is no such resource, the caller's values are invalid, or reading it failed.
    """

    def __init__(self, problem: ReadProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class ResourceContent(Struct, frozen=True):
    """The content of a resource.

    Attributes:
        entry: The only entry of ``contents``, with its keys in MCP's order.
        ttl_ms: For how long clients may cache it, in milliseconds.
        scope: For whom they may.
    """

    entry: dict[str, Any]
    ttl_ms: int
    scope: Literal["public", "private"]


class _Template(Struct, frozen=True):
    compiled: CompiledUriTemplate
    resource: DynamicResource
    operation: BoundOperation


class ResourceServer:
    """The resources of one expose.

    Attributes:
        entries: The entries of ``resources/list``.
        templates: The entries of ``resources/templates/list``.
    """

    def __init__(
        self, server: McpServer, operations: Iterable[tuple[DynamicResource, BoundOperation]], policy: CallerPolicy
    ) -> None:
        self._caching = server.caching
        self._policy = policy
        self._files: dict[str, ServedFile] = {}
        self._fixed: dict[str, tuple[DynamicResource, BoundOperation]] = {}
        self._templates: list[_Template] = []
        for resource, operation in operations:
            if resource.is_template:
                self._templates.append(_Template(CompiledUriTemplate(resource.pattern), resource, operation))
            else:
                self._fixed.setdefault(resource.uri, (resource, operation))
        for one in server.resources:
            if isinstance(one, ResourceFolder):
                self._files = {file.uri: file for file in one.files} | self._files
        self._files |= {file.uri: file for skill in server.skills for file in skill.files}
        self._broken = {
            one.uri: describe_reason(one.reason) for one in server.broken if isinstance(one, BrokenResource)
        }
        self.entries = [entry for one in server.resources for entry in _list_entries(one)]
        self.entries += list_skill_resources(server.skills)
        self.templates = [_describe_template(one) for one in server.resources if _is_template(one)]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to list, and nothing that is broken."""
        return not (self.entries or self.templates or self._broken)

    async def read(self, uri: str, scope: Scope | None) -> ResourceContent:
        """Return the content of a resource.

        Raises:
            ReadError: There is none, or it cannot be read.
        """
        if (file := self._files.get(uri)) is not None:
            return ResourceContent(_make_file_entry(file), self._caching.list_ttl_ms, self._caching.scope)
        if (fixed := self._fixed.get(uri)) is not None:
            return await self._read_operation(uri, *fixed, {}, scope)
        if len(uri) <= RESOURCE_URI_CHARACTERS_MAX:
            for template in self._templates:
                if (values := template.compiled.match(uri)) is not None:
                    return await self._read_operation(uri, template.resource, template.operation, values, scope)
        if (reason := self._broken.get(uri)) is not None:
            raise ReadError("failed", reason)
        raise ReadError("not-found", self._describe_unknown(uri))

    def _describe_unknown(self, uri: str) -> str:
        shown = uri if len(uri) <= _SHOWN_CHARACTERS else f"{uri[:_SHOWN_CHARACTERS]}…"
        known = (*(entry["uri"] for entry in self.entries), *(entry["uriTemplate"] for entry in self.templates))
        hint = suggest_text(shown, known, "known resources")
        return f"unknown resource: {shown}; {hint}" if hint else f"unknown resource: {shown}"

    async def _read_operation(
        self,
        uri: str,
        resource: DynamicResource,
        operation: BoundOperation,
        values: dict[str, str],
        scope: Scope | None,
    ) -> ResourceContent:
        try:
            call = Invocation(values=operation.contract.admit_request(values))
            if scope is not None:
                add_caller(call, operation, self._policy, scope)
            async with operation.run(call) as result:
                entry = await _make_operation_entry(uri, resource, operation, result)
        except Rejected as error:
            faults = "; ".join(f"'{fault.name}' {fault.detail}" for fault in error.faults)
            raise ReadError("rejected", f"params.uri does not fit {resource.uri}: {faults}") from None
        except CallError as error:
            absent = isinstance(error, StepError) and error.status in _ABSENT
            raise ReadError("not-found" if absent else "failed", describe_call_failure(error, operation)) from None
        scope_of_caller = "private" if operation.named_headers else self._caching.scope
        return ResourceContent(entry, self._caching.read_ttl_ms, scope_of_caller)


def _is_template(one: DynamicResource | ResourceFolder) -> bool:
    return isinstance(one, DynamicResource) and one.is_template


# -- lists ----------------------------------------------------------------------------------------------------------


def _list_entries(one: DynamicResource | ResourceFolder) -> list[dict[str, Any]]:
    """Return the entries of ``resources/list``: one for each file of a folder, none for a template."""
    if isinstance(one, ResourceFolder):
        return [_describe_file(one, file) for file in one.files]
    if one.is_template:
        return []
    return [_drop_absent(_describe_resource(one, uri=one.uri))]


def _describe_template(one: DynamicResource | ResourceFolder) -> dict[str, Any]:
    return _drop_absent(_describe_resource(one, uriTemplate=one.uri))


def _describe_resource(one: DynamicResource | ResourceFolder, **uri: str) -> dict[str, Any]:
    media_type = one.media_type if isinstance(one, DynamicResource) else None
    return {**uri, "name": one.name, "title": one.title, "description": one.description or None, "mimeType": media_type}


def _describe_file(folder: ResourceFolder, file: ServedFile) -> dict[str, Any]:
    entry = {
        "uri": file.uri,
        "name": file.path,
        "title": f"{folder.title}: {file.path}" if folder.title else None,
        "description": folder.description or None,
        "mimeType": file.media_type,
        "size": len(file.content),
    }
    return _drop_absent(entry)


def _drop_absent(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}


# -- contents -------------------------------------------------------------------------------------------------------


def _make_file_entry(file: ServedFile) -> dict[str, Any]:
    text = file.content.decode() if file.is_text else None
    return _make_entry(file.uri, file.media_type, text, file.content)


def _make_entry(uri: str, media_type: str, text: str | None, body: bytes) -> dict[str, Any]:
    content = {"text": text} if text is not None else {"blob": b64encode(body).decode()}
    return {"uri": uri, "mimeType": media_type, **content}


async def _make_operation_entry(
    uri: str, resource: DynamicResource, operation: BoundOperation, result: OperationResult
) -> dict[str, Any]:
    """Return what an operation gave.

    Raises:
        CallError: The body cannot be read.
        ReadError: The API responded with an error.
    """
    if result.is_mapped:
        return _make_mapped_entry(uri, resource, result)
    body = await result.read()
    if result.status >= HTTPStatus.MULTIPLE_CHOICES:
        problem: ReadProblem = "not-found" if result.status in _ABSENT else "failed"
        raise ReadError(problem, describe_upstream_failure(result, body, operation))
    media_type = resource.media_type or result.media_type
    text = None if resource.binary else read_text_body(body, media_type, result.charset, Irregularities())
    return _make_entry(uri, media_type or ("text/plain" if text is not None else _BYTES), text, body)


def _make_mapped_entry(uri: str, resource: DynamicResource, result: OperationResult) -> dict[str, Any]:
    """Return a mapped value: JSON, or a text as it is where the document says that the content is no JSON."""
    media_type = resource.media_type or _JSON
    is_plain = isinstance(result.value, str) and not is_json(media_type.partition(";")[0].strip().lower())
    text = result.value if is_plain else result.encode_json().decode()
    return _make_entry(uri, media_type, None if resource.binary else text, text.encode())
