"""Text to data, with the place of every key and value.

YAML is read as its 1.2 core schema means it (a ``no``, an ``on`` or a date stays text), from libyaml's events rather
than through a constructor, so that size, depth, aliases and duplicate keys are checked while the document is built
and nothing in it can make the build expensive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from naftiko_runtime import diagnostics as rules
from naftiko_runtime import limits
from naftiko_runtime.diagnostics import DocumentError, Findings, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from naftiko_runtime.diagnostics import Diagnostic

Steps: TypeAlias = tuple[str | int, ...]
Mark: TypeAlias = tuple[Any, Any]
"""Start and end as libyaml gives them: objects with `line` and `column`, counted from 0."""

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_STR_TAG: Final = "tag:yaml.org,2002:str"
_LINE_BREAK: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""What libyaml counts as the end of a line; its marks and the lines shown must agree."""

_YAML_FAULTS: Final = (
    ("found a tab", None, "indent with spaces"),
    (
        "mapping values are not allowed",
        "a ': ' that starts no key here",
        "quote text with ': ' in it, or align the key",
    ),
    ("block sequence entries are not allowed", "a list cannot start here", "begin the list on a line of its own"),
    ("found unexpected end of stream", "a quote that is never closed", "close it"),
    ("did not find expected key", None, "check the indentation of this line and the ones above"),
    ("did not find expected '-'", None, "check the indentation of this line and the ones above"),
    ("did not find expected ','", "brackets that lack a ',' or are never closed", "separate entries, and close them"),
    ("found unknown escape", None, "double the backslash, or use single quotes"),
)
"""By how libyaml's message begins: our own wording where its is obscure, and what to do."""


class WrittenInt(int):
    """A whole number whose spelling says more than its value: ``007``, ``0x1F``."""

    text: str


class WrittenFloat(float):
    """A number whose spelling says more than its value: the version ``1.10``, ``1e3``."""

    text: str


def written(value: float) -> str:
    """A number as its author wrote it, for the places where text was meant."""
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.text
    return str(value)


@dataclass(frozen=True, slots=True)
class Source:
    """A document as plain data, with places.

    Attributes:
        file: The name to show for it.
        text: What was read, for quoting lines.
        data: Dictionaries with text keys, lists, and scalars.
        places: Where its parts stand.
    """

    file: str
    text: str
    data: Any
    places: Places = field(repr=False)

    def span(self, steps: Steps, *, key: bool = False) -> Span:
        """The place of the value (or of its key) at a path from the root.

        A path that leads further than the document does gives the place of its last existing part: that is where a
        missing key has to be added.
        """
        at: Any = self.data
        mark = self.places.root
        source = self
        for number, step in enumerate(steps):
            marks = self.places.of(at).get(step)
            if marks is None:
                return source.span_of(self.places.head(at, mark))
            mark = marks[0] if key and number == len(steps) - 1 else marks[1]
            at = at[step]
            source = self.places.owner(at, source)
        return source.span_of(mark)

    def at(self, steps: Steps) -> Any:
        """The value at a path that exists."""
        value = self.data
        for step in steps:
            value = value[step]
        return value

    def draft(self) -> Draft:
        """A copy of the data to reshape; see :class:`Draft`."""
        return Draft(self)

    def quoted(self, span: Span) -> str:
        """The line at a span, in this file or in one that was imported into it."""
        owner = self if span.file == self.file else self.places.file(span.file)
        return owner.line(span.line) if owner is not None else ""

    def span_of(self, mark: Mark) -> Span:
        """The place between two marks."""
        start, end = mark
        line, column, end_line, end_column = start.line, start.column, end.line, end.column
        while end_line > line and not self.line(end_line + 1)[:end_column].strip():
            end_line -= 1  # a block ends for libyaml where the next token begins
            end_column = len(self.line(end_line + 1).rstrip())
        return Span(self.file, line + 1, column + 1, end_line + 1, end_column + 1)

    def line(self, number: int) -> str:
        """A line of the text, counted from 1, without its end; empty past the last one."""
        lines = _lines(self.text)
        return lines[number - 1] if 1 <= number <= len(lines) else ""


@lru_cache(maxsize=2)
def _lines(text: str) -> list[str]:
    return _LINE_BREAK.split(text)


class SourceError(DocumentError):
    """A file that did not become data; ``source`` holds its text, for quoting lines, when there is any."""

    def __init__(self, diagnostics: Iterable[Diagnostic], source: Source | None) -> None:
        super().__init__(diagnostics)
        self.source = source


