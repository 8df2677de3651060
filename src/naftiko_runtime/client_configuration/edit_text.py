"""Edits the text of a configuration file, and checks that nothing but the edit changed."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, cast

from naftiko_runtime.client_configuration import jsonc_text, toml_text, yaml_text
from naftiko_runtime.client_configuration.unreadable import UnreadableConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

FileFormat: TypeAlias = Literal["json", "toml", "yaml"]
_BYTE_ORDER_MARK: Final = "\ufeff"


class _TextFormat(Protocol):
    """The module of a format."""

    def read(self, text: str, /) -> Any: ...

    def set_value(self, text: str, path: Sequence[str], value: Any, /) -> str: ...

    def remove_value(self, text: str, path: Sequence[str], /) -> str: ...


class _ChangeData(Protocol):
    """Changes data as the edit of their text should change them."""

    def __call__(self, data: dict[str, Any], /) -> None: ...


_FORMATS: Final[dict[FileFormat, ModuleType]] = {"json": jsonc_text, "toml": toml_text, "yaml": yaml_text}


def set_value(text: str, form: FileFormat, path: Sequence[str], value: Any) -> str:
    """Set the value at a path of keys, and return the new text.

    Raises:
        UnreadableConfigurationError: The text cannot be read or edited.
    """
    module = cast("_TextFormat", _FORMATS[form])

    def expect(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            if data.get(key) is None:
                data[key] = {}
            data = data[key]
        data[path[-1]] = value

    return _edit(text, module, lambda plain: module.set_value(plain, path, value), expect)


def remove_value(text: str, form: FileFormat, path: Sequence[str]) -> str:
    """Remove the value at a path of keys, and return the new text. It is the same if there is none.

    Raises:
        UnreadableConfigurationError: The text cannot be read or edited.
    """
    module = cast("_TextFormat", _FORMATS[form])

    def expect(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data.get(key) or {}
        data.pop(path[-1], None)

    return _edit(text, module, lambda plain: module.remove_value(plain, path), expect)


def list_keys(text: str, form: FileFormat, section: str) -> list[str]:
    """List the keys of a section. It has none if there is no such section.

    Raises:
        UnreadableConfigurationError: The text cannot be read.
    """
    module = cast("_TextFormat", _FORMATS[form])
    data = module.read(text.removeprefix(_BYTE_ORDER_MARK))
    found = data.get(section) if isinstance(data, dict) else None
    return [str(key) for key in found] if isinstance(found, dict) else []


def append_item(text: str, key: str, item: Any) -> str:
    """Append an element to a list of a JSON text, unless the list has it, and return the new text.

    Raises:
        UnreadableConfigurationError: The text cannot be read or edited.
    """

    def append(plain: str) -> str:
        present = jsonc_text.read(plain).get(key)
        return plain if isinstance(present, list) and item in present else jsonc_text.append_item(plain, key, item)

    def expect(data: dict[str, Any]) -> None:
        items = data.setdefault(key, [])
        if item not in items:
            items.append(item)

    return _edit(text, cast("_TextFormat", jsonc_text), append, expect)


def _edit(text: str, module: _TextFormat, edit: Callable[[str], str], expect: _ChangeData) -> str:
    """Edit a text with any line ends.

    Raises:
        UnreadableConfigurationError: The text cannot be read, or the edit would change something else.
    """
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    plain = text.removeprefix(mark)
    carriage = "\r\n" in plain
    if carriage:
        plain = plain.replace("\r\n", "\n")
    expected = deepcopy(module.read(plain))
    if not isinstance(expected, dict):
        raise UnreadableConfigurationError("it is not a mapping of keys to values")
    edited = edit(plain)
    try:
        expect(expected)
        is_right = _drop_empty(module.read(edited)) == _drop_empty(expected)
    except (AttributeError, TypeError, UnreadableConfigurationError):
        is_right = False
    if not is_right:
        raise UnreadableConfigurationError("it is written in a way that cannot be edited; add the entry by hand")
    return mark + (edited.replace("\n", "\r\n") if carriage else edited)


def _drop_empty(data: dict[str, Any]) -> dict[str, Any]:
    """Return data without empty sections. A section in TOML ends with its last table."""
    return {key: value for key, value in data.items() if value not in (None, {})}
