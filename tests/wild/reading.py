"""Capability files as plain data with line numbers, by PyYAML alone: without any code of the product."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class Map(dict[str, Any]):
    """A mapping that knows the lines it stands on: from ``first`` up to, not including, ``end``; counted from 1."""

    first: int = 0
    end: int = 0

    def holds(self, line: int) -> bool:
        return self.first <= line < self.end

    def like(self, values: dict[str, Any]) -> Map:
        """Other values at the same place."""
        made = Map(values)
        made.first, made.end = self.first, self.end
        return made


EMPTY = Map()


def read(path: Path) -> Any:
    """A file's data, scalars as the YAML 1.2 core schema means them.

    Raises:
        yaml.YAMLError: It is no (single) YAML document.
        OSError: It cannot be read.
    """
    node = yaml.compose(path.read_bytes(), Loader=yaml.CBaseLoader)
    return None if node is None else _value(node)


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        made = Map({str(key.value): _value(value) for key, value in node.value})
        made.first = node.start_mark.line + 1
        made.end = max(node.end_mark.line + 1, made.first + 1)
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return node.value if getattr(node, "style", None) else _plain(str(node.value))


def _plain(text: str) -> Any:
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def mapping(value: Any) -> Map:
    """A value that should be a mapping; an empty one when it is not."""
    return value if isinstance(value, Map) else EMPTY


def listed(value: Any) -> Iterator[Map]:
    """The mappings of a list."""
    return (item for item in value if isinstance(item, Map)) if isinstance(value, list) else iter(())


def named(value: Any) -> Iterator[Map]:
    """A named list in either spelling: ``- name: x`` or ``x: {…}``."""
    if isinstance(value, Map):
        return (item.like({"name": name, **item}) for name, item in value.items() if isinstance(item, Map))
    return listed(value)
