"""What must arrive at the upstream, derived from the raw document and the caller's values."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from wild.expected import (
    ABSENT,
    ANY,
    PATH_PLACEHOLDER,
    Caller,
    Expected,
    Unjudged,
    as_text,
    consumed_path,
    fold,
    path_names,
)
from wild.reading import mapping, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wild.author import Consumed, Exposed
    from wild.reading import Map

WRITES = ("POST", "PUT", "PATCH")
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_REFERENCE = re.compile(r"([A-Za-z_][\w-]*)\.([^\s{}]+)")
_JSON_TOKEN = re.compile(r'\\.|"|\{\{\s*([^{}]*?)\s*\}\}', re.DOTALL)
_PREFIXES = frozenset({"rest", "tools", "mcp"})
TEXT_TYPES = ("text", "xml", "sparql")
_FORMS = ("form", "formUrlEncoded")


class Meaning:
    """One call of one exposed operation."""

    def __init__(
        self, exposed: Exposed, call: Map, consumed: Consumed, caller: Caller, secret: Callable[[str], str]
    ) -> None:
        self.exposed = exposed
        self.consumed = consumed
        self.caller = caller
        self._secret = secret
        self._with: dict[str, Any] = dict(mapping(call.get("with")))
        self._steps = {str(step.get("name")) for step in named(exposed.spec.get("steps"))}
        self._parameters = consumed.parameters()
        self._declared = exposed.parameters()
        self._path, _, self._path_query = consumed_path(consumed).partition("?")
        self._used: set[str] = set()
        self._bound: set[str] = set()
        self._missing: dict[str, None] = {}

    # -- the request ----------------------------------------------------------------------------------------------

    def expected(self) -> Expected:
        method = str(self.consumed.operation.get("method") or "GET").upper()
        expected = Expected(self.consumed.namespace, method)
        base = self._base_path()
        joined = base.rstrip("/") + ("" if self._path.startswith("/") or not self._path else "/") + self._path
        expected.segments = [self._segment(segment) for segment in joined.split("/")]
        expected.query = [*self._query_in_path(), *self._fields("query")]
        expected.headers = {name.lower(): value for name, value in self._fields("header")}
        expected.cookies = dict(self._fields("cookie"))
        expected.body = self._body(method)
        self._undeclared(expected, method)
        self._credentials(expected)
        expected.unreachable = [name for name in self._missing if self._must_be_published(name)]
        expected.lost = [name for name in self._with if name not in self._bound]
        return expected

    def _base_path(self) -> str:
        base = self.consumed.base_uri(self._secret)
        return urlsplit(base).path if "{" not in base else ""

    def _segment(self, segment: str) -> str:
        """A segment of the path, decoded, with its values in place."""

        def value(match: re.Match[str]) -> str:
            found = self._parameter(match[1] or match[2], "path")
            return ",".join(map(as_text, found)) if isinstance(found, list) else as_text(found)

        pieces, at = [], 0
        for match in PATH_PLACEHOLDER.finditer(segment):
            pieces += [unquote(segment[at : match.start()]), value(match)]
            at = match.end()
        return "".join([*pieces, unquote(segment[at:])])

    def _query_in_path(self) -> list[tuple[str, Any]]:
        """Fields that the author wrote into the path itself."""
        pairs = []
        for field_ in filter(None, self._path_query.split("&")):
            name, _, text = field_.partition("=")
            names = path_names(text)
            if names and PATH_PLACEHOLDER.fullmatch(text):
                pairs.append((unquote(name), self._parameter(names[0], "query")))
            elif names:
                raise Unjudged("a template inside a query that stands in the path")
            else:
                pairs.append((unquote(name), unquote(text.replace("+", " "))))
        return pairs

    def _fields(self, place: str) -> list[tuple[str, Any]]:
        declared = [str(p.get("name")) for p in self._parameters if p.get("in") == place]
        pairs = [(name, self._parameter(name, place)) for name in declared]
        return [(name, value) for name, value in pairs if value is not ABSENT and value is not None]

    def _parameter(self, name: str, place: str) -> Any:
        """What fills a consumed parameter or placeholder."""
        found, value = self._from_with(name)
        if found:
            return value
        spec = next((p for p in self._parameters if str(p.get("name")) == name and p.get("in") == place), None)
        if spec is not None and spec.get("value") is not None:
            return self._template(spec["value"], self._named)
        value = self._from_caller(name)
        return spec["default"] if value is ABSENT and spec is not None and spec.get("default") is not None else value

    # -- names ----------------------------------------------------------------------------------------------------

    def _from_with(self, name: str) -> tuple[bool, Any]:
        known = {str(p.get("name")) for p in self._parameters} | set(path_names(self._path))
        key = name if name in self._with else None
        if key is None:
            alike = [k for k in self._with if k not in known and fold(k) == fold(name)]
            key = alike[0] if len(alike) == 1 else None
        if key is None:
            return False, ABSENT
        self._bound.add(key)
        return True, self._with_value(self._with[key])

    def _with_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if "{{" in value:
            return self._template(value, self._named)
        if value.startswith("$."):
            return ANY
        if self._is_declared(value):
            return self._from_caller(value)
        match = _REFERENCE.fullmatch(value)
        return self._from_caller(match[2]) if match and match[1] in _PREFIXES | self.exposed.prefixes else value

    def _is_declared(self, name: str) -> bool:
        declared = {str(p.get("name")) for p in self._declared}
        return name in declared or name in path_names(str(self.exposed.resource.get("path") or ""))

    def _named(self, name: str) -> Any:
        """What a name in a template means."""
        if (key := self.consumed.variables.get(name)) is not None:
            return self._secret(key)
        first, _, rest = name.partition(".")
        if first in self._steps:
            return ANY
        if first == "env" and rest:
            return self._secret(rest)
        if rest and first in _PREFIXES | self.exposed.prefixes:
            return self._from_caller(rest)
        return self._from_caller(name)

    def _named_in_body(self, name: str) -> Any:
        first, _, rest = name.partition(".")
        plain = rest if rest and first in _PREFIXES | self.exposed.prefixes else name
        found, value = self._from_with(plain)
        return value if found else self._named(name)

    def _from_caller(self, name: str) -> Any:
        given = self.caller.values
        alike = [name] if name in given else [known for known in given if fold(known) == fold(name)]
        if len(alike) != 1:
            self._missing[name] = None
            return ABSENT
        self._used.add(alike[0])
        return given[alike[0]]

    def _must_be_published(self, name: str) -> bool:
        """Whether its absence loses something: the author may leave optional parameters out by declaring others."""
        if not self._declared or any(fold(name) == fold(placeholder) for placeholder in path_names(self._path)):
            return True
        required = any(str(p.get("name")) == name and p.get("required") for p in self._parameters)
        return required or any(name in str(value) for value in self._with.values())

    def _template(self, text: Any, names: Callable[[str], Any]) -> Any:
        """A template's value; one that is a single placeholder keeps its type."""
        if not isinstance(text, str):
            return text
        if match := _PLACEHOLDER.fullmatch(text):
            return names(match[1])
        values = [names(name) for name in _PLACEHOLDER.findall(text)]
        if ABSENT in values:
            return ABSENT
        left = iter(values)
        return _PLACEHOLDER.sub(lambda _: as_text(next(left)), text)

    # -- the body -------------------------------------------------------------------------------------------------

    def _body(self, method: str) -> tuple[str, Any] | None:
        spec = self.consumed.operation.get("body")
        kind, data = (spec.get("type") or "json", spec.get("data")) if isinstance(spec, dict) else ("json", spec)
        if data is not None:
            return self._written_body(kind, data)
        fields = dict(self._fields("body"))
        declared = [str(p.get("name")) for p in self._parameters if p.get("in") == "body"]
        if declared:
            whole = declared == ["body"]
            shape = "form" if kind in _FORMS else "json"
            if whole and "body" not in fields:
                return None
            content = fields["body"] if whole else fields
            return (shape, list(content.items())) if shape == "form" else (shape, content)
        return self._undeclared_body(method)

    def _written_body(self, kind: str, data: Any) -> tuple[str, Any]:
        if kind == "json":
            return self._json_text(data) if isinstance(data, str) else ("json", self._tree(data))
        if kind in _FORMS:
            if isinstance(data, str):
                text = _PLACEHOLDER.sub(lambda m: quote(self._shown(m[1]), safe=""), data)
                return "text", text
            if not isinstance(data, dict):
                raise Unjudged("a form that is no mapping")
            return "form", [(k, v) for k, v in self._tree(data).items() if v is not None]
        if kind in TEXT_TYPES and isinstance(data, str):
            guard = (lambda t: escape(t, {'"': "&quot;", "'": "&apos;"})) if kind == "xml" else str
            return "xml" if kind == "xml" else "text", _PLACEHOLDER.sub(lambda m: guard(self._shown(m[1])), data)
        if kind == "multipartForm":
            return "multipart", list(self._parts(data))
        raise Unjudged(f"a body of type '{kind}'")

    def _parts(self, data: Any) -> Iterable[tuple[str, Any]]:
        if isinstance(data, dict):
            yield from self._tree(data).items()
            return
        for part in named(data):
            value = self._tree(part.get("value"))
            if value is not ABSENT:
                yield str(part.get("name")), value

    def _shown(self, name: str) -> str:
        value = self._named_in_body(name)
        return "" if value is ABSENT else as_text(value)

    def _tree(self, data: Any) -> Any:
        if isinstance(data, dict):
            pairs = ((key, self._tree(value)) for key, value in data.items())
            return {key: value for key, value in pairs if value is not ABSENT}
        if isinstance(data, list):
            return [value for item in data if (value := self._tree(item)) is not ABSENT]
        return self._template(data, self._named_in_body)

    def _json_text(self, text: str) -> tuple[str, Any]:
        quoted = False

        def token(match: re.Match[str]) -> str:
            nonlocal quoted
            if match[1] is None:
                quoted ^= match[0] == '"'
                return match[0]
            value = self._named_in_body(match[1])
            if value is ANY:
                raise Unjudged("an earlier response inside a raw JSON body")
            if value is ABSENT:
                return "" if quoted else "null"
            return json.dumps(as_text(value))[1:-1] if quoted else json.dumps(value)

        rendered = _JSON_TOKEN.sub(token, text)
        try:
            return "json", json.loads(rendered)
        except ValueError:
            return "text", rendered

    def _undeclared_body(self, method: str) -> tuple[str, Any] | None:
        """What goes into a body that the consumed side does not describe."""
        if method not in (*WRITES, "DELETE"):
            return None
        if self.caller.raw_body is not None:
            return "raw", self.caller.raw_body
        tool = self.exposed.kind == "mcp"
        if tool and method == "DELETE":
            return None
        fields: dict[str, Any] = {}
        if method in WRITES:
            for name in [n for n in self._with if n not in self._bound]:
                self._bound.add(name)
                fields[name] = self._with_value(self._with[name])
        for parameter in self._declared if self.consumed.operation.get("body") is not None else ():
            name = str(parameter.get("name"))
            if name not in self._used and (tool or parameter.get("in") == "body"):
                fields[name] = self._from_caller(name)
        fields = {name: value for name, value in {**fields, **self.caller.extras}.items() if value is not ABSENT}
        if not fields:
            return None
        return "json", fields["body"] if list(fields) == ["body"] else fields

    def _undeclared(self, expected: Expected, method: str) -> None:
        """What goes into a query that the consumed side does not describe."""
        expected.raw_query = self.caller.raw_query
        if any(p.get("in") == "query" for p in self._parameters):
            return
        tool = self.exposed.kind == "mcp"
        if method not in WRITES:
            for name in [n for n in self._with if n not in self._bound]:
                self._bound.add(name)
                expected.query.append((name, self._with_value(self._with[name])))
        if tool and method in WRITES:
            return
        for parameter in self._declared:
            name = str(parameter.get("name"))
            if name not in self._used and (tool or parameter.get("in") == "query"):
                expected.query.append((name, self._from_caller(name)))
        expected.query += self.caller.extras.items()

    # -- credentials ----------------------------------------------------------------------------------------------

    def _credentials(self, expected: Expected) -> None:
        auth = mapping(self.consumed.api.get("authentication") or self.consumed.api.get("auth"))
        if not auth:
            return

        def text(key: str) -> str:
            return as_text(self._template(auth.get(key), self._named))

        match str(auth.get("type")).lower():
            case "basic":
                pair = f"{text('username')}:{text('password')}".encode()
                expected.headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
            case "bearer":
                expected.headers["authorization"] = f"Bearer {text('token')}"
            case "apikey" if auth.get("headers"):
                for name, value in mapping(auth["headers"]).items():
                    expected.headers[name.lower()] = as_text(self._template(value, self._named))
            case "apikey":
                name = text("key") if auth.get("key") else text("name")
                if (auth.get("placement") or auth.get("in") or "header") == "query":
                    expected.query.append((name, text("value")))
                else:
                    expected.headers[name.lower()] = text("value")
            case other:
                expected.unchecked.append(f"authentication of type '{other}'")


