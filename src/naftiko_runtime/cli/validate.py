"""``naftiko validate``: loads, parses and links files; needs no environment, network or servers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from naftiko_runtime.cli.check_run import CheckOptions
from naftiko_runtime.cli.find_input_files import STDIN
from naftiko_runtime.cli.option_types import ALLOW_IMPORT, STRICT
from naftiko_runtime.cli.print_findings import FOR_PEOPLE, FORMATS, count_findings, render_report, use_colour
from naftiko_runtime.cli.rule_names import UnknownRule, expand_rules
from naftiko_runtime.cli.rule_selection import Selection
from naftiko_runtime.render.checked_files import merge_repeated_files
from naftiko_runtime.rules import Severity
from naftiko_runtime.source import SourceCache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from naftiko_runtime.cli.print_findings import ReportFormat
    from naftiko_runtime.render import CheckedFile

_STDIN_NAME = "<stdin>"


class _Rules(click.ParamType[Any]):
    """Rules, separated by commas."""

    name = "RULES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[str]:
        try:
            named = expand_rules(word for part in str(value).split(",") if (word := part.strip()))
        except UnknownRule as error:
            self.fail(str(error), param, ctx)
        if not named and param is not None and param.name == "select":
            self.fail("selects no rules", param, ctx)
        return named


@click.command()
@click.argument("paths", metavar="[FILE…]", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="full", show_default=True, help="The output format."
)
@click.option(
    "--select",
    multiple=True,
    type=_Rules(),
    help="Report only these rules: names, codes or prefixes of codes, separated by commas; repeatable.",
)
@click.option("--ignore", multiple=True, type=_Rules(), help="Do not report these rules; repeatable.")
@click.option(
    "--error-on",
    type=click.Choice([str(severity) for severity in Severity]),
    help="The lowest severity for exit status 1; the default is the configuration's, or 'error'.",
)
@click.option(
    "--stdin-filename", metavar="NAME", help="The name of standard input (FILE '-'); imports are relative to it."
)
@click.option("--no-ignore", is_flag=True, help="Also check files that .gitignore excludes.")
@click.option(
    "--skip-others",
    is_flag=True,
    help="Leave out FILEs that are not capabilities or are excluded; it is not an error if none remain.",
)
@ALLOW_IMPORT
@STRICT
@click.option("--quiet", "-q", is_flag=True, help="Print findings only, without the summary.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
@click.option("--fix", is_flag=True, help="Correct what has only one correction, and change nothing else.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
def validate(
    paths: tuple[str, ...],
    form: ReportFormat,
    select: tuple[frozenset[str], ...],
    ignore: tuple[frozenset[str], ...],
    error_on: str | None,
    stdin_filename: str | None,
    no_ignore: bool,
    skip_others: bool,
    allowed_imports: tuple[Path, ...],
    strict: bool,
    quiet: bool,
    fix: bool,
    diff: bool,
    watch: bool,
) -> None:
    """Check capability FILEs: report what cannot run, where, and what to write instead.

    A FILE is a file, a folder with everything below it, a glob, or '-' for standard input.
    Without FILE, the current folder is checked.

    Exit status: 0 if there is no error, 1 if there is one, 2 for wrong usage or an invalid configuration.
    """
    paths = paths or (".",)
    if stdin_filename is not None and STDIN not in paths:
        raise click.UsageError("--stdin-filename names standard input, so FILE must be '-'.")
    selection = Selection(
        frozenset().union(*select) if select else None,
        frozenset().union(*ignore),
        Severity(error_on) if error_on else None,
    )
    check = CheckOptions(
        paths, selection, stdin_filename or _STDIN_NAME, not no_ignore, skip_others, allowed_imports, strict
    )
    if fix or diff:
        _fix(check, form, paths, diff=diff, watch=watch, quiet=quiet)
    if watch:
        _watch(check, form, quiet=quiet)
        return
    run = check.run({})
    print_report(run.files, form, quiet=quiet)
    sys.exit(any(checked.failed for checked in run.files))


def print_report(
    files: Sequence[CheckedFile], form: ReportFormat, *, quiet: bool, err: bool = False, fixed: bool = False
) -> None:
    """Write the findings and the summary; with a format for programs, the summary goes to standard error.

    Args:
        files: The checked files.
        form: The output format.
        quiet: Whether to omit the summary.
        err: Whether to write to standard error.
        fixed: Whether ``--fix`` ran before.
    """
    people = form in FOR_PEOPLE
    colour = people and use_colour(sys.stderr if err else sys.stdout)
    report = render_report(files, form, colour=colour)
    if report:
        click.echo(report if people else report.encode(), nl=False, color=colour, err=err)
    if not quiet:
        reported = [diagnostic for checked in merge_repeated_files(files) for diagnostic in checked.diagnostics]
        fixable = 0 if fixed else sum(bool(diagnostic.fix) for diagnostic in reported)
        summary = f"{len(files)} file{'s' * (len(files) != 1)} checked: {count_findings(reported)}"
        summary += f" ({fixable} fixable with --fix)" if fixable else ""
        click.echo(summary, err=err or not people)


def _watch(check: CheckOptions, form: ReportFormat, *, quiet: bool) -> None:
    if STDIN in check.paths:
        raise click.UsageError("--watch cannot watch standard input.")
    if form not in FOR_PEOPLE:
        raise click.UsageError(f"--watch writes 'full' or 'concise', not '{form}'.")
    from naftiko_runtime.cli.watch import watch

    watch(check.run, lambda files: print_report(files, form, quiet=quiet))


def _fix(
    check: CheckOptions, form: ReportFormat, paths: Sequence[str], *, diff: bool, watch: bool, quiet: bool
) -> NoReturn:
    """Fix files or show the changes, and report the remaining findings."""
    if watch or STDIN in paths:
        raise click.UsageError("--fix and --diff are for files, and not for --watch.")
    from naftiko_runtime.cli.fix_command import Fixer

    sources = SourceCache()
    fixer = Fixer(sources, diff=diff)
    run = check.run({}, sources, fixer.load)
    print_report(run.files, form, quiet=quiet, err=diff, fixed=True)
    click.echo(fixer.make_summary(), err=diff or form not in FOR_PEOPLE)
    sys.exit(any(checked.failed for checked in run.files))
