"""What a document's author wrote: operations, what they call, and which variables there are.

Read from the raw data, in every published spelling, independently of the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import yaml

from wild.reading import EMPTY, Map, listed, mapping, named, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Variables = dict[str, str]
"""From every name that an expression may use to the provider's key."""


@dataclass(frozen=True)
class Consumed:
    """A consumed operation, and all that surrounds it."""

    file: Path
    namespace: str
    api: Map
    resource: Map
    operation: Map
    variables: Variables
    via: Map = field(default_factory=Map)
    """The entry that imports it."""

    def parameters(self) -> list[Map]:
        """Those of all levels; the nearer one wins."""
        merged: dict[tuple[str, str], Map] = {}
        for level in (self.operation, self.resource, self.api):
            for parameter in named(level.get("inputParameters")):
                if parameter.get("name") not in (None, ""):  # found in the wild: it can name nothing
                    merged.setdefault((str(parameter["name"]), str(parameter.get("in"))), parameter)
        return list(merged.values())


@dataclass(frozen=True)
class Exposed:
    """A REST operation or an MCP tool."""

    kind: Literal["rest", "mcp"]
    namespace: str
    expose: Map
    resource: Map
    spec: Map
    """With what it inherits by ``ref``."""
    own: Map
    """As it stands in the file."""
    prefixes: frozenset[str]
    """Namespaces by which a reference means the caller."""
    others: tuple[Map, ...] = ()
    """Every part of the document in which operations live."""

    @property
    def name(self) -> str:
        if self.kind == "mcp":
            return str(self.own.get("name"))
        return f"{self.method} {self.resource.get('path')}"

    @property
    def method(self) -> str:
        return str(self.own.get("method") or "GET").upper()

    def parameters(self) -> list[Map]:
        """Declared inputs of all levels; the nearer one wins."""
        merged: dict[str, Map] = {}
        for level in (self.spec, self.resource, self.expose):
            for parameter in named(level.get("inputParameters")):
                merged.setdefault(str(parameter.get("name")), parameter)
        return list(merged.values())

    def calls(self) -> list[Map]:
        """What has ``call`` and ``with``: the operation itself, or its call steps."""
        if "steps" in self.spec:
            return [step for step in named(self.spec["steps"]) if step.get("call")]
        return [self.spec] if self.spec.get("call") else []

    def is_mock(self) -> bool:
        """Whether it answers by itself."""
        return not self.calls() and any("value" in o or "const" in o for o in _outputs(self.spec))


def _outputs(spec: Map) -> Iterator[Map]:
    for output in named(spec.get("outputParameters")):
        yield output
        yield from named(output.get("properties"))


@dataclass
class Author:
    """One document as its author meant it."""

    file: Path
    exposed: list[Exposed] = field(default_factory=list)
    consumed: dict[str, Consumed] = field(default_factory=dict)
    apis: dict[str, Map] = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)
    unreadable: str | None = None

    def bases(self) -> dict[str, str]:
        """Base URIs by namespace, as written."""
        return {namespace: str(api.get("baseUri") or "").strip() for namespace, api in self.apis.items()}


def has_host(base_uri: str) -> bool:
    """Whether a base URI is one that can be called as it is."""
    try:
        return "{" not in base_uri and bool(urlsplit(base_uri).hostname)
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _document(path: Path) -> Any:
    return read(path)


def _try(path: Path) -> Map:
    try:
        return mapping(_document(path))
    except (yaml.YAMLError, OSError, RecursionError):
        return EMPTY


def understand(path: Path) -> Author:
    """Read a file and what it imports."""
    author = Author(path)
    try:
        document = mapping(_document(path))
    except (yaml.YAMLError, OSError, RecursionError) as error:
        author.unreadable = str(error).splitlines()[0]
        return author
    author.variables = _variables(document, path)
    for namespace, api, file, variables, via in _apis(document, path, ()):
        if namespace in author.apis:
            continue
        author.apis[namespace] = api
        for resource in named(api.get("resources")):
            for operation in named(resource.get("operations")):
                key = f"{namespace}.{operation.get('name')}"
                every = {**variables, **author.variables} if file == path else {**author.variables, **variables}
                author.consumed.setdefault(key, Consumed(file, namespace, api, resource, operation, every, via))
    capability = mapping(document.get("capability"))
    functions = dict(_functions(document, capability))
    levels, keys = (document, capability), ("exposes", "consumes", "aggregates")
    parts = tuple(part for level in levels for key in keys for part in listed(level.get(key)))
    for expose in (*listed(document.get("exposes")), *listed(capability.get("exposes"))):
        author.exposed += _operations(expose, functions, parts)
    return author


def _operations(expose: Map, functions: dict[str, tuple[str, Map]], parts: tuple[Map, ...]) -> Iterator[Exposed]:
    namespace, kind = str(expose.get("namespace")), expose.get("type")

    def made(kind: Literal["rest", "mcp"], resource: Map, own: Map) -> Exposed:
        aggregate, function = functions.get(str(own.get("ref")), ("", EMPTY))
        spec = own.like({**function, **own})
        return Exposed(kind, namespace, expose, resource, spec, own, frozenset({namespace, aggregate}), parts)

    if kind == "rest":
        for resource in named(expose.get("resources")):
            for operation in named(resource.get("operations")):
                yield made("rest", resource, operation)
    elif kind == "mcp":
        for tool in named(expose.get("tools")):
            yield made("mcp", EMPTY, tool)


def _functions(*levels: Map) -> Iterator[tuple[str, tuple[str, Map]]]:
    for level in levels:
        for aggregate in listed(level.get("aggregates")):
            namespace = str(aggregate.get("namespace"))
            for function in (*named(aggregate.get("functions")), *named(aggregate.get("flows"))):
                inherited = {k: v for k, v in function.items() if k != "name"}
                yield f"{namespace}.{function.get('name')}", (namespace, function.like(inherited))


def _variables(document: Map, path: Path) -> Variables:
    variables: Variables = {}
    for level in (document, mapping(document.get("capability"))):
        for bind in listed(level.get("binds")):
            name, keys = str(bind.get("namespace")), mapping(bind.get("keys"))
            target = _target(bind, path)
            if "import" in bind and target is not None:
                variables |= _variables(_try(target), target)
            for variable, key in keys.items():
                variables[f"{name}.{variable}"] = str(key)
                for short in (variable, f"env.{variable}"):
                    variables.setdefault(short, str(key))
    return variables


def _target(entry: Map, path: Path) -> Path | None:
    """The file that an import names, if it is there."""
    location = entry.get("location") or entry.get("from")
    if not isinstance(location, str):
        return None
    target = (path.parent / location.removeprefix("file://")).resolve()
    return target if target.is_file() else None


def _apis(document: Map, path: Path, chain: tuple[Path, ...]) -> Iterator[tuple[str, Map, Path, Variables, Map]]:
    variables = _variables(document, path)
    for level in (document, mapping(document.get("capability"))):
        for entry in listed(level.get("consumes")):
            if "import" not in entry and "baseUri" in entry:
                yield str(entry.get("namespace")), entry, path, variables, EMPTY
                continue
            target = _target(entry, path)
            if target is None or target in chain:
                continue
            wanted = entry.get("import")
            for namespace, api, file, theirs, _ in _apis(_try(target), target, (*chain, path.resolve())):
                if wanted in (None, namespace):
                    yield str(entry.get("as") or namespace), api, file, theirs, entry
