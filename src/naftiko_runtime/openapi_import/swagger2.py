"""Converts parts of Swagger 2.0 to those of OpenAPI 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.openapi_import.document_files import ApiObject

_FLOWS: Final = {
    "accessCode": "authorizationCode",
    "application": "clientCredentials",
    "implicit": "implicit",
    "password": "password",
}
_STYLES: Final = {"ssv": "spaceDelimited", "pipes": "pipeDelimited", "tsv": "tabDelimited"}
_DEFAULT_STYLES: Final = {"path": "simple", "header": "simple"}
_NO_SCHEMA: Final = frozenset({"name", "in", "required", "collectionFormat", "allowEmptyValue"})
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"


def convert_servers(root: ApiObject) -> list[ApiObject]:
    """Return the servers: one for each scheme, https first."""
    host, base = root.get("host"), root.get("basePath")
    path = base if isinstance(base, str) and base != "/" else ""
    if not isinstance(host, str) or not host:
        return [{"url": path}] if path else []
    schemes = root.get("schemes")
    listed = [one for one in schemes if one in ("http", "https")] if isinstance(schemes, list) else []
    return [{"url": f"{scheme}://{host}{path}"} for scheme in sorted(listed or ["https"], reverse=True)]


def convert_scheme(scheme: ApiObject) -> ApiObject:
    """Return a security scheme."""
    match scheme.get("type"):
        case "basic":
            return {"type": "http", "scheme": "basic"}
        case "oauth2":
            flow = _FLOWS.get(str(scheme.get("flow")), "implicit")
            return {"type": "oauth2", "flows": {flow: {key: scheme.get(key) for key in ("tokenUrl", "scopes")}}}
        case _:
            return scheme


def convert_parameter(parameter: ApiObject) -> ApiObject:
    """Return a parameter outside the body."""
    place = parameter.get("in")
    converted: ApiObject = {
        key: parameter[key] for key in ("name", "in", "required", "description") if key in parameter
    }
    converted["schema"] = _convert_schema(parameter)
    if parameter.get("allowEmptyValue"):
        converted["allowEmptyValue"] = True
    if parameter.get("type") == "array":
        written = str(parameter.get("collectionFormat", "csv"))
        converted["style"] = _STYLES.get(written, _DEFAULT_STYLES.get(str(place), "form"))
        converted["explode"] = written == "multi"
    return converted


def _convert_schema(parameter: ApiObject) -> ApiObject:
    return {key: value for key, value in parameter.items() if key not in _NO_SCHEMA and not key.startswith("x-")}


def convert_body(parameters: Sequence[ApiObject], media_types: Sequence[str]) -> ApiObject | None:
    """Return the body that parameters with ``in: body`` or ``in: formData`` describe. None without one.

    Args:
        parameters: All parameters of an operation.
        media_types: What the operation consumes.
    """
    for parameter in parameters:
        if parameter.get("in") == "body":
            kinds = [one for one in media_types if one not in (_FORM, _MULTIPART)] or ["application/json"]
            content = {kind: {"schema": parameter.get("schema", {})} for kind in kinds}
            return {"required": parameter.get("required") is True, "content": content} | _pick(parameter, "description")
    fields = [parameter for parameter in parameters if parameter.get("in") == "formData"]
    if not fields:
        return None
    named = {str(field.get("name")): field for field in fields}
    has_file = any(field.get("type") == "file" for field in fields)
    kinds = [_MULTIPART] if has_file else [one for one in media_types if one in (_FORM, _MULTIPART)] or [_FORM]
    schema = {
        "type": "object",
        "properties": {name: _convert_schema(field) for name, field in named.items()},
        "required": [name for name, field in named.items() if field.get("required") is True],
    }
    encoding = {name: _convert_encoding(field) for name, field in named.items() if field.get("type") == "array"}
    content = {kind: {"schema": schema, "encoding": encoding} for kind in kinds}
    return {"required": bool(schema["required"]), "content": content}


def _convert_encoding(field: ApiObject) -> ApiObject:
    written = str(field.get("collectionFormat", "csv"))
    return {"style": _STYLES.get(written, "form"), "explode": written == "multi"}


def _pick(values: ApiObject, *keys: str) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}
