"""Reads OpenAPI documents and their neighbours as plain data, and resolves references between them."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import yaml

from naftiko_runtime.source.scalars import resolve_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEPTH_MAX: Final = 64
"""References that lead to references."""

ApiObject = dict[str, Any]


class UnreadableDocument(Exception):  # noqa: N818 - named for what happened
    """A document cannot be read. The message gives the reason."""


class UnresolvedReference(Exception):  # noqa: N818 - named for what happened
    """A reference leads nowhere. The message gives the reference and the reason."""


class DocumentFiles:
    """One document, and the files that it refers to.

    Attributes:
        root: The content of the document.
    """

    def __init__(self, path: Path, allowed: Iterable[Path] = ()) -> None:
        """Read a document.

        Args:
            path: Its file.
            allowed: Folders of neighbours, besides its own.

        Raises:
            UnreadableDocument: It cannot be read, or is no mapping.
        """
        self._path = path.resolve()
        self._allowed = (self._path.parent, *(folder.resolve() for folder in allowed))
        self._contents: dict[Path, object] = {}
        content = _read_file(self._path)
        if not isinstance(content, dict):
            raise UnreadableDocument("it is no mapping, so no OpenAPI document")
        _anchor_references(content, self._path)
        self._contents[self._path] = content
        self.root: ApiObject = content

    def resolve(self, value: Any) -> Any:
        """Return what a value refers to; the value itself if it is no reference. Keys beside ``$ref`` are added.

        Raises:
            UnresolvedReference: The reference leads nowhere, or in a circle.
        """
        reference = ""
        for _ in range(_DEPTH_MAX):
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return value
            reference = value["$ref"]
            found = self._find(reference)
            beside = {key: item for key, item in value.items() if key != "$ref"}
            value = {**found, **beside} if beside and isinstance(found, dict) else found
        raise UnresolvedReference(f"'{show_reference(reference)}' leads in a circle")

    def _find(self, reference: str) -> Any:
        location, _, fragment = reference.partition("#")
        found: Any = self._open(location, reference)
        for part in fragment.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and "$ref" in found and key not in found:
                found = self.resolve(found)
            if isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict) and (key in found or part in found):
                found = found[key if key in found else part]
            else:
                raise UnresolvedReference(f"'{show_reference(reference)}' does not exist")
        if fragment and not fragment.startswith("/"):
            raise UnresolvedReference(f"'{show_reference(reference)}' is no JSON pointer")
        return found

    def _open(self, location: str, reference: str) -> object:
        if urlsplit(location).scheme in ("http", "https"):
            raise UnresolvedReference(f"'{location}' is not a file")
        path = Path(location)
        if path not in self._contents:
            if not any(path.is_relative_to(folder) for folder in self._allowed):
                raise UnresolvedReference(f"'{show_reference(reference)}' is not below the document's folder")
            try:
                content = _read_file(path)
            except UnreadableDocument as error:
                raise UnresolvedReference(f"'{show_reference(reference)}' cannot be read: {error}") from None
            _anchor_references(content, path)
            self._contents[path] = content
        return self._contents[path]


def show_reference(reference: str) -> str:
    """Return the fragment of a reference, or the name of its file without one."""
    location, _, fragment = reference.partition("#")
    return f"#{fragment}" if fragment else PurePosixPath(location).name


def _anchor_references(content: object, path: Path) -> None:
    """Put the path of the file in front of every reference in it, so that references mean the same everywhere."""
    left, seen = [content], {id(content)}
    while left:
        value = left.pop()
        if isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
            value["$ref"] = _anchor(reference, path)
        inner: Iterable[object] = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        )
        for item in inner:
            if isinstance(item, dict | list) and id(item) not in seen:
                seen.add(id(item))
                left.append(item)


def _anchor(reference: str, path: Path) -> str:
    location, _, fragment = reference.partition("#")
    if urlsplit(location).scheme in ("http", "https"):
        return reference
    try:
        file = path if not location else (path.parent / unquote(location)).resolve()
    except ValueError:  # no file has such a name
        return reference
    return f"{file}#{fragment}"


def _read_file(path: Path) -> object:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableDocument(error.strerror or "it cannot be read") from None
    except UnicodeDecodeError:
        raise UnreadableDocument("it is not UTF-8 text") from None
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:
        pass
    except RecursionError:
        raise UnreadableDocument("it is nested too deeply") from None
    return _read_yaml(text)


def _read_yaml(text: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}: "
        raise UnreadableDocument(f"{where}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise UnreadableDocument(str(error).splitlines()[0]) from None
    except (RecursionError, ValueError) as error:
        raise UnreadableDocument(f"it is no plain YAML: {error}") from None


class _Loader(yaml.CSafeLoader):
    """Reads scalars as YAML 1.2 does: ``no`` and dates are texts."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}  # noqa: RUF012 - as the base class has it


def _construct_scalar(_: yaml.CSafeLoader, node: yaml.ScalarNode) -> object:
    return node.value if node.style else resolve_plain(node.value)


def _construct_mapping(loader: yaml.CSafeLoader, node: yaml.MappingNode) -> Iterable[ApiObject]:
    mapping: ApiObject = {}
    yield mapping
    for key, value in node.value:
        mapping[_read_key(key)] = loader.construct_object(value)


def _read_key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.constructor.ConstructorError(None, None, "a key is no text", node.start_mark)
    return str(node.value)


def _construct_other(loader: yaml.CSafeLoader, _: str, node: yaml.Node) -> object:
    """Read a value with a tag as if it had none."""
    if isinstance(node, yaml.MappingNode):
        (mapping,) = _construct_mapping(loader, node)  # taking all of it fills the mapping
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Loader.add_constructor("tag:yaml.org,2002:str", _construct_scalar)
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_Loader.add_multi_constructor("!", _construct_other)
