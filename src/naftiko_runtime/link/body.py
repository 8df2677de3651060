"""Bodies of consumed operations: from the document's template to the plan's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, assert_never

from naftiko_runtime import rules
from naftiko_runtime.document.parameters import BodyTemplate
from naftiko_runtime.lazy_import import module, pattern
from naftiko_runtime.plan import (
    Composed,
    Constant,
    Form,
    FormField,
    JsonText,
    JsonTree,
    Multipart,
    OpenBody,
    Part,
    PlainText,
    TermList,
    TermObject,
    WholeBody,
    YamlTree,
    freeze,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.source import SourceError, load
from naftiko_runtime.suggest import suggest
from naftiko_runtime.template import Placeholder, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import orjson

    from naftiko_runtime.document.parameters import BodyKind
    from naftiko_runtime.link.call_references import Naming
    from naftiko_runtime.plan import Body, Escape, Term, Tree
    from naftiko_runtime.source import Steps
else:
    orjson = module("orjson")

_FORM: Final = "application/x-www-form-urlencoded"
_JSON_STRING: Final = pattern(r'"((?:[^"\\]|\\.)*)"(\s*:)?', re.DOTALL)
_TEXT_TYPES = {
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml",
    "sparql": "application/sparql-query",
}


def link_body(spec: str | BodyTemplate, steps: Steps, site: Naming) -> Body | None:
    """The plan of a body; nothing when it was refused."""
    if isinstance(spec, str):
        return _json_text(spec, steps, site)
    steps = (*steps, "data")
    match spec.type:
        case "json":
            return _json(spec.data, steps, site)
        case "yaml":
            return _yaml(spec.data, steps, site)
        case "text" | "xml" | "sparql":
            return _text(spec, steps, site)
        case "formUrlEncoded":
            return _form(spec.data, steps, site)
        case "multipartForm":
            return _multipart(spec.data, steps, site)
        case _:
            assert_never(spec.type)


def fields_body(kind: BodyKind, fields: dict[str, Term]) -> Body | None:
    """A body of fields that no template places; one called ``body`` is the whole. None of no fields."""
    if not fields:
        return None
    whole = fields["body"] if [*fields] == ["body"] else None
    match kind:
        case "json":
            return JsonTree(_object(fields)) if whole is None else WholeBody(whole)
        case "yaml":
            return YamlTree(_object(fields) if whole is None else whole)
        case "formUrlEncoded":
            return Form(tuple(FormField(name, term) for name, term in fields.items()), whole=whole is not None)
        case "multipartForm":
            return Multipart(tuple(Part(name, term) for name, term in fields.items()))
        case "text" | "xml" | "sparql":
            text = next(iter(fields.values())) if whole is None else whole
            return PlainText(((text, "none"),), _TEXT_TYPES[kind])
        case _:
            assert_never(kind)


def _json(data: Any, steps: Steps, site: Naming) -> Body | None:
    if data is None:
        return OpenBody()
    return _json_text(data, steps, site) if isinstance(data, str) else JsonTree(_tree(data, steps, site))


def _yaml(data: Any, steps: Steps, site: Naming) -> Body | None:
    """A YAML body. A text is parsed before any value stands in it, so that none can change its structure."""
    if data is None:
        return OpenBody("text", _YAML)
    if not isinstance(data, str):
        return YamlTree(_tree(data, steps, site))
    pieces = site.body_pieces(data, steps)
    terms = [site.body_value(piece, data, steps) for piece in pieces if not isinstance(piece, str)]
    numbers = iter(range(len(terms)))
    marked = "".join(p if isinstance(p, str) else _YAML_MARK.format(next(numbers)) for p in pieces)
    try:
        parsed = load(marked.encode(), "body").data
    except SourceError as error:
        site.context.report(rules.INVALID_VALUE_YAML_BODY(problem=error.diagnostics[0].statement), steps)
        return None
    if _has_marked_key(parsed):
        site.context.report(rules.INVALID_VALUE_YAML_KEY(), steps)
        return None
    return YamlTree(_unmarked(parsed, terms))


def _has_marked_key(node: Any) -> bool:
    if isinstance(node, dict):
        return any(_YAML_MARKED.search(str(key)) or _has_marked_key(value) for key, value in node.items())
    return isinstance(node, list) and any(map(_has_marked_key, node))


_YAML: Final = "application/yaml"
_YAML_MARK: Final = "\ue000{}\ue001"
_YAML_MARKED: Final = pattern("\ue000([0-9]+)\ue001")


def _unmarked(node: Any, terms: Sequence[Term]) -> Tree:
    """What was parsed, with the terms in the place of their marks."""
    if isinstance(node, dict):
        return _object({key: _unmarked(value, terms) for key, value in node.items()})
    if isinstance(node, list):
        return TermList(tuple(_unmarked(value, terms) for value in node))
    if not isinstance(node, str):
        return Constant(freeze(node))
    parts: list[Any] = []
    for number, text in enumerate(_YAML_MARKED.split(node)):
        if number % 2:
            parts.append(terms[int(text)])
        elif text:
            parts.append(Constant(text))
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def _object(fields: Mapping[str, Tree]) -> TermObject:
    return TermObject(tuple(fields.items()))


def _tree(data: Any, steps: Steps, site: Naming) -> Tree:
    """The same structure with a term at every leaf; a leaf that is one placeholder keeps its value's type."""
    if isinstance(data, dict):
        return _object({key: _tree(value, (*steps, key), site) for key, value in data.items()})
    if isinstance(data, list):
        return TermList(tuple(_tree(value, (*steps, index), site) for index, value in enumerate(data)))
    return _template(data, steps, site) if isinstance(data, str) else Constant(freeze(data))


