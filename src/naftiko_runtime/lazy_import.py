"""Modules and patterns that are loaded at their first use, because not every run needs them."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, AnyStr, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class _LoadedObject:
    """A loaded object: holds a copy of all its attributes. Without ``__getattr__``, each access is fast."""


class _LazyObject(_LoadedObject):
    """Loads an object at the first access to an attribute."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        made = self._make()
        vars(self).update((known, getattr(made, known)) for known in dir(made) if not known.startswith("__"))
        self.__class__ = _LoadedObject  # type: ignore[assignment]
        return getattr(made, name)


def import_lazily(name: str) -> Any:
    """Return a module, imported when it is first used."""
    return _LazyObject(partial(import_module, name))


def compile_lazily(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a regular expression, compiled when it is first used: that takes longer than most uses."""
    return cast("re.Pattern[AnyStr]", _LazyObject(partial(re.compile, text, flags)))
