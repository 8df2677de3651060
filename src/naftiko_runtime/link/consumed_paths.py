"""Links the path of a consumed operation: splits it, and gives its placeholders the names of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.link.reference_syntax import Words
from naftiko_runtime.rules import helps
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import suggest
from naftiko_runtime.template import Placeholder, split_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.document.consumes import ConsumedOperation, ConsumedResource
    from naftiko_runtime.document.parameters import ConsumedParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Advice
    from naftiko_runtime.source import KeyPath


def link_path(resource: ConsumedResource, context: Context) -> tuple[str | Placeholder, ...]:
    """Split the path of a resource; one that cannot be split is reported, and is a literal."""
    return _split(resource.path, resource.get_path("path"), context)


def link_own_path(
    resource: ConsumedResource, operation: ConsumedOperation, context: Context
) -> tuple[str | Placeholder, ...]:
    """Split an operation's own path (not in the specification); append a relative one to the resource's."""
    key_path, own = operation.get_path("path"), operation.path or ""
    context.report(rules.NON_STANDARD_KEY_PATH(), key_path, key=True)
    return _split(own if own.startswith("/") else f"{resource.path.rstrip('/')}/{own}", key_path, context)


def _split(text: str, key_path: KeyPath, context: Context) -> tuple[str | Placeholder, ...]:
    try:
        path = split_path(text)
    except DescribedError as error:
        context.report(rules.PATH(problem=error.problem), key_path)
        return (text,)
    if any(isinstance(piece, str) and "#" in piece for piece in path):
        context.report(rules.PATH_FRAGMENT(), key_path)
    return _resolve_placeholders(path, text, key_path, context)


def _resolve_placeholders(
    path: tuple[str | Placeholder, ...], text: str, key_path: KeyPath, context: Context
) -> tuple[str | Placeholder, ...]:
    """Replace references in placeholders by the names of the inputs."""
    spaces = context.namespaces
    words = Words((*spaces.exposed, *spaces.aggregates), (), (), lambda _: False)
    pieces: list[str | Placeholder] = []
    for piece in path:
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        reference = words.read(piece.name, braced=True) if "." in piece.name else None
        name = reference.name if reference is not None and reference.kind == "input" else piece.name
        before = pieces[-1] if pieces else ""
        if isinstance(before, str) and before.endswith("/$") and f"${{{piece.name}}}" in text:
            pieces[-1] = before[:-1]
            context.report_form(f"${{{piece.name}}}", f"{{{name}}}", text, key_path)
        pieces.append(Placeholder(name, piece.offset))
    return tuple(pieces)


def match_placeholders(
    path: Sequence[str | Placeholder], parameters: Sequence[ConsumedParameter], context: Context
) -> dict[str, str]:
    """Find the placeholders that differ from the name of a parameter in case and punctuation only, and report them.

    Returns:
        The placeholders by the names of their parameters.
    """
    declared = {parameter.name for parameter in parameters if parameter.in_ == "path"}
    names = {piece.name for piece in path if isinstance(piece, Placeholder)}
    spelt: dict[str, str] = {}
    for parameter in parameters:
        found = [n for n in names - declared if parameter.in_ == "path" and fold_name(n) == fold_name(parameter.name)]
        if len(found) == 1 and parameter.name not in names:
            spelt[parameter.name] = found[0]
            key_path = parameter.get_path("name")
            fix = replace_text(context.source, key_path, parameter.name, found[0])
            context.report(rules.PLACEHOLDER_CASE(name=parameter.name, meant=found[0]), key_path, fix=fix)
    return spelt


def rename_placeholders(path: Sequence[str | Placeholder], spelt: Mapping[str, str]) -> tuple[str | Placeholder, ...]:
    """Give the placeholders of a path the names of their parameters."""
    renamed = {placeholder: name for name, placeholder in spelt.items()}
    return tuple(p if isinstance(p, str) else Placeholder(renamed.get(p.name, p.name), p.offset) for p in path)


def advise_place(name: str, places: Sequence[str]) -> Advice:
    """Advise on a path parameter that the path has no placeholder for."""
    return suggest(name, places, helps.PATH_HAS) or helps.WRITE_INTO_PATH(name=name)
