"""Turns the body of an operation into the template and the inputs that fill it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.imported_operation import ImportedInput, Unsendable
from naftiko_runtime.openapi_import.model import ValueSchema
from naftiko_runtime.openapi_import.read_inputs import classify_media_type
from naftiko_runtime.openapi_import.report import join_names

if TYPE_CHECKING:
    from naftiko_runtime.openapi_import.import_parameters import InputNames
    from naftiko_runtime.openapi_import.imported_operation import ImportedOperation
    from naftiko_runtime.openapi_import.model import ApiBody
    from naftiko_runtime.openapi_import.report import Report

_COMPOUND: Final = ("array", "object", None)
_TEXTUAL: Final = re.compile(r"text/|application/(.*\+)?(json|xml|yaml)", re.IGNORECASE)
_PLAIN_TEXT: Final = ("text/plain", "*/*")
_METHODS_WITH_DEFAULTS: Final = ("POST",)
"""Elsewhere, a default of a field would overwrite what the API has."""


class BodyImporter:
    """Turns the body of one operation into the template that is written.

    Args:
        operation: Gets the inputs and the body.
        names: The names of its inputs.
        report: Gets what is left out or changed.
    """

    def __init__(self, operation: ImportedOperation, names: InputNames, report: Report) -> None:
        self._operation = operation
        self._names = names
        self._report = report

    def add(self, body: ApiBody) -> None:
        """Add a body.

        Raises:
            Unsendable: It is required, and cannot be sent.
        """
        kind = classify_media_type(body.media_type)
        match kind:
            case "json":
                self._add_json(body)
            case "form":
                self._add_form(body)
            case "multipart":
                self._add_multipart(body)
            case "text" | "xml":
                self._add_text(body)
            case _:
                self._add_whole(replace(body, schema=ValueSchema("binary")))
                self._set_media_type(body.media_type, "application/octet-stream")

    def _add_json(self, body: ApiBody) -> None:
        if _has_fields(body.schema):
            data = {name: self._add_field(name, body) for name in _list_writable(body.schema)}
            self._finish_fields(body, {"type": "json", "data": data})
            if not body.required:
                self._report.add(self._operation.api.place, reasons.EMPTY_BODY)
        else:
            self._add_whole(body)
        self._set_media_type(body.media_type, "application/json")

    def _add_form(self, body: ApiBody) -> None:
        if not self._has_form_fields(body):
            self._add_whole(replace(body, schema=ValueSchema("object")), {"type": "formUrlEncoded"})
            return
        data = {}
        for name in _list_writable(body.schema):
            encoding = body.encoding.get(name)
            encoding = encoding if isinstance(encoding, dict) else {}
            field = body.schema.properties[name]
            problem = _find_form_problem(field, encoding)
            if problem is None:
                field = field if field.type is not None else replace(field, type="string")
                data[name] = self._add_field(name, body, field)
            elif field.type == "object":
                self._report.add(self._operation.api.place, reasons.INPUT_AS_TEXT, what="field", name=name)
                text = ValueSchema("string", description=f"{field.description} As JSON text.".strip())
                data[name] = self._add_field(name, body, text)
            else:
                self._leave_out(name, body, problem)
        self._finish_fields(body, {"type": "formUrlEncoded", "data": data})

    def _add_multipart(self, body: ApiBody) -> None:
        if body.media_type.partition(";")[0].strip().lower() != "multipart/form-data":
            self._refuse(body, f"a body of the type '{body.media_type}' cannot be written")
            return
        if not self._has_form_fields(body):
            self._refuse(body, "a form without declared fields cannot be written in parts")
            return
        parts = []
        for name in _list_writable(body.schema):
            field = body.schema.properties[name]
            part: dict[str, Any] = {"name": name, "value": self._add_field(name, body, field)}
            item = field.items if field.type == "array" and field.items is not None else field
            encoding = body.encoding.get(name)
            media_type = encoding.get("contentType") if isinstance(encoding, dict) else None
            if item.type == "binary":
                part["filename"] = name
            elif item.type in ("object", None):
                media_type = media_type or "application/json"
            if isinstance(media_type, str) and "," not in media_type and "*" not in media_type:
                self._set_part_type(part, item, media_type)
            parts.append(part)
        self._finish_fields(body, {"type": "multipartForm", "data": parts})

    def _set_part_type(self, part: dict[str, Any], item: ValueSchema, media_type: str) -> None:
        """Write the media type of a part. Text of another type than text would be read as base64."""
        if item.type not in ("binary", "object", "array", None) and not _TEXTUAL.match(media_type):
            name, place = part["name"], self._operation.api.place
            self._report.add(place, reasons.NO_EFFECT, key="contentType", what="field", name=name)
        else:
            part["contentType"] = media_type

    def _has_form_fields(self, body: ApiBody) -> bool:
        """Return whether a form has fields. Other fields that it may have too are reported."""
        if not _list_writable(body.schema):
            return False
        if body.schema.is_open:
            self._report.add(self._operation.api.place, reasons.BODY_FIELDS)
        return True

    def _add_text(self, body: ApiBody) -> None:
        name = self._names.add("body", "body")
        self._operation.body = {"type": "text", "data": "{{" + name + "}}"}
        self._add_input(name, ValueSchema("string"), body.required, body.description or body.schema.description)
        base = body.media_type.partition(";")[0].strip().lower()
        if base not in _PLAIN_TEXT:
            self._set_media_type(body.media_type, None)

    def _add_whole(self, body: ApiBody, template: dict[str, Any] | None = None) -> None:
        """Add an input that is the whole body."""
        name = self._names.add("body", "body")
        schema = body.schema
        if schema.type is None:
            schema = replace(schema, type="json")
        if name != "body":  # a parameter has the name, and only a parameter 'body' is the whole body
            self._operation.body = {"type": "json", "data": "{{" + name + "}}"}
            self._report.add(self._operation.api.place, reasons.RENAMED, what="input", name="body", input=name)
        else:
            self._operation.parameters.append({"name": "body", "in": "body", "type": schema.type})
            self._operation.body = template
        self._add_input(name, schema, body.required, body.description or schema.description)

    def _refuse(self, body: ApiBody, problem: str) -> None:
        if body.required:
            raise Unsendable("input", "body", problem)
        self._report.add(self._operation.api.place, reasons.INPUT, what="input", name="body", problem=problem)

    def _leave_out(self, name: str, body: ApiBody, problem: str) -> None:
        if body.required and name in body.schema.required:
            raise Unsendable("field", name, problem)
        self._report.add(self._operation.api.place, reasons.INPUT, what="field", name=name, problem=problem)

    def _add_field(self, name: str, body: ApiBody, field: ValueSchema | None = None) -> str:
        """Add the input of a field; return the template of its value."""
        field = field or body.schema.properties[name]
        only = name == "body" and len(_list_writable(body.schema)) == 1
        input_name = self._names.add("body_field" if only else name, "body")
        if input_name != name:
            place = self._operation.api.place
            self._report.add(place, reasons.RENAMED, what="field", name=name, input=input_name)
        required = body.required and name in body.schema.required
        has_default = body.required and not required and self._operation.api.place.method in _METHODS_WITH_DEFAULTS
        self._add_input(input_name, field, required, field.description, has_default=has_default)
        return "{{" + input_name + "}}"

    def _finish_fields(self, body: ApiBody, template: dict[str, Any]) -> None:
        place = self._operation.api.place
        self._operation.body = template
        needed = [name for name in _list_writable(body.schema) if name in body.schema.required]
        if needed and not body.required:
            self._report.add(place, reasons.FIELDS_NEEDED, names=join_names(needed))

    def _add_input(
        self, name: str, schema: ValueSchema, required: bool, description: str, *, has_default: bool = False
    ) -> None:
        self._operation.inputs.append(ImportedInput(name, "body", schema, required, description, has_default))

    def _set_media_type(self, media_type: str, usual: str | None) -> None:
        """Write the media type as a header, unless the template says the same."""
        base = media_type.partition(";")[0].strip().lower()
        if base != usual and "*" not in base:
            self._operation.parameters.append({"name": "Content-Type", "in": "header", "value": media_type})


def _has_fields(schema: ValueSchema) -> bool:
    return schema.type == "object" and not schema.is_open and bool(_list_writable(schema))


def _list_writable(schema: ValueSchema) -> list[str]:
    return [name for name, field in schema.properties.items() if not field.is_read_only]


def _find_form_problem(field: ValueSchema, encoding: dict[str, Any]) -> str | None:
    """Find why a form cannot have a field as the API wants it. None if it can."""
    style, explode = encoding.get("style", "form"), encoding.get("explode", True)
    if field.type == "object" and style != "deepObject":
        return "an object in a form is written with brackets only"
    if field.type == "array" and (style != "form" or explode is False) and style != "deepObject":
        return f"a list in a form cannot be joined with the style '{style}'"
    if field.type == "array" and style == "deepObject" and (field.items is None or field.items.type not in _COMPOUND):
        return "OpenAPI does not define a list with the style 'deepObject'"
    return None
