"""``naftiko validate --fix`` and ``--diff``: what becomes of the files."""

from __future__ import annotations

import os
import re
from difflib import unified_diff
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import click

from naftiko_runtime import limits
from naftiko_runtime.redaction import redact_line
from naftiko_runtime.render import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.fix import Fixed
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
        self._cosmetic = 0
        self._files = 0
        self._notes: list[str] = []

    def load(self, _source: Source, overrides: Overrides, file: Path) -> Loaded:
        """Fix a file and load it: what is found in it then is what remains.

        Raises:
            click.ClickException: It cannot be written.
        """
        from naftiko_runtime.fix import fixed

        raw = self._sources.read_bytes(file)
        result = fixed(raw, file, overrides)
        if result.raw != raw:
            self._findings += result.count
            self._cosmetic += result.cosmetic
            self._files += 1
            if self._diff:
                self._show_diff(file, result)
            else:
                _replace(file, raw, result.raw)
                self._sources.forget(file)
        self._notes += [f"{left.diagnostic.span}: not fixed: {left.reason}" for left in result.left]
        return result.loaded

    def _show_diff(self, file: Path, result: Fixed) -> None:
        source = result.loaded.source
        secrets = source.find_secrets() if source is not None else None
        for line in _diff(file, result):
            click.echo(redact_line(line, secrets), nl=False)

    def summary(self) -> str:
        """What was left for a reason, and how much was fixed."""
        verb = "would fix" if self._diff else "fixed"
        findings, files = self._findings, self._files
        count = f"{findings} finding{'s' * (findings != 1)}"
        if self._cosmetic:
            count += f" and {self._cosmetic} cosmetic spelling{'s' * (self._cosmetic != 1)}"
        count += f" in {files} file{'s' * (files != 1)}"
        return "\n".join([*map(printable, self._notes), f"{verb} {count}"])


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(limits.DOCUMENT_BYTES_MAX + 1)


def _diff(file: Path, result: Fixed) -> Iterator[str]:
    """The unified differences of a file, with its own line ends: what resolves findings, then what is cosmetic."""
    after = result.raw.decode("utf-8-sig")
    if result.cosmetic and result.resolved != result.before:
        yield "# resolves findings:\n"
    yield from _difference(file, result.before, result.resolved)
    if result.resolved != after:
        yield "# cosmetic:\n"
    yield from _difference(file, result.resolved, after)


def _difference(file: Path, before: str, after: str) -> Iterator[str]:
    for line in unified_diff(_lines(before), _lines(after), str(file), str(file)):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines as ``patch`` knows them: only a line feed ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _replace(file: Path, before: bytes, after: bytes) -> None:
    """Put a new file in the place of an old one at once: whoever reads it meets the old text or the new one, whole."""
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
        raise click.ClickException(f"{file} was changed by somebody else in the meantime; it is left as it is")
