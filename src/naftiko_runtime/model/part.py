"""The base class of every part of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias, dataclass_transform

from pydantic_core import InitErrorDetails, ValidationError

from naftiko_runtime.model.core_schema import make_serializer, make_validator
from naftiko_runtime.model.key_annotations import BeforeValidator, PerClass, collect_fields, field
from naftiko_runtime.source import format_as_written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.source import KeyPath

NOT_SERVED: Final = "not served"
NO_EFFECT: Final = "no effect"


Meanings: TypeAlias = dict[str, tuple[str, Any]]
"""What keys mean, as files write them, each with an example."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Part:
    """A mapping of the document: frozen, and it knows its path.

    A subclass lists its keys as annotated names; in a file they are in camelCase. pydantic's core checks
    them. Unknown keys are kept as extras, for the caller to report.
    """

    __slots__ = (
        "__dict__",
        "__pydantic_extra__",
        "__pydantic_fields_set__",
        "__pydantic_private__",
        "_elsewhere",
        "_key_path",
    )

    model_fields: ClassVar = PerClass(collect_fields)
    """Its keys by their names in the program."""

    _validator: ClassVar = PerClass(make_validator)
    _serializer: ClassVar = PerClass(make_serializer)

    takes_any_key: ClassVar[bool] = False
    """Whether any key is allowed, so that extra keys are not reported."""

    meanings: ClassVar[Meanings] = {}
    """What keys of this part mean; those of other parts are in ``schema.descriptions``."""

    if TYPE_CHECKING:
        __pydantic_extra__: ClassVar[dict[str, Any]]
        __pydantic_fields_set__: ClassVar[set[str]]

    def __init__(self, **data: Any) -> None:
        self._validator.validate_python(data, self_instance=self)

    @classmethod
    def model_validate(cls, data: Any) -> Self:
        """Make a part of plain data.

        Raises:
            ValidationError: The data is invalid. It has all errors with their places.
        """
        part: Self = cls._validator.validate_python(data)
        return part

    @classmethod
    def collect_meanings(cls) -> Meanings:
        """Return the descriptions of the keys of the part and its base classes."""
        above = [base.meanings for base in reversed(cls.__mro__) if issubclass(base, Part)]
        return {key: meaning for meanings in above for key, meaning in meanings.items()}

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the keys that the file has, extras included."""
        return self.__pydantic_fields_set__

    def model_dump(self) -> dict[str, Any]:
        """Return the part as plain data, with defaults, by Python names."""
        dumped: dict[str, Any] = self._serializer.to_python(self)
        return dumped

    def __setattr__(self, name: str, value: object) -> None:
        fault = InitErrorDetails(type="frozen_instance", loc=(name,), input=value)
        raise ValidationError.from_exception_data(type(self).__name__, [fault])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in vars(self).items())})"

    def get_path(self, *keys: str | int) -> KeyPath:
        """Return the path from the document's root to this part, or to something in it."""
        if keys and (elsewhere := getattr(self, "_elsewhere", None)) and keys[0] in elsewhere:
            return (*elsewhere[keys[0]], *keys[1:])
        return (*getattr(self, "_key_path", ()), *keys)

    def get_value(self, key: str) -> Any:
        """Return the value of a key, also of an unknown key. None if it is absent."""
        extras = self.__pydantic_extra__ or {}
        return extras[key] if key in extras else getattr(self, key, None)

    def derive(self, values: Mapping[str, Any], elsewhere: Mapping[str, KeyPath] | None = None) -> Self:
        """Return a copy of the part with other values.

        Args:
            values: The values by their names in the program; they are not checked.
            elsewhere: The paths of those that stand elsewhere in the document, by their keys in the file.
        """
        made = object.__new__(type(self))
        for name, value in (
            ("__dict__", {**self.__dict__, **values}),
            ("__pydantic_extra__", self.__pydantic_extra__),
            ("__pydantic_fields_set__", {*self.__pydantic_fields_set__, *values}),
            ("__pydantic_private__", None),
            ("_key_path", self.get_path()),
            ("_elsewhere", {**getattr(self, "_elsewhere", {}), **(elsewhere or {})}),
        ):
            object.__setattr__(made, name, value)
        return made

    def set_path(self, key_path: KeyPath) -> None:
        """Set the path of the part. The parser does it once."""
        object.__setattr__(self, "_key_path", key_path)


def _convert_to_text(value: Any) -> Any:
    """Convert numbers and booleans to text, with the spelling of their author."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_as_written(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_convert_to_text)]
"""A text; a number or boolean is taken as it is written in the file."""

Unserved = Annotated[Any, NOT_SERVED]
"""A key of the specification that this version refuses by name."""

Unused = Annotated[Any, NO_EFFECT]
"""A key of the specification that has no effect here. Its use is reported."""

JsonType = Literal["string", "number", "integer", "boolean", "array", "object"]
InputType = Literal["string", "number", "integer", "boolean", "array", "object", "json", "binary"]
"""What inputs may be: also any JSON, and bytes; both are outside the official schema."""

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
"""HEAD and OPTIONS are not in the official schema, but occur in real-world files."""


def _convert_to_upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


AnyMethod = Annotated[Method, BeforeValidator(_convert_to_upper)]


def convert_none_to_tuple(value: Any) -> Any:
    """Read an empty key (``tools:``) as an empty list."""
    return () if value is None else value
