"""Checks for JSONPaths that return a list, in outputs that are not lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lint.define_check import make_check

if TYPE_CHECKING:
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject

_SINGLE: Final = frozenset({"string", "number", "integer", "boolean", "object"})
"""The types whose values are no lists."""

_TEXTS: Final = frozenset({"string", "number", "integer"})
"""The types of which ``first()`` gives the first value; of others it is applied to each value."""


def check_indefinite_paths(subject: Subject) -> None:
    """Report mappings by an indefinite path to a scalar or an object."""
    for _, exposed in subject.iter_operations():
        for output in exposed.output_parameters:
            _check_output(output, subject.context)


def _check_output(output: Output, context: Context) -> None:
    for inner in output.iter_inner():
        _check_output(inner, context)
    path, is_list = output.mapping, output.items is not None
    if isinstance(path, str) and output.value is None and output.type in _SINGLE and not is_list and _gives_list(path):
        statement = (
            rules.INDEFINITE_PATH_OF_TEXT(type=output.type, path=path)
            if output.type in _TEXTS
            else rules.INDEFINITE_PATH(type=output.type)
        )
        context.report(statement, output.get_path("mapping"))


def _gives_list(path: str) -> bool:
    try:
        return not compile_path(path).definite
    except JsonPathError:  # reported where the output is linked
        return False


CHECKS: Final = (make_check(check_indefinite_paths, rules.INDEFINITE_PATH),)
