"""Compares the requests that arrived with the expected ones."""

from __future__ import annotations

import json
import re
from collections import Counter
from email import message_from_bytes
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, unquote_to_bytes
from xml.etree.ElementTree import ParseError, canonicalize

from wild.expected import ANY, UNKNOWN, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.rawserver import ReceivedRequest
    from wild.expected import Caller, Expected

CALLERS_OWN = {"authorization": "Bearer the-callers-own", "cookie": "callers=own", "x-callers-own": "1"}
"""Headers that a caller sends and no upstream may see."""
_COOKIE_TEXT = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
"""What a cookie holds as it is (RFC 6265, 4.1.1); anything else is percent-encoded."""
_MEDIA_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
}


def faults(expected: Expected, received: ReceivedRequest, caller: Caller) -> Iterator[str]:
    """Every difference between a request and what was meant."""
    line = received.line.decode("latin-1")
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    if method != expected.method:
        yield f"method {method} instead of {expected.method}"
    yield from _path_faults(expected, path)
    yield from _query_faults(expected, query, caller)
    headers = {name.decode().lower(): value for name, value in received.headers}
    yield from _header_faults(expected, headers)
    yield from _body_faults(expected, received.body, headers.get("content-type", b"").decode("latin-1"))
    for name in expected.unreachable:
        yield f"the caller has no way to give '{name}'"
    for name in expected.lost:
        yield f"'{name}' of 'with' goes nowhere"


def _fits(expected: str, actual: str) -> bool:
    if UNKNOWN not in expected:
        return expected == actual
    return re.fullmatch(".+".join(map(re.escape, expected.split(UNKNOWN))), actual, re.DOTALL) is not None


def _fits_line(expected: Any, actual: str) -> bool:
    """A header's or cookie's value; the items of a list are separated by commas."""
    return _fits(",".join(_texts(expected)), actual)


def _path_faults(expected: Expected, path: str) -> Iterator[str]:
    segments = [unquote(segment) for segment in path.split("/")]
    wanted = expected.segments if expected.segments != [""] else ["", ""]
    if len(segments) != len(wanted) or not all(map(_fits, wanted, segments)):
        yield f"path {path} instead of {'/'.join(wanted)!r}"


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="strict")


def _texts(value: Any) -> list[str]:
    return [as_text(item) for item in value] if isinstance(value, list) else [as_text(value)]


def _query_faults(expected: Expected, query: str, caller: Caller) -> Iterator[str]:
    if (raw := expected.raw_query) is not None:
        if f"&{raw}&" not in f"&{query}&":
            yield f"query {query!r} does not hold the caller's {raw!r}"
            return
        query = f"&{query}&".replace(f"&{raw}&", "&", 1).strip("&")
    left = Counter(_pairs(query))
    for name, value in expected.query:
        if value is ANY:
            left = Counter({pair: count for pair, count in left.items() if pair[0] != name})
            continue
        spread = [(name, text) for text in _texts(value)]
        if Counter(spread) - left:
            yield f"query {query!r} lacks {name}={value!r}"
        left -= Counter(spread)
    own = {(name, text) for name, value in caller.values.items() for text in _texts(value)}
    extra = [pair for pair in left if expected.raw_query is None or pair not in own]
    if extra:
        yield f"query has more than was meant: {extra}"


def _header_faults(expected: Expected, headers: dict[str, bytes]) -> Iterator[str]:
    for name, value in expected.headers.items():
        actual = headers.get(name)
        if actual is None:
            yield f"header {name} is missing"
        elif not _fits_line(value, actual.decode("utf-8", "replace")):
            yield f"header {name} is {actual.decode('utf-8', 'replace')!r} instead of {value!r}"
    cookies = dict(pair.partition("=")[::2] for pair in headers.get("cookie", b"").decode().split("; ") if pair)
    for name, value in expected.cookies.items():
        held = cookies.pop(name, "")
        if not _fits_line(value, held if _COOKIE_TEXT.fullmatch(as_text(value)) else unquote(held)):
            yield f"cookie {name} is not {value!r}"
    if cookies:
        yield f"cookies that nobody meant: {sorted(cookies)}"
    for name in ("authorization", "x-callers-own"):
        if name in headers and name not in expected.headers and not expected.unchecked:
            yield f"header {name} was not meant to be sent"


def _body_faults(expected: Expected, body: bytes, media_type: str) -> Iterator[str]:
    if expected.body is None:
        if body:
            yield f"a body that nobody meant: {body[:200]!r}"
        return
    kind, wanted = expected.body
    if (right := _MEDIA_TYPES.get(kind)) and not media_type.startswith(right):
        yield f"content type {media_type!r} instead of {right}"
    if not _body_fits(kind, wanted, body, media_type):
        yield f"{kind} body {body[:300]!r} instead of {wanted!r}"


def _body_fits(kind: str, wanted: Any, body: bytes, media_type: str) -> bool:
    match kind:
        case "json":
            try:
                return _equal(wanted, json.loads(body))
            except ValueError:
                return False
        case "form":
            pairs = [(name, text) for name, value in wanted for text in _texts(value)]
            return Counter(pairs) == Counter(_pairs(body.decode()))
        case "multipart":
            return Counter((n, as_text(v)) for n, v in wanted) == Counter(_multipart(body, media_type))
        case "text" | "xml":
            return _fits(wanted, body.decode()) or (kind == "xml" and _same_xml(wanted, body.decode()))
        case _:
            return bool(wanted == body)


def _same_xml(wanted: str, actual: str) -> bool:
    """Whether two texts are the same XML: a character may be escaped in more than one way."""
    try:
        return canonicalize(wanted) == canonicalize(actual)
    except ParseError:
        return False


def _equal(wanted: Any, actual: Any) -> bool:
    """Equality of JSON values, in which booleans are no numbers and an unknown fits anything."""
    if wanted is ANY:
        return True
    if isinstance(wanted, str) and isinstance(actual, str):
        return _fits(wanted, actual)
    if isinstance(wanted, dict) and isinstance(actual, dict):
        return wanted.keys() == actual.keys() and all(_equal(wanted[key], actual[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(actual, list):
        return len(wanted) == len(actual) and all(map(_equal, wanted, actual))
    return isinstance(wanted, bool) == isinstance(actual, bool) and bool(wanted == actual)


def _multipart(body: bytes, media_type: str) -> Iterator[tuple[str, str]]:
    message = message_from_bytes(b"content-type: " + media_type.encode() + b"\r\n\r\n" + body)
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if name is not None:
            content = part.get_payload(decode=True)
            yield unquote_to_bytes(str(name)).decode(), content.decode() if isinstance(content, bytes) else ""
