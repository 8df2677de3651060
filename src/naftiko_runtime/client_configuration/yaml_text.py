"""Edits YAML. Everything that is not edited keeps its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from naftiko_runtime.client_configuration.unreadable import UnreadableConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNIT: Final = "  "
_LINE_CHARACTERS_MAX: Final = 1_000_000


def read(text: str) -> Any:
    """Return the value of a text. Empty text is an empty mapping.

    Raises:
        UnreadableConfigurationError: It is not YAML.
    """
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise _describe(error) from None


def set_value(text: str, path: Sequence[str], value: Any) -> str:
    """Set the value at a path of two keys, and return the new text.

    Raises:
        UnreadableConfigurationError: The text is not YAML, or its mappings cannot be edited as text.
    """
    section, name = path
    block = _render(name, value)
    root = _compose(text)
    if root is None:
        return _end_line(text) + f"{section}:\n{_indent(block, _UNIT)}"
    found = _find(_expect_block(root, "the file"), section)
    if found is None:
        lines = text.splitlines(keepends=True)
        end = _find_end(lines, root.value[-1][1])
        return "".join([*_end_lines(lines[:end]), f"{section}:\n{_indent(block, _UNIT)}", *lines[end:]])
    _, node = found
    if not node.value:  # null or {}
        start, end = node.start_mark.index, node.end_mark.index
        return f"{text[:start].rstrip(' ')}\n{_indent(block, _UNIT).rstrip()}{text[end:]}"
    member = _find(_expect_block(node, f"'{section}'"), name)
    lines = text.splitlines(keepends=True)
    indentation = " " * node.value[0][0].start_mark.column
    start = end = _find_end(lines, node.value[-1][1])
    if member is not None:
        start, end = member[0].start_mark.line, _find_end(lines, member[1])
    return "".join([*_end_lines(lines[:start]), _indent(block, indentation), *lines[end:]])


def remove_value(text: str, path: Sequence[str]) -> str:
    """Remove the member at a path of two keys, and return the new text. It is the same if there is none.

    Raises:
        UnreadableConfigurationError: The text is not YAML, or its mappings cannot be edited as text.
    """
    section, name = path
    root = _compose(text)
    found = None if root is None else _find(_expect_block(root, "the file"), section)
    if found is None or not found[1].value:
        return text
    node = _expect_block(found[1], f"'{section}'")
    member = _find(node, name)
    if member is None:
        return text
    lines = text.splitlines(keepends=True)
    removed = lines[: member[0].start_mark.line] + lines[_find_end(lines, member[1]) :]
    if len(node.value) == 1:  # a key without a value would be null
        line = found[0].start_mark.line
        removed[line] = removed[line].replace(":", ": {}", 1)
    return "".join(removed)


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _describe(error) from None


def _expect_block(node: yaml.Node, name: str) -> yaml.MappingNode:
    """Return a node as a mapping whose members are on lines of their own.

    Raises:
        UnreadableConfigurationError: It is another node.
    """
    if not isinstance(node, yaml.MappingNode):
        raise UnreadableConfigurationError(f"{name} is not a mapping")
    if node.flow_style:
        raise UnreadableConfigurationError(f"{name} is written with braces; write each key on a line of its own")
    return node


def _find(node: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the nodes of a key and its value. Of several with one key, the last one counts."""
    return next(((k, v) for k, v in reversed(node.value) if k.value == key), None)


def _find_end(lines: list[str], node: yaml.Node) -> int:
    """Return the number of the line after the last one of a node. Blank lines and comments behind it do not count."""
    mark = node.end_mark
    end = mark.line + 1 if mark.column else mark.line
    end = max(min(end, len(lines)), node.start_mark.line + 1)
    while end > node.start_mark.line + 1 and (not (line := lines[end - 1].strip()) or line.startswith("#")):
        end -= 1
    return end


def _render(name: str, value: Any) -> str:
    return yaml.safe_dump({name: value}, sort_keys=False, allow_unicode=True, width=_LINE_CHARACTERS_MAX)


def _indent(block: str, indentation: str) -> str:
    return "".join(indentation + line for line in block.splitlines(keepends=True))


def _end_lines(lines: list[str]) -> list[str]:
    """End the last line, which may lack its line break."""
    return [*lines[:-1], _end_line(lines[-1])] if lines else []


def _end_line(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _describe(error: yaml.YAMLError) -> UnreadableConfigurationError:
    mark = getattr(error, "problem_mark", None)
    place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    return UnreadableConfigurationError(f"{place}{getattr(error, 'problem', None) or 'not YAML'}")
