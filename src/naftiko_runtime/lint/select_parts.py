"""The readable parts of a document in this file. Imported parts are checked in their own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.document.consumes import ConsumedHttp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.source import KeyPath


def list_own_apis(document: Document, context: Context) -> list[ConsumedHttp]:
    """Return the consumed APIs that are in this file and have a readable namespace."""
    apis = (*document.consumes, *document.capability.consumes)
    own = [api for api in apis if isinstance(api, ConsumedHttp) and is_own(api, context)]
    return [api for api in own if api.get_path("namespace") not in context.unread]


def is_own(part: Part, context: Context) -> bool:
    """Return whether a part is in this file, not imported."""
    return context.find_span(part.get_path()).file == context.source.file


def filter_readable(found: Iterable[tuple[str, KeyPath]], context: Context) -> list[tuple[str, KeyPath]]:
    """Return the names and places that could be read."""
    return [(name, key_path) for name, key_path in found if key_path not in context.unread]


def list_names(found: Iterable[tuple[str, KeyPath]]) -> tuple[str, ...]:
    """Return the names of names and places."""
    return tuple(name for name, _ in found)
