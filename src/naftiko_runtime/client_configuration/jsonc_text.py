"""Edits JSON with comments and trailing commas. Everything that is not edited keeps its bytes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct, field

from naftiko_runtime.client_configuration.unreadable import UnreadableConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN: Final = re.compile(
    r"""(?:\s+|//[^\n]*|/\*.*?\*/)|(?P<token>"(?:[^"\\\x00-\x1f]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"/]+)""",
    re.DOTALL,
)
_DEFAULT_UNIT: Final = "  "
_DEPTH_MAX: Final = 100


class _Token(NamedTuple):
    text: str
    start: int
    end: int


class _JsonValue(Struct):
    """A value of the text.

    Attributes:
        start: Where it starts.
        end: Where it ends.
        data: The value itself.
        children: The members or elements, if it has any.
        is_object: Whether it is an object.
        is_list: Whether it is a list.
    """

    start: int
    end: int
    data: Any
    children: list[_JsonMember] = field(default_factory=list)
    is_object: bool = False
    is_list: bool = False

    def find(self, key: str) -> _JsonMember | None:
        """Return a member of an object. Of several with one key, the last one counts."""
        return next((child for child in reversed(self.children) if child.key == key), None)


class _JsonMember(Struct):
    """A member of an object, or an element of a list, and where the comma behind it ends."""

    key: str | None
    start: int
    value: _JsonValue
    comma_end: int | None = None


def read(text: str) -> Any:
    """Return the value of a text. Empty text is an empty object.

    Raises:
        UnreadableConfigurationError: It is not JSON with comments.
    """
    return _Reader(text).read_all().data if text.strip() else {}


def set_value(text: str, path: Sequence[str], value: Any) -> str:
    """Set the value at a path of keys, and return the new text.

    Raises:
        UnreadableConfigurationError: The text is not JSON with comments, or a value on the path is no object.
    """
    if not text.strip():
        text = "{}\n"
    current = root = _Reader(text).read_all()
    unit = _find_unit(text, root)
    for number, key in enumerate(path):
        if not current.is_object:
            raise UnreadableConfigurationError(f"'{'.'.join(path[:number])}' is not an object")
        member = current.find(key)
        if member is None:
            for name in reversed(path[number + 1 :]):
                value = {name: value}
            return _insert(text, current, f"{json.dumps(key)}: {_render(value, unit)}", unit)
        current = member.value
    indented = _render(value, unit).replace("\n", "\n" + _get_indentation(text, current.start))
    return text[: current.start] + indented + text[current.end :]


def append_item(text: str, key: str, item: Any) -> str:
    """Append an element to the list that is a member of the whole object, and return the new text.

    Raises:
        UnreadableConfigurationError: The text is not JSON with comments, or the member is no list.
    """
    root = _Reader(text).read_all() if text.strip() else None
    member = None if root is None else root.find(key)
    if root is None or member is None:
        return set_value(text, (key,), [item])
    if not member.value.is_list:
        raise UnreadableConfigurationError(f"'{key}' is not a list")
    unit = _find_unit(text, root)
    return _insert(text, member.value, _render(item, unit), unit)


def remove_value(text: str, path: Sequence[str]) -> str:
    """Remove the member at a path of keys, and return the new text. It is the same if there is none.

    Raises:
        UnreadableConfigurationError: The text is not JSON with comments.
    """
    if not text.strip():
        return text
    current = _Reader(text).read_all()
    for key in path[:-1]:
        member = current.find(key)
        if member is None:
            return text
        current = member.value
    removed = current.find(path[-1])
    return text if removed is None else _remove(text, current, current.children.index(removed))


def _insert(text: str, container: _JsonValue, piece: str, unit: str) -> str:
    """Insert a rendered member or element at the end of an object or list."""
    close, outer = container.end - 1, _get_indentation(text, container.start)
    children = container.children
    inner = outer + unit
    if children and "\n" in text[container.start : children[0].start]:
        inner = _get_indentation(text, children[0].start)
    begin = children[-1].value.end if children else container.start + 1
    between = text[begin:close]
    kept = between.rstrip()
    comma = "," if children and children[-1].comma_end is None else ""
    trailing = "," if children and not comma else ""
    ending = between[len(kept) :]
    ending = ending if "\n" in ending else "\n" + outer
    indented = piece.replace("\n", "\n" + inner)
    return f"{text[:begin]}{comma}{kept}\n{inner}{indented}{trailing}{ending}{text[close:]}"


