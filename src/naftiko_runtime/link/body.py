"""Bodies of consumed operations: from the document's template to the plan's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

import orjson

from naftiko_runtime import diagnostics as rules
from naftiko_runtime.plan import Composed, Constant, Form, JsonText, JsonTree, NamedTerm, OpenBody, PlainText

if TYPE_CHECKING:
    from naftiko_runtime.link.call import CallSite
    from naftiko_runtime.plan import Body, Term
    from naftiko_runtime.source import Steps
    from naftiko_runtime.spec.parameters import BodyTemplate

_TEXT_TYPES = {
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml",
    "sparql": "application/sparql-query",
}


def link_body(spec: str | BodyTemplate, steps: Steps, site: CallSite) -> Body | None:
    """The plan of a body; nothing when it was refused."""
    if isinstance(spec, str):
        return _json_text(spec, steps, site)
    steps = (*steps, "data")
    match spec.type:
        case "json":
            return _json(spec.data, steps, site)
        case "text" | "xml" | "sparql":
            return _text(spec, steps, site)
        case "formUrlEncoded":
            return _form(spec.data, steps, site)
        case "multipartForm":
            site.context.complain(rules.NOT_SERVED, "a body of type 'multipartForm' is not served yet", steps)
            return None
        case _:
            assert_never(spec.type)


def _json(data: Any, steps: Steps, site: CallSite) -> Body:
    if data is None:
        return OpenBody()
    return _json_text(data, steps, site) if isinstance(data, str) else JsonTree(_tree(data, steps, site))


def _tree(data: Any, steps: Steps, site: CallSite) -> Any:
    """The same structure with a term at every leaf; a leaf that is one placeholder keeps its value's type."""
    if isinstance(data, dict):
        return {key: _tree(value, (*steps, key), site) for key, value in data.items()}
    if isinstance(data, list):
        return [_tree(value, (*steps, index), site) for index, value in enumerate(data)]
    return _template(data, steps, site) if isinstance(data, str) else Constant(data)


def _template(text: str, steps: Steps, site: CallSite) -> Term:
    pieces = site.context.pieces(text, steps)
    terms: list[Any] = [Constant(p) if isinstance(p, str) else site.body_value(p.name, steps) for p in pieces]
    return terms[0] if len(terms) == 1 else Composed(tuple(terms))


def _json_text(text: str, steps: Steps, site: CallSite) -> Body:
    """A JSON text with placeholders, each known to stand inside a string or bare."""
    parts: list[str | tuple[Term, bool]] = []
    quoted = False
    for piece in site.context.pieces(text, steps):
        if isinstance(piece, str):
            parts.append(piece)
            quoted = _ends_in_string(piece, quoted)
        else:
            parts.append((site.body_value(piece.name, steps), quoted))
    _check_json(parts, steps, site)
    return JsonText(tuple(parts))


def _ends_in_string(text: str, quoted: bool) -> bool:
    position = 0
    while position < len(text):
        if text[position] == "\\" and quoted:
            position += 1
        elif text[position] == '"':
            quoted = not quoted
        position += 1
    return quoted


def _check_json(parts: list[str | tuple[Term, bool]], steps: Steps, site: CallSite) -> None:
    """With any values in it, the text must be JSON: ``0`` fits bare and inside a string alike."""
    sample = "".join(part if isinstance(part, str) else "0" for part in parts)
    try:
        orjson.loads(sample)
    except orjson.JSONDecodeError as error:
        advice = "write JSON with {{name}} for values, or a mapping under 'data'"
        site.context.complain(rules.INVALID_VALUE, f"the body is not JSON: {error.msg}", steps, advice)


def _text(spec: BodyTemplate, steps: Steps, site: CallSite) -> Body | None:
    if spec.data is None:
        return OpenBody()
    if not isinstance(spec.data, str):
        site.context.complain(rules.WRONG_TYPE, f"a body of type '{spec.type}' takes text", steps)
        return None
    term = _template(spec.data, steps, site)
    return PlainText(term, _TEXT_TYPES[spec.type], "xml" if spec.type == "xml" else "none")


def _form(data: Any, steps: Steps, site: CallSite) -> Body | None:
    if data is None:
        return OpenBody()
    if isinstance(data, str):
        return PlainText(_template(data, steps, site), "application/x-www-form-urlencoded", "form")
    if not isinstance(data, dict):
        site.context.complain(rules.WRONG_TYPE, "a form takes a mapping of fields", steps)
        return None
    fields = ((name, _tree(value, (*steps, name), site)) for name, value in data.items())
    return Form(tuple(NamedTerm(name, term) for name, term in fields))
