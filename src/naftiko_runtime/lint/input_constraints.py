"""Checks for constraints of inputs that allow nothing, have no effect, or are not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.contract.type_conversion import check_type
from naftiko_runtime.document.parameters import InputItems, Parameter, ValueConstraints
from naftiko_runtime.document.walk import walk_parts
from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.link.declared_inputs import find_unfit_examples, infer_type
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.plan import freeze, thaw
from naftiko_runtime.rules import helps, nouns
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.suggest import find_closest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.contract import text_formats
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.model.part import InputType
else:
    text_formats = import_lazily("naftiko_runtime.contract.text_formats")

_NUMBERS: Final = ("integer", "number", "json")
_TEXTS: Final = ("string", "json", None)
_TAKEN_BY: Final[tuple[tuple[str, tuple[InputType | None, ...], tuple[str, ...]], ...]] = (
    ("minimum", _NUMBERS, ("integer", "number")),
    ("maximum", _NUMBERS, ("integer", "number")),
    ("min_length", _TEXTS, ("string",)),
    ("max_length", _TEXTS, ("string",)),
    ("items", ("array", "json"), ("array",)),
)
"""Keys, the types of inputs on which they have an effect, and those to recommend."""
_SHOWN_CHARACTERS: Final = 80


def check_constraints(subject: Subject) -> None:
    """Report constraints that cannot be meant."""
    for part in _iter_constrained(subject):
        _check_constraints(part, subject.context)


def check_formats(subject: Subject) -> None:
    """Report formats that are not checked."""
    for part in _iter_constrained(subject):
        if part.format is not None and part.format not in text_formats.EXAMPLES:
            close = find_closest(part.format, text_formats.EXAMPLES)
            advice = helps.DID_YOU_MEAN(suggestion=close) if close else None
            subject.context.report(rules.UNCHECKED_FORMAT(format=part.format), part.get_path("format"), advice)


def _iter_constrained(subject: Subject) -> Iterator[ValueConstraints]:
    for part in walk_parts(subject.document):
        if isinstance(part, ValueConstraints) and part.model_fields_set & ValueConstraints.model_fields.keys():
            yield part


def _check_constraints(part: ValueConstraints, context: Context) -> None:
    kind = _find_type(part)
    for name, types, wanted in _TAKEN_BY:
        if getattr(part, name) is not None and kind not in types:
            key = type(part).model_fields[name].alias
            noun = nouns.VALUE_OF_TYPE(type=kind) if kind else nouns.VALUE_WITHOUT_TYPE()
            advice = helps.WRITE_TYPE(types=wanted)
            context.report(rules.NO_EFFECT_CONSTRAINT(key=key, value=noun), part.get_path(key), advice, key=True)
    _check_bounds(part, "minimum", "maximum", context)
    _check_bounds(part, "min_length", "max_length", context)
    _check_enum(part, kind, context)
    _check_format(part, kind, context)
    _check_examples(part, kind, context)


def _find_type(part: ValueConstraints) -> InputType | None:
    match part:
        case Parameter() | InputItems():
            return part.type or infer_type(part.enum)
        case _:  # the argument of a prompt
            return "string"


def _check_bounds(part: ValueConstraints, lower: str, upper: str, context: Context) -> None:
    least, most = getattr(part, lower), getattr(part, upper)
    if least is None or most is None or least <= most:
        return
    fields = type(part).model_fields
    lower, upper = fields[lower].alias, fields[upper].alias
    statement = rules.INVALID_VALUE_BOUNDS(lower=lower, upper=upper, least=format_text(least), most=format_text(most))
    context.report(statement, part.get_path(lower))


def _check_enum(part: ValueConstraints, kind: InputType | None, context: Context) -> None:
    if part.enum is None:
        return
    if not part.enum:
        context.report(rules.INVALID_VALUE_ENUM_EMPTY(), part.get_path("enum"), key=True)
    for number, value in enumerate(part.enum):
        try:
            check_type(_make_plain(value), kind)
        except DescribedError as error:
            shown = _show(value)
            quoted = kind == "string" and not isinstance(value, dict | list) and value is not None
            advice = helps.QUOTE(text=shown) if quoted else None
            statement = rules.INVALID_VALUE_ENUM(value=shown, problem=error.problem)
            context.report(statement, part.get_path("enum", number), advice)


def _check_format(part: ValueConstraints, kind: InputType | None, context: Context) -> None:
    if part.format in text_formats.EXAMPLES and kind is not None and kind not in _TEXTS:
        statement = rules.NO_EFFECT_CONSTRAINT(key="format", value=nouns.VALUE_OF_TYPE(type=kind))
        context.report(statement, part.get_path("format"), helps.WRITE_TYPE(types=("string",)))


def _check_examples(part: ValueConstraints, kind: InputType | None, context: Context) -> None:
    for number, problem in find_unfit_examples(part, kind).items():
        statement = rules.NO_EFFECT_EXAMPLE(value=_show(part.examples[number]), problem=problem)
        context.report(statement, part.get_path("examples", number))


def _make_plain(value: Any) -> Any:
    return thaw(freeze(value))


def _show(value: Any) -> str:
    return format_text(_make_plain(value))[:_SHOWN_CHARACTERS]


CHECKS: Final = (
    make_check(check_constraints, rules.INVALID_VALUE, rules.NO_EFFECT, occasion="always"),
    make_check(check_formats, rules.UNCHECKED_FORMAT),
)
