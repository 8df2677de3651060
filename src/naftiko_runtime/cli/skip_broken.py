"""The parts that ``--skip-broken`` omits, and how they are reported."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.link.drop_port_conflicts import Kept, drop_conflicts
from naftiko_runtime.rules import nouns, render_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from naftiko_runtime.loading import Loaded

log = logging.getLogger("naftiko_runtime")


def drop_clashing_parts(loaded: Sequence[Loaded]) -> list[Loaded]:
    """Return the files without what earlier files serve already; a file with nothing left has no plan."""
    runnable = [one.plan for one in loaded if one.plan is not None and one.plan.servers]
    kept = iter(drop_conflicts(runnable))
    return [
        _apply_kept(one, next(kept)) if one.plan is not None and one.plan.servers else _drop_plan(one) for one in loaded
    ]


def _apply_kept(one: Loaded, kept: Kept) -> Loaded:
    fatal = None if kept.plan is not None else nouns.NOTHING_LEFT()
    return replace(one, plan=kept.plan, left_out=(*one.left_out, *kept.left_out), fatal=fatal)


def _drop_plan(one: Loaded) -> Loaded:
    return replace(one, plan=None, fatal=one.fatal or nouns.ONLY_FOR_IMPORT())


def _list_left_out(loaded: Sequence[Loaded]) -> Iterator[tuple[str, str, str]]:
    """List what is not served, and why, by file; for a file without a plan, the whole file."""
    for one in loaded:
        file = next((d.span.file for d in one.diagnostics if d.span), "?") if one.source is None else one.source.file
        if one.fatal:
            yield file, "the file", describe_reason(one.fatal)
        yield from ((file, render_text(left.part), describe_reason(left.reason)) for left in one.left_out)


def print_left_out(loaded: Sequence[Loaded]) -> None:
    """Print what is not served."""
    lines = list(_list_left_out(loaded))
    if lines:
        click.echo("Not served:", err=True)
    for file, part, reason in lines:
        click.echo(f"  {file}: {part}: {reason}", err=True)


def log_left_out(loaded: Sequence[Loaded]) -> None:
    """Log what is not served."""
    for file, part, reason in _list_left_out(loaded):
        log.warning("not served", extra={"file": file, "part": part, "reason": reason})