class Places:
    """Where the entries of every mapping and list stand: container identity → key → marks of key and value."""

    __slots__ = ("_keep", "entries", "owners", "root")

    def __init__(self) -> None:
        self.entries: dict[int, dict[str | int, tuple[Mark, Mark]]] = {}
        self._keep: list[Any] = []
        self.owners: dict[int, Source] = {}
        self.root: Mark = (_ORIGIN, _ORIGIN)

    def register(self, container: Any, entries: dict[str | int, tuple[Mark, Mark]]) -> None:
        """Note a container's entries; it is kept alive, so that its identity stays its own."""
        self.entries[id(container)] = entries
        self._keep.append(container)

    def of(self, container: Any) -> Mapping[str | int, tuple[Mark, Mark]]:
        """The entries of a container; nothing for a scalar."""
        return self.entries.get(id(container), {}) if isinstance(container, dict | list) else {}

    def owner(self, container: Any, otherwise: Source) -> Source:
        """The file that a container was imported from; the one above it when it was not."""
        return self.owners.get(id(container), otherwise) if self.owners else otherwise

    def file(self, name: str) -> Source | None:
        """The imported file of that name."""
        return next((source for source in self.owners.values() if source.file == name), None)

    def adopt(self, container: Any, source: Source) -> None:
        """Note that a container, with all below it, stands in another file."""
        self.owners[id(container)] = source
        self.owners |= source.places.owners
        self.entries |= source.places.entries
        self._keep.append(source)

    def head(self, container: Any, whole: Mark) -> Mark:
        """The first key of a mapping, which says better where something is missing than its whole extent."""
        if isinstance(container, dict):
            for key_mark, _ in self.of(container).values():
                return key_mark
        return whole


