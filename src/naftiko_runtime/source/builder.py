"""Builds data and places from libyaml's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from naftiko_runtime import limits, rules
from naftiko_runtime.diagnostic import Span
from naftiko_runtime.rules import helps
from naftiko_runtime.source.places import ORIGIN
from naftiko_runtime.source.scalars import is_number, resolve_plain, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source.places import Mark, Places

_STR_TAG: Final = "tag:yaml.org,2002:str"


class _Stop(Exception):  # noqa: N818 - not an error: ends the build after a finding that makes the rest meaningless
    """A limit was exceeded."""


class Builder:
    """Builds data from libyaml's events, iteratively: no depth of nesting reaches the interpreter's stack."""

    def __init__(self, file: str, text: str, places: Places, findings: Findings) -> None:
        self._file = file
        self._places = places
        self._findings = findings
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: list[_Frame] = []
        self._nodes = 0
        self._aliases = 0
        self._root: Any = None
        self._documents = 0

    def document(self) -> Any:
        """The one document's data."""
        try:
            for event in self._events:
                self._handlers[type(event)](self, event)
        except _Stop:
            return None
        if not self._documents:
            self._report(rules.SYNTAX_EMPTY(), (ORIGIN, ORIGIN))
        return self._root

    def _ignore(self, event: yaml.Event) -> None:
        """Stream and document boundaries carry no data."""

    def _document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            marks = (event.start_mark, event.end_mark)
            self._stop(rules.YAML_FEATURE_DOCUMENT(), marks)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        tag = event.tag
        if tag is not None and tag not in {_STR_TAG, "!"}:
            self._report(rules.YAML_FEATURE_TAG(), marks, helps.WRITE_PLAIN_VALUE())
        value = event.value
        if event.implicit[0] and tag is None:
            value = self._plain(value, marks)
        self._remember(event.anchor, value, 1)
        self._add(value, marks, 1)

    def _plain(self, text: str, marks: Mark) -> Any:
        if len(text) > limits.SCALAR_DIGITS_MAX and is_number(text):
            self._report(rules.TOO_LARGE_NUMBER(most=str(limits.SCALAR_DIGITS_MAX)), marks)
            return text
        return resolve_plain(text)

    def _alias(self, event: yaml.AliasEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        self._aliases += 1
        if self._aliases > limits.DOCUMENT_ALIASES_MAX:
            self._stop(rules.TOO_LARGE_ALIASES(most=f"{limits.DOCUMENT_ALIASES_MAX:,}"), marks)
        known = self._anchors.get(event.anchor or "")
        if known is None:
            inside = any(frame.anchor == event.anchor for frame in self._open)
            self._stop(rules.SYNTAX_ALIAS_INSIDE() if inside else rules.SYNTAX_ALIAS_UNKNOWN(), marks)
            return
        self._add(known[0], marks, known[1])

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        if event.tag is not None:
            self._report(rules.YAML_FEATURE_TAG(), marks, helps.LEAVE_OUT())
        if len(self._open) >= limits.DOCUMENT_DEPTH_MAX:
            self._stop(rules.TOO_LARGE_DEPTH(most=str(limits.DOCUMENT_DEPTH_MAX)), marks)
        container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Frame(container, event.start_mark, event.anchor, self._nodes))

    def _end(self, event: yaml.MappingEndEvent | yaml.SequenceEndEvent) -> None:
        frame = self._open.pop()
        self._places.register(frame.container, frame.entries)
        self._nodes += 1
        size = self._nodes - frame.nodes_before
        self._remember(frame.anchor, frame.container, size)
        self._nodes -= size
        self._add(frame.container, (frame.start, event.end_mark), size)

    def _remember(self, anchor: str | None, value: Any, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)

    def _add(self, value: Any, marks: Mark, size: int) -> None:
        """Put a finished value where it belongs; ``size`` counts its nodes with aliases expanded."""
        self._nodes += size
        if self._nodes > limits.DOCUMENT_NODES_MAX:
            self._stop(rules.TOO_LARGE_VALUES(most=f"{limits.DOCUMENT_NODES_MAX:,}"), marks)
        if not self._open:
            self._root, self._places.root = value, marks
            return
        frame = self._open[-1]
        if isinstance(frame.container, list):
            frame.entries[len(frame.container)] = (marks, marks)
            frame.container.append(value)
        elif frame.key is None:
            frame.key = self._key(value, marks)
            frame.key_marks = marks
        else:
            self._entry(frame, value, marks)

    def _entry(self, frame: _Frame, value: Any, marks: Mark) -> None:
        key = frame.key or ""
        frame.key = None
        if key in frame.container:
            first = self._span(frame.entries[key][0])
            self._findings.report(rules.DUPLICATE_KEY(key=_short(key)), self._span(frame.key_marks), related=first)
            return
        frame.container[key] = value
        frame.entries[key] = (frame.key_marks, marks)

    def _key(self, value: Any, marks: Mark) -> str:
        """Keys are text: ``404:`` and ``true:`` are what they look like."""
        if isinstance(value, dict | list):
            self._stop(rules.YAML_FEATURE_KEY(), marks)
        if value == "<<":
            self._report(rules.YAML_FEATURE_MERGE(), marks)
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else written(value)

    def _report(self, statement: Statement, marks: Mark, advice: Advice | None = None) -> None:
        self._findings.report(statement, self._span(marks), advice)

    def _span(self, marks: Mark) -> Span:
        """The place of a key or a value, up to the end of its first line."""
        start, end = marks
        one_line = start.line == end.line and end.column > start.column
        stop = end.column if one_line else start.column + 1
        return Span(self._file, start.line + 1, start.column + 1, start.line + 1, stop + 1)

    def _stop(self, statement: Statement, marks: Mark) -> None:
        self._report(statement, marks)
        raise _Stop

    _handlers: Final[Mapping[type, Callable[[Builder, Any], None]]] = {
        yaml.ScalarEvent: _scalar,
        yaml.AliasEvent: _alias,
        yaml.MappingStartEvent: _start,
        yaml.SequenceStartEvent: _start,
        yaml.MappingEndEvent: _end,
        yaml.SequenceEndEvent: _end,
        yaml.DocumentStartEvent: _document,
        yaml.DocumentEndEvent: _ignore,
        yaml.StreamStartEvent: _ignore,
        yaml.StreamEndEvent: _ignore,
    }


class _Frame:
    """A mapping or list that is still being read."""

    __slots__ = ("anchor", "container", "entries", "key", "key_marks", "nodes_before", "start")

    def __init__(self, container: Any, start: Any, anchor: str | None, nodes_before: int) -> None:
        self.container = container
        self.start = start
        self.anchor = anchor
        self.nodes_before = nodes_before
        self.entries: dict[str | int, tuple[Mark, Mark]] = {}
        self.key: str | None = None
        self.key_marks: Mark = (start, start)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - what a line of a message holds
