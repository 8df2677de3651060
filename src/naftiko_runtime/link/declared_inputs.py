"""Links the declared inputs of exposed operations: types, patterns and fixed values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.contract.type_conversion import check_type, convert_text
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.link.term_substitution import compose
from naftiko_runtime.plan import Constant, Constraints, Input, Items, Term, freeze, thaw
from naftiko_runtime.rules.message_clauses import DescribedError, describe_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.contract import constraints
    from naftiko_runtime.contract.constraints import ValueCheck
    from naftiko_runtime.document.parameters import ExposedParameter, InputItems, ToolParameter, ValueConstraints
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.model.part import InputType
    from naftiko_runtime.plan import Frozen, Place
    from naftiko_runtime.rules import NounPhrase, Statement
else:
    constraints = import_lazily("naftiko_runtime.contract.constraints")

_NO_CONSTRAINTS: Final = Constraints()


def link_input(
    parameter: ExposedParameter | ToolParameter, name: str, place: Place, required: bool, context: Context
) -> Input:
    """Link a declared input. If its ``value`` is a JSONPath, it is read from the request's body."""
    path = _check_body_path(parameter, context)
    kind = parameter.type or infer_type(parameter.enum)
    _check_patterns_of_items(parameter, context)
    return Input(
        name=name,
        place=place if path is None else "body",
        type=kind,
        required=required,
        default=freeze(parameter.default),
        description=parameter.description,
        pattern=check_pattern(parameter, context),
        path=path,
        constraints=make_constraints(parameter),
        examples=_link_examples(parameter, kind),
    )


def infer_type(values: Iterable[object] | None) -> InputType | None:
    """Return the type that numbers or booleans under ``enum`` imply. None if they imply none, as texts do."""
    types = {type(value) for value in values or ()}
    if types == {bool}:
        return "boolean"
    if not types or any(not issubclass(one, int | float) or one is bool for one in types):
        return None
    return "integer" if all(issubclass(one, int) for one in types) else "number"


def make_constraints(part: ValueConstraints) -> Constraints | None:
    """Return the constraints of an input, or of the items of one. None if it has none."""
    linked = Constraints(
        enum=tuple(map(freeze, part.enum or ())),
        minimum=freeze(part.minimum),
        maximum=freeze(part.maximum),
        min_length=part.min_length,
        max_length=part.max_length,
        format=part.format,
        items=None if part.items is None else _make_items(part.items),
    )
    return None if linked == _NO_CONSTRAINTS else linked


def _make_items(part: InputItems) -> Items:
    kind = part.type or infer_type(part.enum)
    return Items(
        type=kind,
        pattern=part.pattern,
        description=part.description,
        constraints=make_constraints(part),
        examples=_link_examples(part, kind),
    )


def compile_declared_check(part: ValueConstraints, name: str, kind: InputType | None) -> ValueCheck | None:
    """Compile what an input allows. None if that is every value of its type, or if a pattern does not compile.

    Args:
        part: The input, or the items of one.
        name: The name of the input.
        kind: The type of its values.
    """
    declared = make_constraints(part)
    if part.pattern is None and declared is None:
        return None
    from naftiko_runtime.regex import PatternError  # noqa: PLC0415 - few documents have constraints

    try:
        return constraints.compile_check(Items(kind, part.pattern, None, declared), name)
    except PatternError:  # reported where the input is linked
        return None


def find_unfit_examples(part: ValueConstraints, kind: InputType | None) -> dict[int, NounPhrase | Statement | str]:
    """Find the examples that the input itself rejects: what is wrong with each, by its number."""
    if not part.examples:
        return {}
    check = compile_declared_check(part, "", kind)
    unfit: dict[int, NounPhrase | Statement | str] = {}
    for number, value in enumerate(part.examples):
        try:
            found = check_type(thaw(freeze(value)), kind)
            if check is not None:
                check.check(found, check_type)
        except ValueError as error:
            unfit[number] = describe_problem(error)
    return unfit


def _link_examples(part: ValueConstraints, kind: InputType | None) -> tuple[Frozen, ...]:
    """Return the examples that fit. The others are reported as having no effect."""
    unfit = find_unfit_examples(part, kind)
    return tuple(freeze(value) for number, value in enumerate(part.examples) if number not in unfit)


def _check_patterns_of_items(part: ValueConstraints, context: Context) -> None:
    if part.items is not None:
        check_pattern(part.items, context)
        _check_patterns_of_items(part.items, context)


def link_arguments(parameters: Iterable[ToolParameter], context: Context) -> tuple[dict[str, Input], dict[str, Term]]:
    """Link inputs without places: the inputs, and their fixed values, by name. The last one of a name counts."""
    by_name = {p.name: p for p in parameters}
    inputs = {p.name: link_input(p, p.name, "body", p.required is not False, context) for p in by_name.values()}
    return inputs, link_fixed_values(by_name.values(), inputs, context)


def _is_path(value: str | None) -> bool:
    return value is not None and (value == "$" or value.startswith(("$.", "$[")))


def _check_body_path(parameter: ExposedParameter | ToolParameter, context: Context) -> str | None:
    if parameter.value is None or not _is_path(parameter.value):
        return None
    try:
        compile_path(parameter.value)
    except JsonPathError as error:
        context.report(rules.JSONPATH(problem=error.problem), parameter.get_path("value"))
        return None
    return parameter.value


def check_pattern(parameter: ValueConstraints, context: Context) -> str | None:
    """Return the pattern of an input. None if it has none, or if it does not compile, which is reported."""
    if parameter.pattern is None:
        return None
    from naftiko_runtime.regex import PatternError, compile_pattern  # noqa: PLC0415 - few documents have patterns

    try:
        compile_pattern(parameter.pattern)
    except PatternError as error:
        context.report(rules.PATTERN(problem=str(error)), parameter.get_path("pattern"))
        return None
    return parameter.pattern


def link_fixed_values(
    parameters: Iterable[ExposedParameter | ToolParameter], names: Iterable[str], context: Context
) -> dict[str, Term]:
    """Link the inputs that the document gives a value, by name: constants, or templates of variables."""
    fixed: dict[str, Term] = {}
    for parameter, name in zip(parameters, names, strict=False):
        if parameter.value is not None and not _is_path(parameter.value):
            fixed.setdefault(name, _link_fixed_value(parameter, parameter.value, context))
    return fixed


def _link_fixed_value(parameter: ExposedParameter | ToolParameter, text: str, context: Context) -> Term:
    key_path = parameter.get_path("value")
    term = compose((context.link_secret_text(text, key_path),))
    if not isinstance(term, Constant) or parameter.type == "binary":
        return term
    try:
        return Constant(freeze(convert_text(term.value, parameter.type)))
    except DescribedError as error:
        context.report(rules.INVALID_VALUE_FIXED(name=parameter.name, problem=error.problem), key_path)
        return term
