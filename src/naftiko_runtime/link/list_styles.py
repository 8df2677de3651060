"""Links ``style`` and ``explode`` of consumed parameters, with OpenAPI's meaning: how a query writes a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from naftiko_runtime.document.parameters import ConsumedParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import ListStyle

_JOINED: Final[dict[str, ListStyle]] = {"form": "comma", "spaceDelimited": "space", "pipeDelimited": "pipe"}
_ALWAYS: Final = {"path": "simple", "header": "simple", "cookie": "form"}
"""The only style of other places."""


def choose_list_style(parameter: ConsumedParameter) -> ListStyle:
    """Choose how a list in a query is written; by default the name is repeated."""
    style = parameter.style or "form"
    if parameter.in_ != "query" or style not in _JOINED:
        return "deep" if style == "deepObject" else "repeat"
    explode = style == "form" if parameter.explode is None else parameter.explode
    return "repeat" if explode else _JOINED[style]


def check_style(parameter: ConsumedParameter, context: Context) -> None:
    """Report a style without effect, or one that its place does not have."""
    if parameter.in_ == "query":
        if parameter.style == "simple":
            context.report(rules.INVALID_VALUE_STYLE(), parameter.get_path("style"))
        return
    always = _ALWAYS.get(parameter.in_)
    for key, effect in (("style", parameter.style not in (None, always)), ("explode", parameter.explode is True)):
        if effect or (always is None and getattr(parameter, key) is not None):
            advice = helps.REMOVE_JOINED() if always else helps.REMOVE()
            context.report(
                rules.NO_EFFECT_STYLE(key=key, where=parameter.in_), parameter.get_path(key), advice, key=True
            )