def open_query(exposed: Exposed, consumed: Consumed) -> bool:
    """Whether neither side declares a query parameter, so that the caller's query goes through."""
    sides = (*consumed.parameters(), *exposed.parameters())
    return not any(parameter.get("in") == "query" for parameter in sides) and not _closed(exposed, consumed)


def open_body(exposed: Exposed, consumed: Consumed) -> bool:
    """Whether neither side says anything of a body, so that the caller's goes through."""
    spec = consumed.operation.get("body")
    if spec is not None and not (isinstance(spec, dict) and spec.get("data") is None):
        return False
    if _closed(exposed, None if spec else consumed):  # a kind of body without data is the caller's to fill
        return False
    sides = (*consumed.parameters(), *exposed.parameters())
    return not any(parameter.get("in") == "body" for parameter in sides) and not _loose(exposed, consumed)


def _closed(exposed: Exposed, consumed: Consumed | None) -> bool:
    """Whether a level says that there is nothing to give."""
    levels = [exposed.spec, exposed.resource, exposed.expose]
    levels += [] if consumed is None else [consumed.operation, consumed.resource, consumed.api]
    return any(level.get("inputParameters") in ([], {}) for level in levels)


def _loose(exposed: Exposed, consumed: Consumed) -> bool:
    """Whether ``with`` names what the consumed operation has no parameter for: then it can only mean body fields."""
    path, _, _ = consumed_path(consumed).partition("?")
    known = {fold(str(p.get("name"))) for p in consumed.parameters()} | {fold(name) for name in path_names(path)}
    return any(fold(str(name)) not in known for call in exposed.calls() for name in mapping(call.get("with")))


def open_tool(exposed: Exposed, consumed: Consumed) -> bool:
    """Whether a tool takes arguments that nobody names."""
    method = str(consumed.operation.get("method") or "GET").upper()
    if exposed.parameters() or method not in (*WRITES, "GET", "DELETE"):
        return False
    return open_body(exposed, consumed) if method in WRITES else open_query(exposed, consumed)


def not_callable(consumed: Consumed) -> str:
    """Why an existing operation cannot be called as it is written; empty when it can be."""
    path = consumed_path(consumed)
    if "#" in path:
        return "a fragment in the path is never sent"
    places = {fold(name) for name in path_names(f"{consumed.api.get('baseUri') or ''}/{path}")}
    unplaced = [p for p in consumed.parameters() if p.get("in") == "path" and fold(str(p.get("name"))) not in places]
    return f"the path has no place for '{unplaced[0].get('name')}'" if unplaced else ""
