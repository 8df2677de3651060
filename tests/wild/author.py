"""Reads the operations, calls and variables that a document's author wrote.

Read from the raw data, in every published spelling, independently of the product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import yaml

from wild.reading import EMPTY, Map, listed, mapping, named, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")

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

    def key_of(self, name: str) -> str:
        """The provider's key of a variable; one that no bind lists is looked up in the environment."""
        return self.variables.get(name, name.removeprefix("env."))

    def base_uri(self, secret: Callable[[str], str]) -> str:
        """The base URI, with the values of its bound variables."""
        base = str(self.api.get("baseUri") or "").strip()
        return _VARIABLE.sub(lambda match: secret(self.key_of(match[1])), base) if is_bound(base) else base

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
        """Return whether it needs no API."""
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
    _in_bases: dict[str, str] | None = None

    def bases(self) -> dict[str, str]:
        """Base URIs by namespace, as written."""
        return {namespace: str(api.get("baseUri") or "").strip() for namespace, api in self.apis.items()}

    def secret(self, key: str) -> str:
        """The made-up value of a provider's key."""
        if self._in_bases is None:
            self._in_bases = self._values_in_bases()
        return self._in_bases.get(key, f"s3cr3t+/=&{key}")

    def _values_in_bases(self) -> dict[str, str]:
        """The values of variables that stand in base URIs, by the provider's key."""
        found: dict[str, str] = {}
        for consumed in self.consumed.values():
            base = str(consumed.api.get("baseUri") or "").strip()
            for name, value in bound_parts(base).items() if is_bound(base) else ():
                found.setdefault(consumed.key_of(name), value)
        return found


def has_host(base_uri: str) -> bool:
    """Whether a base URI is one that can be called as it is."""
    try:
        return "{" not in base_uri and bool(urlsplit(base_uri).hostname)
    except ValueError:
        return False


def is_bound(base_uri: str) -> bool:
    """Whether a base URI gets its host from bound variables (``{{HOST}}``), and has no other placeholder."""
    without = _VARIABLE.sub("v", base_uri)
    return without != base_uri and (without == "v" or has_host(without))


def bound_parts(base_uri: str) -> dict[str, str]:
    """A value for each variable of a bound base URI, by its name: a URL, a host, or a segment of the path."""
    if _VARIABLE.fullmatch(base_uri):
        return {_VARIABLE.findall(base_uri)[0]: "https://whole.example.test/root"}
    _, separator, rest = base_uri.rpartition("://")
    host, _, path = rest.partition("/")
    values = {name: f"host{n}.example.test" for n, name in enumerate(_VARIABLE.findall(host))}
    if _VARIABLE.sub("", host):  # a part of a host name
        values = {name: f"host{n}" for n, name in enumerate(values)}
    if not separator:
        values = {name: f"https://{value}" for name, value in values.items()}
    return values | {name: f"segment{n}" for n, name in enumerate(_VARIABLE.findall(path)) if name not in values}


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
