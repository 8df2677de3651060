"""Fields and bodies of requests, with a term in the place of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.terms import Term, Tree

ListStyle: TypeAlias = Literal["repeat", "comma", "space", "pipe", "deep"]
"""How a query has a list: its name repeated, or one value whose items are joined; ``deep`` is an object in brackets."""


class NamedTerm(Struct, frozen=True):
    """A query parameter, header or cookie."""

    name: str
    term: Term
    style: ListStyle = "repeat"


Escape: TypeAlias = Literal["none", "xml", "form", "sparql-string", "sparql-iri", "sparql-token"]


class JsonTree(Struct, frozen=True):
    """A structured JSON body; a key whose value is absent is left out."""

    root: Tree


class YamlTree(Struct, frozen=True):
    """A YAML body; a key whose value is absent is left out."""

    root: Tree


class JsonText(Struct, frozen=True):
    """A JSON body written as text: literal pieces, and terms with the kind of their place.

    The place of a term is ``bare``, a whole ``string`` with its quotes, or a part of a ``key``.
    """

    parts: tuple[str | tuple[Term, Literal["bare", "string", "key"]], ...]


class PlainText(Struct, frozen=True):
    """A body of text, XML, SPARQL or a form written as text: literal pieces, and terms with how they are escaped.

    An absent value is empty text.
    """

    parts: tuple[str | tuple[Term, Escape], ...]
    content_type: str


class FormField(Struct, frozen=True):
    """A field of a form."""

    name: str
    term: Tree


class Form(Struct, frozen=True):
    """An ``application/x-www-form-urlencoded`` body; absent fields are left out.

    With ``whole``, the value of its only field is an object of the fields, or the text of the body.
    """

    fields: tuple[FormField, ...]
    whole: bool = False


class MultipartPart(Struct, frozen=True):
    """A part of a multipart form. With a file name it is a file. Each item of a list becomes a part."""

    name: str
    term: Tree
    filename: Term | None = None
    content_type: Term | None = None


class Multipart(Struct, frozen=True):
    """A ``multipart/form-data`` body; absent parts are left out."""

    parts: tuple[MultipartPart, ...]


class WholeBody(Struct, frozen=True):
    """The caller's value of one input is the whole body, as JSON."""

    term: Term


class OpenBody(Struct, frozen=True):
    """The caller's body, unchanged. A tool has no body: ``kind`` says how its arguments are encoded."""

    kind: Literal["json", "text", "form", "multipart"] = "json"
    content_type: str = "application/json"


Body: TypeAlias = JsonTree | YamlTree | JsonText | PlainText | Form | Multipart | WholeBody | OpenBody
