"""Links the declared inputs of exposed operations: types, patterns and fixed values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.contract.type_conversion import convert_text
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.link.term_substitution import compose
from naftiko_runtime.plan import Constant, Input, Term, freeze
from naftiko_runtime.rules.problems import DescribedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.document.parameters import ExposedParameter, ToolParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Place


def link_input(
    parameter: ExposedParameter | ToolParameter, name: str, place: Place, required: bool, context: Context
) -> Input:
    """Link a declared input. If its ``value`` is a JSONPath, it is read from the request's body."""
    path = _check_body_path(parameter, context)
    return Input(
        name=name,
        place=place if path is None else "body",
        type=parameter.type,
        required=required,
        default=freeze(parameter.default),
        description=parameter.description,
        pattern=_check_pattern(parameter, context),
        path=path,
    )


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


def _check_pattern(parameter: ExposedParameter | ToolParameter, context: Context) -> str | None:
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
