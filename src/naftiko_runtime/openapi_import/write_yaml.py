"""Writes a capability as YAML that looks as a person writes it."""

from __future__ import annotations

from typing import Any, Final

import yaml

from naftiko_runtime.source.scalars import WrittenFloat, WrittenInt, resolve_plain

_WIDTH: Final = 120
_ONE_LINE_CHARACTERS_MAX: Final = 100
_SHORT_LISTS: Final = ("inputParameters", "data")
"""Lists whose entries stand in one line if they fit."""


class _OneLine(dict[str, Any]):
    """A mapping that is written in one line."""


class _Dumper(yaml.CSafeDumper):
    """Writes no aliases, and quotes texts that YAML 1.2 reads as other values."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif not isinstance(resolve_plain(text), str) or "{{" in text:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_one_line(dumper: _Dumper, mapping: _OneLine) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping.items(), flow_style=True)


def _represent_integer(dumper: _Dumper, value: int) -> yaml.ScalarNode:
    return dumper.represent_int(int(value))


def _represent_number(dumper: _Dumper, value: float) -> yaml.ScalarNode:
    return dumper.represent_float(float(value))


_Dumper.add_representer(WrittenInt, _represent_integer)
_Dumper.add_representer(WrittenFloat, _represent_number)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_OneLine, _represent_one_line)


def write_yaml(document: dict[str, Any]) -> str:
    """Return a document as YAML."""
    text: str = yaml.dump(
        _lay_out(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, indent=2
    )
    return text


def _lay_out(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _lay_out(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_lay_out_entry(item) if key in _SHORT_LISTS else _lay_out(item) for item in value]
    return value


def _lay_out_entry(entry: Any) -> Any:
    """Lay out an entry of a list: in one line if it fits."""
    if isinstance(entry, dict) and len(str(entry)) <= _ONE_LINE_CHARACTERS_MAX and "\n" not in str(entry.values()):
        return _OneLine(entry)
    return _lay_out(entry)
