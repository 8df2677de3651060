"""``naftiko validate --watch``: checks again when a file changes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from naftiko_runtime.cli.print_errors import show_click_error
from naftiko_runtime.missing_extra import advise_install

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from naftiko_runtime.cli.check_file import Known
    from naftiko_runtime.cli.check_run import CheckRun
    from naftiko_runtime.render import CheckedFile

    RunCheck: TypeAlias = Callable[[Known], CheckRun]
    Print: TypeAlias = Callable[[Sequence[CheckedFile]], None]

_STEP_MILLISECONDS: Final = 10
"""How long nothing may change until a save is taken to be complete: editors write, rename and touch within less."""

_GROUP_MILLISECONDS: Final = 100
"""How long changes that do not end are waited for."""


def watch(check: RunCheck, print_report: Print) -> None:
    """Check and report, again after every change, until Ctrl-C.

    Raises:
        click.ClickException: There is nothing to check to begin with, or ``watchfiles`` is not installed.
    """
    try:
        # What is under `watchfiles.watch`; that one does not say when it has begun to watch.
        from watchfiles._rust_notify import RustNotify
    except ImportError:
        raise click.ClickException(f"--watch needs the extra 'watch'; {advise_install('watch')}") from None
    try:
        watched = _Watched(check, print_report)
        while True:
            folders = watched.list_folders()
            changes = RustNotify(sorted(folders), False, False, 0, False, True)
            watched.check_again({}, ())  # what changed before the watch began
            while watched.list_folders() == folders:
                found = changes.watch(_GROUP_MILLISECONDS, _STEP_MILLISECONDS, 0, None)
                if isinstance(found, str):  # a signal
                    return
                paths = {path for _, path in found}
                watched.check_again(watched.select_unchanged(paths), paths)
            changes.close()
    except KeyboardInterrupt:
        return


class _Watched:
    """The latest check, and its reported outcome."""

    def __init__(self, check: RunCheck, print_report: Print) -> None:
        self._check = check
        self._print_report = print_report
        self._run = check({})
        self._reported = _summarize(self._run)
        self._show()

    def check_again(self, known: Known, changed: Collection[str]) -> None:
        """Check again; report if the findings changed or one of the files was saved."""
        try:
            run = self._check(known)
        except click.ClickException as error:
            if self._reported != (outcome := [error.format_message()]):
                self._reported = outcome
                show_click_error(error)
            return
        self._run = run
        if self._reported != (outcome := _summarize(run)) or not _read(run).isdisjoint(changed):
            self._reported = outcome
            self._show()

    def _show(self) -> None:
        if sys.stdout.isatty():
            click.clear()
        self._print_report(self._run.files)

    def select_unchanged(self, changed: Collection[str]) -> Known:
        """Select the files that need not be read again: unchanged ones without imports."""

        def is_unchanged(path: Path) -> bool:
            name = os.path.abspath(path)  # noqa: PTH100 - links stay links
            return not any(name == other or name.startswith(other + os.sep) for other in changed)

        return {
            path: loaded
            for path, loaded in self._run.loaded.items()
            if is_unchanged(path) and (loaded is None or loaded.source is None or "import" not in loaded.source.text)
        }

    def list_folders(self) -> set[str]:
        """Return the folders to watch."""
        found = {os.path.dirname(file) for file in _read(self._run)}  # noqa: PTH120
        found |= {os.path.abspath(folder) for folder in self._run.inputs.folders}  # noqa: PTH100
        found |= {os.path.abspath(entry.path.parent) for entry in self._run.inputs.files}  # noqa: PTH100
        return {folder for folder in found if os.path.isdir(folder)}  # noqa: PTH112


def _summarize(run: CheckRun) -> list[Any]:
    """Return the texts and the findings; the texts show files that were saved between two watches."""
    texts = {path: loaded.source.text for path, loaded in run.loaded.items() if loaded and loaded.source}
    return [texts, *((checked.file, checked.diagnostics) for checked in run.files)]


def _read(run: CheckRun) -> set[str]:
    """Return the absolute paths of the documents and of the files that they import."""
    names = {checked.file for checked in run.files}
    for checked in run.files:
        names |= {d.span.file for d in checked.diagnostics if d.span}
    for loaded in run.loaded.values():
        if loaded is not None and loaded.source is not None:
            names |= {source.file for source in loaded.source.places.owners.values()}
    return {os.path.abspath(name) for name in names}  # noqa: PTH100
