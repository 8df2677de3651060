"""What is made when something of it is first used: modules and patterns that not every file needs."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, AnyStr, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class _Loaded:
    """Has what something has that was made at its first use: a class with a hook would make every use dearer."""


class _LazyObject(_Loaded):
    """Stands for something until it is first used."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        made = self._make()
        vars(self).update((known, getattr(made, known)) for known in dir(made) if not known.startswith("__"))
        self.__class__ = _Loaded  # type: ignore[assignment]
        return getattr(made, name)


def import_lazily(name: str) -> Any:
    """A module, imported when it is first used."""
    return _LazyObject(partial(import_module, name))


def compile_lazily(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A regular expression, compiled when it is first used: that takes longer than most uses."""
    return cast("re.Pattern[AnyStr]", _LazyObject(partial(re.compile, text, flags)))
