"""Reads the parameters and the body of an operation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.document_files import UnresolvedReference, show_reference
from naftiko_runtime.openapi_import.model import ApiBody, ApiParameter, ValueSchema
from naftiko_runtime.openapi_import.read_schemas import SchemaReader
from naftiko_runtime.openapi_import.report import join_names
from naftiko_runtime.openapi_import.swagger2 import convert_body, convert_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.openapi_import.document_files import ApiObject, DocumentFiles
    from naftiko_runtime.openapi_import.model import ParameterPlace
    from naftiko_runtime.openapi_import.report import Report, ReportPlace

PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_OPERATORS: Final = re.compile(r"\{[.;/+]?([^{}*]+)\*?\}")
_PLACES: Final = frozenset({"path", "query", "header", "cookie"})
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


class InputReader:
    """Reads parameters and bodies of one document.

    Args:
        files: The document.
        report: Gets what is left out or changed.
        is_old: Whether the document is Swagger 2.0.
    """

    def __init__(self, files: DocumentFiles, report: Report, is_old: bool) -> None:
        self._files = files
        self._report = report
        self._is_old = is_old
        self._schemas = SchemaReader(files)

    def list_parameters(self, shared: object, own: object, place: ReportPlace) -> list[ApiObject]:
        """Return the parameters of an operation. Its own override those of its path by name and place."""
        found: dict[tuple[str, str], ApiObject] = {}
        for written in (*_as_list(shared), *_as_list(own)):
            try:
                parameter = self._files.resolve(written)
            except UnresolvedReference as error:
                name = show_reference(str(written.get("$ref"))).rpartition("/")[2]
                self._report.add(place, reasons.INPUT, what="parameter", name=name, problem=str(error))
                continue
            if isinstance(parameter, dict):
                found[str(parameter.get("name")), str(parameter.get("in"))] = parameter
        return list(found.values())

    def read_parameters(self, parameters: Sequence[ApiObject], path: str, place: ReportPlace) -> list[ApiParameter]:
        """Read the parameters outside the body, and declare placeholders of the path that are not declared."""
        read = [one for one in (self._read_parameter(raw, place) for raw in parameters) if one is not None]
        names = list(dict.fromkeys(PLACEHOLDER.findall(simplify_path(path))))
        kept = []
        for one in read:
            if one.place == "path" and one.name not in names:
                self._report.add(
                    place, reasons.INPUT, what="path parameter", name=one.name, problem="the path has no place for it"
                )
            else:
                kept.append(one)
        declared = {one.name for one in kept if one.place == "path"}
        for name in names:
            if name not in declared:
                self._report.add(place, reasons.UNDECLARED, name=name)
                kept.append(ApiParameter(name, "path", True, ValueSchema("string"), "simple", False))
        return kept

    def _read_parameter(self, raw: ApiObject, place: ReportPlace) -> ApiParameter | None:
        name, where = raw.get("name"), str(raw.get("in"))
        if where in ("body", "formData") and self._is_old:
            return None
        if not isinstance(name, str) or not name or where not in _PLACES:
            self._report.add(place, reasons.INPUT, what="parameter", name=name, problem=f"there is no place '{where}'")
            return None
        if where == "header" and name.lower() in _IGNORED_HEADERS:
            self._report.add(place, reasons.INPUT, what="header parameter", name=name, problem="OpenAPI ignores it")
            return None
        parameter = convert_parameter(raw) if self._is_old else raw
        content = parameter.get("content")
        media_type = next(iter(content), None) if isinstance(content, dict) else None
        described = content[media_type] if isinstance(content, dict) and media_type else parameter
        schema = self._schemas.read(described.get("schema") if isinstance(described, dict) else None)
        self._report_schema(f"{where} parameter", name, schema, place)
        style = parameter.get("style")
        style = style if isinstance(style, str) else _STYLES[where]
        explode = parameter.get("explode")
        ignored = tuple(key for key in ("allowReserved", "allowEmptyValue") if parameter.get(key) is True)
        return ApiParameter(
            name=name,
            place=cast("ParameterPlace", where),
            required=parameter.get("required") is True or where == "path",
            schema=schema,
            style=style,
            explode=explode if isinstance(explode, bool) else style in ("form", "deepObject"),
            media_type=media_type,
            description=_read_text(parameter.get("description")) or schema.description,
            ignored=ignored,
        )

    def read_body(
        self, written: object, parameters: Sequence[ApiObject], media_types: Sequence[Any], place: ReportPlace
    ) -> ApiBody | None:
        """Read a body. None without one."""
        try:
            body = convert_body(parameters, [*map(str, media_types)]) if self._is_old else self._files.resolve(written)
        except UnresolvedReference as error:
            self._report.add(place, reasons.INPUT, what="input", name="body", problem=str(error))
            return None
        body = body if isinstance(body, dict) else {}
        content = body.get("content")
        if not isinstance(content, dict) or not content:
            return None
        ordered = sorted(map(str, content), key=_rank_media_type)
        chosen, others = ordered[0], ordered[1:]
        if others:
            self._report.add(place, reasons.MEDIA_TYPE, chosen=chosen, others=join_names(others))
        described = content[chosen] if isinstance(content[chosen], dict) else {}
        schema = self._schemas.read(described.get("schema"))
        for name, inner in schema.properties.items():
            self._report_schema("field", name, inner, place)
        self._report_schema("input", "body", schema, place)
        encoding = described.get("encoding")
        return ApiBody(
            media_type=chosen,
            others=tuple(others),
            required=body.get("required") is True,
            schema=schema,
            description=_read_text(body.get("description")),
            encoding=encoding if isinstance(encoding, dict) else {},
        )

    def _report_schema(self, what: str, name: str, schema: ValueSchema, place: ReportPlace) -> None:
        for problem in dict.fromkeys(schema.unresolved):
            self._report.add(place, reasons.REFERENCE, what=what, name=name, problem=problem)
        for key in schema.unchecked:
            self._report.add(place, reasons.LIMIT, key=key, what=what, name=name)


def simplify_path(path: str) -> str:
    """Return a path without the operators of URI templates, which the style of a parameter says too: ``{;id*}``."""
    return _OPERATORS.sub(r"{\1}", path)


def _rank_media_type(media_type: str) -> int:
    """Return the order in which media types of a body are preferred: JSON first."""
    kind = classify_media_type(media_type)
    return ("json", "form", "multipart", "text", "xml", "binary").index(kind)


def classify_media_type(media_type: str) -> str:
    """Return the kind of a media type: ``json``, ``form``, ``multipart``, ``xml``, ``text`` or ``binary``."""
    base = media_type.partition(";")[0].strip().lower()
    if base in ("application/json", "*/*", "application/*", "text/json") or base.endswith("+json"):
        return "json"
    if base == "application/x-www-form-urlencoded":
        return "form"
    if base.startswith("multipart/"):
        return "multipart"
    if base in ("application/xml", "text/xml") or base.endswith("+xml"):
        return "xml"
    return "text" if base.startswith("text/") else "binary"


def _read_text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
