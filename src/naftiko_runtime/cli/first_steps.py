"""What ``naftiko`` alone prints: the commands to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from naftiko_runtime.cli.find_input_files import discover_runnable
from naftiko_runtime.source import SourceCache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FILES_MAX: Final = 5
_WITHOUT_FILES: Final = """\
There is no capability file in this folder.
A capability file names HTTP APIs, and what is exposed of them as REST routes and MCP tools.
"""
_WITHOUT_FILES_STEPS: Final = (
    ("naftiko import openapi SPEC -o FILE", "write one from an OpenAPI document"),
    ("naftiko schema > schema.json", "complete its keys in an editor"),
    ("naftiko validate FILE", "check a file"),
    ("naftiko run FILE --sandbox", "serve it without calling its APIs"),
)


def format_first_steps(folder: Path) -> str:
    """Return what to do first: with the capability files of a folder, or without any."""
    try:
        files = discover_runnable([folder], SourceCache())
    except click.ClickException:
        files = []
    if not files:
        return _WITHOUT_FILES + "\n" + _format_steps(_WITHOUT_FILES_STEPS)
    return _format_files(files) + "\n" + _format_steps(_list_steps(files))


def _format_files(files: Sequence[Path]) -> str:
    shown = [f"  {file}" for file in files[:_FILES_MAX]]
    if more := len(files) - _FILES_MAX:
        shown += [f"  and {more} more"] if more > 0 else []
    count = "one capability file" if len(files) == 1 else f"{len(files)} capability files"
    return "\n".join([f"This folder has {count}:", *shown, ""])


def _list_steps(files: Sequence[Path]) -> Sequence[tuple[str, str]]:
    one = files[0]
    return (
        ("naftiko validate", "check all"),
        ("naftiko run", "serve all, until Ctrl-C"),
        (f"naftiko run {one} --sandbox", "serve one without calling its APIs"),
        (f"naftiko install claude-code {one}", "add its tools to an MCP client"),
    )


def _format_steps(steps: Sequence[tuple[str, str]]) -> str:
    steps = (*steps, ("naftiko --help", "all commands"))
    width = max(len(command) for command, _ in steps)
    return "".join(f"  {command:{width}}  {effect}\n" for command, effect in steps)
