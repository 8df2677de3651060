"""Five hundred faults, one at a time, in valid documents: each is reported on the right line."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load, load_source
from naftiko_runtime.source import SourceError
from naftiko_runtime.source import parse_source as parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from naftiko_runtime.diagnostic import Diagnostic

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
FAULTS = 500
RATE_MIN = 0.98
SEED = 20261124
_KEYS = (
    *("capability", "consumes", "exposes", "resources", "operations", "namespace", "baseUri", "mapping", "method"),
    *("inputParameters", "outputParameters"),
)
_REQUIRED = ("namespace", "baseUri", "port", "path", "in", "capability", "naftiko")


class Fault(NamedTuple):
    """A document with one thing wrong.

    Attributes:
        kind: What was done to it.
        lines: Its lines.
        first: The first line, counted from 1, on which it may be reported.
        last: The last one.
    """

    kind: str
    lines: list[str]
    first: int
    last: int


def replaced(kind: str, lines: list[str], at: int, line: str) -> Fault | None:
    """The same with one line changed, which is where it has to be reported."""
    return None if line == lines[at] else Fault(kind, [*lines[:at], line, *lines[at + 1 :]], at + 1, at + 1)


def renamed_call(lines: list[str], at: int, _: random.Random) -> Fault | None:
    return replaced(
        "a call that leads nowhere", lines, at, re.sub(r"(\bcall:\s*[\w-]+\.)([\w-]+)", r"\1zz-\2", lines[at])
    )


def misspelt_key(lines: list[str], at: int, chance: random.Random) -> Fault | None:
    match = re.match(r"([ -]*)(\w+)(:.*)", lines[at])
    if match is None or match[2] not in _KEYS:
        return None
    place = chance.randrange(1, len(match[2]) - 1)
    key = match[2][:place] + match[2][place + 1] + match[2][place] + match[2][place + 2 :]
    return replaced("a misspelt key", lines, at, match[1] + key + match[3])


def wrong_type(lines: list[str], at: int, _: random.Random) -> Fault | None:
    line = re.sub(r"\bport:\s*\d+", "port: many", lines[at])
    return replaced("a wrong type", lines, at, line)


def list_as_text(lines: list[str], at: int, _: random.Random) -> Fault | None:
    """A list's key with a text behind it, and what was below gone."""
    match = re.match(r"( *)(- )?(resources|operations|tools|consumes|exposes):\s*$", lines[at])
    if match is None:
        return None
    end = _end(lines, at, len(match[1]) + len(match[2] or ""))
    return Fault("text for a list", [*lines[:at], lines[at].rstrip() + " none", *lines[end:]], at + 1, at + 1)


def dropped_key(lines: list[str], at: int, _: random.Random) -> Fault | None:
    """A missing required key: reported in its part, or in the part around it."""
    match = re.match(r"( *)(\w+):\s*\S", lines[at])
    if match is None or match[2] not in _REQUIRED:
        return None
    indent = len(match[1])
    start = at
    while start > 0 and (not lines[start].strip() or len(lines[start]) - len(lines[start].lstrip(" -")) >= indent):
        start -= 1
    return Fault(f"no '{match[2]}'", [*lines[:at], *lines[at + 1 :]], start + 1, _end(lines, at, indent))


def _end(lines: list[str], at: int, indent: int) -> int:
    """The index behind the last line of what stands below a line: deeper, or a list at its own margin."""
    end = at + 1
    while end < len(lines):
        line = lines[end]
        deep = len(line) - len(line.lstrip(" "))
        if line.strip() and deep <= indent and not (deep == indent and line.lstrip().startswith("- ")):
            break
        end += 1
    return end


def broken_path(lines: list[str], at: int, chance: random.Random) -> Fault | None:
    tail = chance.choice(["[", "[?(", "..", "['x"])
    return replaced(
        "a broken JSONPath", lines, at, re.sub(r"(\bmapping:\s*)['\"]?(\$\.\w+)['\"]?", rf'\1"\2{tail}"', lines[at])
    )


def broken_template(lines: list[str], at: int, _: random.Random) -> Fault | None:
    return replaced("an empty template", lines, at, re.sub(r"\{\{\s*[\w.]+\s*\}\}", "{{ }}", lines[at], count=1))


