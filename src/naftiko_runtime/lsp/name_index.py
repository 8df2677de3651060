"""An index of the names in a document and its imports, with places."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.document.imports.own_and_imported_parts import get_name, get_variables, iter_entries
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.link.reference_syntax import Words
from naftiko_runtime.lsp.cursor import find_value
from naftiko_runtime.template import Placeholder, split_path, split_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from naftiko_runtime.source import KeyPath, Source


class NamedOperation(NamedTuple):
    """A consumed operation: its place, its request, and its parameters with their places."""

    span: Span
    method: str
    url: str
    description: str
    parameters: Mapping[str, Span]


@dataclass(frozen=True, slots=True)
class Outline:
    """The names of a document.

    Attributes:
        operations: The consumed operations, by ``namespace.operation``.
        namespaces: The consumed APIs.
        variables: Bound variables, by ``namespace.VARIABLE``.
        functions: Functions of aggregates, by ``namespace.function``.
    """

    operations: Mapping[str, NamedOperation] = field(default_factory=dict)
    namespaces: Mapping[str, Span] = field(default_factory=dict)
    variables: Mapping[str, Span] = field(default_factory=dict)
    functions: Mapping[str, Span] = field(default_factory=dict)

    def find_variable(self, name: str) -> Span | None:
        """Find where a variable is bound, by its name with or without namespace."""
        short = name.removeprefix("env.")
        found = (span for full, span in self.variables.items() if full.partition(".")[2] == short)
        return self.variables.get(name) or next(found, None)


def index_names(source: Source) -> Outline:
    """Index the names of a normalized document with its imports."""
    operations: dict[str, NamedOperation] = {}
    namespaces: dict[str, Span] = {}
    for key_path, api in iter_entries(source.data, "consumes"):
        namespaces[get_name(api)] = source.find_span((*key_path, "import" if "import" in api else "namespace"))
        operations |= _iter_operations(source, key_path, api)
    variables = {
        f"{get_name(bind)}.{variable}": source.find_span((*key_path, "keys", variable), key=True)
        for key_path, bind in iter_entries(source.data, "binds")
        for variable in get_variables(bind)
    }
    return Outline(operations, namespaces, variables, dict(_iter_functions(source)))


def _iter_operations(source: Source, key_path: KeyPath, api: dict[str, Any]) -> Iterator[tuple[str, NamedOperation]]:
    for at, resource in _iter_mappings(api, "resources"):
        url = f"{str(api.get('baseUri', '')).rstrip('/')}{resource.get('path', '')}"
        for below, operation in _iter_mappings(resource, "operations"):
            place: KeyPath = (*key_path, *at, *below)
            body = _iter_placeholders(source, (*place, "body"), split_template)
            parameters = {**body, **list_inputs(source, place)}
            span = source.find_span((*place, "name") if "name" in operation else place)
            method = str(operation.get("method", "GET")).upper()
            description = str(operation.get("description", ""))
            yield f"{get_name(api)}.{operation.get('name')}", NamedOperation(span, method, url, description, parameters)


def _iter_functions(source: Source) -> Iterator[tuple[str, Span]]:
    for key_path, aggregate in iter_entries(source.data, "aggregates"):
        for at, function in _iter_mappings(aggregate, "functions"):
            yield f"{get_name(aggregate)}.{function.get('name')}", source.find_span((*key_path, *at, "name"))


def list_inputs(source: Source, key_path: KeyPath) -> dict[str, Span]:
    """List the inputs of the part at a path, or of one around it: declared parameters, then placeholders of paths."""
    declared: dict[str, Span] = {}
    in_paths: dict[str, Span] = {}
    for length in range(len(key_path), 0, -1):
        part = find_value(source, key_path[:length])
        if isinstance(part, dict):
            for at, parameter in _iter_mappings(part, "inputParameters"):
                if "name" in parameter:
                    declared.setdefault(str(parameter["name"]), source.find_span((*key_path[:length], *at, "name")))
            in_paths = {**_iter_placeholders(source, (*key_path[:length], "path"), split_path), **in_paths}
    known = set(map(fold_name, declared))
    return declared | {name: span for name, span in in_paths.items() if fold_name(name) not in known}


def _iter_placeholders(
    source: Source, key_path: KeyPath, splitting: Callable[[str], tuple[str | Placeholder, ...]]
) -> dict[str, Span]:
    """Yield the placeholders at and below a path, each with its first place."""
    value = find_value(source, key_path)
    found: dict[str, Span] = {}
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            found = _iter_placeholders(source, (*key_path, step), splitting) | found
    elif isinstance(value, str) and "{" in value:
        try:
            names = [piece.name for piece in splitting(value) if isinstance(piece, Placeholder)]
        except ValueError:
            return {}
        found = {name: _find_name(source, key_path, name) for name in names}
    return found


def _find_name(source: Source, key_path: KeyPath, name: str) -> Span:
    """Find the place of a name in a template; for a template of several lines, the whole template."""
    span = source.find_span(key_path)
    owner = source if span.file == source.file else source.places.files[span.file]
    at = re.search(rf"\{{\s*{re.escape(name)}\s*\}}", owner.get_line(span.line)[span.column - 1 :])
    if span.line != span.end_line or at is None:
        return span
    start = span.column + at.start() + at[0].index(name)
    return Span(span.file, span.line, start, span.line, start + len(name))


def _iter_mappings(part: dict[str, Any], section: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Yield the mappings of a list, with their paths."""
    listed = part.get(section)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, dict):
            yield (section, index), entry


def find_input(source: Source, key_path: KeyPath, text: str) -> Span | None:
    """Find the input that a value at a path names: ``$this.<namespace>.x``, ``rest.x`` or ``x``."""
    known = list_inputs(source, key_path)
    if text in known:
        return known[text]
    words = Words(tuple(list_own_names(source, key_path)), (), (), lambda name: find_nearly(known, name) is not None)
    reference = words.read(text)
    if reference is not None:
        return find_nearly(known, reference.name) if reference.kind == "input" else None
    return find_nearly(known, text) if "." not in text else None


def list_own_names(source: Source, key_path: KeyPath) -> list[str]:
    """List the names of the expose or aggregate around a path."""
    parts = [find_value(source, key_path[:length]) for length in range(len(key_path), 0, -1)]
    holders = [part for part in parts if isinstance(part, dict)]
    return [str(part[key]) for part in holders for key in ("namespace", "import") if isinstance(part.get(key), str)]


def find_nearly(known: Mapping[str, Span], name: str) -> Span | None:
    """Find the entry of a name, or of one that differs only in case and punctuation."""
    if name in known:
        return known[name]
    found = [span for other, span in known.items() if fold_name(other) == fold_name(name)]
    return found[0] if len(found) == 1 else None
