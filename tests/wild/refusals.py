"""Which of a file's errors concern which of its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wild.reading import Map, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from naftiko_runtime.diagnostic import Diagnostic
    from wild.author import Consumed, Exposed

Region = tuple[str, Map, tuple[Map, ...]]
"""A file, a part of it, and the parts inside it that do not count."""


def concerning(
    errors: Sequence[Diagnostic], file: Path, exposed: Exposed, consumed: Sequence[Consumed]
) -> list[Diagnostic]:
    """The errors that concern an operation: in itself, in what it calls, in what surrounds both, and the file's own."""
    regions = (*_near(file, exposed, consumed), *_around(file, exposed, consumed))
    found = [error for region in regions for error in errors if _inside(error, region)]
    found += [error for error in errors if error.span is None or _elsewhere(error, file, exposed)]
    return list(dict.fromkeys(found))


def within(errors: Sequence[Diagnostic], file: Path, exposed: Exposed) -> list[Diagnostic]:
    """The errors in an operation itself."""
    return [error for error in errors if _inside(error, (str(file), exposed.own, ()))]


def in_imports(errors: Sequence[Diagnostic], file: Path, exposed: Exposed) -> list[Diagnostic]:
    """The errors in the import entries that bring, or would bring, what an operation calls."""
    namespaces = {str(call["call"]).partition(".")[0] for call in exposed.calls()}
    entries = [part for part in exposed.others if "location" in part or "from" in part]
    called = [entry for entry in entries if str(entry.get("as") or entry.get("import")) in namespaces]
    return [error for error in errors for entry in called if _inside(error, (str(file), entry, ()))]


def _near(file: Path, exposed: Exposed, consumed: Sequence[Consumed]) -> Iterator[Region]:
    yield str(file), exposed.own, ()
    yield str(file), exposed.spec, ()
    for called in consumed:
        yield str(called.file), called.operation, ()


def _around(file: Path, exposed: Exposed, consumed: Sequence[Consumed]) -> Iterator[Region]:
    yield str(file), exposed.resource, tuple(named(exposed.resource.get("operations")))
    for called in consumed:
        yield str(called.file), called.resource, tuple(named(called.resource.get("operations")))
        yield str(called.file), called.api, tuple(named(called.api.get("resources")))
        yield str(file), called.via, ()
    parts = (*named(exposed.expose.get("resources")), *named(exposed.expose.get("tools")))
    yield str(file), exposed.expose, parts


def _inside(error: Diagnostic, region: Region) -> bool:
    file, part, without = region
    if error.span is None or error.span.file != file:
        return False
    return part.holds(error.span.line) and not any(inner.holds(error.span.line) for inner in without)


def _elsewhere(error: Diagnostic, file: Path, exposed: Exposed) -> bool:
    """Whether an error stands outside every part that some operation lives in: it concerns them all."""
    assert error.span is not None
    return error.span.file == str(file) and not any(part.holds(error.span.line) for part in exposed.others)
