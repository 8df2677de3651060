"""Checks which values of its type an input may have. The keywords have the meaning of JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.contract.text_formats import EXAMPLES, make_format_check
from naftiko_runtime.contract.type_conversion import WrongTypeError, check_pattern
from naftiko_runtime.encode_for_place import encode_json, format_text
from naftiko_runtime.file_value import File
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.plan import Constraints, thaw
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError, describe_problem
from naftiko_runtime.suggest import find_closest

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import TypeAlias

    from naftiko_runtime import redact_document, regex
    from naftiko_runtime.model.part import InputType
    from naftiko_runtime.plan import Input, Items
    from naftiko_runtime.regex import Pattern
    from naftiko_runtime.rules import NounPhrase

    Convert: TypeAlias = Callable[[object, InputType | None], object]
    """Checks the type of a value, and converts it, as its place needs."""
else:
    redact_document = import_lazily("naftiko_runtime.redact_document")
    regex = import_lazily("naftiko_runtime.regex")

_SHOWN_CHARACTERS: Final = 80
_SHOWN_VALUES: Final = 20
_SECRET_FORMAT: Final = "password"  # noqa: S105 - the name of a format
_NONE: Final = Constraints()


class ValueCheck(Struct, frozen=True):
    """The constraints of an input, or of the items of a list, compiled; see :class:`naftiko_runtime.plan.Constraints`.

    Attributes:
        name: The name of the input.
        pattern: What texts, or the texts of a list, must match.
        allowed: The allowed values, in the form of :func:`_make_key`. None for any.
        shown: The allowed values as text.
        is_format: Tells whether a text has the format. None for a format that is not checked.
        items: The type of the items of a list, and their check.
    """

    name: str
    pattern: Pattern | None
    allowed: frozenset[Hashable] | None
    shown: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    min_length: int | None
    max_length: int | None
    format: str | None
    is_format: Callable[[str], bool] | None
    items: tuple[InputType | None, ValueCheck | None] | None

    def check(self, value: Any, convert: Convert) -> Any:
        """Check a value of the right type, and return it. The items of a list are converted.

        Raises:
            DescribedError: It is not allowed. The error says what is, and what was received.
        """
        if self.items is not None and isinstance(value, list):
            value = [self._check_item(item, number, convert) for number, item in enumerate(value, 1)]
        if self.pattern is not None:
            self._check_pattern(value, self.pattern)
        if self.allowed is not None and _make_key(value) not in self.allowed:
            raise DescribedError(self._describe_other_value(value))
        if isinstance(value, str | File):
            self._check_text(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._check_number(value)
        return value

    def _check_item(self, item: Any, number: int, convert: Convert) -> Any:
        kind, check = self.items or (None, None)
        try:
            item = convert(item, kind) if kind is not None else item
            return item if check is None else check.check(item, convert)
        except WrongTypeError as error:
            problem = describe_wrong_type(error, self.name, item, self.format).problem
            raise DescribedError(message_clauses.ITEM(number=number, problem=problem)) from None
        except ValueError as error:
            raise DescribedError(message_clauses.ITEM(number=number, problem=describe_problem(error))) from None

    def _check_pattern(self, value: Any, pattern: Pattern) -> None:
        try:
            check_pattern(value, pattern)
        except DescribedError as error:
            received = self._show(value) if isinstance(value, str | int | float) else name_kind(value)
            raise DescribedError(message_clauses.RECEIVED(problem=error.problem, received=received)) from None

    def _check_text(self, value: str | File) -> None:
        if self.min_length is None and self.max_length is None and self.is_format is None:
            return
        text = format_text(value)
        length = len(text)
        if self.min_length is not None and length < self.min_length:
            raise DescribedError(
                message_clauses.TOO_SHORT(least=self.min_length, length=length, received=self._show(text))
            )
        if self.max_length is not None and length > self.max_length:
            raise DescribedError(
                message_clauses.TOO_LONG(most=self.max_length, length=length, received=self._show(text))
            )
        if self.is_format is not None and not self.is_format(text):
            name = self.format or ""
            received = self._show(text)
            raise DescribedError(
                message_clauses.MUST_HAVE_FORMAT(format=name, example=EXAMPLES[name], received=received)
            )

    def _check_number(self, value: float) -> None:
        if self.minimum is not None and value < self.minimum:
            raise DescribedError(message_clauses.TOO_SMALL(least=format_text(self.minimum), received=self._show(value)))
        if self.maximum is not None and value > self.maximum:
            raise DescribedError(message_clauses.TOO_GREAT(most=format_text(self.maximum), received=self._show(value)))

    def _describe_other_value(self, value: Any) -> NounPhrase:
        """Describe a value that is not one of the allowed ones: with the closest one, if there is one."""
        received = self._show(value)
        allowed = self.shown[:_SHOWN_VALUES]
        more = len(self.shown) - len(allowed)
        close = find_closest(value, self.shown) if isinstance(value, str) and len(value) <= _SHOWN_CHARACTERS else None
        if close is not None:
            return message_clauses.NOT_ALLOWED_CLOSE(received=received, suggestion=close, allowed=allowed)
        template = message_clauses.NOT_ALLOWED_OF_MANY if more else message_clauses.NOT_ALLOWED
        return template(received=received, allowed=allowed, **({"more": more} if more else {}))

    def _show(self, value: Any) -> str:
        return show_value(self.name, value, self.format)


def show_value(name: str, value: Any, format_: str | None) -> str:
    """Return a received value of an input for an error: shortened, and masked if it may be a secret."""
    if format_ == _SECRET_FORMAT or redact_document.is_secret_name(name):
        return redact_document.MASK
    if isinstance(value, File):
        return name_kind(value)
    text = f"'{value}'" if isinstance(value, str) else encode_json(value).decode()
    text = redact_document.redact(text)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def describe_wrong_type(error: WrongTypeError, name: str, value: Any, format_: str | None) -> DescribedError:
    """Add what was received to an error: the kind of what has parts, and other values as such."""
    is_scalar = isinstance(value, str | bool | int | float)
    text_of_parts = isinstance(value, str) and error.is_of_parts
    received = show_value(name, value, format_) if is_scalar and not text_of_parts else name_kind(value)
    return DescribedError(message_clauses.RECEIVED(problem=error.problem, received=received))


def name_kind(value: Any) -> str:
    """Return the kind of a value that is not shown: it is long, or its parts may have secrets."""
    match value:
        case str():
            return f"a text of {len(value):,} characters"
        case list():
            return "a list"
        case dict():
            return "an object"
        case None:
            return "null"
        case _:
            return "a file"


def compile_check(input_: Input | Items, name: str) -> ValueCheck | None:
    """Compile the pattern and the constraints of an input. None if every value of its type is allowed.

    Args:
        input_: The input, or the items of one.
        name: The name of the input.

    Raises:
        PatternError: A pattern does not compile. Linking reports those before.
    """
    if input_.pattern is None and input_.constraints is None:
        return None
    limits = input_.constraints or _NONE
    allowed = [thaw(value) for value in limits.enum]
    return ValueCheck(
        name=name,
        pattern=None if input_.pattern is None else regex.compile_pattern(input_.pattern),
        allowed=frozenset(map(_make_key, allowed)) if allowed else None,
        shown=tuple(map(format_text, allowed)),
        minimum=thaw(limits.minimum),
        maximum=thaw(limits.maximum),
        min_length=limits.min_length,
        max_length=limits.max_length,
        format=limits.format,
        is_format=make_format_check(limits.format) if limits.format in EXAMPLES else None,
        items=None if limits.items is None else (limits.items.type, compile_check(limits.items, name)),
    )


def _make_key(value: Any) -> Hashable:
    """Return what equal JSON values have in common: 1 and 1.0 are equal, 1 and true are not."""
    match value:
        case bool() | None:
            return (value,)
        case list():
            return ("array", *map(_make_key, value))
        case dict():
            return frozenset((key, _make_key(item)) for key, item in value.items())
        case File():
            return format_text(value) if value.text is not None else value.content
        case _:
            return value  # type: ignore[no-any-return]
