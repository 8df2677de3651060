"""Links bodies of consumed operations: from the document's template to the plan's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from naftiko_runtime import rules
from naftiko_runtime.document.parameters import BodyTemplate
from naftiko_runtime.link.body_json_text import link_json_text
from naftiko_runtime.link.body_text import link_text_body
from naftiko_runtime.link.body_tree import link_text, link_tree, make_object
from naftiko_runtime.link.body_yaml_text import link_yaml_text
from naftiko_runtime.plan import (
    Form,
    FormField,
    JsonTree,
    Multipart,
    MultipartPart,
    OpenBody,
    PlainText,
    WholeBody,
    YamlTree,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest
from naftiko_runtime.template import Placeholder, split_template

if TYPE_CHECKING:
    from naftiko_runtime.document.parameters import BodyKind
    from naftiko_runtime.link.call_scope import CallReferences
    from naftiko_runtime.plan import Body, Term
    from naftiko_runtime.source import KeyPath

_FORM: Final = "application/x-www-form-urlencoded"
_TEXT_TYPES: Final = {
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml",
    "sparql": "application/sparql-query",
}
_PART_KEYS: Final = ("name", "value", "filename", "contentType")


def link_body(body: str | BodyTemplate, key_path: KeyPath, references: CallReferences) -> Body | None:
    """Link a body; None if it is refused, which is reported.

    Args:
        body: The body in the document; a text is JSON.
        key_path: Its place.
        references: Resolves its placeholders.
    """
    if isinstance(body, str):
        return link_json_text(body, key_path, references)
    key_path = (*key_path, "data")
    match body.type:
        case "json":
            return _link_json(body.data, key_path, references)
        case "yaml":
            return _link_yaml(body.data, key_path, references)
        case "text" | "xml" | "sparql":
            return _link_text(body, key_path, references)
        case "formUrlEncoded":
            return _link_form(body.data, key_path, references)
        case "multipartForm":
            return _link_multipart(body.data, key_path, references)
        case _:
            assert_never(body.type)


def make_body_of_fields(kind: BodyKind, fields: dict[str, Term]) -> Body | None:
    """Make a body of fields that no template places; None of no fields. A single field ``body`` is the whole."""
    if not fields:
        return None
    whole = fields["body"] if [*fields] == ["body"] else None
    match kind:
        case "json":
            return JsonTree(make_object(fields)) if whole is None else WholeBody(whole)
        case "yaml":
            return YamlTree(make_object(fields) if whole is None else whole)
        case "formUrlEncoded":
            return Form(tuple(FormField(name, term) for name, term in fields.items()), whole=whole is not None)
        case "multipartForm":
            return Multipart(tuple(MultipartPart(name, term) for name, term in fields.items()))
        case "text" | "xml" | "sparql":
            text = next(iter(fields.values())) if whole is None else whole
            return PlainText(((text, "none"),), _TEXT_TYPES[kind])
        case _:
            assert_never(kind)


def _link_json(data: Any, key_path: KeyPath, references: CallReferences) -> Body | None:
    if data is None:
        return OpenBody()
    if isinstance(data, str):
        return link_json_text(data, key_path, references)
    return JsonTree(link_tree(data, key_path, references))


def _link_yaml(data: Any, key_path: KeyPath, references: CallReferences) -> Body | None:
    if data is None:
        return OpenBody("text", "application/yaml")
    if isinstance(data, str):
        return link_yaml_text(data, key_path, references)
    return YamlTree(link_tree(data, key_path, references))


def _link_text(body: BodyTemplate, key_path: KeyPath, references: CallReferences) -> Body | None:
    content_type = _TEXT_TYPES[body.type]
    if body.data is None:
        return OpenBody("text", content_type)
    if not isinstance(body.data, str):
        references.context.report(rules.WRONG_TYPE_TEXT_BODY(type=body.type), key_path)
        return None
    return link_text_body(body.data, content_type, body.type, key_path, references)


def _link_form(data: Any, key_path: KeyPath, references: CallReferences) -> Body | None:
    if data is None:
        return OpenBody("form", _FORM)
    if isinstance(data, str):
        return link_text_body(data, _FORM, "formUrlEncoded", key_path, references)
    if not isinstance(data, dict):
        references.context.report(rules.WRONG_TYPE_FORM(), key_path)
        return None
    fields = ((name, link_tree(value, (*key_path, name), references)) for name, value in data.items())
    return Form(tuple(FormField(name, term) for name, term in fields))


def _link_multipart(data: Any, key_path: KeyPath, references: CallReferences) -> Body | None:
    """Return a form of parts: a list of them, or, outside the specification, a mapping of plain fields."""
    if data is None:
        return OpenBody("multipart", "multipart/form-data")
    _check_content_type(references)
    if isinstance(data, dict):
        references.context.report(rules.NON_STANDARD_KEY_PARTS(), key_path, key=True)
        named = ((name, link_tree(value, (*key_path, name), references)) for name, value in data.items())
        return Multipart(tuple(MultipartPart(name, term) for name, term in named))
    if not isinstance(data, list):
        references.context.report(rules.WRONG_TYPE_MULTIPART(), key_path)
        return None
    parts = [_link_part(entry, (*key_path, index), references) for index, entry in enumerate(data)]
    return None if None in parts else Multipart(tuple(part for part in parts if part is not None))


def _link_part(entry: Any, key_path: KeyPath, references: CallReferences) -> MultipartPart | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or "value" not in entry:
        references.context.report(rules.WRONG_TYPE_PART(), key_path)
        return None
    for key in entry:
        if key not in _PART_KEYS:
            advice = suggest(key, _PART_KEYS, helps.KNOWN_KEYS)
            references.context.report(rules.MISSPELT_KEY(key=key), (*key_path, key), advice, key=True)

    def link_field(key: str) -> Term | None:
        return None if entry.get(key) is None else link_text(str(entry[key]), (*key_path, key), references)

    filename, content_type = link_field("filename"), link_field("contentType")
    return MultipartPart(
        entry["name"], link_tree(entry["value"], (*key_path, "value"), references), filename, content_type
    )


def _check_content_type(references: CallReferences) -> None:
    """A content type of the document's cannot know the boundary."""
    for parameter in references.consumed.parameters:
        if parameter.in_ == "header" and parameter.name.lower() == "content-type":
            references.context.report(rules.NON_STANDARD_KEY_BOUNDARY(), parameter.get_path("name"))


def find_placeholder_names(body: object) -> list[str]:
    """Return the names in the placeholders of a body, each once; none of text that is not a template."""
    if isinstance(body, BodyTemplate):
        return find_placeholder_names(body.data)
    if isinstance(body, dict | list | tuple):
        inner = body.values() if isinstance(body, dict) else body
        return list(dict.fromkeys(name for each in inner for name in find_placeholder_names(each)))
    try:
        pieces = split_template(body) if isinstance(body, str) else ()
    except ValueError:  # reported where the body is linked
        return []
    return [piece.name for piece in pieces if isinstance(piece, Placeholder)]
