"""Writes imported operations as a capability file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from naftiko_runtime.openapi_import.names import UniqueNames, name_resource, write_slug
from naftiko_runtime.openapi_import.read_inputs import classify_media_type
from naftiko_runtime.openapi_import.write_inputs import (
    describe_operation,
    shorten_text,
    write_argument,
    write_route_input,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from naftiko_runtime.openapi_import.import_api import ImportedApi
    from naftiko_runtime.openapi_import.imported_operation import ImportedOperation
    from naftiko_runtime.openapi_import.model import Api
    from naftiko_runtime.openapi_import.report import Report

Sides = Literal["rest", "mcp", "both"]
VERSION: Final = "1.0.0-alpha2"
REST_PORT: Final = 8080
MCP_PORT: Final = 9090
_DESCRIPTION_CHARACTERS_MAX: Final = 1_000
_HINTS: Final[dict[str, dict[str, bool]]] = {
    "GET": {"readOnly": True},
    "HEAD": {"readOnly": True},
    "OPTIONS": {"readOnly": True},
    "POST": {"readOnly": False},
    "PATCH": {"readOnly": False},
    "PUT": {"readOnly": False, "idempotent": True},
    "DELETE": {"readOnly": False, "destructive": True, "idempotent": True},
}
_RAW_FORMATS: Final = {
    "xml": "xml",
    "binary": "binary",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/html": "html",
    "text/markdown": "markdown",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text": "text",
}


class CapabilityWriter(Struct):
    """Writes one capability.

    Attributes:
        api: The API that is described.
        apis: The APIs that are consumed.
        sides: What is exposed.
        report: Gets what is changed.
        brief: Whether inputs have short descriptions, and those of routes none.
    """

    api: Api
    apis: list[ImportedApi]
    sides: Sides
    report: Report
    brief: bool = False

    def write_one(self) -> dict[str, Any]:
        """Return the capability as one document."""
        consumes = [_write_api(api) for api in self.apis]
        return {**self._write_head(), "capability": {"consumes": consumes, "exposes": self._write_exposes("", None)}}

    def write_split(self) -> dict[str, dict[str, Any]]:
        """Return a document for each tag by the name of its file, and the one that they share."""
        shared = f"{self.apis[0].namespace}-api" if self.apis else "api"
        binds = self._write_binds()
        documents = {
            shared: {"naftiko": VERSION, **binds, "consumes": [_write_api(api) for api in self.apis]},
        }
        names = UniqueNames()
        names.add(shared)
        for tag in dict.fromkeys(_find_tag(operation) for api in self.apis for operation in api.operations):
            used = [api for api in self.apis if any(_find_tag(one) == tag for one in api.operations)]
            imports = [{"location": f"./{shared}.yaml", "import": api.namespace} for api in used]
            name = names.add(write_slug(tag) or "other")
            documents[name] = {
                **self._write_info(tag),
                "capability": {"consumes": imports, "exposes": self._write_exposes(name, tag)},
            }
        return documents

    def _write_head(self) -> dict[str, Any]:
        return {**self._write_info(None), **self._write_binds()}

    def _write_info(self, tag: str | None) -> dict[str, Any]:
        label = self.api.title if tag is None else f"{self.api.title}: {tag}"
        text = shorten_text(self.api.description, _DESCRIPTION_CHARACTERS_MAX) or f"Calls {self.api.title}."
        info = {"label": label, "description": text, "version": self.api.version}
        return {"naftiko": VERSION, "info": {key: value for key, value in info.items() if value}}

    def _write_binds(self) -> dict[str, Any]:
        names = [name for api in self.apis for name in (*api.variables, *api.credentials.variables)]
        keys = {name: name for name in names}
        return {"binds": [{"namespace": "env", "keys": keys}]} if keys else {}

    def _write_exposes(self, name: str, tag: str | None) -> list[dict[str, Any]]:
        chosen = [
            (api.namespace, operation)
            for api in self.apis
            for operation in api.operations
            if tag is None or _find_tag(operation) == tag
        ]
        namespace = name or (self.apis[0].namespace if self.apis else "api")
        exposes = []
        if self.sides != "mcp" and (resources := self._write_routes(chosen)):
            exposes.append(
                {"type": "rest", "namespace": f"{namespace}-rest", "port": REST_PORT, "resources": resources}
            )
        if self.sides != "rest":
            text = shorten_text(self.api.description, _DESCRIPTION_CHARACTERS_MAX) or f"Tools of {self.api.title}."
            tools = [self._write_tool(*one) for one in chosen]
            served = {"type": "mcp", "namespace": f"{namespace}-mcp", "port": MCP_PORT, "description": text}
            exposes.append({**served, "tools": tools})
        return exposes

    def _write_routes(self, chosen: Iterable[tuple[str, ImportedOperation]]) -> list[dict[str, Any]]:
        routes: dict[str, list[dict[str, Any]]] = {}
        for namespace, operation in chosen:
            if operation.has_route:
                routes.setdefault(operation.path, []).append(self._write_route_operation(namespace, operation))
        return [{"path": path, "operations": operations} for path, operations in routes.items()]

    def _write_route_operation(self, namespace: str, operation: ImportedOperation) -> dict[str, Any]:
        place = operation.api.place
        return {
            "method": place.method,
            "name": operation.name,
            "description": describe_operation(operation.api.summary, operation.api.description, operation.name),
            **({"tags": [*operation.api.tags]} if operation.api.tags else {}),
            "call": f"{namespace}.{operation.name}",
            "inputParameters": [
                write_route_input(one, place, self.report, brief=self.brief) for one in operation.inputs
            ],
        }

    def _write_tool(self, namespace: str, operation: ImportedOperation) -> dict[str, Any]:
        place = operation.api.place
        return {
            "name": operation.name,
            "description": describe_operation(operation.api.summary, operation.api.description, operation.name),
            "hints": _HINTS[place.method],
            "call": f"{namespace}.{operation.name}",
            "inputParameters": [write_argument(one, place, self.report, brief=self.brief) for one in operation.inputs],
        }


def _find_tag(operation: ImportedOperation) -> str:
    return operation.api.tags[0] if operation.api.tags else "other"


def _write_api(api: ImportedApi) -> dict[str, Any]:
    credentials = api.credentials
    written: dict[str, Any] = {"type": "http", "namespace": api.namespace, "baseUri": api.base_uri}
    if credentials.authentication is not None:
        written["authentication"] = credentials.authentication
    if credentials.parameters:
        written["inputParameters"] = [*credentials.parameters]
    by_path: dict[str, list[dict[str, Any]]] = {}
    for operation in api.operations:
        by_path.setdefault(operation.path, []).append(_write_operation(operation))
    names = UniqueNames()
    written["resources"] = [
        {"name": names.add(name_resource(path)), "path": path, "operations": operations}
        for path, operations in by_path.items()
    ]
    return written


def _write_operation(operation: ImportedOperation) -> dict[str, Any]:
    written: dict[str, Any] = {"name": operation.name, "method": operation.api.place.method}
    raw = _find_raw_format(operation.api.response_types)
    if raw != "json":
        written["outputRawFormat"] = raw
    if operation.parameters or operation.body is None:
        written["inputParameters"] = operation.parameters
    if operation.body is not None:
        written["body"] = operation.body
    return written


def _find_raw_format(media_types: Sequence[str]) -> str:
    """Return the format of responses: JSON if there is such a type, or none."""
    kinds = [classify_media_type(media_type) for media_type in media_types]
    if not kinds or "json" in kinds:
        return "json"
    base = media_types[0].partition(";")[0].strip().lower()
    found = _RAW_FORMATS.get(base) or _RAW_FORMATS.get(kinds[0])
    return found or "json"
