"""Turns parameters of OpenAPI into consumed parameters and inputs, by their place, style and type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.imported_operation import ImportedInput, Unsendable
from naftiko_runtime.openapi_import.model import ValueSchema
from naftiko_runtime.openapi_import.names import name_input
from naftiko_runtime.openapi_import.read_inputs import classify_media_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.openapi_import.imported_operation import ImportedOperation
    from naftiko_runtime.openapi_import.model import ApiParameter
    from naftiko_runtime.openapi_import.report import Report

_QUERY_LISTS: Final[dict[tuple[str, bool], dict[str, Any]]] = {
    ("form", True): {},
    ("form", False): {"explode": False},
    ("spaceDelimited", True): {},
    ("spaceDelimited", False): {"style": "spaceDelimited"},
    ("pipeDelimited", True): {},
    ("pipeDelimited", False): {"style": "pipeDelimited"},
}
"""The keys of a consumed parameter by OpenAPI's style and explode."""
_COMPOUND: Final = ("array", "object")
_SERVER_HEADERS: Final = ("origin", "host", "connection", "content-length", "transfer-encoding")
"""Headers of callers that our own server checks. Inputs for them have another name."""
_JSON_TEXT: Final = "As JSON text."


class InputNames:
    """Gives the inputs of one operation different names."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, name: str, place: str) -> str:
        """Return the name of an input; with its place in front if the name is known."""
        safe = name_input(name)
        found, number = safe, 1
        while found in self._known or (place == "header" and found.lower() in _SERVER_HEADERS):
            found = f"{place}_{safe}" if number == 1 else f"{place}_{safe}_{number}"
            number += 1
        self._known.add(found)
        return found


class ParameterImporter:
    """Turns the parameters of one operation into those that are written.

    Args:
        operation: Gets the inputs and parameters.
        names: The names of its inputs.
        report: Gets what is left out or changed.
    """

    def __init__(self, operation: ImportedOperation, names: InputNames, report: Report) -> None:
        self._operation = operation
        self._names = names
        self._report = report

    def add_all(self, parameters: Iterable[ApiParameter]) -> None:
        """Add parameters: those of the path first, whose names callers see.

        Raises:
            Unsendable: A required one cannot be sent.
        """
        for parameter in sorted(parameters, key=lambda one: one.place != "path"):
            for key in parameter.ignored:
                self._note(parameter, reasons.NO_EFFECT, key=key)
            problem = self._add(parameter)
            if problem and parameter.required:
                raise Unsendable(f"{parameter.place} parameter", parameter.name, problem)
            if problem:
                self._note(parameter, reasons.INPUT, problem=problem)

    def _note(self, parameter: ApiParameter, reason: reasons.Loss, **values: Any) -> None:
        place = self._operation.api.place
        self._report.add(place, reason, what=f"{parameter.place} parameter", name=parameter.name, **values)

    def _add(self, parameter: ApiParameter) -> str | None:
        """Add a parameter. Return why it cannot be sent, or None."""
        if parameter.schema.type == "binary":
            parameter.schema.type = "string"
        if parameter.media_type is not None:
            return self._add_with_content(parameter)
        match parameter.place:
            case "path":
                return self._add_to_path(parameter)
            case "query":
                return self._add_to_query(parameter)
            case "header":
                if parameter.schema.type == "object":
                    return "an object in a header cannot be written"
            case _:
                if parameter.schema.type in _COMPOUND:
                    return "a list or an object in a cookie cannot be written"
        self._write(parameter, {})
        return None

    def _add_with_content(self, parameter: ApiParameter) -> str | None:
        """Add a parameter that is text of a media type. An object is JSON already; other JSON is given as text."""
        if parameter.place == "path":
            return (
                "JSON in a path cannot be written"
                if parameter.schema.type in _COMPOUND
                else self._add_to_path(parameter)
            )
        if classify_media_type(parameter.media_type or "") == "json" and parameter.schema.type != "object":
            description = f"{parameter.description} {_JSON_TEXT}".strip()
            text = replace(parameter, schema=ValueSchema("string"), description=description)
            self._note(parameter, reasons.INPUT_AS_TEXT)
            self._write(text, {})
            return None
        self._write(parameter, {})
        return None

    def _add_to_path(self, parameter: ApiParameter) -> str | None:
        kind = parameter.schema.type
        if kind == "object":
            return "an object in a path cannot be written"
        if kind == "array" and parameter.explode and parameter.style != "simple":
            return f"a list in a path with the style '{parameter.style}' and explode cannot be written"
        prefix = {"label": ".", "matrix": f";{parameter.name}="}.get(parameter.style, "")
        name = self._write(parameter, None)
        written = "{" + parameter.name + "}"
        self._operation.path = self._operation.path.replace(written, prefix + "{" + name + "}")
        return None

    def _add_to_query(self, parameter: ApiParameter) -> str | None:
        kind, style = parameter.schema.type, parameter.style
        if kind == "object":
            return self._add_object_to_query(parameter)
        if kind != "array":
            self._write(parameter, {})
            return None
        if parameter.schema.items is not None and parameter.schema.items.type in _COMPOUND:
            return "OpenAPI does not define a list of lists or objects in a query"
        if style == "deepObject":
            return "OpenAPI does not define a list with the style 'deepObject'"
        keys = _QUERY_LISTS.get((style, parameter.explode))
        if keys is None:
            return f"a list with the style '{style}' cannot be written"
        self._write(parameter, keys)
        return None

    def _add_object_to_query(self, parameter: ApiParameter) -> str | None:
        if parameter.style == "deepObject":
            self._write(parameter, {"style": "deepObject"})
            return None
        if parameter.style != "form" or not parameter.explode:
            return f"an object with the style '{parameter.style}' and without explode cannot be written"
        schema = parameter.schema
        if schema.is_open or not schema.properties:
            return "an object with any fields cannot be spread in the query"
        if any(field.type in _COMPOUND for field in schema.properties.values()):
            return "an object with lists or objects cannot be spread in the query"
        for name, field in schema.properties.items():
            required = parameter.required and name in schema.required
            self._write(
                replace(parameter, name=name, schema=field, required=required, description=field.description), {}
            )
        return None

    def _write(self, parameter: ApiParameter, keys: dict[str, Any] | None) -> str:
        """Add the input of a parameter, and the parameter unless its place in the path says everything.

        Args:
            parameter: The parameter.
            keys: More keys of the consumed parameter. None for one of the path.
        """
        name = self._names.add(parameter.name, parameter.place)
        if keys is not None:
            written = {"name": parameter.name, "in": parameter.place, **keys}
            if name != parameter.name:
                self._note(parameter, reasons.RENAMED, input=name)
                written["value"] = "{{" + name + "}}"
            self._operation.parameters.append(written)
        self._operation.inputs.append(
            ImportedInput(
                name=name,
                place=parameter.place,
                schema=parameter.schema,
                required=parameter.required,
                description=parameter.description,
                has_default=not parameter.required,
            )
        )
        return name
