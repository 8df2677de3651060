"""Makes the calls of a caller: with a value for every input of the route or the tool."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from yarl import URL

from wild.expected import Caller, Unjudged, as_text, path_names
from wild.judge import CALLERS_OWN
from wild.reading import mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aiohttp import ClientSession
    from mcp import Client

    from naftiko_runtime.plan import Route
    from wild.author import Exposed
    from wild.reading import Map

_RAW_QUERY = "wild=a%2Fb+c%C3%BC&wild=%26&flag"
_RAW_BODY = '{"wild": "ü/&+", "precise": 1.50}'.encode()
_EXTRAS = {"wild one": "ü /&+", "wild_two": 22}
_HTTP_ERROR = 400
_OURS = 500
_SKIPPED = 501
_SAMPLES = ("abc", "ABC", "123", "a1", "A1", "a-b", "2024-01-31", "2024-01-31T12:00:00Z", "a@b.example", "12345678")


@dataclass
class Outcome:
    """What came back.

    Attributes:
        ok: The call is said to have happened.
        status: Of HTTP; 0 for a tool.
        text: What the response says when it is no success.
    """

    ok: bool
    status: int
    text: str

    @property
    def crashed(self) -> bool:
        return self.status >= _OURS and self.status != _SKIPPED

    @property
    def skipped(self) -> bool:
        return self.status == _SKIPPED


@dataclass
class Values:
    """Values that nobody could mix up, one for each name; texts hold what every place has to encode."""

    patterns: dict[str, str]
    made: dict[str, Any] = field(default_factory=dict)
    _count: Iterator[int] = field(default_factory=lambda: count(7001))

    def of(self, name: str, kind: str | None) -> Any:
        if name not in self.made:
            self.made[name] = self._make(name, kind)
        return self.made[name]

    def of_cookie(self, name: str, kind: str | None) -> Any:
        """A value that a cookie can hold as it is."""
        if isinstance(self.of(name, kind), str):
            self.made[name] = "".join(c for c in self.made[name] if c.isascii() and c not in ' ",;\\')
        return self.made[name]

    def _make(self, name: str, kind: str | None) -> Any:
        number = next(self._count)
        tag = "".join(c for c in name if c.isascii() and c.isalnum())
        text = f"{number} ü/&+{tag}"
        if name in self.patterns:
            return _matching(self.patterns[name], kind, number)
        by_kind = {
            "integer": number,
            "number": number + 0.25,
            "boolean": True,
            "array": [text, f"{text}2"],
            "object": {f"k {tag}": text, "n": number, "deep": {"list": [True, None]}},
        }
        return by_kind.get(kind or "string", text)


def _matching(pattern: str, kind: str | None, number: int) -> Any:
    for sample in (str(number), *_SAMPLES):
        try:
            if re.search(pattern, sample):
                return number if kind in ("integer", "number") else sample
        except re.error:
            break
    raise Unjudged(f"no sample for the pattern {pattern}")


def patterns(exposed: Exposed) -> dict[str, str]:
    """The patterns that declared inputs have to match."""
    return {str(p.get("name")): str(p["pattern"]) for p in exposed.parameters() if p.get("pattern")}


def credentials(expose: Map, variables: dict[str, str], secret: Callable[[str], str]) -> tuple[dict[str, str], str]:
    """Headers and query by which a caller proves who it is to an expose."""
    auth = mapping(expose.get("authentication"))
    if not auth:
        return dict(CALLERS_OWN), ""

    def text(key: str) -> str:
        written = str(auth.get(key) or "")
        match = re.fullmatch(r"\{\{\s*(.+?)\s*\}\}", written)
        return secret(variables[match[1]]) if match and match[1] in variables else written

    match auth.get("type"):
        case "basic":
            pair = b64encode(f"{text('username')}:{text('password')}".encode()).decode()
            return {**CALLERS_OWN, "authorization": f"Basic {pair}"}, ""
        case "bearer":
            return {**CALLERS_OWN, "authorization": f"Bearer {text('token')}"}, ""
        case "apikey" if auth.get("placement") == "query":
            return dict(CALLERS_OWN), f"{quote(text('key'), safe='')}={quote(text('value'), safe='')}"
        case "apikey":
            return {**CALLERS_OWN, text("key"): text("value")}, ""
        case kind:
            raise Unjudged(f"inbound authentication of type '{kind}'")


@dataclass
class RestCall:
    """A request as a caller of a route would send it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None
    caller: Caller

    async def send(self, session: ClientSession, base: str) -> Outcome:
        url = URL(base + self.target, encoded=True)
        async with session.request(self.method, url, headers=self.headers, data=self.body) as response:
            body = await response.read()
            ok = response.status < _HTTP_ERROR
            return Outcome(ok, response.status, "" if ok else f"{response.status} {body.decode(errors='replace')}")


