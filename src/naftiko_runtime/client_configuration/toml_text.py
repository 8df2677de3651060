"""Edits TOML. Comments, order and the form of everything else stay."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from naftiko_runtime.client_configuration.unreadable import UnreadableConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence


def read(text: str) -> Any:
    """Return the value of a text.

    Raises:
        UnreadableConfigurationError: It is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableConfigurationError(str(error)) from None


def set_value(text: str, path: Sequence[str], value: Any) -> str:
    """Set the table at a path of keys, and return the new text.

    Raises:
        UnreadableConfigurationError: The text is not TOML, or a value on the path is no table.
    """
    import tomlkit  # noqa: PLC0415 - only for clients with TOML
    from tomlkit.items import InlineTable, Table  # noqa: PLC0415 - the same

    document = _parse(text if not text or text.endswith("\n") else text + "\n")
    parent: Any = document
    for key in path[:-1]:
        if key not in parent:
            parent[key] = tomlkit.table(is_super_table=True)
        parent = parent[key]
        if not isinstance(parent, dict):
            raise UnreadableConfigurationError(f"'{key}' is not a table")
    table = tomlkit.inline_table() if isinstance(parent, InlineTable) else tomlkit.table()
    table.update(value)
    if path[-1] not in parent and isinstance(table, Table):
        if len(parent):
            table.add(tomlkit.nl())  # before the next table
        elif text.strip():
            document.add(tomlkit.nl())
    parent[path[-1]] = table
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def remove_value(text: str, path: Sequence[str]) -> str:
    """Remove the table at a path of keys, and return the new text. It is the same if there is none.

    Raises:
        UnreadableConfigurationError: The text is not TOML.
    """
    import tomlkit  # noqa: PLC0415 - only for clients with TOML

    document = _parse(text)
    parent: Any = document
    for key in path[:-1]:
        parent = parent.get(key)
        if not isinstance(parent, dict):
            return text
    if path[-1] not in parent:
        return text
    del parent[path[-1]]
    return tomlkit.dumps(document)


def _parse(text: str) -> Any:
    import tomlkit  # noqa: PLC0415 - only for clients with TOML
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - the same

    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise UnreadableConfigurationError(str(error)) from None