class Draft:
    """A document's data while it is reshaped: fresh containers, whose entries keep the places they were read from."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._places = Places()
        self._places.root = source.places.root
        self.data = self._copied(source.data, source.places)

    def _copied(self, value: Any, places: Places) -> Any:
        if isinstance(value, dict):
            copy: Any = {key: self._copied(item, places) for key, item in value.items()}
        elif isinstance(value, list):
            copy = [self._copied(item, places) for item in value]
        else:
            return value
        self._places.register(copy, dict(places.of(value)))
        if (owner := places.owner(value, self._source)) is not self._source:
            self._places.adopt(copy, owner)
        return copy

    def at(self, steps: Steps) -> Any:
        """The value at a path that exists, in the copy."""
        value = self.data
        for step in steps:
            value = value[step]
        return value

    def mount(self, entries: list[Any], index: int, part: dict[str, Any], source: Source) -> None:
        """Put a mapping of another file where an entry stands, with its places in that file."""
        copy = dict(part)
        self._places.adopt(copy, source)
        self._places.register(copy, dict(source.places.of(part)))
        entries[index] = copy

    def drop(self, entries: list[Any], index: int) -> None:
        """Take an entry out of a list."""
        del entries[index]
        marks = [mark for number, mark in self._places.of(entries).items() if number != index]
        self._places.register(entries, dict(enumerate(marks)))

    def finished(self) -> Source:
        """The reshaped source."""
        return Source(self._source.file, self._source.text, self.data, self._places)

    def rename(self, mapping: dict[str, Any], old: str, new: str) -> None:
        """Give a key another name, in its place."""
        containers: tuple[dict[Any, Any], ...] = (mapping, self._entries(mapping))
        for container in containers:
            items = [(new if key == old else key, value) for key, value in container.items()]
            container.clear()
            container.update(items)

    def put(self, mapping: dict[str, Any], key: str, value: Any, like: str) -> None:
        """Set a key to a value that stands for what was written at another key of the same mapping."""
        entries = self._entries(mapping)
        if like in entries:
            entries[key] = entries[like]
        mapping[key] = value

    def remove(self, mapping: dict[str, Any], key: str) -> None:
        """Take a key away."""
        del mapping[key]
        self._entries(mapping).pop(key, None)

    def listed(self, holder: dict[str, Any], key: str, name: str = "name") -> None:
        """Turn a mapping of named parts into a list of parts that have a name: ``{a: {…}}`` to ``[{name: a, …}]``."""
        named = holder[key]
        marks = self._entries(named)
        parts: list[Any] = []
        for part_name, part in named.items():
            fields = part if isinstance(part, dict) else {}
            place = marks[part_name]
            entries = {name: (place[0], place[0]), **self._entries(fields)}
            whole = {name: part_name, **fields}
            self._places.register(whole, entries)
            parts.append(whole)
        self._places.register(parts, {i: (m[1], m[1]) for i, m in enumerate(marks.values())})
        holder[key] = parts

    def _entries(self, mapping: dict[str, Any]) -> dict[str | int, tuple[Mark, Mark]]:
        entries = self._places.of(mapping)
        assert isinstance(entries, dict)  # noqa: S101 - narrows the type
        return entries


_ORIGIN: Final[Any] = yaml.Mark("", 0, 0, 0, "", 0)


def read(path: Path, name: str | None = None) -> Source:
    """Read a file.

    Raises:
        SourceError: It cannot be read, is no UTF-8 text, no YAML, or exceeds a limit.
    """
    shown = name or str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(limits.DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise _refusal(rules.UNREADABLE, f"cannot read {shown}: {error.strerror}", None) from None
    return load(raw, shown)


def load(raw: bytes, file: str) -> Source:
    """Turn the bytes of a document into data.

    Raises:
        SourceError: As for :func:`read`.
    """
    start = Span(file, 1, 1, 1, 1)
    if len(raw) > limits.DOCUMENT_BYTES_MAX:
        raise _refusal(rules.TOO_LARGE, f"the document is larger than {limits.DOCUMENT_BYTES_MAX:,} bytes", start)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _after(raw[: error.start].decode("utf-8-sig"), file)
        shown = Source(file, raw.decode("utf-8-sig", "replace"), None, Places())
        raise _refusal(rules.UNREADABLE, "the file is not UTF-8 text", place, "save it as UTF-8", shown) from None
    places, findings = Places(), Findings()
    try:
        data = _Builder(file, text, places, findings).document()
    except yaml.YAMLError as error:
        source = Source(file, text, None, places)
        span = _problem_span(error, source)
        raise _refusal(rules.SYNTAX, *_problem(error, span, source), source) from None
    source = Source(file, text, data, places)
    if findings.failed:
        raise SourceError(findings.sorted(), source)
    return source


def _refusal(
    rule: rules.Rule, message: str, span: Span | None, advice: str | None = None, source: Source | None = None
) -> SourceError:
    findings = Findings()
    findings.add(rule, message, span, advice)
    return SourceError(findings.sorted(), source)


def _after(text: str, file: str) -> Span:
    """The place of what follows a text."""
    lines = _LINE_BREAK.split(text)
    return Span(file, len(lines), len(lines[-1]) + 1, len(lines), len(lines[-1]) + 2)


def _problem(error: yaml.YAMLError, span: Span, source: Source) -> tuple[str, Span, str | None]:
    """What is wrong, where, and what to do about it."""
    if isinstance(error, yaml.reader.ReaderError):
        return f"the character U+{_code(error):04X} is not allowed in YAML", span, "remove it"
    if not isinstance(error, yaml.MarkedYAMLError) or not error.problem:
        return str(error).split("\n", 1)[0], span, None
    if error.problem.startswith("found character that cannot start"):
        character = source.line(span.line)[span.column - 1 : span.column]
        if character == "\t":
            return "a tab in the indentation", span, "indent with spaces"
        return f"plain text cannot start with '{character}'", span, "quote it"
    message = ", ".join(part for part in (error.problem, error.context) if part)
    for start, ours, advice in _YAML_FAULTS:
        if error.problem.startswith(start):
            return ours or message, span, advice
    return message, span, None


def _code(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


def _problem_span(error: yaml.YAMLError, source: Source) -> Span:
    if isinstance(error, yaml.reader.ReaderError):
        return _after(source.text.partition(chr(_code(error)))[0], source.file)
    marks = [error.problem_mark, error.context_mark] if isinstance(error, yaml.MarkedYAMLError) else []
    if "did not find expected ','" in str(error):  # where the brackets open says more than where the file went on
        marks.reverse()
    for mark in marks:
        if mark is not None and source.line(mark.line + 1):
            return Span(source.file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    return Span(source.file, 1, 1, 1, 1)


class _Stop(Exception):  # noqa: N818 - not an error: ends the build after a finding that makes the rest meaningless
    """A limit was exceeded."""


class _Builder:
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
            advice = "start with 'naftiko: 1.0.0-alpha2', 'info:' and 'capability:'"
            self._complain(rules.SYNTAX, "the file is empty", (_ORIGIN, _ORIGIN), advice)
        return self._root

    def _ignore(self, event: yaml.Event) -> None:
        """Stream and document boundaries carry no data."""

    def _document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            marks = (event.start_mark, event.end_mark)
            self._stop(rules.YAML_FEATURE, "a second document in one file", marks, "put it into a file of its own")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        tag = event.tag
        if tag is not None and tag not in {_STR_TAG, "!"}:
            self._complain(rules.YAML_FEATURE, f"the tag '{tag}' is not supported", marks, "write the plain value")
        value = event.value
        if event.implicit[0] and tag is None:
            value = self._plain(value, marks)
        self._remember(event.anchor, value, 1)
        self._add(value, marks, 1)

    def _plain(self, text: str, marks: Mark) -> Any:
        if len(text) > limits.SCALAR_DIGITS_MAX and _FLOAT.fullmatch(text):
            digits = limits.SCALAR_DIGITS_MAX
            self._complain(rules.TOO_LARGE, f"a number of more than {digits} digits", marks, "quote it if it is text")
            return text
        return resolve_plain(text)

    def _alias(self, event: yaml.AliasEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        self._aliases += 1
        if self._aliases > limits.DOCUMENT_ALIASES_MAX:
            self._stop(rules.TOO_LARGE, f"more than {limits.DOCUMENT_ALIASES_MAX:,} aliases", marks)
        known = self._anchors.get(event.anchor or "")
        if known is None:
            why = "inside its own anchor" if any(f.anchor == event.anchor for f in self._open) else "without an anchor"
            advice = f"put '&{event.anchor}' before what it stands for, or quote it if it is text"
            self._stop(rules.SYNTAX, f"the alias '*{event.anchor}' stands {why}", marks, advice)
            return
        self._add(known[0], marks, known[1])

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        marks = (event.start_mark, event.end_mark)
        if event.tag is not None:
            self._complain(rules.YAML_FEATURE, f"the tag '{event.tag}' is not supported", marks, "leave it out")
        if len(self._open) >= limits.DOCUMENT_DEPTH_MAX:
            self._stop(rules.TOO_LARGE, f"nested deeper than {limits.DOCUMENT_DEPTH_MAX} levels", marks)
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
            self._stop(rules.TOO_LARGE, f"more than {limits.DOCUMENT_NODES_MAX:,} values (aliases expanded)", marks)
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
            first = frame.entries[key][0][0].line + 1
            message = f"the key '{_short(key)}' stands here a second time, first on line {first}"
            self._complain(rules.DUPLICATE_KEY, message, frame.key_marks, "keep one of the two")
            return
        frame.container[key] = value
        frame.entries[key] = (frame.key_marks, marks)

    def _key(self, value: Any, marks: Mark) -> str:
        """Keys are text: ``404:`` and ``true:`` are what they look like."""
        if isinstance(value, dict | list):
            advice = 'keys are plain text; quote a template: "{{name}}"'
            self._stop(rules.YAML_FEATURE, "a mapping or list as a key", marks, advice)
        if value == "<<":
            advice = "repeat the keys; YAML 1.2 has no merge keys"
            self._complain(rules.YAML_FEATURE, "the merge key '<<' is not supported", marks, advice)
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else written(value)

    def _complain(self, rule: rules.Rule, message: str, marks: Mark, advice: str | None = None) -> None:
        start, end = marks
        one_line = start.line == end.line and end.column > start.column
        stop = end.column if one_line else start.column + 1
        span = Span(self._file, start.line + 1, start.column + 1, start.line + 1, stop + 1)
        self._findings.add(rule, message, span, advice)

    def _stop(self, rule: rules.Rule, message: str, marks: Mark, advice: str | None = None) -> None:
        self._complain(rule, message, marks, advice)
        raise _Stop

    _handlers: Final[Mapping[type, Callable[[_Builder, Any], None]]] = {
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


def resolve_plain(text: str) -> Any:  # noqa: PLR0911 - one return a kind of scalar
    """What a plain scalar is in YAML 1.2's core schema: null, boolean, number, otherwise the text itself."""
    if text in _NULLS:
        return None
    first = text[0]
    if not (first.isdigit() or first in "+-.") or not text.isascii():
        return _BOOLEANS.get(text, text)
    if _INTEGER.fullmatch(text):
        return _number(text, int(text))
    if _BASED.fullmatch(text):
        return _number(text, int(text, 0))
    if _FLOAT.fullmatch(text):
        return _number(text, float(text))
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def _number(text: str, value: float) -> float:
    if str(value) == text:
        return value
    kept: Any = WrittenInt(value) if isinstance(value, int) else WrittenFloat(value)
    kept.text = text
    return kept  # type: ignore[no-any-return]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - what a line of a message holds