def _template(text: str, steps: Steps, site: Naming) -> Term:
    pieces = site.body_pieces(text, steps)
    terms: list[Any] = [Constant(p) if isinstance(p, str) else site.body_value(p, text, steps) for p in pieces]
    return terms[0] if len(terms) == 1 else Composed(tuple(terms))


def _json_text(text: str, steps: Steps, site: Naming) -> Body | None:
    """A JSON text with placeholders, each known to be bare, in a string or in a key."""
    pieces = site.body_pieces(text, steps)
    if not _is_json(pieces, steps, site):
        return None
    terms = iter([site.body_value(piece, text, steps) for piece in pieces if not isinstance(piece, str)])
    whole = "".join(piece if isinstance(piece, str) else _MARK for piece in pieces)
    parts: list[str | tuple[Term, _Place]] = []
    end = 0
    for string in _JSON_STRING.finditer(whole):
        if _MARK not in string[1]:
            continue
        parts += _marked(whole[end : string.start()], terms, "bare")
        if string[2]:
            parts += ['"', *_marked(string[1], terms, "key"), '"', string[2]]
        else:
            parts.append((_string_term(string[1], terms), "string"))
        end = string.end()
    return JsonText((*parts, *_marked(whole[end:], terms, "bare")))


_Place = Literal["bare", "string", "key"]
_MARK: Final = "\0"
"""JSON text cannot hold it."""


def _marked(text: str, terms: Iterator[Term], place: _Place) -> list[str | tuple[Term, _Place]]:
    """A piece of JSON text with its terms in place of the marks."""
    head, *rest = text.split(_MARK)
    parts: list[str | tuple[Term, _Place]] = [head] if head else []
    for literal in rest:
        parts.append((next(terms), place))
        parts += [literal] if literal else []
    return parts


def _string_term(text: str, terms: Iterator[Term]) -> Term:
    """The inside of a JSON string as one term, so that it is absent as a whole."""
    head, *rest = [orjson.loads(f'"{literal}"') for literal in text.split(_MARK)]
    parts: list[Any] = [Constant(head)] if head else []
    for literal in rest:
        parts.append(next(terms))
        parts += [Constant(literal)] if literal else []
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def _is_json(pieces: tuple[str | Placeholder, ...], steps: Steps, site: Naming) -> bool:
    """With any values in it, the text must be JSON: ``0`` fits bare and inside a string alike."""
    sample = "".join(piece if isinstance(piece, str) else "0" for piece in pieces)
    try:
        orjson.loads(sample)
    except orjson.JSONDecodeError as error:
        site.context.report(rules.INVALID_VALUE_JSON_BODY(problem=error.msg), steps)
        return False
    return True


def _text(spec: BodyTemplate, steps: Steps, site: Naming) -> Body | None:
    content_type = _TEXT_TYPES[spec.type]
    if spec.data is None:
        return OpenBody("text", content_type)
    if not isinstance(spec.data, str):
        site.context.report(rules.WRONG_TYPE_TEXT_BODY(type=spec.type), steps)
        return None
    return _plain(spec.data, content_type, spec.type, steps, site)


