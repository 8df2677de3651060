"""Checks and converts the caller's input of an exposed operation, in the same way for REST and MCP."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.encode import format_text
from naftiko_runtime.errors import Fault, Rejected
from naftiko_runtime.file_value import File, decode_file
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.limits import REQUEST_DEPTH_MAX, REQUEST_VALUES_MAX
from naftiko_runtime.plan import thaw
from naftiko_runtime.source import parse_exact_float

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime import regex
    from naftiko_runtime.formats import json as json_format
    from naftiko_runtime.plan import Contract, Input, InputType, Place
    from naftiko_runtime.regex import Pattern
else:
    json_format = import_lazily("naftiko_runtime.formats.json")
    regex = import_lazily("naftiko_runtime.regex")

_ARGUMENTS: Final = "arguments"
_INTEGER: Final = compile_lazily(r"-?[0-9]{1,400}")
_NUMBER: Final = compile_lazily(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,3})?")

MISSING: Final = object()
"""The result of a path that leads nowhere, which is different from null."""


class CompiledInput(Struct, frozen=True):
    """An input, compiled; see :class:`naftiko_runtime.plan.Input`.

    Attributes:
        path: Returns its value in the request's body, or :data:`MISSING`. None for an input that is given by name.
    """

    name: str
    place: Place
    type: InputType | None
    required: bool
    default: Any
    inferred: bool
    pattern: Pattern | None
    path: Callable[[Any], Any] | None
    nullable: bool


def compile_contract(contract: Contract) -> CompiledContract:
    """Compile a contract.

    Raises:
        JsonPathError: A path does not compile. Linking reports those before.
        PatternError: A pattern does not compile. Linking reports those before.
    """
    return CompiledContract(tuple(map(_compile_input, contract.inputs)), contract.open)


def _compile_input(spec: Input) -> CompiledInput:
    return CompiledInput(
        name=spec.name,
        place=spec.place,
        type=spec.type,
        required=spec.required,
        default=thaw(spec.default),
        inferred=spec.inferred,
        pattern=None if spec.pattern is None else regex.compile_pattern(spec.pattern),
        path=None if spec.path is None else _compile_body_path(spec.path),
        nullable=spec.nullable,
    )


def _compile_body_path(text: str) -> Callable[[Any], Any]:
    """Only a path of names can tell null from a missing value."""
    path = compile_path(text)
    if path.names:
        return _compile_names(path.names)
    if path.identity:
        return path.get
    return lambda value: MISSING if (found := path.get(value)) is None else found


def _compile_names(names: Sequence[str]) -> Callable[[Any], Any]:
    def get(value: Any) -> Any:
        for name in names:
            value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        return value

    return get


class CompiledContract(Struct, frozen=True):
    """The inputs of one exposed operation, compiled; see :class:`naftiko_runtime.plan.Contract`."""

    inputs: tuple[CompiledInput, ...] = ()
    open: bool = False

    def admit_request(self, given: Mapping[str, Any], *, form: bool = False) -> dict[str, Any]:
        """Check the input of a REST call: values of the body are JSON, all others are text, which is converted.

        Args:
            given: Texts, or lists of them if repeated, by input name; decoded values of the body.
            form: Whether the body is a form, whose fields are text.

        Returns:
            The typed values by input name, with defaults, without absent ones.

        Raises:
            Rejected: With one fault for each input that is missing or has the wrong type.
        """
        values, faults = self._admit(given, textual=True, form=form)
        if faults:
            raise Rejected(*faults)
        return values

    def admit_arguments(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Check the arguments of a tool call, which are JSON.

        Returns:
            The values as in :meth:`admit_request`, and the undeclared arguments of an open operation.

        Raises:
            Rejected: With one fault for each argument that is missing, has the wrong type, or is unknown.
        """
        named = {spec.name for spec in self.inputs if spec.path is None}
        found = {spec.name: spec.path(given) for spec in self.inputs if spec.path is not None}
        if found:
            by_name = {name: value for name, value in given.items() if name not in found}
            values, faults = self._admit(by_name | drop_missing(found), textual=False)
        else:
            values, faults = self._admit(given, textual=False)
        extras = {name: value for name, value in given.items() if name not in named}
        if extras and not self.open:
            faults += (Fault(name, _ARGUMENTS, f"unknown; {_list_names(self.inputs)}") for name in extras)
        if faults:
            raise Rejected(*faults)
        return values, extras

    def _admit(
        self, given: Mapping[str, Any], *, textual: bool, form: bool = False
    ) -> tuple[dict[str, Any], list[Fault]]:
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for spec in self.inputs:
            place = spec.place if textual else _ARGUMENTS
            value = given.get(spec.name)
            if value is None:
                is_null = spec.name in given
                if is_null and spec.nullable:
                    values[spec.name] = None
                    continue
                if not is_null or spec.required:  # an explicit null is not replaced by the default
                    value = spec.default
            try:
                if value is not None:
                    is_text = textual and (form or place != "body")
                    value = convert_text(value, spec.type) if is_text else _check_type(value, spec.type)
                    values[spec.name] = value if spec.pattern is None else _check_pattern(value, spec.pattern)
                elif spec.required:
                    faults.append(Fault(spec.name, place, "required, but not given"))
            except ValueError as error:
                faults.append(Fault(spec.name, place, str(error)))
        return values, faults


