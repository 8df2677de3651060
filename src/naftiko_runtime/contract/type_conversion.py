"""Checks the types of JSON values, and converts text to them."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.file_value import File, decode_file
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.limits import REQUEST_DEPTH_MAX, REQUEST_VALUES_MAX
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.source import parse_exact_float

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.formats import json as json_format
    from naftiko_runtime.model.part import InputType
    from naftiko_runtime.regex import Pattern
else:
    json_format = import_lazily("naftiko_runtime.formats.json")

_INTEGER: Final = compile_lazily(r"-?[0-9]{1,400}")
_NUMBER: Final = compile_lazily(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,3})?")


class WrongTypeError(DescribedError):
    """A value has another type than declared. It says what the value must be, and not what it is."""

    @property
    def is_of_parts(self) -> bool:
        """Return whether the value must be an object or JSON."""
        return self.problem.template in (message_clauses.MUST_BE_JSON_OBJECT, message_clauses.MUST_BE_JSON)


def check_type(value: Any, kind: InputType | None) -> Any:
    """Check the type of a JSON value. A whole number with a fraction (``30.0``) becomes an int.

    Raises:
        DescribedError: It has another type.
    """
    if kind == "binary":
        return decode_file(value) if isinstance(value, str) else _check_file(value)
    if kind is None or _HAS_TYPE[kind](value):
        return _parse_whole(repr(float(value))) if kind == "integer" and isinstance(value, float) else value
    raise WrongTypeError(_MUST_BE[kind]())


def check_argument(value: Any, kind: InputType | None) -> Any:
    """Check the type of an argument of a tool, as :func:`check_type` does.

    A text for a number or a boolean is converted, because models write both: ``"5"`` is 5, ``"true"`` is true.

    Raises:
        DescribedError: It has another type.
    """
    if isinstance(value, str) and kind in _WRITTEN_AS_TEXT:
        return _PARSE[kind](value)
    return check_type(value, kind)


def _check_file(value: Any) -> File:
    if isinstance(value, File):
        return value
    raise WrongTypeError(message_clauses.MUST_BE_FILE())


def check_pattern(value: Any, pattern: Pattern) -> Any:
    """Check the text of a value, or of each item of a list.

    Raises:
        DescribedError: It does not match.
    """
    if all(pattern.matches(format_text(item)) for item in (value if isinstance(value, list) else [value])):
        return value
    raise DescribedError(message_clauses.MUST_MATCH(pattern=pattern.text))


def _is_number(value: object) -> TypeGuard[float]:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))


_HAS_TYPE: Final[dict[str, Callable[[object], bool]]] = {
    "string": lambda value: isinstance(value, (str, File)),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value % 1 == 0,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "json": lambda _: True,
}
_MUST_BE: Final = {
    "string": message_clauses.MUST_BE_TEXT,
    "number": message_clauses.MUST_BE_NUMBER,
    "integer": message_clauses.MUST_BE_WHOLE,
    "boolean": message_clauses.MUST_BE_FLAG,
    "array": message_clauses.MUST_BE_LIST,
    "object": message_clauses.MUST_BE_OBJECT,
}


def convert_text(value: Any, kind: InputType | None) -> Any:
    """Convert text from a URL, a header or a cookie to a declared type.

    Raises:
        DescribedError: The text is not a value of the type; the message says what it must be.
    """
    if isinstance(value, list):
        if kind == "array":
            return value
        if len(value) == 1:
            value = value[0]
        elif kind is not None:
            raise DescribedError(message_clauses.GIVEN_TWICE())
    if kind == "json" and isinstance(value, File):
        value = format_text(value)
    if kind in (None, "string", "binary") or not isinstance(value, str):
        return check_type(value, kind)
    return _PARSE[kind](value)


def _parse_integer(text: str) -> int:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return _parse_whole(text)
    raise WrongTypeError(message_clauses.MUST_BE_WHOLE())


def _parse_whole(text: str) -> int:
    """Parse a whole number that is written with a fraction or an exponent, exactly: ``30.0``, ``3e1``."""
    number = Fraction(text)
    if number.denominator != 1:
        raise WrongTypeError(message_clauses.MUST_BE_WHOLE())
    return number.numerator


def _parse_number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise WrongTypeError(message_clauses.MUST_BE_NUMBER())
    return int(text) if _INTEGER.fullmatch(text) else check_type(parse_exact_float(text), "number")


def _parse_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise WrongTypeError(message_clauses.MUST_BE_FLAG())
    return text == "true"


def _parse_object(text: str) -> Any:
    try:
        check_json_limits(text.encode(), REQUEST_VALUES_MAX, REQUEST_DEPTH_MAX)
        value = json_format.parse_regular(text.encode())
    except (ValueError, UnicodeEncodeError):
        raise WrongTypeError(message_clauses.MUST_BE_JSON_OBJECT()) from None
    return check_type(value, "object")


def _parse_json(text: str) -> Any:
    try:
        return json_format.parse_regular(text.encode())
    except (ValueError, UnicodeEncodeError):
        raise WrongTypeError(message_clauses.MUST_BE_JSON()) from None


_WRITTEN_AS_TEXT: Final = frozenset({"integer", "number", "boolean"})
_PARSE: Final[dict[str, Callable[[str], object]]] = {
    "integer": _parse_integer,
    "number": _parse_number,
    "boolean": _parse_boolean,
    "array": lambda text: text.split(","),
    "object": _parse_object,
    "json": _parse_json,
}
