"""Reports JSONPaths that name a field of a list, and so find nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.source import KeyPath

_ROOT: Final = "$"


def check_outputs_of_list(outputs: Iterable[Output], items: str, context: Context) -> None:
    """Report the outputs of a list that name a field of it.

    Args:
        outputs: The outputs.
        items: The JSONPath of the list in each page that it is read from.
        context: The linking run.
    """
    for output in outputs:
        if output.value is not None or output.const is not None:
            continue
        if isinstance(output.mapping, str):
            check_path_into_list(output.mapping, output.get_path("mapping"), items, context)
        elif output.properties and output.mapping is None:
            check_outputs_of_list(output.properties.values(), items, context)


def check_path_into_list(path: str, place: KeyPath, items: str, context: Context, prefix: str = _ROOT) -> None:
    """Report a path into a list that names a field of it.

    Args:
        path: The path. An invalid one is reported elsewhere.
        place: Where it is written.
        items: The JSONPath of the list in each page that it is read from; ``$`` if it is read otherwise.
        context: The linking run.
        prefix: What is written for the list.
    """
    try:
        name = compile_path(path).first_field
    except JsonPathError:
        return
    if name is None:
        return
    rest = path.removeprefix(_ROOT)
    if rest[0] not in ".[":
        rest = f".{rest}"
    inside = rest.removeprefix(items.removeprefix(_ROOT)) if items != _ROOT else rest
    is_page = inside != rest and inside[:1] in ("", ".", "[")
    meant = f"{prefix}{inside}" if is_page else f"{prefix}[*]{rest}"
    context.report(rules.FIELD_OF_LIST(name=name, meant=meant), place)