def unbound(lines: list[str], at: int, _: random.Random) -> Fault | None:
    found = re.search(r"\b(token|password|key|value):\s*['\"]\{\{", lines[at])
    line = re.sub(r"\{\{\s*[\w.]+\s*\}\}", "{{QUITE_UNKNOWN}}", lines[at], count=1)
    return replaced("an unbound variable", lines, at, line) if found else None


def doubled_key(lines: list[str], at: int, _: random.Random) -> Fault | None:
    match = re.match(r" *(\w+):\s*\S", lines[at])
    if match is None:
        return None
    return Fault("a key twice", [*lines[: at + 1], lines[at], *lines[at + 1 :]], at + 2, at + 2)


def bad_enum(lines: list[str], at: int, chance: random.Random) -> Fault | None:
    new = re.sub(r"\bmethod:\s*\w+", f"method: {chance.choice(['FETCH', 'GTE', 'QUERY'])}", lines[at])
    new = re.sub(r"\bin:\s*(path|query|header)\b", "in: somewhere", new)
    return replaced("a value that is none of the list", lines, at, re.sub(r"\btype:\s*(rest|mcp)\b", "type: soap", new))


def bad_version(lines: list[str], at: int, _: random.Random) -> Fault | None:
    return replaced("no version", lines, at, re.sub(r"^naftiko:.*", "naftiko: newest", lines[at]))


def unclosed(lines: list[str], at: int, _: random.Random) -> Fault | None:
    return replaced("an unclosed brace", lines, at, re.sub(r"(\bpath:\s*['\"]?[^'\"]*\{\w+)\}", r"\1", lines[at]))


MUTATIONS = (
    renamed_call,
    misspelt_key,
    wrong_type,
    list_as_text,
    dropped_key,
    broken_path,
    broken_template,
    unbound,
    doubled_key,
    bad_enum,
    bad_version,
    unclosed,
)


def sound() -> list[list[str]]:
    """The lines of documents in which nothing is wrong but, perhaps, their style."""
    files = [*(ROOT / "capabilities").glob("*.yaml")] + (sorted(CORPUS.rglob("*.y*ml")) if CORPUS.exists() else [])
    found = []
    for file in files:
        if file.stem.endswith(".sandbox") or "import:" in (text := file.read_text(encoding="utf-8")):
            continue
        loaded = load(file)
        if loaded.plan is not None and loaded.plan.servers:
            found.append(text.splitlines())
    return found


def diagnosed(lines: list[str]) -> tuple[Diagnostic, ...]:
    try:
        source = parsed("\n".join(lines).encode(), "x.yml")
    except SourceError as error:
        return error.diagnostics
    return load_source(source, Overrides(lint=True)).diagnostics


def faults() -> Iterator[tuple[Fault, set[tuple[str, str]]]]:
    """Each fault, with what is found in its document without it."""
    chance = random.Random(SEED)  # noqa: S311 - the same every time
    documents = sound()
    before: dict[int, set[tuple[str, str]]] = {}
    made = 0
    while made < FAULTS:
        number = chance.randrange(len(documents))
        lines, mutate = documents[number], MUTATIONS[made % len(MUTATIONS)]
        places = list(range(len(lines)))
        chance.shuffle(places)
        fault = next((f for at in places if (f := mutate(lines, at, chance)) is not None), None)
        if fault is None:
            continue
        if number not in before:
            before[number] = {(d.rule.slug, d.message) for d in diagnosed(lines)}
        made += 1
        yield fault, before[number]


def test_faults_are_reported_where_they_are(record_property: Callable[[str, object], None]) -> None:
    misses: list[str] = []
    kinds: Counter[str] = Counter()
    for fault, known in faults():
        found = [d for d in diagnosed(fault.lines) if (d.rule.slug, d.message) not in known]
        kinds[fault.kind] += 1
        if not any(d.span is not None and fault.first <= d.span.line <= fault.last for d in found):
            line = fault.lines[min(fault.first, len(fault.lines)) - 1].strip()
            texts = [f"{d.span}: {d.message}" for d in found][:3]
            misses.append(f"{fault.kind}, lines {fault.first} to {fault.last} ({line}): {texts}")
    rate = 1 - len(misses) / FAULTS
    record_property("reported in place", f"{rate:.1%} of {dict(kinds)}")
    assert rate >= RATE_MIN, "\n".join(misses)
