"""Which rules are reported, their severity, and from which severity on a check fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.cli.configuration import Configuration
    from naftiko_runtime.diagnostic import Diagnostic

_ALWAYS: Final = frozenset({rules.UNREADABLE.slug, rules.SYNTAX.slug})
"""Always reported: nothing else is known of such a file."""


class Selection(NamedTuple):
    """The rule options of the command line; they take precedence over configuration files.

    Attributes:
        select: Slugs of the only rules to report, whatever files say. None if it is not set.
        ignore: Slugs of rules not to report.
        error_on: The lowest severity that is a failure. None if it is not set.
    """

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    error_on: Severity | None = None

    def filter_findings(self, found: Iterable[Diagnostic], configuration: Configuration) -> Iterator[Diagnostic]:
        """Return the findings that are selected, with the severity that the configuration gives them."""
        for diagnostic in found:
            slug = diagnostic.rule.slug
            severity = configuration.severity.get(slug, diagnostic.severity)
            if self.select is not None:
                wanted = slug in self.select
                severity = severity or diagnostic.severity
            else:
                wanted = configuration.selects(slug)
            if slug in _ALWAYS:
                yield diagnostic
            elif wanted and slug not in self.ignore and severity is not None:
                yield diagnostic if severity is diagnostic.severity else replace(diagnostic, severity=severity)

    def get_failing_severity(self, configuration: Configuration) -> Severity:
        """Return the lowest severity that is a failure."""
        return self.error_on or configuration.error_on or Severity.ERROR
