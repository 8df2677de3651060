"""Reads the operations of OpenAPI 3.0, 3.1 and 3.2 and Swagger 2.0 documents into one model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.document_files import UnreadableDocument, UnresolvedReference
from naftiko_runtime.openapi_import.model import Api, ApiOperation, ApiServer
from naftiko_runtime.openapi_import.read_inputs import InputReader
from naftiko_runtime.openapi_import.report import ReportPlace
from naftiko_runtime.openapi_import.swagger2 import convert_scheme, convert_servers
from naftiko_runtime.source.scalars import format_as_written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.openapi_import.document_files import ApiObject, DocumentFiles
    from naftiko_runtime.openapi_import.report import Report

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_OTHER_METHODS: Final = ("trace", "query")
_FIXED_KEYS: Final = frozenset({"summary", "description", "servers", "parameters", "$ref"})
_SUCCESS: Final = re.compile(r"2..|default", re.IGNORECASE)


def read_api(files: DocumentFiles, report: Report) -> Api:
    """Read the operations of a document.

    Args:
        files: The document.
        report: Gets a line for everything that is left out or changed.

    Raises:
        UnreadableDocument: It is no OpenAPI document.
    """
    return _ApiReader(files, report).read()


def check_version(root: ApiObject) -> bool:
    """Return whether a document is Swagger 2.0.

    Raises:
        UnreadableDocument: It is neither that nor OpenAPI 3.
    """
    written = root.get("openapi", root.get("swagger"))
    version = "" if written is None else str(written).strip()
    if "swagger" in root and version in ("2", "2.0"):
        return True
    if "openapi" in root and re.fullmatch(r"3(\.[0-9]+){0,2}.*", version):
        return False
    if written is None:
        raise UnreadableDocument("it has neither 'openapi' nor 'swagger', so it is no OpenAPI document")
    raise UnreadableDocument(f"it has the version '{version}': OpenAPI 3.0 to 3.2 and Swagger 2.0 are read")


class _ApiReader:
    """Reads one document."""

    def __init__(self, files: DocumentFiles, report: Report) -> None:
        self._files = files
        self._report = report
        self._root = files.root
        self._is_old = check_version(files.root)
        self._inputs = InputReader(files, report, self._is_old)

    def read(self) -> Api:
        info = self._get_object(self._root.get("info"))
        security = _read_security(self._root.get("security"))
        servers = _read_servers(convert_servers(self._root) if self._is_old else self._root.get("servers"))
        operations = [*self._read_paths(servers, security or ())]
        for key in ("webhooks",):
            if self._root.get(key):
                self._report.add(ReportPlace(pointer=f"#/{key}"), reasons.NOT_CALLED, what=key)
        return Api(
            title=_read_text(info.get("title")) or "API",
            description=_read_text(info.get("description")) or _read_text(info.get("summary")),
            version=_read_version(info.get("version")),
            schemes=self._read_schemes(),
            operations=operations,
            default_security=security or (),
        )

    def _get_object(self, value: object) -> ApiObject:
        try:
            found = self._files.resolve(value)
        except UnresolvedReference:
            return {}
        return found if isinstance(found, dict) else {}

    def _read_schemes(self) -> dict[str, ApiObject]:
        listed = self._root if self._is_old else self._get_object(self._root.get("components"))
        schemes = self._get_object(listed.get("securityDefinitions" if self._is_old else "securitySchemes"))
        read = {name: self._get_object(scheme) for name, scheme in schemes.items()}
        return {name: convert_scheme(scheme) for name, scheme in read.items()} if self._is_old else read

    def _read_paths(
        self, servers: tuple[ApiServer, ...], security: tuple[tuple[str, ...], ...]
    ) -> Iterator[ApiOperation]:
        paths = self._get_object(self._root.get("paths"))
        for path, written in paths.items():
            if path.startswith("x-"):
                continue
            pointer = "#/paths/" + path.replace("~", "~0").replace("/", "~1")
            try:
                item = self._files.resolve(written)
            except UnresolvedReference as error:
                self._report.add(ReportPlace(path=path, pointer=pointer), reasons.UNREADABLE, problem=str(error))
                continue
            if isinstance(item, dict):
                own = _read_servers(item.get("servers")) or servers
                for method, operation in self._list_methods(item):
                    if (
                        read := self._read_operation(path, pointer, method, item, operation, own, security)
                    ) is not None:
                        yield read

    def _list_methods(self, item: ApiObject) -> Iterator[tuple[str, object]]:
        for method in (*METHODS, *_OTHER_METHODS):
            if method in item:
                yield method, item[method]
        more = item.get("additionalOperations")
        yield from (more if isinstance(more, dict) else {}).items()

    def _read_operation(
        self,
        path: str,
        pointer: str,
        method: str,
        item: ApiObject,
        written: object,
        servers: tuple[ApiServer, ...],
        security: tuple[tuple[str, ...], ...],
    ) -> ApiOperation | None:
        self._report.operations += 1
        operation = self._get_object(written)
        identifier = operation.get("operationId")
        place = ReportPlace(
            method.upper(), path, identifier if isinstance(identifier, str) else "", f"{pointer}/{method}"
        )
        if method not in METHODS:
            self._report.add(place, reasons.METHOD, method=method.upper())
            return None
        if operation.get("callbacks"):
            self._report.add(place, reasons.NOT_CALLED, what="callbacks")
        media_types = operation.get("consumes", self._root.get("consumes"))
        parameters = self._inputs.list_parameters(item.get("parameters"), operation.get("parameters"), place)
        own = operation.get("security")
        return ApiOperation(
            place=place,
            summary=_read_text(operation.get("summary")) or _read_text(item.get("summary")),
            description=_read_text(operation.get("description")),
            tags=tuple(str(tag) for tag in _as_list(operation.get("tags"))),
            parameters=self._inputs.read_parameters(parameters, path, place),
            body=self._inputs.read_body(operation.get("requestBody"), parameters, _as_list(media_types), place),
            security=security if own is None else _read_security(own) or (),
            servers=_read_servers(operation.get("servers")) or servers,
            response_types=tuple(self._list_response_types(operation)),
        )

    def _list_response_types(self, operation: ApiObject) -> Iterator[str]:
        if self._is_old:
            yield from map(str, _as_list(operation.get("produces", self._root.get("produces"))))
            return
        for status, response in self._get_object(operation.get("responses")).items():
            if _SUCCESS.fullmatch(str(status)) and status != "default":
                yield from map(str, self._get_object(self._get_object(response).get("content")))


def _read_servers(written: object) -> tuple[ApiServer, ...]:
    servers = []
    for server in _as_list(written):
        if isinstance(server, dict) and isinstance(url := server.get("url"), str):
            variables = server.get("variables")
            named = variables.items() if isinstance(variables, dict) else ()
            servers.append(ApiServer(url.strip(), tuple((name, _read_default(value)) for name, value in named)))
    return tuple(servers)


def _read_default(variable: object) -> str | None:
    default = variable.get("default") if isinstance(variable, dict) else None
    return None if default is None else str(default)


def _read_security(written: object) -> tuple[tuple[str, ...], ...] | None:
    if not isinstance(written, list):
        return None
    return tuple(tuple(map(str, one)) for one in written if isinstance(one, dict))


def _read_version(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_as_written(value)
    return _read_text(value)


def _read_text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
