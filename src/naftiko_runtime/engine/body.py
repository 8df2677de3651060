"""Encodes request bodies from a call's values. No value can leave the place that its template gives it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from naftiko_runtime.encode_for_place import (
    encode_header,
    encode_json,
    encode_query,
    encode_utf8,
    escape_json_string,
    escape_sparql,
    escape_xml,
    format_text,
)
from naftiko_runtime.engine.compile_terms import ABSENT, compile_term, compile_tree
from naftiko_runtime.engine.encode_fields import encode_form_field
from naftiko_runtime.engine.multipart import MULTIPART, compile_multipart
from naftiko_runtime.file_value import File, Unrenderable
from naftiko_runtime.plan import Form, JsonText, JsonTree, Multipart, OpenBody, PlainText, WholeBody, YamlTree
from naftiko_runtime.rules import message_clauses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.engine.compile_terms import Evaluate, Values
    from naftiko_runtime.plan import Body, Escape, Term
    from naftiko_runtime.secret import Secret

EncodeBody: TypeAlias = Callable[["Values"], bytes | None]
"""From a call's values to the bytes of the body; None if all its values are absent."""

JSON: Final = b"application/json"
FORM: Final = b"application/x-www-form-urlencoded"


def compile_body(  # noqa: PLR0911 - one a kind
    body: Body, secrets: Mapping[str, Secret]
) -> tuple[EncodeBody, bytes]:
    """Compile a body; return its encoder and its content type.

    Args:
        body: The body in the plan; not an open one, which is the caller's.
        secrets: Bound variables by full name.
    """
    match body:
        case JsonTree(root):
            leaf = compile_tree(root, secrets)
            return lambda values: encode_finite_json(leaf(values)), JSON
        case YamlTree(root):
            return _compile_yaml(compile_tree(root, secrets)), b"application/yaml"
        case JsonText(parts):
            return _compile_json_text(parts, secrets), JSON
        case WholeBody(term):
            return _compile_whole(compile_term(term, secrets)), JSON
        case PlainText(parts, content_type):
            return _compile_text(parts, secrets), content_type.encode()
        case Form():
            return _compile_form(body, secrets), FORM
        case Multipart(parts):
            return compile_multipart(parts, secrets), MULTIPART
        case OpenBody():
            raise AssertionError("an open body is the caller's, not made")
        case _:
            assert_never(body)


def _compile_json_text(parts: tuple[str | tuple[Term, str], ...], secrets: Mapping[str, Secret]) -> EncodeBody:
    pieces = tuple(p.encode() if isinstance(p, str) else (compile_term(p[0], secrets), _IN_JSON[p[1]]) for p in parts)

    def encode(values: Values) -> bytes:
        return b"".join(p if isinstance(p, bytes) else p[1](p[0](values)) for p in pieces)

    return encode


_IN_JSON: Final[dict[str, Callable[[object], bytes]]] = {
    "bare": lambda value: b"null" if value is ABSENT else encode_finite_json(value),
    "string": lambda value: b"null" if value is ABSENT or value is None else encode_json(format_text(value)),
    "key": lambda value: b"" if value is ABSENT or value is None else escape_json_string(value),
}


class TypedBytes(bytes):
    """A body with a content type of its own."""

    media_type: bytes


def _compile_whole(get: Evaluate) -> EncodeBody:
    def encode(values: Values) -> bytes | None:
        value = get(values)
        if isinstance(value, File):
            body = TypedBytes(value.content)
            body.media_type = encode_header(value.media_type or "application/octet-stream")
            return body
        return None if value is ABSENT else encode_finite_json(value)

    return encode


def _compile_yaml(get: Evaluate) -> EncodeBody:
    import yaml  # noqa: PLC0415 - few documents need it

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    def encode(values: Values) -> bytes | None:
        value = get(values)
        if value is ABSENT:
            return None
        encode_finite_json(value)  # YAML readers disagree on values that JSON cannot represent
        text: str = yaml.dump(_make_plain(value), Dumper=dumper, allow_unicode=True, sort_keys=False)
        return text.encode()

    return encode


def _make_plain(value: Any) -> Any:
    """Convert to the types that the YAML writer knows: numbers lose their spelling."""
    match value:
        case dict():
            return {key: _make_plain(item) for key, item in value.items()}
        case list():
            return [_make_plain(item) for item in value]
        case None | bool():
            return value
        case int():
            return int(value)
        case float():
            return float(value)
    return format_text(value)


def encode_finite_json(value: Any) -> bytes:
    """Encode a value as JSON, without numbers that would become null.

    Raises:
        Unrenderable: It has an infinity or NaN, or :func:`encode_json` refuses it.
    """
    encoded = encode_json(value)
    if encoded.find(b"null") >= 0 and _has_infinite_number(value):
        raise Unrenderable(message_clauses.NUMBER_OUT_OF_RANGE())
    return encoded


def _has_infinite_number(value: Any) -> bool:
    left = [value]
    while left:
        match left.pop():
            case dict() as fields:
                left += fields.values()
            case list() as items:
                left += items
            case float() as number if not isfinite(number):
                return True
    return False


_ESCAPES: Final[dict[Escape, Callable[[str], str]]] = {
    "none": str,
    "xml": escape_xml,
    "form": encode_query,
    "sparql-string": partial(escape_sparql, place="string"),
    "sparql-iri": partial(escape_sparql, place="iri"),
    "sparql-token": partial(escape_sparql, place="token"),
}


def _compile_text(parts: tuple[str | tuple[Term, Escape], ...], secrets: Mapping[str, Secret]) -> EncodeBody:
    """Literal parts are unchanged, a value is escaped for its place, and an absent one is empty."""
    pieces = tuple(p if isinstance(p, str) else (compile_term(p[0], secrets), _ESCAPES[p[1]]) for p in parts)

    def encode(values: Values) -> bytes:
        texts = (p if isinstance(p, str) else _escape(p[0](values), p[1]) for p in pieces)
        return encode_utf8("".join(texts))

    return encode


def _escape(value: Any, guard: Callable[[str], str]) -> str:
    return "" if value is ABSENT or value is None else guard(format_text(value))


def _compile_form(form: Form, secrets: Mapping[str, Secret]) -> EncodeBody:
    if form.whole:
        return _compile_whole_form(compile_tree(form.fields[0].term, secrets))
    fields = tuple((encode_query(f.name), compile_tree(f.term, secrets, joins=True)) for f in form.fields)

    def encode(values: Values) -> bytes | None:
        pairs = ((name, get(values)) for name, get in fields)
        texts = [text for name, value in pairs if value is not ABSENT for text in encode_form_field(name, value)]
        return "&".join(texts).encode() if texts else None

    return encode


def _compile_whole_form(get: Evaluate) -> EncodeBody:
    return lambda values: None if (value := get(values)) is ABSENT or value is None else encode_form(value)


def encode_form(value: Any) -> bytes | None:
    """Encode an object as a form; text is unchanged. None for an object without fields.

    Raises:
        Unrenderable: It is neither an object nor text.
    """
    if isinstance(value, str):
        return encode_utf8(value)
    if not isinstance(value, dict):
        raise Unrenderable(message_clauses.FORM_SHAPE())
    texts = [text for name, item in value.items() for text in encode_form_field(encode_query(name), item)]
    return "&".join(texts).encode() if texts else None
