"""Translates the validator's errors to deviations with messages for authors and exact places.

If a schema allows several shapes, the deviations are those from the most likely shape.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from jsonschema_rs import ValidationErrorKind as Kind
from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.rules import helps, nouns
from naftiko_runtime.strict.key_messages import (
    describe_excluded_key,
    describe_missing_key,
    describe_unknown_key,
    guess_meant_keys,
)
from naftiko_runtime.strict.value_messages import describe_form, describe_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jsonschema_rs import ValidationError

    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import KeyPath
    from naftiko_runtime.strict.official_schemas import Schema

_LARGEST_FRACTION: Final = 2.0**52 - 0.5


class Deviation(Struct, frozen=True):
    """One deviation of a document from a schema.

    Attributes:
        statement: What is wrong.
        advice: What the schema accepts there.
        key_path: The path.
        key: Whether the key is wrong, and not its value.
        missing: Whether the key is missing.
    """

    statement: Statement
    advice: Advice | None
    key_path: KeyPath
    key: bool = False
    missing: bool = False


class _Error(Struct, frozen=True):
    """An error of the validator.

    Attributes:
        error: The error.
        part: The part of the schema that contains the keyword.
        place: Where the value is.
        value: The value. Its numbers keep their spelling.
    """

    error: ValidationError
    part: Any
    place: KeyPath
    value: Any


def find_deviations(schema: Schema, data: Any) -> list[Deviation]:
    """Return the deviations of a value from a schema. Empty if it conforms.

    Args:
        schema: The schema.
        data: The value. Its numbers may keep their spelling.
    """
    plain = _convert_to_json(data)
    if schema.validator.is_valid(plain):
        return []
    return list(_Translator(schema, data).translate(schema.validator.iter_errors(plain)))


class _Translator:
    """Translates the errors of one value."""

    def __init__(self, schema: Schema, data: Any) -> None:
        self._schema = schema
        self._data = data

    def translate(self, errors: Iterable[ValidationError]) -> Iterator[Deviation]:
        """Return one deviation for each key and value. A value of the wrong type has no other deviations."""
        located = [self._locate(error) for error in errors]
        located.sort(
            key=lambda found: isinstance(found.error.kind, Kind.Required)
        )  # a misspelt key before a missing one
        mistyped = {found.place for found in located if isinstance(found.error.kind, Kind.Type)}
        deviations: dict[tuple[KeyPath, bool], Deviation] = {}
        unions = []
        for found in located:
            if found.place in mistyped and not isinstance(found.error.kind, Kind.Type):
                continue
            if isinstance(found.error.kind, Kind.AnyOf | Kind.OneOfNotValid | Kind.OneOfMultipleValid):
                unions.append((found, found.error.kind.context))
                continue
            for deviation in self._translate_error(found):
                deviations.setdefault((deviation.key_path, deviation.key), deviation)
        yield from deviations.values()
        places = {deviation.key_path for deviation in deviations.values()}
        for union, tried in unions:
            for deviation in self._translate_union(union, tried):
                if deviation.key_path not in places:
                    yield deviation

    def _locate(self, error: ValidationError) -> _Error:
        """Return an error with its place. The validator gives keys like ``200`` and ``+05`` as numbers."""
        key_path: list[str | int] = []
        value = self._data
        for step in error.instance_path:
            key = step
            if isinstance(step, int) and isinstance(value, dict):
                alike = [key for key in value if key.removeprefix("+").isdecimal() and int(key) == step]
                key = str(step) if str(step) in alike else alike[0]
            key_path.append(key)
            value = value[key]
        return _Error(error, self._schema.get_part(error.schema_path[:-1]), tuple(key_path), value)

    def _translate_error(self, found: _Error) -> Iterator[Deviation]:
        """Yield the deviations of one error that is not about a choice of shapes."""
        place, part, value = found.place, found.part, found.value
        match found.error.kind:
            case Kind.AdditionalProperties():
                for key, meant in guess_meant_keys(part, value).items():
                    yield Deviation(*describe_unknown_key(key, meant, part), (*place, key), key=True)
            case Kind.Required(key):
                if key not in guess_meant_keys(part, value).values():
                    yield Deviation(*describe_missing_key(key, self._schema, part, value), (*place, key), missing=True)
            case Kind.PropertyNames(error):
                key, form = str(error.instance), describe_form(self._schema.get_part(error.schema_path[:-1]))
                yield Deviation(rules.NON_STANDARD_NAME(key=key), helps.TAKES(form=form), (*place, key), key=True)
            case Kind.Not():
                other, key = part["not"]["required"]
                yield Deviation(*describe_excluded_key(key, other), (*place, key), key=True)
            case Kind.FalseSchema():
                other = self._name_condition(found.error.schema_path)
                yield Deviation(*describe_excluded_key(str(place[-1]), other), place, key=True)
            case kind:
                yield Deviation(*describe_value(kind, nouns.name_part(place), part, value), place)

    def _translate_union(self, found: _Error, tried: list[list[ValidationError]]) -> Iterator[Deviation]:
        """Return the deviations of a mapping from the most likely combination of keys.

        Args:
            found: The error that none, or more than one, of the allowed combinations fits.
            tried: The errors of each combination.
        """
        place, part, value = found.place, found.part, found.value
        branches = part[found.error.schema_path[-1]]
        # The validator lists the errors of each branch, in the order of the schema.
        combinations = [(_find_sign(branch, branches), errors) for branch, errors in zip(branches, tried, strict=True)]
        fitting = [str(sign) for sign, errors in combinations if not errors]
        meant = [errors for sign, errors in combinations if sign in value and not _is_about(errors, sign, len(place))]
        likely = [*meant, *(errors for sign, errors in combinations if sign is None)]
        if fitting:
            for key in fitting[1:]:
                yield Deviation(*describe_excluded_key(key, fitting[0], describe_form(part)), (*place, key), key=True)
        elif likely:
            yield from self.translate(likely[0])
        else:
            statement = rules.NON_STANDARD_KEYS(part=nouns.name_part(place), needs=describe_form(part))
            yield Deviation(statement, None, place)

    def _name_condition(self, path: Sequence[str | int]) -> str:
        """Return the key that excludes another key, by the path of the ``false`` that forbids it."""
        *above, step = path[:-2]
        if step == "then":
            ((key, narrower),) = self._schema.get_part(above)["if"]["properties"].items()
            return f"{key}: {narrower['const']}"
        return str(_find_sign(self._schema.get_part(path[:-2]), self._schema.get_part(above)))


def _find_sign(branch: Any, branches: Sequence[Any]) -> str | None:
    """Return the key that identifies a combination: the first that no other combination requires."""
    others = {key for other in branches if other is not branch for key in other.get("required", ())}
    return next((key for key in branch.get("required", ()) if key not in others), None)


def _is_about(errors: Iterable[ValidationError], key: str | None, depth: int) -> bool:
    """Return whether an error is about a key of the part at this depth."""
    return any(key in error.instance_path[depth:][:1] for error in errors)


def _convert_to_json(value: Any) -> Any:
    """Return a value of JSON's own types, as the validator wants them.

    JSON has no infinity and no NaN. They become fractions with the same result in every schema.
    """
    match value:
        case dict():
            return {key: _convert_to_json(item) for key, item in value.items()}
        case list():
            return [_convert_to_json(item) for item in value]
        case bool() | str() | None:
            return value
        case int():
            return int(value)
        case _ if math.isinf(value):
            return math.copysign(_LARGEST_FRACTION, value)
        case _:
            return 0.5 if math.isnan(value) else float(value)
