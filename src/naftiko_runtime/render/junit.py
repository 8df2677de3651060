"""JUnit's XML, for the test reports of CI services."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from naftiko_runtime.render.concise import render_line
from naftiko_runtime.render.full import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.render.checked_files import CheckedFile


def render_junit(files: Iterable[CheckedFile]) -> str:
    """Render one suite with one case for each file: failing findings are its failure, the others its output.

    A case has one ``failure`` with all failing findings, because services read only one.
    """
    checked_files = list(files)
    failed = sum(checked.failed for checked in checked_files)
    suites = "".join(map(_render_suite, checked_files))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="naftiko validate" tests="{len(checked_files)}" failures="{failed}" errors="0">\n'
        f"{suites}</testsuites>\n"
    )


def _render_suite(checked: CheckedFile) -> str:
    name = escape(escape_controls(checked.file))
    failures = [d for d in checked.diagnostics if checked.is_failure(d)]
    others = [d for d in checked.diagnostics if not checked.is_failure(d)]
    inner = ""
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        head = f'type="{failures[0].rule.slug}" message="{escape(escape_controls(failures[0].message) + more)}"'
        inner += f"      <failure {head}>{_render_lines(failures, checked)}</failure>\n"
    if others:
        inner += f"      <system-out>{_render_lines(others, checked)}</system-out>\n"
    case = f'    <testcase classname="naftiko" name="{name}" file="{name}" time="0"'
    case += f">\n{inner}    </testcase>\n" if inner else "/>\n"
    head = f'  <testsuite name="{name}" tests="1" failures="{int(checked.failed)}" errors="0" skipped="0" time="0">\n'
    return f"{head}{case}  </testsuite>\n"


def _render_lines(diagnostics: Iterable[Diagnostic], checked: CheckedFile) -> str:
    return escape("\n".join(render_line(d, checked.file) for d in diagnostics), quote=False)
