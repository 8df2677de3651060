"""Turns the operations of an API into those of a capability, grouped by base URI and credentials."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from msgspec import Struct

from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.import_body import BodyImporter
from naftiko_runtime.openapi_import.import_parameters import InputNames, ParameterImporter
from naftiko_runtime.openapi_import.import_security import Credentials, SecurityImporter
from naftiko_runtime.openapi_import.import_servers import choose_base_uri
from naftiko_runtime.openapi_import.imported_operation import ImportedOperation, Unsendable
from naftiko_runtime.openapi_import.names import UniqueNames, name_operation, name_variable, write_slug
from naftiko_runtime.openapi_import.read_inputs import simplify_path
from naftiko_runtime.openapi_import.report import ReportPlace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.openapi_import.model import Api, ApiOperation
    from naftiko_runtime.openapi_import.report import Report

_NAMESPACE_CHARACTERS_MAX: Final = 40
_PREFIX_CHARACTERS_MAX: Final = 24
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")


class ImportedApi(Struct):
    """The operations with one base URI and the same credentials.

    Attributes:
        namespace: Its namespace.
        base_uri: Its base URI.
        credentials: What it is sent besides parameters.
        variables: The variables of the base URI.
        operations: Its operations.
    """

    namespace: str
    base_uri: str
    credentials: Credentials
    variables: tuple[str, ...]
    operations: list[ImportedOperation]


def import_api(api: Api, operations: Iterable[ApiOperation], base_uri: str | None, report: Report) -> list[ImportedApi]:
    """Turn operations into imported ones.

    Args:
        api: The API.
        operations: The operations that are wanted.
        base_uri: The URL of the API that the user gives. None for that of the document.
        report: Gets what is left out or changed.
    """
    return _ApiImporter(api, base_uri, report).import_all(operations)


def name_api(title: str) -> str:
    """Return the namespace of an API."""
    words = [word for word in write_slug(title, _NAMESPACE_CHARACTERS_MAX).split("-") if word not in ("the", "api")]
    name = "-".join(words) or "api"
    return name if not name[0].isdigit() else f"api-{name}"


class _ApiImporter:
    """Imports the operations of one API."""

    def __init__(self, api: Api, base_uri: str | None, report: Report) -> None:
        self._api = api
        self._given = base_uri
        self._report = report
        self._namespace = name_api(api.title)
        prefix = name_variable(write_slug(self._namespace, _PREFIX_CHARACTERS_MAX))
        self._url_variable = f"{prefix}_URL"
        self._security = SecurityImporter(api.schemes, prefix, report)
        self._names = UniqueNames()
        self._routes: set[tuple[str, str]] = set()

    def import_all(self, operations: Iterable[ApiOperation]) -> list[ImportedApi]:
        groups: dict[tuple[str, tuple[str, ...]], ImportedApi] = {}
        for operation in operations:
            uri, variables = choose_base_uri(
                operation.servers, self._url_variable, self._given, ReportPlace(pointer="#/servers"), self._report
            )
            shared = operation.security == self._api.default_security
            where = ReportPlace(pointer="#/security") if shared else operation.place
            credentials = self._security.choose(operation.security, where)
            imported = self._import_operation(operation, credentials)
            if imported is not None:
                group = groups.setdefault((uri, credentials.schemes), ImportedApi("", uri, credentials, variables, []))
                group.operations.append(imported)
        self._name_groups([*groups.values()])
        return [*groups.values()]

    def _import_operation(self, operation: ApiOperation, credentials: Credentials) -> ImportedOperation | None:
        place = operation.place
        imported = ImportedOperation(operation, simplify_path(place.path.partition("#")[0]))
        names = InputNames()
        parameters = []
        for one in operation.parameters:
            key = (one.place, one.name.lower() if one.place == "header" else one.name)
            if key in credentials.sets:
                problem = "the authentication sets it"
                self._report.add(place, reasons.INPUT, what=f"{one.place} parameter", name=one.name, problem=problem)
            else:
                parameters.append(one)
        try:
            ParameterImporter(imported, names, self._report).add_all(parameters)
            if operation.body is not None:
                BodyImporter(imported, names, self._report).add(operation.body)
        except Unsendable as error:
            self._report.add(place, reasons.INPUT_NEEDED, what=error.what, name=error.name, problem=str(error))
            return None
        _move_query(imported)
        imported.name = self._names.add(name_operation(place.operation, place.method, place.path))
        route = (place.method, _PLACEHOLDER.sub("{}", imported.path))
        if route in self._routes:
            imported.has_route = False
            self._report.add(place, reasons.NO_ROUTE)
        self._routes.add(route)
        return imported

    def _name_groups(self, groups: list[ImportedApi]) -> None:
        """Name the largest group as the API, and others after what is different in them."""
        uris = Counter({group.base_uri: 0 for group in groups})
        for group in groups:
            uris[group.base_uri] += len(group.operations)
        usual_uri = uris.most_common(1)[0][0] if groups else ""
        names = UniqueNames()
        for group in sorted(groups, key=lambda one: (one.base_uri != usual_uri, -len(one.operations))):
            parts = [self._namespace]
            if names.is_known(self._namespace):
                if group.base_uri != usual_uri:
                    parts.append(write_slug(re.sub(r"^https?://|\{\{.*?\}\}", "", group.base_uri), 30))
                parts.append(write_slug(" ".join(group.credentials.schemes), 30) or "public")
            group.namespace = names.add("-".join(part for part in parts if part))


def _move_query(imported: ImportedOperation) -> None:
    """Make fixed parameters of the query that a path contains."""
    path, mark, query = imported.path.partition("?")
    if not path.startswith("/"):
        path = f"/{path}"
    imported.path = path
    if mark:
        written: list[dict[str, Any]] = [
            {"name": name, "in": "query", "value": re.sub(r"\{([^{}]*)\}", r"{{\1}}", value)}
            for name, value in parse_qsl(query, keep_blank_values=True)
        ]
        imported.parameters = [*written, *imported.parameters]
        for input_ in imported.inputs:
            if input_.place == "path" and "{" + input_.name + "}" not in path:
                input_.place = "query"
