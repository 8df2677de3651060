"""What an exposed operation takes: one check of the caller's input, for REST and MCP alike."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.encode import as_text
from naftiko_runtime.errors import Fault, Rejected
from naftiko_runtime.file_value import File, file_of
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
"""What a path into a body gives when nothing stands there, which is not null."""


class CheckedInput(Struct, frozen=True):
    """An input, compiled; see :class:`naftiko_runtime.plan.Input`.

    Attributes:
        path: Finds its value in the request's body, or :data:`MISSING`; then the caller does not give it by name.
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


def compile_contract(contract: Contract) -> ContractCheck:
    """The check that a contract asks for.

    Raises:
        JsonPathError: A path does not compile; linking has checked them all before.
        PatternError: A pattern does not compile; likewise.
    """
    return ContractCheck(tuple(map(_compile_input, contract.inputs)), contract.open)


def _compile_input(spec: Input) -> CheckedInput:
    return CheckedInput(
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
    """What finds the value at a path in a body; a path of names only can tell null from nothing."""
    path = compile_path(text)
    if path.names:
        return _follow(path.names)
    if path.identity:
        return path.get
    return lambda value: MISSING if (found := path.get(value)) is None else found


def _follow(names: Sequence[str]) -> Callable[[Any], Any]:
    def get(value: Any) -> Any:
        for name in names:
            value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        return value

    return get


class ContractCheck(Struct, frozen=True):
    """The inputs of one exposed operation, compiled; see :class:`naftiko_runtime.plan.Contract`."""

    inputs: tuple[CheckedInput, ...] = ()
    open: bool = False

    def admit_request(self, given: Mapping[str, Any], *, form: bool = False) -> dict[str, Any]:
        """The values of a REST call: what stands in the body is JSON, everything else text to be read by its type.

        Args:
            given: Texts (or lists of them, for what may repeat) by input name; values of the body as decoded.
            form: Whether the body is a form, whose fields are texts as well.

        Returns:
            The values by input name, typed, defaults filled in, absent ones left out.

        Raises:
            Rejected: One fault for each input that is missing or of the wrong type.
        """
        values, faults = self._admitted(given, textual=True, form=form)
        if faults:
            raise Rejected(*faults)
        return values

    def admit_arguments(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The values of a tool call, whose arguments are JSON.

        Returns:
            The named values as for :meth:`admit_request`, and those of an open operation that are not named.

        Raises:
            Rejected: One fault for each argument that is missing, of the wrong type, or unknown.
        """
        named = {spec.name for spec in self.inputs if spec.path is None}
        found = {spec.name: spec.path(given) for spec in self.inputs if spec.path is not None}
        if found:
            by_name = {name: value for name, value in given.items() if name not in found}
            values, faults = self._admitted(by_name | present(found), textual=False)
        else:
            values, faults = self._admitted(given, textual=False)
        extras = {name: value for name, value in given.items() if name not in named}
        if extras and not self.open:
            faults += (Fault(name, _ARGUMENTS, f"unknown; {_known_names(self.inputs)}") for name in extras)
        if faults:
            raise Rejected(*faults)
        return values, extras

    def _admitted(
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
                if not is_null or spec.required:  # who gives null does not ask for the default
                    value = spec.default
            try:
                if value is not None:
                    is_text = textual and (form or place != "body")
                    value = read_as(value, spec.type) if is_text else _checked(value, spec.type)
                    values[spec.name] = value if spec.pattern is None else _matched(value, spec.pattern)
                elif spec.required:
                    faults.append(Fault(spec.name, place, "required, but not given"))
            except ValueError as error:
                faults.append(Fault(spec.name, place, str(error)))
        return values, faults


def present(found: Mapping[str, Any]) -> dict[str, Any]:
    """The values that paths into a body found, without those that were not there."""
    return {name: value for name, value in found.items() if value is not MISSING}


def _known_names(inputs: tuple[CheckedInput, ...]) -> str:
    names = [f"'{spec.name}'" for spec in inputs if spec.path is None]
    return "known: " + ", ".join(names) if names else "there are none"


def contract_schema(contract: Contract) -> dict[str, Any]:
    """A JSON Schema of a contract's inputs: an object, flat, without references."""
    named = [spec for spec in contract.inputs if spec.path is None]
    schema: dict[str, Any] = {"type": "object", "properties": {spec.name: _property(spec) for spec in named}}
    if required := [spec.name for spec in named if spec.required and spec.default is None]:
        schema["required"] = required
    schema["additionalProperties"] = contract.open
    return schema


def _property(spec: Input) -> dict[str, Any]:
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


def _checked(value: Any, kind: InputType | None) -> Any:
    """A JSON value of the declared type as it is, but for a whole number that is written as a fraction (``30.0``).

    Raises:
        ValueError: It has another type.
    """
    if kind == "binary":
        return file_of(value) if isinstance(value, str) else _file(value)
    if kind is None or _IS[kind](value):
        return _whole(repr(float(value))) if kind == "integer" and isinstance(value, float) else value
    raise ValueError(f"must be {_NAMES[kind]}")


def _file(value: Any) -> File:
    if isinstance(value, File):
        return value
    raise ValueError("must be base64 or a data: URL")


def _matched(value: Any, pattern: Pattern) -> Any:
    """A value whose text (that of each item of a list) matches.

    Raises:
        ValueError: It does not.
    """
    if all(pattern.matches(as_text(item)) for item in (value if isinstance(value, list) else [value])):
        return value
    raise ValueError(f"must match {pattern.text}")


def _is_number(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))


_IS: Final[dict[str, Callable[[Any], bool]]] = {
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


def read_as(value: Any, kind: InputType | None) -> Any:
    """A value from a URL, a header or a cookie as its declared type.

    Raises:
        ValueError: Its text is no such value.
    """
    if isinstance(value, list):
        if kind == "array":
            return value
        if len(value) == 1:
            value = value[0]
        elif kind is not None:
            raise ValueError("given more than once")
    if kind == "json" and isinstance(value, File):
        value = as_text(value)
    if kind in (None, "string", "binary") or not isinstance(value, str):
        return _checked(value, kind)
    return _READ[kind](value)


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return _whole(text)
    raise ValueError("must be a whole number")


def _whole(text: str) -> int:
    """The whole number that a fraction is, digit by digit: ``30.0``, ``3e1``."""
    number = Fraction(text)
    if number.denominator != 1:
        raise ValueError("must be a whole number")
    return number.numerator


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError("must be a number")
    return int(text) if _INTEGER.fullmatch(text) else _checked(parse_exact_float(text), "number")


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _object(text: str) -> Any:
    try:
        check_json_limits(text.encode(), REQUEST_VALUES_MAX, REQUEST_DEPTH_MAX)
        value = json_format.read(text.encode())
    except (ValueError, UnicodeEncodeError):
        raise ValueError("must be an object as JSON") from None
    return _checked(value, "object")


def _json(text: str) -> Any:
    try:
        return json_format.read(text.encode())
    except (ValueError, UnicodeEncodeError):
        raise ValueError("must be JSON") from None


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": lambda text: text.split(","),
    "object": _object,
    "json": _json,
}
