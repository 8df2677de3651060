"""The annotations of a key, named as in pydantic, and the keys of a class."""

from __future__ import annotations

from inspect import get_annotations
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Generic, TypeVar, get_args, get_origin

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class BeforeValidator(Struct, frozen=True):
    """Changes a value before it is checked."""

    function: Callable[[object], object]


class Discriminator(Struct, frozen=True):
    """Chooses the member of a union for a value, by the member's :class:`Tag`."""

    tag_of: Callable[[object], str | None]


class Tag(Struct, frozen=True):
    """The tag of a member of a union."""

    name: str


def list_tags(union: Any) -> tuple[str, ...]:
    """Return the names of a union's members."""
    return tuple(
        options.name for member in get_args(union) for options in member.__metadata__ if isinstance(options, Tag)
    )


class Range(Struct, frozen=True):
    """The least and the greatest number."""

    least: int
    greatest: int | None = None


T = TypeVar("T")
_CLASS_VARIABLE: Final[Any] = ClassVar

REQUIRED: Final = object()
"""The default of a key that has to be there."""


class FieldInfo(Struct, frozen=True):
    """A key of a part.

    Attributes:
        annotation: The type of its value.
        alias: Its name in a file.
        default: The value if it is absent.
        default_factory: Makes a new default value.
        metadata: The annotations besides the type.
    """

    annotation: Any
    alias: str
    default: Any
    default_factory: Callable[[], object] | None
    metadata: tuple[Any, ...]


class _FieldOptions(Struct, frozen=True):
    """The options of a key that :func:`field` sets."""

    alias: str | None
    default: Any
    default_factory: Callable[[], object] | None


def field(
    *, alias: str | None = None, default: Any = REQUIRED, default_factory: Callable[[], object] | None = None
) -> Any:
    """Return the options of a key: its alias if that is not its name in camelCase, and its default."""
    return _FieldOptions(alias, default, default_factory)


class PerClass(Generic[T]):
    """A class attribute that is computed once for each class and subclass, at the first access."""

    def __init__(self, make: Callable[[type], T]) -> None:
        self._make = make
        self._made: dict[type, T] = {}

    def __get__(self, _: object, owner: type) -> T:
        if owner not in self._made:
            self._made[owner] = self._make(owner)
        return self._made[owner]


def collect_fields(part: type) -> Mapping[str, FieldInfo]:
    """Return the keys of a part and of those that it extends, by their names."""
    above = [base.model_fields for base in part.__bases__ if hasattr(base, "model_fields")]
    fields = {name: found for inherited in above for name, found in inherited.items()}
    for name, annotation in get_annotations(part, eval_str=True).items() if above else ():
        if get_origin(annotation) is not _CLASS_VARIABLE:
            fields[name] = _make_field_info(name, annotation, vars(part).get(name, REQUIRED))
    return fields


def _make_field_info(name: str, annotation: Any, options: Any) -> FieldInfo:
    options = options if isinstance(options, _FieldOptions) else _FieldOptions(None, options, None)
    metadata = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return FieldInfo(annotation, options.alias or to_camel(name), options.default, options.default_factory, metadata)


def to_camel(name: str) -> str:
    """Return a name in camelCase, as in files."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
