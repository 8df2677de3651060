"""Links the pagination of consumed operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.link.credentials import is_set_by_authentication
from naftiko_runtime.plan import Pagination
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from naftiko_runtime.document.consumes import ConsumedOperation, DeclaredPagination
    from naftiko_runtime.document.parameters import ConsumedParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Upstream


def link_pagination(
    operation: ConsumedOperation, parameters: tuple[ConsumedParameter, ...], upstream: Upstream, context: Context
) -> Pagination | None:
    """Link the pagination of an operation; None without one, or if it is invalid, which is reported.

    Args:
        operation: The consumed operation.
        parameters: Its parameters.
        upstream: Its API.
        context: The linking run.
    """
    declared = operation.pagination
    if declared is None:
        return None
    valid = _check_operation(operation, context)
    valid &= _check_end(declared, context)
    valid &= _check_path(declared, "items", declared.items, context)
    valid &= _check_path(declared, "next", declared.next, context)
    if declared.parameter is not None and declared.type != "link":
        valid &= _check_parameter(declared, declared.parameter, parameters, upstream, context)
    _report_unused(declared, context)
    if not valid:
        return None
    start = declared.start if declared.start is not None else int(declared.type == "page")
    return Pagination(
        declared.type,
        declared.max_pages,
        declared.max_bytes,
        declared.items,
        declared.parameter or "",
        declared.next,
        start,
        declared.max_items,
    )


def _check_operation(operation: ConsumedOperation, context: Context) -> bool:
    """Report an operation that is not safe to repeat, or whose pages are not JSON."""
    key_path = operation.get_path("pagination")
    if operation.method != "GET":
        context.report(rules.INVALID_VALUE_PAGINATION_METHOD(method=operation.method), key_path, key=True)
    elif operation.output_raw_format != "json":
        context.report(rules.INVALID_VALUE_PAGINATION_FORMAT(format=operation.output_raw_format), key_path, key=True)
    else:
        return True
    return False


def _check_end(declared: DeclaredPagination, context: Context) -> bool:
    """Report pages of which nothing says which one is next."""
    if declared.type != "link" and not declared.parameter:
        context.report(rules.ENDLESS_PAGINATION(type=declared.type), declared.get_path("type"))
        return False
    if declared.type == "cursor" and declared.next is None:
        context.report(rules.ENDLESS_PAGINATION_CURSOR(), declared.get_path("type"))
        return False
    return True


def _check_path(declared: DeclaredPagination, key: str, path: str | None, context: Context) -> bool:
    """Report a path that is invalid, or that gives a list of all that it finds."""
    if path is None:
        return True
    key_path = declared.get_path(key)
    try:
        definite = compile_path(path).definite
    except JsonPathError as error:
        context.report(rules.JSONPATH(problem=error.problem), key_path)
        return False
    if not definite:
        context.report(rules.INVALID_VALUE_PAGINATION_PATH(path=path, key=key), key_path)
    return definite


def _check_parameter(
    declared: DeclaredPagination,
    name: str,
    parameters: tuple[ConsumedParameter, ...],
    upstream: Upstream,
    context: Context,
) -> bool:
    """Report a parameter that something else sets too."""
    own = next((one for one in parameters if one.in_ == "query" and one.name.lower() == name.lower()), None)
    if own is not None:
        context.report(rules.INVALID_VALUE_PAGINATION_INPUT(name=name), own.get_path("name"), helps.REMOVE())
    is_set = is_set_by_authentication("query", name, upstream.credential)
    if is_set:
        context.report(rules.INVALID_VALUE_PAGINATION_KEY(name=name), declared.get_path("parameter"))
    return own is None and not is_set


def _report_unused(declared: DeclaredPagination, context: Context) -> None:
    """Report keys that have no effect with the type."""
    unused = {"link": ("parameter", "start"), "cursor": ("start",)}.get(declared.type, ("next",))
    for key in unused:
        if getattr(declared, key) is not None:
            context.report(rules.NO_EFFECT_PAGINATION(key=key, type=declared.type), declared.get_path(key), key=True)
