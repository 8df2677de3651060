"""The process environment, with the variables of ``--env-file``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from dotenv.parser import parse_stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def read_environment(env_files: Sequence[Path]) -> Mapping[str, str]:
    """Return variables by name; the process environment takes precedence over files, a later file over an earlier one.

    Raises:
        click.ClickException: A file cannot be read or has a line that is no assignment.
    """
    values: dict[str, str] = {}
    for path in env_files:
        values |= _read(path)
    return {**values, **os.environ}


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8") as file:
            bindings = list(parse_stream(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise click.ClickException(f"cannot read {path}: {reason}") from None
    for binding in bindings:
        if binding.error or (binding.key is not None and binding.value is None):
            # The line itself may hold a secret.
            raise click.ClickException(f"{path}:{binding.original.line}: this line is not KEY=value")
    return {b.key: b.value for b in bindings if b.key is not None and b.value is not None}
