"""Checks of the paths of REST servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.normalize import LATER_VERSIONS
from naftiko_runtime.exposes.rest.placeholders import list_placeholders
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.lint.define_check import make_expose_check
from naftiko_runtime.lint.select_parts import is_own
from naftiko_runtime.lint.style import check_slashes
from naftiko_runtime.source.edits import add_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.document.exposes import RestExpose, RestOperation, RestResource
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject

_IN_PATH: Final = (("in", "path"), ("type", "string"))


def list_operations(expose: RestExpose) -> Iterator[RestOperation]:
    """Return the operations of an expose, of all its resources."""
    return (operation for resource in expose.resources for operation in resource.operations)


def check_route_slashes(expose: RestExpose, subject: Subject) -> None:
    """Report paths that end with a slash, except those of imported exposes."""
    if is_own(expose, subject.context):
        check_slashes(expose.resources, rules.TRAILING_SLASH_OF_ROUTES, subject.context)


def check_placeholders(expose: RestExpose, subject: Subject) -> None:
    """Report placeholders that no input is declared for."""
    maps = subject.document.naftiko in LATER_VERSIONS
    for resource in expose.resources:
        _check_placeholders(resource, subject.context, maps=maps)


def _check_placeholders(resource: RestResource, context: Context, *, maps: bool) -> None:
    """Report the placeholders of a resource that no input is declared for.

    The last placeholder of a forward is no input. For a mock that does not use it, a declaration would be reported.
    Beside a path input without a placeholder, one of the two names is wrong: a declaration would not correct it.
    """
    source, key_path = context.source, resource.get_path("path")
    span = source.find_span(key_path)
    silent = resource.forward is not None or any(operation.call is None for operation in resource.operations)
    if silent or not resource.operations or span.file != source.file or "path" not in source.get(resource.get_path()):
        return
    names = list_placeholders(resource.path)
    if _find_displaced_inputs(resource, names):
        return
    shared = {fold_name(parameter.name) for parameter in resource.input_parameters}
    own = [{fold_name(p.name) for p in operation.input_parameters} for operation in resource.operations]
    missing = [name for name in names if not all(fold_name(name) in shared | declared for declared in own)]
    fix = add_parameters(source, resource.get_path(), missing, _IN_PATH, maps=maps)
    for name in missing:
        context.findings.report(rules.UNLISTED_PLACEHOLDER(name=name), span, part=key_path, fix=fix)


def _find_displaced_inputs(resource: RestResource, names: list[str]) -> set[str]:
    """Return the path inputs without a placeholder, as folded names."""
    levels: tuple[RestResource | RestOperation, ...] = (resource, *resource.operations)
    inputs = (parameter for level in levels for parameter in level.input_parameters)
    return {fold_name(p.name) for p in inputs if p.in_ == "path"} - {fold_name(name) for name in names}


CHECKS: Final = (
    make_expose_check(check_route_slashes, rules.TRAILING_SLASH),
    make_expose_check(check_placeholders, rules.UNLISTED_PLACEHOLDER, occasion="fix"),
)
