"""Bodies: from a call's values to bytes; no value can leave the place its template gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never
from xml.sax.saxutils import escape

from naftiko_runtime.engine.terms import ABSENT, evaluator
from naftiko_runtime.plan import Composed, Constant, Form, JsonText, JsonTree, OpenBody, PlainText, WholeBody
from naftiko_runtime.template import as_json, as_text, in_json_string, in_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.engine.terms import Evaluate, Values
    from naftiko_runtime.plan import Body, Term
    from naftiko_runtime.secret import Secret

EncodeBody: TypeAlias = Callable[["Values"], bytes | None]
"""From values to the body's bytes; nothing when there is no body because its one value is absent."""

JSON = b"application/json"


def body_encoder(body: Body, secrets: Mapping[str, Secret]) -> tuple[EncodeBody, bytes]:
    """How a templated body is made, and its content type."""
    match body:
        case JsonTree(root):
            leaf = _tree(root, secrets)
            return lambda values: as_json(leaf(values)), JSON
        case JsonText(parts):
            return _json_text(parts, secrets), JSON
        case WholeBody(term):
            return _whole(evaluator(term, secrets)), JSON
        case PlainText(term, content_type, escaping):
            return _text(term, escaping, secrets), content_type.encode()
        case Form():
            return _form(body, secrets), b"application/x-www-form-urlencoded"
        case OpenBody():
            raise AssertionError("an open body is the caller's, not made")
        case _:
            assert_never(body)


def _tree(node: Any, secrets: Mapping[str, Secret]) -> Evaluate:
    """A structured body; an entry whose value is absent is left out, with everything that hung on it."""
    if isinstance(node, dict):
        fields = tuple((key, _tree(value, secrets)) for key, value in node.items())
        return lambda values: {key: v for key, get in fields if (v := get(values)) is not ABSENT}
    if isinstance(node, list):
        items = tuple(_tree(value, secrets) for value in node)
        return lambda values: [v for get in items if (v := get(values)) is not ABSENT]
    return evaluator(node, secrets)


def _json_text(parts: tuple[str | tuple[Term, bool], ...], secrets: Mapping[str, Secret]) -> EncodeBody:
    pieces = tuple(part.encode() if isinstance(part, str) else (evaluator(part[0], secrets), part[1]) for part in parts)

    def encode(values: Values) -> bytes:
        return b"".join(p if isinstance(p, bytes) else _json_value(p[0](values), quoted=p[1]) for p in pieces)

    return encode


def _json_value(value: Any, *, quoted: bool) -> bytes:
    if value is ABSENT:
        return b"" if quoted else b"null"
    return in_json_string(value) if quoted else as_json(value)


def _whole(get: Evaluate) -> EncodeBody:
    return lambda values: None if (value := get(values)) is ABSENT else as_json(value)


_ESCAPES: Final[dict[str, Callable[[str], str]]] = {
    "none": str,
    "xml": lambda text: escape(text, {'"': "&quot;", "'": "&apos;"}),
    "form": in_query,
}


def _text(term: Term, escaping: str, secrets: Mapping[str, Secret]) -> EncodeBody:
    """Text with values in it: literal parts stay, a value is escaped for the kind of text, an absent one is empty."""
    literal = term.parts if isinstance(term, Composed) else (term,)
    guard = _ESCAPES[escaping]
    pieces = tuple(as_text(part.value) if isinstance(part, Constant) else evaluator(part, secrets) for part in literal)

    def encode(values: Values) -> bytes:
        texts = (p if isinstance(p, str) else _shown(p(values), guard) for p in pieces)
        return "".join(texts).encode()

    return encode


def _shown(value: Any, guard: Callable[[str], str]) -> str:
    return "" if value is ABSENT else guard(as_text(value))


def _form(form: Form, secrets: Mapping[str, Secret]) -> EncodeBody:
    fields = tuple((in_query(f.name), _tree(f.term, secrets)) for f in form.fields)

    def encode(values: Values) -> bytes:
        pairs = ((name, get(values)) for name, get in fields)
        return "&".join(
            field for name, value in pairs if value is not ABSENT for field in fields_of(name, value)
        ).encode()

    return encode


def fields_of(name: str, value: Any) -> list[str]:
    """``name=value`` for a query or a form; a list repeats the name. The name is already encoded."""
    values = value if isinstance(value, list) else [value]
    return [f"{name}={in_query(item)}" for item in values if item is not None]
