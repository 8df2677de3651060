"""Reports JSONPaths that name an output which a step does not have, and so find nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.source import KeyPath

_ITEMS: Final = compile_lazily(r"\$\.?\[\s*(?:\*|-?[0-9]+)\s*\]")


class OutputNames(Struct, frozen=True):
    """The names of the outputs of a step that has no others.

    Attributes:
        names: The names.
        of_items: Whether the items of a list have no others either.
    """

    names: tuple[str, ...]
    of_items: bool = False


def check_output_name(path: str, step: str, known: OutputNames, place: KeyPath, context: Context) -> None:
    """Report a path into the output of a step that begins with another name.

    Args:
        path: The path, which is valid.
        step: The step.
        known: What its output has.
        place: Where it is written.
        context: The linking run.
    """
    within = _ITEMS.sub("$", path, count=1) if known.of_items and _ITEMS.match(path) else path
    if (name := compile_path(within).first_field) is not None:
        check_output_field(name, step, known, place, context)


def check_output_field(name: str, step: str, known: OutputNames, place: KeyPath, context: Context) -> None:
    """Report the name of a field that the output of a step does not have; see :func:`check_output_name`."""
    if name not in known.names:
        advice = suggest(name, known.names, helps.OUTPUTS)
        context.report(rules.UNKNOWN_OUTPUT(step=step, name=name), place, advice)
