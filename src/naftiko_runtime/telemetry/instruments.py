"""What requests are counted under, and what the spans of equal requests have in common."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from naftiko_runtime.telemetry.span_attributes import METHODS, OTHER_METHOD

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.telemetry.metrics import Family, Meter
    from naftiko_runtime.telemetry.span_attributes import Attributes, Kind

Outcome: TypeAlias = int | str
"""A status, or in one word why there is none."""

Key = TypeVar("Key")
Content = TypeVar("Content")


class LazyDict(dict[Key, Content]):
    """A dictionary that makes what it lacks, and keeps it."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[Key], Content]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Content:
        content = self[key] = self._make(key)
        return content


class Child:
    """Where requests of one instrument, method and outcome are counted, and what their spans have in common.

    Attributes:
        observe: Counts a request that took so many nanoseconds.
        span_name: Of their spans.
        attributes: Of their spans; those of a failure have ``error.type``.
    """

    __slots__ = ("attributes", "observe", "span_name")

    def __init__(self, observe: Callable[[int], None], span_name: str, attributes: Attributes) -> None:
        self.observe = observe
        self.span_name = span_name
        self.attributes = attributes


class Instrument(dict[str, LazyDict[Outcome, Child]]):
    """What requests are counted under: a route, a tool, an upstream's operation.

    Use it as ``instrument[method][outcome]``, which costs a request the least. Both are made when they are first asked
    for. The method is HTTP's, and empty where requests have none. The outcome is a status, or a word for a
    failure without one, and empty for a success without one.
    """

    __slots__ = ("_attributes", "_family", "_kind", "_meter", "_target")

    def __init__(
        self,
        family: Family,
        kind: Kind,
        target: str,
        attributes: Attributes,
        meter: Meter | None,
    ) -> None:
        super().__init__()
        self._family = family
        self._kind = kind
        self._target = target
        self._attributes = attributes
        self._meter = meter

    def __missing__(self, method: str) -> LazyDict[Outcome, Child]:
        known = method if method in METHODS or not method else OTHER_METHOD  # callers may invent others, without end
        if known not in self:
            self[known] = LazyDict(partial(self._make_child, known))
        return self[known]

    def _make_child(self, method: str, outcome: Outcome) -> Child:
        attributes = dict(self._attributes)
        if method:
            attributes["http.request.method"] = method
        if isinstance(outcome, int):
            attributes["http.response.status_code"] = outcome
            failed = outcome >= (500 if self._kind == "server" else 400)
        else:
            failed = bool(outcome)
        if failed:
            attributes["error.type"] = str(outcome)
        name = f"{'HTTP' if method == OTHER_METHOD else method} {self._target}".strip()
        if self._meter is None:
            return Child(_uncounted, name, attributes)
        labels = {name.replace(".", "_"): str(value) for name, value in attributes.items()}
        return Child(self._meter.histogram(self._family, **labels).observe, name, attributes)


def _uncounted(_nanoseconds: int) -> None:
    """Where nothing is counted."""
