"""The words that the shapes of a specification are written in.

The ``faults`` of a shape are everything in which a value departs from it, each with its path from that value; a value
fits when there are none. Where a specification lets several shapes stand, the faults are those of the one that was
meant, but whether there are any is decided as JSON Schema decides it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from naftiko_runtime.source import written
from naftiko_runtime.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.source import Steps


@dataclass(frozen=True, slots=True)
class Fault:
    """One departure.

    Attributes:
        what: What is wrong, to be read behind the name of the part at ``steps``.
        advice: What the specification takes there.
        steps: Where, from the value that was looked at.
        key: Whether it is the key there that is wrong, not its value.
        missing: Whether nothing stands there, and something should.
    """

    what: str
    advice: str | None = None
    steps: Steps = ()
    key: bool = False
    missing: bool = False

    def below(self, step: str | int) -> Fault:
        """The same, seen from what holds the value at that key or index."""
        return replace(self, steps=(step, *self.steps))


Faults: TypeAlias = "Sequence[Fault]"
NONE: Final[Faults] = ()


class Shape(Protocol):
    """What a specification takes somewhere."""

    @property
    def kind(self) -> str:
        """The kind of value in an author's words; one word for each of JSON's types."""

    def faults(self, value: Any) -> Faults:
        """In what a value departs; nothing when it fits."""


TEXT_KIND, NUMBER_KIND, WHOLE_KIND, FLAG_KIND = "text", "a number", "a whole number", "true or false"
LIST_KIND, MAPPING_KIND = "a list", "a mapping"


@dataclass(frozen=True, slots=True)
class Text:
    """Text: of some form (the whole of it), one of a few words, of some length in characters."""

    pattern: re.Pattern[str] | None = None
    form: str | None = None
    one_of: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None
    kind: str = field(default=TEXT_KIND, init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        if not isinstance(value, str):
            return _wrong_kind(TEXT_KIND, value)
        if self.one_of and value not in self.one_of:
            return [Fault(f"may not be {_shown(value)}", _choice(value, self.one_of))]
        if self.pattern is not None and self.pattern.fullmatch(value) is None:
            return [Fault(f"may not be {_shown(value)}", self.form and f"it takes {self.form}")]
        if len(value) < self.least:
            return [Fault("may not be empty")]
        if self.most is not None and len(value) > self.most:
            return [Fault(f"is longer than {self.most} characters")]
        return NONE


def form(pattern: str, words: str) -> Text:
    """Text that a regular expression matches as a whole, and how to say that in words."""
    return Text(re.compile(pattern, re.ASCII), words)


def word(*words: str) -> Text:
    """One of a few words."""
    return Text(one_of=words)


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds; ``1.0`` counts as whole, as in JSON Schema."""

    whole: bool = False
    least: float | None = None
    most: float | None = None

    @property
    def kind(self) -> str:
        """The kind of value."""
        return WHOLE_KIND if self.whole else NUMBER_KIND

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _wrong_kind(self.kind, value)
        if self.whole and not (isinstance(value, int) or value.is_integer()):
            return _wrong_kind(self.kind, value)
        low, high = self.least, self.most
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"{low} or more" if high is None else f"{low} to {high}"
            return [Fault(f"may not be {written(value)}", f"it takes {bounds}")]
        return NONE


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    kind: str = field(default=FLAG_KIND, init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        return NONE if isinstance(value, bool) else _wrong_kind(FLAG_KIND, value)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value at all."""

    kind: str = field(default="anything", init=False)

    def faults(self, _: Any) -> Faults:
        """Departures of a value: none."""
        return NONE


@dataclass(frozen=True, slots=True)
class Items:
    """A list, each entry of one shape."""

    entry: Shape
    least: int = 0
    kind: str = field(default=LIST_KIND, init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        if not isinstance(value, list):
            return _wrong_kind(LIST_KIND, value)
        if len(value) < self.least:
            return _TOO_FEW
        found: list[Fault] = []
        for index, item in enumerate(value):
            if below := self.entry.faults(item):
                found += [fault.below(index) for fault in below]
        return found


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping whose keys are the author's names, each value of one shape."""

    entry: Shape
    names: Text | None = None
    least: int = 0
    kind: str = field(default=MAPPING_KIND, init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        if not isinstance(value, dict):
            return _wrong_kind(MAPPING_KIND, value)
        if len(value) < self.least:
            return _TOO_FEW
        found: list[Fault] = []
        for name, item in value.items():
            if self.names is not None and self.names.faults(name):
                found.append(Fault("is no name for this", f"it takes {self.names.form}", (name,), key=True))
            if below := self.entry.faults(item):
                found += [fault.below(name) for fault in below]
        return found


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping with known keys and no others; each of ``ways`` says which of them go together."""

    required: dict[str, Shape] = field(default_factory=dict)
    optional: dict[str, Shape] = field(default_factory=dict)
    ways: tuple[Ways, ...] = ()
    kind: str = field(default=MAPPING_KIND, init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        if not isinstance(value, dict):
            return _wrong_kind(MAPPING_KIND, value)
        found: list[Fault] = []
        unknown = []
        for key, item in value.items():
            shape = self.required.get(key) or self.optional.get(key)
            if shape is None:
                unknown.append(key)
            elif below := shape.faults(item):
                found += [fault.below(key) for fault in below]
        missing = [key for key in self.required if key not in value]
        if unknown:
            found += self._unknown(unknown, value, missing)
        found += map(_missing, missing)
        for ways in self.ways:
            told = {fault.steps for fault in found}
            found += [fault for fault in ways.faults(value) if fault.steps not in told]
        return found

    def _unknown(self, unknown: list[str], value: dict[str, Any], missing: list[str]) -> Faults:
        """Unknown keys; one that stands where a missing key was meant tells of both."""
        free = [key for key in (*self.required, *self.optional) if key not in value]
        found = []
        for key in unknown:
            meant = _same(key, free) or nearest(key, free)
            if meant in missing:
                missing.remove(meant)
            known = [*self.required, *self.optional]
            advice = f"did you mean '{meant}'?" if meant else did_you_mean(key, known, "it has")
            found.append(Fault("is no key of the specification here", advice, (key,), key=True))
        return found


@dataclass(frozen=True, slots=True)
class Way:
    """One combination of a mapping's keys.

    Attributes:
        sign: The key whose presence shows that this way is meant; none when it is meant unless another one is.
        required: Keys it needs.
        without: Keys it excludes.
        keys: Narrower shapes of some keys.
    """

    sign: str | None = None
    required: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    keys: dict[str, Shape] = field(default_factory=dict)

    def fits(self, value: dict[str, Any]) -> bool:
        """Whether a mapping has this combination."""
        if any(key not in value for key in self.required) or any(key in value for key in self.without):
            return False
        return not any(key in value and shape.faults(value[key]) for key, shape in self.keys.items())

    def meant(self, value: dict[str, Any]) -> bool:
        """Whether a mapping seems to be written this way."""
        if self.sign is None or self.sign not in value:
            return False
        narrower = self.keys.get(self.sign)
        return narrower is None or not narrower.faults(value[self.sign])

    def faults(self, value: dict[str, Any]) -> Faults:
        """Departures of a mapping that was meant this way."""
        found = [_missing(key) for key in self.required if key not in value]
        other = f"{self.sign}: {value.get(self.sign)}" if self.sign in self.keys else self.sign
        found += [_beside(key, other) for key in self.without if key in value]
        for key, shape in self.keys.items():
            if key in value:
                found += [fault.below(key) for fault in shape.faults(value[key])]
        return found


@dataclass(frozen=True, slots=True)
class Ways:
    """Combinations of a mapping's keys of which one is needed, and with ``only_one`` no second one may be there.

    ``needs`` says what is needed, behind the name of the mapping.
    """

    needs: str
    ways: tuple[Way, ...]
    only_one: bool = False

    def faults(self, value: dict[str, Any]) -> Faults:
        """Departures of a mapping."""
        fitting = [way for way in self.ways if way.fits(value)]
        if len(fitting) == 1 or (fitting and not self.only_one):
            return NONE
        if fitting:
            return [_beside(str(way.sign), fitting[0].sign, f"it {self.needs}") for way in fitting[1:]]
        likely = [way for way in self.ways if way.meant(value)] or [way for way in self.ways if way.sign is None]
        return likely[0].faults(value) if likely else [Fault(self.needs)]


def one_key(*keys: str) -> Ways:
    """Exactly one of some keys."""
    return Ways(f"needs either {_listed(keys)}", tuple(Way(key, (key,)) for key in keys), only_one=True)


def some_key(*keys: str) -> Ways:
    """At least one of some keys."""
    return Ways(f"needs {_listed(keys)}", tuple(Way(key, (key,)) for key in keys))


def not_both(first: str, second: str) -> Ways:
    """At most one of two keys."""
    return Ways("takes one", (Way(first, without=(second,)), Way(second, without=(first,))))


@dataclass(frozen=True, slots=True)
class Kinds:
    """A mapping whose ``type`` says which of several shapes it has."""

    members: dict[str, Mapping]
    kind: str = field(default=MAPPING_KIND, init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        if not isinstance(value, dict):
            return _wrong_kind(MAPPING_KIND, value)
        if "type" not in value:
            slip = nearest("type", value.keys() - {key for m in self.members.values() for key in m.optional})
            advice = f"did you mean it where '{slip}' stands?" if slip else _choice("", tuple(self.members))
            return [Fault("is required here", advice, ("type",), missing=True)]
        if below := Text(one_of=tuple(self.members)).faults(value["type"]):
            return [fault.below("type") for fault in below]
        return self.members[value["type"]].faults(value)


@dataclass(frozen=True, slots=True)
class Imported:
    """An import, or the thing itself; ``place`` is the key that says where an import comes from."""

    place: str
    entry: Mapping
    itself: Shape
    kind: str = field(default=MAPPING_KIND, init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        imported = isinstance(value, dict) and ("import" in value or (self.place in value and "namespace" not in value))
        return (self.entry if imported else self.itself).faults(value)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes, no two of which take values of the same kind."""

    shapes: tuple[Shape, ...]

    @property
    def kind(self) -> str:
        """The kinds of value."""
        return " or ".join(dict.fromkeys(shape.kind for shape in self.shapes))

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        kind = _kind(value)
        for shape in self.shapes:
            if shape.kind == kind or (shape.kind == NUMBER_KIND and kind == WHOLE_KIND):
                return shape.faults(value)
        return _wrong_kind(self.kind, value)


@dataclass(frozen=True, slots=True)
class IfList:
    """Anything; but a list has entries of one shape."""

    entry: Shape
    kind: str = field(default="anything", init=False)

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        return Items(self.entry).faults(value) if isinstance(value, list) else NONE


@dataclass(frozen=True, slots=True)
class Later:
    """A shape that is written further below, or that this one is part of."""

    shape: Callable[[], Shape]

    @property
    def kind(self) -> str:
        """The kind of value."""
        return self.shape().kind

    def faults(self, value: Any) -> Faults:
        """Departures of a value."""
        return self.shape().faults(value)


_TOO_FEW: Final = (Fault("needs at least one entry"),)
_SHOWN_MAX: Final = 60
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    *((str, TEXT_KIND), (bool, FLAG_KIND), (int, WHOLE_KIND), (float, NUMBER_KIND)),
    *((list, LIST_KIND), (dict, MAPPING_KIND)),
)
_ADVICE: Final = {LIST_KIND: "begin each entry with '- '", MAPPING_KIND: "write 'key: value' lines"}
_SAME: Final = (
    ("label", "display", "title"),
    ("functions", "flows"),
    ("location", "from"),
    ("naftiko", "ikanos"),
    ("targetName", "target"),
    ("authentication", "auth"),
)
"""Keys by which the versions, or files in the wild, mean the same."""


def _kind(value: Any) -> str | None:
    """What a value is, in an author's words; nothing for null."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), None)


def _wrong_kind(wanted: str, value: Any) -> Faults:
    kind = _kind(value)
    if kind is None:
        return [Fault(f"takes {wanted}, and has no value", "give it a value, or leave the key out")]
    if wanted == TEXT_KIND and not isinstance(value, list | dict):
        text = str(value).lower() if isinstance(value, bool) else written(value)
        return [Fault(f"takes {wanted}, not {kind}", f'quote it: "{text}"')]
    shown = "a fraction" if wanted == WHOLE_KIND and kind == NUMBER_KIND else kind
    return [Fault(f"takes {wanted}, not {shown}", _ADVICE.get(wanted))]


def _same(key: str, known: list[str]) -> str | None:
    """A known key that another one stands for in another version."""
    return next((other for group in _SAME if key in group for other in group if other in known), None)


def _missing(key: str) -> Fault:
    return Fault("is required here", f"add '{key}: …'", (key,), missing=True)


def _beside(key: str, other: str | None, advice: str = "keep one of the two") -> Fault:
    return Fault(f"may not stand beside '{other}'", advice, (key,), key=True)


def _choice(value: str, words: tuple[str, ...]) -> str:
    if len(words) == 1:
        return f"it takes '{words[0]}'"
    meant = nearest(value, words)
    return f"did you mean '{meant}'?" if meant else f"it takes one of {', '.join(words)}"


def _listed(keys: tuple[str, ...]) -> str:
    return " or ".join(f"'{key}'" for key in keys)


def _shown(value: str) -> str:
    return f"'{value}'" if len(value) <= _SHOWN_MAX and value.isprintable() else "this value"
