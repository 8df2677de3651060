"""Any change to a document gives findings with places in the file, and never a traceback."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from naftiko_runtime.diagnostic import DocumentError
from naftiko_runtime.loading import load_source
from naftiko_runtime.render import render_findings
from naftiko_runtime.rules import Severity
from naftiko_runtime.source import SourceError, parse_source
from support.documents import KEYED, SHIPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.source import Source

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
TEXTS = (
    (ROOT / "capabilities" / "pixel-tracking.yaml").read_text(encoding="utf-8"),
    SHIPS,
    KEYED,
    *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "diagnostics").glob("unk*.yml"))),
)
RICH = (*TEXTS[:3], SHIPS, SHIPS)
"""The richest document most often."""
WORD = re.compile(r"[\w{}$.'@/-]+(?!\w*:)")
BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")

examples = settings(max_examples=1_500, deadline=None, suppress_health_check=list(HealthCheck))


def survives(raw: bytes) -> None:
    try:
        source = parse_source(raw, "x.yml")
    except SourceError as error:
        check(raw, error.diagnostics, error.source)
        return
    loaded = load_source(source)
    failed = any(d.severity is Severity.ERROR for d in loaded.diagnostics)
    assert (loaded.plan is None) == failed
    check(raw, loaded.diagnostics, source)


def check(raw: bytes, diagnostics: Iterable[Diagnostic], source: Source | None) -> None:
    assert source is not None
    lines = BREAK.split(raw.decode("utf-8-sig", "replace"))
    for diagnostic in diagnostics:
        span = diagnostic.span
        assert span is not None
        assert span.file == "x.yml"
        assert 1 <= span.line <= span.end_line <= len(lines) + 1
        assert source.get_line(span.line) == (lines[span.line - 1] if span.line <= len(lines) else "")
        assert 1 <= span.column <= (len(lines[span.line - 1]) if span.line <= len(lines) else 0) + 1
        assert (span.line, span.column) <= (span.end_line, span.end_column)
        assert diagnostic.message
    shown = render_findings(diagnostics, lambda span: source.get_line(span.line))
    assert all(c.isprintable() or c == "\n" for c in shown)


# -- at the level of text ---------------------------------------------------------------------------------------------

ODD_TEXT = (
    *"&*!|>%@`{}[]'\":-?#,\\~\x00\x07\x1b\r\n\t\x85\u2028\ufeff\u202e\ud7ff\udc80😀",
    *(
        "{{",
        "}}",
        "{{x}}",
        "---",
        "...",
        "<<",
        ": ",
        "- ",
        " #",
        "&a ",
        "*a",
        "!!python/object:os.system ",
        "$.",
        "1e999",
    ),
)
Lines = list[str]


def insert(lines: Lines, at: int, how: int) -> None:
    line = lines[at]
    column = how % (len(line) + 1)
    lines[at] = line[:column] + ODD_TEXT[how % len(ODD_TEXT)] + line[column:]


def drop(lines: Lines, at: int, how: int) -> None:
    del lines[at : at + 1 + how % 3]


def duplicate(lines: Lines, at: int, how: int) -> None:
    lines[at:at] = lines[at : at + 1 + how % 5]


def swap(lines: Lines, at: int, how: int) -> None:
    other = how % len(lines)
    lines[at], lines[other] = lines[other], lines[at]


def indent(lines: Lines, at: int, how: int) -> None:
    lines[at] = " " * (how % 7) + (lines[at].lstrip() if how % 2 else lines[at])


def word(lines: Lines, at: int, how: int) -> None:
    words = WORD.findall("\n".join(lines))
    lines[at] = WORD.sub(lambda found: words[how % len(words)] if words else found[0], lines[at], count=1 + how % 2)


def cut(lines: Lines, at: int, how: int) -> None:
    lines[at] = lines[at][: how % (len(lines[at]) + 1)]


def truncate(lines: Lines, at: int, how: int) -> None:
    del lines[max(at, 1) :]
    cut(lines, -1, how)


POSITIONS = st.integers(0, 1_000_000)
TEXT_CHANGES = st.lists(
    st.tuples(
        st.sampled_from([word, word, insert, drop, duplicate, swap, indent, cut, truncate]), POSITIONS, POSITIONS
    ),
    min_size=1,
    max_size=3,
)
BYTE_CHANGES: st.SearchStrategy[list[tuple[int, int]]] = (
    st.just([]) | st.just([]) | st.lists(st.tuples(POSITIONS, st.integers(0, 255)), max_size=2)
)


@examples
@given(st.sampled_from(TEXTS + RICH), TEXT_CHANGES, BYTE_CHANGES, st.sampled_from(["\n", "\n", "\r\n", "\r"]))
def test_text_that_was_tampered_with(text: str, changes: Any, flips: Any, newline: str) -> None:
    lines = text.split("\n")
    for change, at, how in changes:
        if lines:
            change(lines, at % len(lines), how)
    raw = bytearray(newline.join(lines).encode("utf-8", "surrogatepass"))
    for at, byte in flips:
        if raw:
            raw[at % len(raw)] = byte
    survives(bytes(raw))


@settings(examples, max_examples=400)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\xef\xbb\xbf\xff")
@example(b"\xff\xfea\x00")
@example(b"a: \xc3")
@example(b"\r\xff")
@example(b"# \xe2\x80\xa8\n@")
def test_anything_at_all(raw: bytes) -> None:
    survives(raw)


# -- at the level of data ---------------------------------------------------------------------------------------------

KEYS = (
    *("name", "path", "in", "call", "with", "type", "port", "namespace", "baseUri", "body", "data", "value", "mapping"),
    *("properties", "items", "values", "method", "pattern", "consumes", "exposes", "resources", "operations", "tools"),
    *("inputParameters", "outputParameters", "authentication", "import", "location", "as", "ref", "steps", "binds"),
    *("keys", "0", "null", "http", "shape", "other", "rest", "mcp", "[key]", "<<"),
)
ODD_STRINGS = (
    *("", " ", "x" * 5_000, "😀", "\u2028", "\x00", "\ud800", "a\tb\nc", "yes", "0o17", "1.10", "2026-01-01", "."),
    *("{{x}}", "{{ }}", "{{", "}}", "{x}", "{", "{{env.REGISTRY_TOKEN}}", "rest.x", "tools.a.b", '{"a": {{b}}'),
    *("$", "$.", "$.a[*].b", "$..", "$[", "$[?(@.a == 'x')]", "/", "//", "/{a}{b}", "/{a}-{a}"),
    *("http://", "https://[", "https://x:0/", "GET", "get", "json", "http", "mcp", "registry.get-part", "registry."),
)
ODD_VALUES: tuple[Any, ...] = (
    *ODD_STRINGS,
    *(None, True, False, 0, -1, 8080, 65536, 10**30, 1.5, float("inf"), float("nan"), [], {}, [[[[]]]], [None]),
    *(
        [1, "a", {}],
        {"": ""},
        {"a": {"b": {"c": None}}},
        {"type": "rest"},
        {"name": "x"},
        [{"name": "x", "in": "path"}],
    ),
)


def places(value: Any, key_path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [key_path, *(place for key, inner in entries for place in places(inner, (*key_path, key)))]


def parsed(text: str) -> Any:
    try:
        return parse_source(text.encode(), "x.yml").data
    except DocumentError:
        return None


def leaves(value: Any) -> list[str]:
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, str) else [leaf for inner in entries for leaf in leaves(inner)]


DATA = tuple(data for text in TEXTS + RICH if isinstance(data := parsed(text), dict))
PLACES = tuple(places(data)[1:] for data in DATA)
STRINGS = tuple((*leaves(data), *ODD_STRINGS) for data in DATA)


def change_data(data: Any, key_path: tuple[Any, ...], what: int, how: int, strings: tuple[str, ...]) -> None:
    """Do one odd thing at a path; nothing when an earlier change took the path away."""
    *above, last = key_path
    try:
        for step in above:
            data = data[step]
        value = data[last]
    except (KeyError, IndexError, TypeError):
        return
    if isinstance(data, str):
        return
    key: Any = KEYS[how % len(KEYS)] if isinstance(data, dict) else how % len(data)
    if isinstance(value, str) and what > ANYTHING:
        data[last] = strings[how % len(strings)]
        return
    match what % ANYTHING:
        case 0 | 1:
            data[last] = deepcopy(ODD_VALUES[how % len(ODD_VALUES)])
        case 2:
            del data[last]
        case 3:  # under another name, or exchanged with a neighbour
            data[last], data[key] = data.get(key) if isinstance(data, dict) else data[key], value
        case 4:
            data[last] = [value, deepcopy(value)]
        case _:
            data[last] = {key: value, "type": "x"} if how % 2 else [{"name": value}]


ANYTHING = 6
"""Up to this number a change may do anything; beyond it, text stays text, so that what reads expressions is reached."""
DATA_CHANGES = st.lists(st.tuples(POSITIONS, st.integers(0, 18), POSITIONS), min_size=1, max_size=3)


@examples
@given(st.integers(0, len(DATA) - 1), DATA_CHANGES, st.integers(1, 6))
def test_data_that_was_tampered_with(number: int, changes: Any, style: int) -> None:
    data, known = deepcopy(DATA[number]), PLACES[number]
    for at, what, how in changes:
        change_data(data, known[at % len(known)], what, how, STRINGS[number])
    survives(json.dumps(data, indent=style % 3 or None, ensure_ascii=style % 2 == 0).encode("utf-8", "surrogatepass"))


# -- documents written by others --------------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"{CORPUS} is not here")
def test_every_file_of_the_corpus() -> None:
    files = sorted(path for suffix in ("yaml", "yml") for path in CORPUS.rglob(f"*.{suffix}"))
    assert len(files) > 100
    for path in files:
        survives(path.read_bytes())
