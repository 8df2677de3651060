"""What ``--skip-broken`` leaves out of the files to serve, and how it is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from naftiko_runtime.link.shared_ports import Kept
from naftiko_runtime.link.shared_ports import without_clashes as kept_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from naftiko_runtime.loading import Loaded

log = logging.getLogger("naftiko_runtime")
_NO_SERVERS = "it has no 'capability', and is only there to be imported"


def without_clashes(loaded: Sequence[Loaded]) -> list[Loaded]:
    """The files without what those before them serve already; a file of which nothing is left has no plan."""
    runnable = [one.plan for one in loaded if one.plan is not None and one.plan.servers]
    kept = iter(kept_of(runnable))
    return [_left(one, next(kept)) if one.plan is not None and one.plan.servers else _unrun(one) for one in loaded]


def _left(one: Loaded, kept: Kept) -> Loaded:
    fatal = "" if kept.plan is not None else "nothing is left to serve"
    return replace(one, plan=kept.plan, left_out=(*one.left_out, *kept.left_out), fatal=fatal)


def _unrun(one: Loaded) -> Loaded:
    return replace(one, plan=None, fatal=one.fatal or _NO_SERVERS)


def _lines(loaded: Sequence[Loaded]) -> Iterator[tuple[str, str, str]]:
    """By file: what is not served, and why; of a file without a plan that is the file."""
    for one in loaded:
        file = next((d.span.file for d in one.diagnostics if d.span), "?") if one.source is None else one.source.file
        if one.fatal:
            yield file, "the file", one.fatal
        yield from ((file, left.part, left.reason) for left in one.left_out)


def show_left_out(loaded: Sequence[Loaded]) -> None:
    """Tell people what is not served."""
    lines = list(_lines(loaded))
    if lines:
        click.echo("Not served:", err=True)
    for file, part, reason in lines:
        click.echo(f"  {file}: {part}: {reason}", err=True)


def log_left_out(loaded: Sequence[Loaded]) -> None:
    """Log what is not served."""
    for file, part, reason in _lines(loaded):
        log.warning("not served", extra={"file": file, "part": part, "reason": reason})
