"""Reports control exposes, which are not served yet. Their settings for scripts are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.exposes import unserved
from naftiko_runtime.limits import SCRIPT_SECONDS_GREATEST, SCRIPT_STATEMENTS_GREATEST
from naftiko_runtime.link.scripting_settings import find_scripting, is_milliseconds, is_statement_limit
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.document.exposes import OtherExpose
    from naftiko_runtime.link.link_operations import ExposeLinker
    from naftiko_runtime.rules.rule import NounPhrase


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_TYPES: Final[dict[str, tuple[Callable[[object], bool], NounPhrase]]] = {
    "enabled": (lambda value: isinstance(value, bool), nouns.FLAG()),
    "defaultLocation": (_is_text, nouns.TEXT()),
    "defaultLanguage": (_is_text, nouns.TEXT()),
    "timeout": (is_milliseconds, nouns.COUNT_UP_TO(greatest=f"{SCRIPT_SECONDS_GREATEST * 1000:,}")),
    "statementLimit": (is_statement_limit, nouns.COUNT_UP_TO(greatest=f"{SCRIPT_STATEMENTS_GREATEST:,}")),
    "allowedLanguages": (lambda value: isinstance(value, list), nouns.LIST()),
}
"""The settings for scripts that are read, each with its type."""


def link(expose: OtherExpose, linker: ExposeLinker) -> None:
    """Report what of an expose is not served. One that has settings for scripts is no error."""
    scripting = find_scripting({"management": expose.get_value("management")})
    if scripting is None:
        unserved.link(expose, linker)
        return
    linker.context.report(rules.NO_EFFECT_CONTROL(), expose.get_path("type"))
    _check_types(scripting, expose, linker)


def _check_types(scripting: dict[str, Any], expose: OtherExpose, linker: ExposeLinker) -> None:
    for key, (is_right, wanted) in _TYPES.items():
        if key in scripting and not is_right(scripting[key]):
            place = expose.get_path("management", "scripting", key)
            linker.context.report(rules.INVALID_VALUE_SCRIPTING(key=key, wanted=wanted), place)
