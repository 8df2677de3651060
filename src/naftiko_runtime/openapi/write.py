"""Writes a plan's REST servers as an OpenAPI 3.1 document."""

from __future__ import annotations

import re
from copy import deepcopy
from ipaddress import ip_address
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.encode_for_place import PATH_SAFE
from naftiko_runtime.mapping.output_schema import make_result_schema
from naftiko_runtime.openapi.inputs import describe_parameters, describe_request_body
from naftiko_runtime.plan import Argument, Route, remove_placeholder_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from naftiko_runtime.plan import BrokenRoute, JsonResponse, Operation, Plan, RestServer

_VERSION: Final = "1.0.0"
_SUMMARY_CHARACTERS_MAX: Final = 120
_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ANYTHING: Final[dict[str, Any]] = {"*/*": {}}
_OURS_OR_THEIRS: Final = {**_PROBLEM, **_ANYTHING}
"""A status of ours that the upstream may also send: its response is passed through."""
_RESPONSES: Final[dict[str, dict[str, Any]]] = {
    "Refused": {
        "description": "The request is invalid. The problem lists each invalid input.",
        "content": _OURS_OR_THEIRS,
    },
    "Unauthorized": {
        "description": "The credentials are missing or wrong.",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "The expected authentication."}},
        "content": _OURS_OR_THEIRS,
    },
    "UpstreamFailed": {"description": "The upstream API gave no usable response.", "content": _OURS_OR_THEIRS},
    "UpstreamTooSlow": {"description": "The upstream API did not respond in time.", "content": _OURS_OR_THEIRS},
    "Otherwise": {"description": "Any other response of the upstream API, passed through unchanged."},
}
_PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "An error, as RFC 9457 describes it.",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "urn:naftiko:problem:…"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("name", "in", "detail")},
                "required": ["name", "in", "detail"],
            },
        },
    },
}
"""No member is required (RFC 9457): the upstream may send problems of its own with the same statuses."""


def write_openapi(plan: Plan, servers: Sequence[RestServer], public_url: str | None = None) -> dict[str, Any]:
    """Return an OpenAPI 3.1.0 document as plain data.

    Args:
        plan: Whose title and version it has.
        servers: One of the plan's REST servers, or those that share a port and are served as one.
        public_url: The URL at which callers reach them. None for their address and port.
    """
    first = servers[0]
    needed = {} if first.guard is None else get_kind(first.guard).describe_schemes(first.guard)
    document: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": plan.label, "version": plan.version or _VERSION}}
    paragraphs = [plan.description] if plan.description else []
    if forwards := [forward.path for server in servers for forward in server.forwards]:
        paragraphs.append(f"Requests of any method below these paths go to the upstream API: {', '.join(forwards)}")
    if paragraphs:
        document["info"]["description"] = "\n\n".join(paragraphs)
    if public_url is not None:
        document["servers"] = [{"url": public_url}]
    elif first.port:  # a free port is unknown before the server starts
        document["servers"] = [{"url": f"http://{_choose_host(first.address)}:{first.port}"}]
    scopes = () if first.guard is None else get_kind(first.guard).list_required_scopes(first.guard)
    document["security"] = [{name: list(scopes) for name in needed}] if needed else []
    names = dict.fromkeys(server.namespace for server in servers)
    document["tags"] = [{"name": name, "description": f"Routes of the expose '{name}'."} for name in names]
    document["paths"] = paths = _PathItems(document["security"]).write(servers)
    operations = [operation for item in paths.values() for operation in item.values()]
    used = {r.get("$ref", "").rpartition("/")[2] for operation in operations for r in operation["responses"].values()}
    responses = {name: response for name, response in _RESPONSES.items() if name in used}
    document["components"] = {"schemas": {"Problem": _PROBLEM_SCHEMA}, "responses": responses} if operations else {}
    if needed:
        document["components"]["securitySchemes"] = needed
    return deepcopy(document)


