"""What is made when something of it is first used: modules and patterns that not every file needs."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, AnyStr, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class _Lazy:
    """Stands for something until then; afterwards it costs no more than an attribute."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._make(), name)
        setattr(self, name, value)
        return value


def module(name: str) -> Any:
    """A module, imported when it is first used."""
    return _Lazy(partial(import_module, name))


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A regular expression, compiled when it is first used: that takes longer than most uses."""
    return cast("re.Pattern[AnyStr]", _Lazy(partial(re.compile, text, flags)))