def rest_call(
    exposed: Exposed,
    route: Route | None,
    *,
    open_query: bool,
    open_body: bool,
    credential: tuple[dict[str, str], str],
) -> RestCall:
    """The call of a REST operation, by its route and its published contract."""
    inputs = route.operation.contract.inputs if route is not None else ()
    values = Values(patterns(exposed))
    path = str(exposed.resource.get("path"))
    for spec in inputs:
        values.of(spec.name, spec.type)
    in_path = path_names(path)
    target = re.sub(
        r"\{\{\s*([^{}/]+?)\s*\}\}|\{\s*([^{}/]+?)\s*\}",
        lambda m: quote(as_text(values.of(m[1] or m[2], "string")), safe=""),
        path,
    )
    pairs = [
        (s.name, values.of(s.name, s.type)) for s in inputs if s.place in ("path", "query") and s.name not in in_path
    ]
    raw = _RAW_QUERY if open_query else None
    query = "&".join(filter(None, (*_fields(pairs), credential[1], raw)))
    headers = dict(credential[0])
    headers |= {s.name: _line(values.of(s.name, s.type)) for s in inputs if s.place == "header"}
    cookies = [f"{s.name}={_line(values.of_cookie(s.name, s.type))}" for s in inputs if s.place == "cookie"]
    headers["cookie"] = "; ".join([*cookies, headers["cookie"]])
    caller = Caller(values.made, raw, _RAW_BODY if open_body else None)
    body = _rest_body([s.name for s in inputs if s.place == "body"], values, caller)
    if body is not None:
        headers["content-type"] = "application/json"
    return RestCall(exposed.method, f"{target}?{query}" if query else target, headers, body, caller)


def _line(value: Any) -> str:
    """A value in a header or a cookie: a list is separated by commas."""
    return ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def _rest_body(names: list[str], values: Values, caller: Caller) -> bytes | None:
    if caller.raw_body is not None or not names:
        return caller.raw_body
    content = values.made["body"] if names == ["body"] else {name: values.made[name] for name in names}
    return json.dumps(content, ensure_ascii=False).encode()


def _fields(pairs: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for name, value in pairs:
        for item in value if isinstance(value, list) else [value]:
            yield f"{quote(name, safe='')}={quote(as_text(item), safe='')}"


def tool_caller(exposed: Exposed, schema: dict[str, Any], *, open_tool: bool) -> Caller:
    """What a caller gives to a tool, by its published schema."""
    values = Values(patterns(exposed))
    for name, spec in schema.get("properties", {}).items():
        if "enum" in spec:
            values.made[name] = spec["enum"][0]
        else:
            values.of(name, spec.get("type"))
    return Caller(values.made, extras=dict(_EXTRAS) if open_tool else {})


async def call_tool(client: Client, name: str, caller: Caller) -> Outcome:
    """Call a tool by the official client."""
    result = await client.call_tool(name, {**caller.values, **caller.extras})
    text = " ".join(getattr(block, "text", "") for block in result.content)
    return Outcome(not result.is_error, 0, text if result.is_error else "")