def _choose_host(address: str) -> str:
    """Return the host for the URL of a server that listens on an address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.is_unspecified:
        return "localhost"
    return f"[{address}]" if parsed.version == 6 else address  # noqa: PLR2004 - IPv6


class _PathItems:
    """Path items. Routes whose paths differ only in the names of placeholders share one."""

    def __init__(self, security: Sequence[Mapping[str, Sequence[str]]]) -> None:
        self._security = security
        self._guarded = bool(security)
        self._items: dict[str, dict[str, Any]] = {}
        self._patterns: dict[str, tuple[str | Argument, ...]] = {}
        self._names: set[str] = set()

    def write(self, servers: Sequence[RestServer]) -> dict[str, Any]:
        """Return the path items by path.

        Of two operations with the same key the first counts; served routes come first.
        """
        for server in servers:
            for route in server.routes:
                self._add_route(server, route)
        for server in servers:
            for broken in server.broken:
                if broken.method != "*":  # OpenAPI cannot describe all paths below one
                    self._add_route(server, broken)
        return {_format_path(self._patterns[shape]): item for shape, item in self._items.items()}

    def _add_route(self, server: RestServer, route: Route | BrokenRoute) -> None:
        shape = remove_placeholder_names(route.pattern)
        shown = _list_names(self._patterns.setdefault(shape, route.pattern))
        # Two paths of the document that are the same but for these names.
        placeholders = dict(zip(_list_names(route.pattern), shown, strict=True))
        item = self._items.setdefault(shape, {})
        if (method := route.method.lower()) not in item:
            name = self._make_unique(_name_operation(server, route))
            summary = dict(_iter_summary(name, route.operation.description if isinstance(route, Route) else ""))
            tags = {"tags": [server.namespace]}
            item[method] = {"operationId": name, **summary, **tags, **self._describe_operation(route, placeholders)}

    def _make_unique(self, name: str) -> str:
        """Return a unique name for an operation: with a number if the name is taken."""
        unique, number = name, 1
        while unique in self._names:
            number += 1
            unique = f"{name}-{number}"
        self._names.add(unique)
        return unique

    def _describe_operation(self, route: Route | BrokenRoute, placeholders: Mapping[str, str]) -> dict[str, Any]:
        if not isinstance(route, Route):
            return self._describe_broken(route, placeholders)
        operation = route.operation
        found: dict[str, Any] = {}
        if given := describe_parameters(operation, placeholders):
            found["parameters"] = given
        if (body := describe_request_body(operation)) is not None:
            found["requestBody"] = body
        if more := route.required_scopes:
            found["security"] = [{name: [*own, *more] for name, own in each.items()} for each in self._security]
        return {**found, "responses": dict(self._iter_responses(operation))}

    def _describe_broken(self, route: BrokenRoute, placeholders: Mapping[str, str]) -> dict[str, Any]:
        """Return the operation of a route that was left out."""
        text = {"type": "string"}
        given = [{"name": name, "in": "path", "required": True, "schema": text} for name in placeholders.values()]
        found: dict[str, Any] = {"parameters": given} if given else {}
        refused = {"401": _make_reference("Unauthorized")} if self._guarded else {}
        why = {"description": f"Not served: {describe_reason(route.reason)}", "content": _PROBLEM}
        return {**found, "responses": {**refused, "501": why}}

    def _iter_responses(self, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "200", {"description": "The result.", **_describe_result(operation)}
        yield "204", {"description": "The upstream API sent no content."}
        if operation.contract.inputs:
            yield "400", _make_reference("Refused")
        if self._guarded:
            yield "401", _make_reference("Unauthorized")
        yield "502", _make_reference("UpstreamFailed")
        yield "504", _make_reference("UpstreamTooSlow")
        yield "default", _make_reference("Otherwise")


def _iter_summary(name: str, description: str) -> Iterator[tuple[str, str]]:
    """Yield a description and its summary. Without a description, the summary is the words of the name."""
    words = " ".join(re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).replace("_", " ").replace("-", " ").split())
    yield "summary", _shorten(description) or f"{words[:1].upper()}{words[1:]}"
    if description:
        yield "description", description


def _shorten(description: str) -> str:
    """Return the first sentence of a description, cut off where it is long."""
    text = " ".join(description.split())
    if len(text) > _SUMMARY_CHARACTERS_MAX and (end := re.search(r"[.!?](?= )", text)) is not None:
        text = text[: end.end()]
    return shorten(text, _SUMMARY_CHARACTERS_MAX, placeholder=" …")


def _describe_result(operation: Operation) -> dict[str, Any]:
    """Return the content of a response, as far as it is declared. A response that is passed through may be anything."""
    untouched = operation.execution.untouched
    if untouched is None:
        return {"content": {"application/json": {"schema": _write_mapped_schema(operation)}}}
    if untouched.media_type is not None:
        return {"content": {untouched.media_type: {}}}
    if untouched.declared is not None:
        return {"content": {"application/json": {"schema": _write_declared_schema(untouched.declared)}, **_ANYTHING}}
    return {}


def _write_declared_schema(response: JsonResponse) -> dict[str, Any]:
    schema: dict[str, Any] = {} if response.type is None else {"type": response.type}
    if response.type == "array":
        schema["items"] = {}
    return {**schema, "description": response.description} if response.description else schema


def _write_mapped_schema(operation: Operation) -> dict[str, Any]:
    found = make_result_schema(operation.execution.shapes)
    if found is None:
        return {}
    if found.wraps:
        schema: dict[str, Any] = found.schema["properties"]["result"]
        return schema
    if not operation.execution.targets:
        return found.schema
    return {**found.schema, "type": ["object", "null"]}  # a path may find nothing


def _make_reference(response: str) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{response}"}


def _format_path(pattern: Sequence[str | Argument]) -> str:
    return "".join(f"{{{p.name}}}" if isinstance(p, Argument) else quote(p, safe=PATH_SAFE) for p in pattern)


def _list_names(pattern: Sequence[str | Argument]) -> list[str]:
    return [piece.name for piece in pattern if isinstance(piece, Argument)]


def _name_operation(server: RestServer, route: Route | BrokenRoute) -> str:
    """Return the name of an operation in the document, or else its method and path as one word."""
    if isinstance(route, Route):
        name = route.operation.name.removeprefix(f"{server.namespace}.")
        if name != f"{route.method} {route.path}":
            return name
    words = "".join(c if c.isalnum() else " " for c in route.path).split()
    return "-".join([route.method.lower(), *words])