def _plain(text: str, content_type: str, kind: str, steps: Steps, site: Naming) -> Body:
    pieces = site.body_pieces(text, steps)
    before = ""
    parts: list[str | tuple[Term, Escape]] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
            before += piece
        else:
            escaping = _escape(kind, before, whole=len(pieces) == 1)
            parts.append((site.body_value(piece, text, steps), escaping))
            before += "x"
    return PlainText(tuple(parts), content_type)


def _escape(kind: str, before: str, *, whole: bool) -> Escape:
    """How a value is kept in its place, by what the text before it left open."""
    match kind:
        case "xml" | "formUrlEncoded":
            return "xml" if kind == "xml" else "form"
        case "sparql" if not whole:  # a query that is the caller's as a whole is the caller's to write
            return _sparql_place(before)
        case _:
            return "none"


_SPARQL_OPENED: Final = pattern(
    r'''("""|\'\'\')(?:\\.|.)*?(?:\1|(?P<long>\Z))|(["'])(?:\\.|[^\\\n])*?(?:\3|(?P<short>\Z))'''
    r"""|<[^<>"{}|^`\\\s]*(?:>|(?P<iri>\Z))|\#[^\n]*""",
    re.DOTALL,
)


def _sparql_place(before: str) -> Escape:
    """Whether a query's text so far ends inside a string, inside an IRI, or in neither."""
    place: Escape = "sparql-token"
    for match in _SPARQL_OPENED.finditer(before):
        if match["long"] is not None or match["short"] is not None:
            place = "sparql-string"
        elif match["iri"] is not None:
            place = "sparql-iri"
    return place


def _multipart(data: Any, steps: Steps, site: Naming) -> Body | None:
    """A form of parts: a list of them, or, outside the specification, a mapping of plain fields."""
    if data is None:
        return OpenBody("multipart", "multipart/form-data")
    _check_content_type(site)
    if isinstance(data, dict):
        site.context.report(rules.NON_STANDARD_KEY_PARTS(), steps, key=True)
        named = ((name, _tree(value, (*steps, name), site)) for name, value in data.items())
        return Multipart(tuple(Part(name, term) for name, term in named))
    if not isinstance(data, list):
        site.context.report(rules.WRONG_TYPE_MULTIPART(), steps)
        return None
    parts = [_part(entry, (*steps, index), site) for index, entry in enumerate(data)]
    return None if None in parts else Multipart(tuple(part for part in parts if part is not None))


_PART_KEYS: Final = ("name", "value", "filename", "contentType")


def _part(entry: Any, steps: Steps, site: Naming) -> Part | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or "value" not in entry:
        site.context.report(rules.WRONG_TYPE_PART(), steps)
        return None
    for key in entry:
        if key not in _PART_KEYS:
            advice = suggest(key, _PART_KEYS, helps.KNOWN_KEYS)
            site.context.report(rules.MISSPELT_KEY(key=key), (*steps, key), advice, key=True)

    def text(key: str) -> Term | None:
        return None if entry.get(key) is None else _template(str(entry[key]), (*steps, key), site)

    filename, content_type = text("filename"), text("contentType")
    return Part(entry["name"], _tree(entry["value"], (*steps, "value"), site), filename, content_type)


def _check_content_type(site: Naming) -> None:
    """A content type of the document's cannot know the boundary."""
    for parameter in site.consumed.parameters:
        if parameter.in_ == "header" and parameter.name.lower() == "content-type":
            site.context.report(rules.NON_STANDARD_KEY_BOUNDARY(), parameter.at("name"))


def _form(data: Any, steps: Steps, site: Naming) -> Body | None:
    if data is None:
        return OpenBody("form", _FORM)
    if isinstance(data, str):
        return _plain(data, _FORM, "formUrlEncoded", steps, site)
    if not isinstance(data, dict):
        site.context.report(rules.WRONG_TYPE_FORM(), steps)
        return None
    fields = ((name, _tree(value, (*steps, name), site)) for name, value in data.items())
    return Form(tuple(FormField(name, term) for name, term in fields))


def placeholder_names(body: object) -> list[str]:
    """The names in the placeholders of a body template, each once; none in text that is not a template."""
    if isinstance(body, BodyTemplate):
        return placeholder_names(body.data)
    if isinstance(body, dict | list | tuple):
        inner = body.values() if isinstance(body, dict) else body
        return list(dict.fromkeys(name for each in inner for name in placeholder_names(each)))
    try:
        pieces = split(body) if isinstance(body, str) else ()
    except ValueError:  # reported where the body is linked
        return []
    return [piece.name for piece in pieces if isinstance(piece, Placeholder)]