def drop_missing(found: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the values that paths did not find."""
    return {name: value for name, value in found.items() if value is not MISSING}


def _list_names(inputs: tuple[CompiledInput, ...]) -> str:
    names = [f"'{spec.name}'" for spec in inputs if spec.path is None]
    return "known: " + ", ".join(names) if names else "there are none"


def build_input_schema(contract: Contract) -> dict[str, Any]:
    """Build a JSON Schema of the inputs: a flat object without references."""
    named = [spec for spec in contract.inputs if spec.path is None]
    schema: dict[str, Any] = {"type": "object", "properties": {spec.name: _build_property(spec) for spec in named}}
    if required := [spec.name for spec in named if spec.required and spec.default is None]:
        schema["required"] = required
    schema["additionalProperties"] = contract.open
    return schema


def _build_property(spec: Input) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if spec.type == "binary":
        schema |= {"type": "string", "contentEncoding": "base64"}
    elif spec.type not in (None, "json"):
        schema["type"] = spec.type
    if spec.type == "array":
        schema["items"] = {}
    if spec.pattern is not None and spec.type in ("string", None):
        schema["pattern"] = spec.pattern
    if spec.description:
        schema["description"] = spec.description
    if spec.default is not None:
        schema["default"] = thaw(spec.default)
    return schema


def _check_type(value: Any, kind: InputType | None) -> Any:
    """Check the type of a JSON value. A whole number with a fraction (``30.0``) becomes an int.

    Raises:
        ValueError: It has another type.
    """
    if kind == "binary":
        return decode_file(value) if isinstance(value, str) else _check_file(value)
    if kind is None or _HAS_TYPE[kind](value):
        return _parse_whole(repr(float(value))) if kind == "integer" and isinstance(value, float) else value
    raise ValueError(f"must be {_NAMES[kind]}")


def _check_file(value: Any) -> File:
    if isinstance(value, File):
        return value
    raise ValueError("must be base64 or a data: URL")


def _check_pattern(value: Any, pattern: Pattern) -> Any:
    """Check the text of a value, or of each item of a list.

    Raises:
        ValueError: It does not match.
    """
    if all(pattern.matches(format_text(item)) for item in (value if isinstance(value, list) else [value])):
        return value
    raise ValueError(f"must match {pattern.text}")


def _is_number(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))


_HAS_TYPE: Final[dict[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, (str, File)),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value % 1 == 0,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "json": lambda _: True,
}
_NAMES: Final = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def convert_text(value: Any, kind: InputType | None) -> Any:
    """Convert text from a URL, a header or a cookie to a declared type.

    Raises:
        ValueError: The text is not a value of the type; the message says what it must be.
    """
    if isinstance(value, list):
        if kind == "array":
            return value
        if len(value) == 1:
            value = value[0]
        elif kind is not None:
            raise ValueError("given more than once")
    if kind == "json" and isinstance(value, File):
        value = format_text(value)
    if kind in (None, "string", "binary") or not isinstance(value, str):
        return _check_type(value, kind)
    return _PARSE[kind](value)


def _parse_integer(text: str) -> int:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return _parse_whole(text)
    raise ValueError("must be a whole number")


def _parse_whole(text: str) -> int:
    """Parse a whole number that is written with a fraction or an exponent, exactly: ``30.0``, ``3e1``."""
    number = Fraction(text)
    if number.denominator != 1:
        raise ValueError("must be a whole number")
    return number.numerator


def _parse_number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number")
    return int(text) if _INTEGER.fullmatch(text) else _check_type(parse_exact_float(text), "number")


def _parse_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _parse_object(text: str) -> Any:
    try:
        check_json_limits(text.encode(), REQUEST_VALUES_MAX, REQUEST_DEPTH_MAX)
        value = json_format.parse_regular(text.encode())
    except (ValueError, UnicodeEncodeError):
        raise ValueError("must be an object as JSON") from None
    return _check_type(value, "object")


def _parse_json(text: str) -> Any:
    try:
        return json_format.parse_regular(text.encode())
    except (ValueError, UnicodeEncodeError):
        raise ValueError("must be JSON") from None


_PARSE: Final[dict[str, Callable[[str], Any]]] = {
    "integer": _parse_integer,
    "number": _parse_number,
    "boolean": _parse_boolean,
    "array": lambda text: text.split(","),
    "object": _parse_object,
    "json": _parse_json,
}