def _remove(text: str, container: _JsonValue, index: int) -> str:
    """Remove a child of an object or list, with one comma, and its line if nothing else is there."""
    child = container.children[index]
    start, end = child.start, child.comma_end or child.value.end
    before = container.children[index - 1].comma_end if index and child.comma_end is None else None
    line = text.rfind("\n", 0, start) + 1
    rest = len(text) if (found := text.find("\n", end)) < 0 else found
    if not text[line:start].strip() and not text[end:rest].strip() and line:
        start, end = line - 1, rest
    if before is not None:
        return text[: before - 1] + text[before:start] + text[end:]
    return text[:start] + text[end:]


def _render(value: Any, unit: str) -> str:
    return json.dumps(value, indent=unit, ensure_ascii=False)


def _find_unit(text: str, root: _JsonValue) -> str:
    """Return the white space by which the text indents."""
    if root.children and "\n" in text[root.start : root.children[0].start]:
        return _get_indentation(text, root.children[0].start) or _DEFAULT_UNIT
    return _DEFAULT_UNIT


def _get_indentation(text: str, position: int) -> str:
    """Return the white space at the start of the line of a position."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip())]


class _Reader:
    """Reads the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[_Token] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._make_error(position, "unexpected character")
            if match["token"] is not None:
                self._tokens.append(_Token(match[0], match.start(), match.end()))
            position = match.end()
        self._next = 0

    def read_all(self) -> _JsonValue:
        """Read the one object of the text."""
        value = self._read_value(0)
        if self._next < len(self._tokens):
            raise self._make_error(self._tokens[self._next].start, "text after the end")
        if not value.is_object:
            raise UnreadableConfigurationError("it is not an object")
        return value

    def _read_value(self, depth: int) -> _JsonValue:
        token = self._take()
        if depth > _DEPTH_MAX:
            raise self._make_error(token.start, "nested too deeply")
        if token.text in ("{", "["):
            return self._read_children(token, depth)
        try:
            data = json.loads(token.text, parse_constant=_refuse_constant)
        except ValueError:
            raise self._make_error(token.start, "not a value") from None
        return _JsonValue(token.start, token.end, data)

    def _read_children(self, opening: _Token, depth: int) -> _JsonValue:
        is_object = opening.text == "{"
        closing = "}" if is_object else "]"
        children: list[_JsonMember] = []
        while self._peek() != closing:
            if children and children[-1].comma_end is None:
                raise self._make_error(self._tokens[self._next].start, "a comma is missing")
            children.append(self._read_child(depth, is_object=is_object))
            if self._peek() == ",":
                children[-1].comma_end = self._take().end
        end = self._take().end
        values = [child.value.data for child in children]
        data = dict(zip([child.key for child in children], values, strict=True)) if is_object else values
        return _JsonValue(opening.start, end, data, children, is_object, not is_object)

    def _read_child(self, depth: int, *, is_object: bool) -> _JsonMember:
        start = self._tokens[self._next].start
        if not is_object:
            return _JsonMember(None, start, self._read_value(depth + 1))
        key = self._read_value(depth + 1).data
        if not isinstance(key, str) or self._take().text != ":":
            raise self._make_error(start, "not a member of an object")
        return _JsonMember(key, start, self._read_value(depth + 1))

    def _peek(self) -> str:
        if self._next == len(self._tokens):
            raise self._make_error(len(self._text), "the end is missing")
        return self._tokens[self._next].text

    def _take(self) -> _Token:
        self._peek()
        self._next += 1
        return self._tokens[self._next - 1]

    def _make_error(self, position: int, problem: str) -> UnreadableConfigurationError:
        line = self._text.count("\n", 0, position) + 1
        column = position - self._text.rfind("\n", 0, position)
        return UnreadableConfigurationError(f"line {line}, column {column}: {problem}")


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
