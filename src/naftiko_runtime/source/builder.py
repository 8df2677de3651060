"""Builds data and places from libyaml's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from naftiko_runtime import limits, rules
from naftiko_runtime.diagnostic import Span
from naftiko_runtime.rules import helps
from naftiko_runtime.source.scalars import format_as_written, is_number, resolve_plain
from naftiko_runtime.source.source import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source.source import Mark, Places

_STR_TAG: Final = "tag:yaml.org,2002:str"


class _LimitExceeded(Exception):  # noqa: N818 - not an error: ends the build after a finding that makes the rest meaningless
    """A limit was exceeded."""


class DataBuilder:
    """Builds data from libyaml's events, iteratively: no depth of nesting reaches the interpreter's stack."""

    def __init__(self, file: str, text: str, places: Places, findings: Findings) -> None:
        self._file = file
        self._places = places
        self._findings = findings
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: list[_OpenContainer] = []
        self._nodes = 0
        self._aliases = 0
        self._root: Any = None
        self._documents = 0

    def build(self) -> Any:
        """Return the data of the only document."""
        try:
            for event in self._events:
                self._add_event(event)
        except _LimitExceeded:
            return None
        if not self._documents:
            self._report(rules.SYNTAX_EMPTY(), (ORIGIN, ORIGIN))
        return self._root

    def _add_event(self, event: yaml.Event) -> None:
        """Add what an event carries. The ends of documents, and of the stream, carry nothing."""
        match event:
            case yaml.ScalarEvent():
                self._on_scalar(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._on_end(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._on_start(event)
            case yaml.AliasEvent():
                self._on_alias(event)
            case yaml.DocumentStartEvent():
                self._on_document(event)

    def _on_document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            marks = (event.start_mark, event.end_mark)
            self._report_and_stop(rules.YAML_FEATURE_DOCUMENT(), marks)

    def _on_scalar(self, event: yaml.ScalarEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        tag = event.tag
        if tag is not None and tag not in {_STR_TAG, "!"}:
            self._report(rules.YAML_FEATURE_TAG(), marks, helps.WRITE_PLAIN_VALUE())
        value = event.value
        if event.implicit[0] and tag is None:
            value = self._resolve_plain(value, marks)
        self._set_anchor(event.anchor, value, 1)
        self._add_value(value, marks, 1)

    def _resolve_plain(self, text: str, marks: Mark) -> Any:
        if len(text) > limits.SCALAR_DIGITS_MAX and is_number(text):
            self._report(rules.TOO_LARGE_NUMBER(most=str(limits.SCALAR_DIGITS_MAX)), marks)
            return text
        return resolve_plain(text)

    def _on_alias(self, event: yaml.AliasEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        self._aliases += 1
        if self._aliases > limits.DOCUMENT_ALIASES_MAX:
            self._report_and_stop(rules.TOO_LARGE_ALIASES(most=f"{limits.DOCUMENT_ALIASES_MAX:,}"), marks)
        known = self._anchors.get(event.anchor or "")
        if known is None:
            inside = any(frame.anchor == event.anchor for frame in self._open)
            self._report_and_stop(rules.SYNTAX_ALIAS_INSIDE() if inside else rules.SYNTAX_ALIAS_UNKNOWN(), marks)
            return
        self._add_value(known[0], marks, known[1])

    def _on_start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        if event.tag is not None:
            self._report(rules.YAML_FEATURE_TAG(), marks, helps.LEAVE_OUT())
        if len(self._open) >= limits.DOCUMENT_DEPTH_MAX:
            self._report_and_stop(rules.TOO_LARGE_DEPTH(most=str(limits.DOCUMENT_DEPTH_MAX)), marks)
        container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_OpenContainer(container, event.start_mark, event.anchor, self._nodes))

    def _on_end(self, event: yaml.MappingEndEvent | yaml.SequenceEndEvent) -> None:
        frame = self._open.pop()
        if frame.duplicates:
            self._report_duplicates(frame)
        self._places.register(frame.container, frame.entries)
        self._nodes += 1
        size = self._nodes - frame.nodes_before
        self._set_anchor(frame.anchor, frame.container, size)
        self._nodes -= size
        self._add_value(frame.container, (frame.start, event.end_mark), size)

    def _set_anchor(self, anchor: str | None, value: Any, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)

    def _add_value(self, value: Any, marks: Mark, size: int) -> None:
        """Add a complete value to its container. ``size`` counts its nodes with aliases expanded."""
        self._nodes += size
        if self._nodes > limits.DOCUMENT_NODES_MAX:
            self._report_and_stop(rules.TOO_LARGE_VALUES(most=f"{limits.DOCUMENT_NODES_MAX:,}"), marks)
        if not self._open:
            self._root, self._places.root = value, marks
            return
        frame = self._open[-1]
        if isinstance(frame.container, list):
            frame.entries[len(frame.container)] = (marks, marks)
            frame.container.append(value)
        elif frame.key is None:
            frame.key = self._convert_to_key(value, marks)
            frame.key_marks = marks
        else:
            self._set_entry(frame, value, marks)

    def _set_entry(self, frame: _OpenContainer, value: Any, marks: Mark) -> None:
        key = frame.key or ""
        frame.key = None
        if key in frame.container:
            frame.duplicates.append((key, frame.key_marks))
            return
        frame.container[key] = value
        frame.entries[key] = (frame.key_marks, marks)

    def _report_duplicates(self, frame: _OpenContainer) -> None:
        """Report duplicate keys, as one finding if they are probably two entries of a list."""
        in_list = bool(self._open) and isinstance(self._open[-1].container, list)
        first = next(iter(frame.container), None)
        key, marks = frame.duplicates[0]
        below = marks[0].line > frame.start.line and marks[0].column == frame.start.column
        if in_list and below and len(frame.duplicates) > 1 and key == first:
            keys = tuple(_shorten(name) for name, _ in frame.duplicates)
            self._report_duplicate(rules.DUPLICATE_KEY_ENTRY(keys=keys, key=keys[0]), frame, key, marks)
            return
        for key, marks in frame.duplicates:
            self._report_duplicate(rules.DUPLICATE_KEY(key=_shorten(key)), frame, key, marks)

    def _report_duplicate(self, statement: Statement, frame: _OpenContainer, key: str, marks: Mark) -> None:
        first = self._make_span(frame.entries[key][0])
        self._findings.report(statement, self._make_span(marks), related=first)

    def _convert_to_key(self, value: Any, marks: Mark) -> str:
        """Return a key as text: ``404:`` and ``true:`` keep their spelling."""
        if isinstance(value, dict | list):
            self._report_and_stop(rules.YAML_FEATURE_KEY(), marks)
        if value == "<<":
            self._report(rules.YAML_FEATURE_MERGE(), marks)
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else format_as_written(value)

    def _report(self, statement: Statement, marks: Mark, advice: Advice | None = None) -> None:
        self._findings.report(statement, self._make_span(marks), advice)

    def _make_span(self, marks: Mark) -> Span:
        """Return the place of a key or a value, up to the end of its first line."""
        start, end = marks
        one_line = start.line == end.line and end.column > start.column
        stop = end.column if one_line else start.column + 1
        return Span(self._file, start.line + 1, start.column + 1, start.line + 1, stop + 1)

    def _report_and_stop(self, statement: Statement, marks: Mark) -> None:
        self._report(statement, marks)
        raise _LimitExceeded


class _OpenContainer:
    """A mapping or list that is still being read."""

    __slots__ = ("anchor", "container", "duplicates", "entries", "key", "key_marks", "nodes_before", "start")

    def __init__(self, container: Any, start: Any, anchor: str | None, nodes_before: int) -> None:
        self.container = container
        self.start = start
        self.anchor = anchor
        self.nodes_before = nodes_before
        self.entries: dict[str | int, tuple[Mark, Mark]] = {}
        self.duplicates: list[tuple[str, Mark]] = []
        self.key: str | None = None
        self.key_marks: Mark = (start, start)


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - what a line of a message holds
