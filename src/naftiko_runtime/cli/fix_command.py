"""``naftiko validate --fix`` and ``--diff``."""

from __future__ import annotations

import os
import re
from collections import Counter
from difflib import unified_diff
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import click

from naftiko_runtime import limits
from naftiko_runtime.redact_document import redact_line
from naftiko_runtime.render import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.fix import FixedDocument
    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.loading import Loaded
    from naftiko_runtime.source import Source, SourceCache


class Fixer:
    """Fixes files one by one, and counts.

    Args:
        sources: Reads the files.
        diff: Whether to show what would change, on standard output, instead of writing it.
    """

    def __init__(self, sources: SourceCache, *, diff: bool) -> None:
        self._sources = sources
        self._diff = diff
        self._findings = 0
        self._optional = Counter[str]()
        self._files = 0
        self._notes: list[str] = []

    def load(self, _source: Source, overrides: Overrides, file: Path) -> Loaded:
        """Fix a file and load it; the result has the remaining findings.

        Raises:
            click.ClickException: It cannot be written.
        """
        from naftiko_runtime.fix import fix_document

        raw = self._sources.read_bytes(file)
        result = fix_document(raw, file, overrides)
        if result.raw != raw:
            self._findings += result.count
            self._optional += result.optional
            self._files += 1
            if self._diff:
                self._show_diff(file, result)
            else:
                _replace(file, raw, result.raw)
                self._sources.forget(file)
        self._notes += [f"{left.diagnostic.span}: not fixed: {left.reason}" for left in result.unfixed]
        return result.loaded

    def _show_diff(self, file: Path, result: FixedDocument) -> None:
        source = result.loaded.source
        secrets = source.find_secrets() if source is not None else None
        for line in _diff(file, result):
            click.echo(redact_line(line, secrets), nl=False)

    def make_summary(self) -> str:
        """Return what was not fixed and why, and how much was fixed."""
        fixes, makes = ("would fix", "make") if self._diff else ("fixed", "made")
        count = f"{fixes} {_count(self._findings, 'finding')}"
        if self._optional:
            rules = ", ".join(f"{count} {rule}" for rule, count in sorted(self._optional.items()))
            count += f" and {makes} {_count(self._optional.total(), 'optional change')} ({rules})"
        return "\n".join([*map(escape_controls, self._notes), f"{count} in {_count(self._files, 'file')}"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(limits.DOCUMENT_BYTES_MAX + 1)


def _diff(file: Path, result: FixedDocument) -> Iterator[str]:
    """Yield the unified diffs of a file, with its own line ends: fixes of findings, then optional changes."""
    after = result.raw.decode("utf-8-sig")
    if result.optional and result.resolved != result.before:
        yield "# Fixes of findings:\n"
    yield from _diff_texts(file, result.before, result.resolved)
    if result.resolved != after:
        yield f"# Optional, with the same behaviour ({', '.join(sorted(result.optional))}):\n"
    yield from _diff_texts(file, result.resolved, after)


def _diff_texts(file: Path, before: str, after: str) -> Iterator[str]:
    for line in unified_diff(_split_lines(before), _split_lines(after), str(file), str(file)):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _split_lines(text: str) -> list[str]:
    """Split into lines as ``patch`` does: only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _replace(file: Path, before: bytes, after: bytes) -> None:
    """Replace a file atomically: a reader sees the old text or the new one."""
    target = Path(os.path.realpath(file))
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=".naftiko-", delete=False) as stream:
            beside = Path(stream.name)
            try:
                stream.write(after)
                stream.flush()
                os.fsync(stream.fileno())
                beside.chmod(S_IMODE(target.stat().st_mode))
                _check_unchanged(target, before)
                beside.replace(target)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror}") from None


def _check_unchanged(file: Path, before: bytes) -> None:
    if _read(file) != before:
        raise click.ClickException(f"{file} was changed meanwhile; it is not fixed")
