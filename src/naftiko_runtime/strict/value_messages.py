"""Messages for a value that a keyword of a schema rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.rules import Noun, helps, nouns
from naftiko_runtime.source import format_as_written
from naftiko_runtime.suggest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonschema_rs import ValidationErrorKind

    from naftiko_runtime.rules import Advice, NounPhrase, Statement

_SHOWN_MAX: Final = 60
_TYPES: Final[tuple[tuple[type, str], ...]] = (
    *((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object")),
)
_NAMES: Final = {
    "string": nouns.TEXT,
    "boolean": nouns.FLAG,
    "integer": nouns.WHOLE_NUMBER,
    "number": nouns.NUMBER,
    "array": nouns.LIST,
    "object": nouns.MAPPING,
}
"""The names of JSON's types in messages."""


def describe_value(
    kind: ValidationErrorKind, name: NounPhrase, part: Any, value: Any
) -> tuple[Statement, Advice | None]:
    """Return what is wrong with a value, and what is accepted instead.

    Args:
        kind: The keyword.
        name: The name of the value.
        part: The part of the schema that contains the keyword.
        value: The value.
    """
    match kind.name:
        case "type":
            return _describe_type([part["type"]] if isinstance(part["type"], str) else part["type"], name, value)
        case "enum" | "const":
            return _describe_refused(name, value), advise_words(value, part)
        case "pattern":
            return _describe_refused(name, value), helps.TAKES(form=describe_form(part))
        case "minimum" | "maximum":
            low, high = part["minimum"], part.get("maximum")
            advice = helps.TAKES_FROM(low=low) if high is None else helps.TAKES_BETWEEN(low=low, high=high)
            return rules.NON_STANDARD_NUMBER(part=name, value=format_as_written(value)), advice
        case keyword:
            return _describe_size(keyword, name, part), None


def describe_form(part: Any) -> NounPhrase:
    """Return what a schema says about the form of a value: the description of a part is a noun of our own."""
    return Noun(part["description"])()


def advise_words(value: str, part: Any) -> Advice:
    """Return the advice for a wrong word: a similar allowed word, or all allowed words."""
    words = [part["const"]] if "const" in part else part["enum"]
    if len(words) == 1:
        return helps.TAKES_WORD(word=words[0])
    meant = find_nearest(value, words)
    return helps.DID_YOU_MEAN(suggestion=meant) if meant else helps.TAKES_ONE_OF(words=tuple(words))


def _describe_type(types: Sequence[str], name: NounPhrase, value: Any) -> tuple[Statement, Advice | None]:
    wanted = nouns.join_or([_NAMES[name]() for name in types])
    actual = next((name for kind, name in _TYPES if isinstance(value, kind)), None)
    if actual is None:
        return rules.NON_STANDARD_NO_VALUE(part=name, wanted=wanted), helps.GIVE_VALUE()
    fraction = types == ["integer"] and actual == "number"
    noun = nouns.FRACTION if fraction else _NAMES[actual]
    found = rules.NON_STANDARD_TYPE(part=name, wanted=wanted, found=noun())
    match types:
        case ["string"] if not isinstance(value, list | dict):
            return found, helps.QUOTE(text=str(value).lower() if isinstance(value, bool) else format_as_written(value))
        case ["array"]:
            return found, helps.LIST_ENTRIES()
        case ["object"]:
            return found, helps.MAPPING_LINES()
        case _:
            return found, None


def _describe_refused(name: NounPhrase, value: str) -> Statement:
    if len(value) > _SHOWN_MAX or not value.isprintable():
        return rules.NON_STANDARD_THIS_VALUE(part=name)
    return rules.NON_STANDARD_VALUE(part=name, value=value)


def _describe_size(keyword: str, name: NounPhrase, part: Any) -> Statement:
    match keyword:
        case "minLength":
            return rules.NON_STANDARD_EMPTY(part=name)
        case "maxLength":
            return rules.NON_STANDARD_TOO_LONG(part=name, limit=part["maxLength"])
        case "minItems" | "minProperties":
            return rules.NON_STANDARD_NO_ENTRY(part=name)
        case _:
            raise NotImplementedError(f"no message for the keyword '{keyword}'")
