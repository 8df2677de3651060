"""What a rule is, and the templates of what findings say: their text is rendered from data, here and nowhere else."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Mapping

MessageArgument: TypeAlias = "str | int | tuple[str, ...] | NounPhrase | Statement"
"""What fills a place of a template: a text, a number, several names, a term, or what another finding says."""

_LIST_FORM: Final = compile_lazily(r"(?:(\d+) )?(?:(and|→) )?(.*)")
_USUAL_LIST: Final = "8 '*'"
"""As many names as a line holds, each in quotes."""


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The document, or a part of it, cannot run."""
    WARNING = "warning"
    """It runs, but departs from the specification or will surprise."""
    INFO = "info"
    """It runs as it is, and could be better."""


class Rule(Struct, frozen=True, eq=False):
    """A kind of finding; called with arguments, it gives its own message.

    Attributes:
        code: ``NK1xx`` document, ``2xx`` links, ``3xx`` expressions, ``4xx`` what is exposed, ``5xx`` credentials,
            ``6xx`` sandbox files, and recommendations.
        slug: What users see, and name it by.
        severity: How much it matters.
        summary: What it means, for the reference.
        remedy: What to do about it, for the reference.
        messages: What its findings may say; its own message, if it has one, first.
    """

    code: str
    slug: str
    severity: Severity
    summary: str
    remedy: str
    messages: list[Message]

    def variant(self, text: str, help: str | None = None) -> Message:  # noqa: A002 - the field's name
        """Another message of this rule."""
        message = Message(self, text, Help(text=help) if help is not None else None)
        self.messages.append(message)
        return message

    def __call__(self, **arguments: MessageArgument) -> Statement:
        """Make the message of the rule itself."""
        return self.messages[0](**arguments)

    def __repr__(self) -> str:
        return f"<rule {self.slug}>"


class Help(Struct, frozen=True, eq=False):
    """A template of what to do about a finding.

    Attributes:
        text: One line in the form of :meth:`str.format`. ``{line}`` and ``{place}`` are those of a related place.
    """

    text: str

    def __call__(self, **arguments: MessageArgument) -> Advice:
        """Make an advice."""
        return Advice(self, _sorted(arguments))


class Noun(Struct, frozen=True, eq=False):
    """A template of what sentences are about: a kind of value, or a part of a document.

    Attributes:
        text: As for :class:`Help`.
    """

    text: str

    def __call__(self, **arguments: MessageArgument) -> NounPhrase:
        """Make a part of a sentence."""
        return NounPhrase(self, _sorted(arguments))


class Message(Struct, frozen=True, eq=False):
    """A template of what a finding says.

    Attributes:
        rule: What kind of finding it is.
        text: As for :class:`Help`: terse, lower case, without a full stop.
        help: What to do, when that is always the same or filled by the same arguments.
    """

    rule: Rule
    text: str
    help: Help | None

    def __call__(self, **arguments: MessageArgument) -> Statement:
        """Make a statement."""
        return Statement(self, _sorted(arguments))


Arguments: TypeAlias = "tuple[tuple[str, MessageArgument], ...]"
"""The names and values of arguments, in order of the names."""


class Statement(Struct, frozen=True):
    """What a finding says, as data."""

    template: Message
    arguments: Arguments

    @property
    def advice(self) -> Advice | None:
        """What the message itself says about what to do."""
        return None if self.template.help is None else Advice(self.template.help, self.arguments)

    @property
    def rule(self) -> Rule:
        """The rule that is broken."""
        return self.template.rule


class NounPhrase(Struct, frozen=True):
    """What a sentence is about, as data."""

    template: Noun
    arguments: Arguments


class Advice(Struct, frozen=True):
    """What to do about a finding, as data."""

    template: Help
    arguments: Arguments


RULES: Final[dict[str, Rule]] = {}
"""Every rule by its slug."""


def define(
    code: str,
    slug: str,
    severity: Severity,
    summary: str,
    remedy: str,
    text: str | None = None,
    help: str | None = None,  # noqa: A002 - the field's name
) -> Rule:
    """Add a rule to the table, with its own message and what that says about what to do."""
    rule = RULES[slug] = Rule(code, slug, severity, summary, remedy, [])
    if text is not None:
        rule.variant(text, help)
    return rule


def render_text(said: Statement | Advice | NounPhrase, related: Mapping[str, str] | None = None) -> str:
    """Return a template with its places filled: the only place where findings become text.

    Args:
        said: The template, and what fills it.
        related: How the related place is named: ``line`` and ``place``.
    """
    values = {name: _fill(value) for name, value in said.arguments}
    return said.template.text.format(**values, **(related or {}))


def _fill(value: MessageArgument) -> str | int | _Names:
    match value:
        case NounPhrase() | Statement():
            return render_text(value)
        case tuple():
            return _Names(value)
        case _:
            return value


class _Names(tuple[str, ...]):
    """Names as text. A template says how: ``{names:5 and '*'}`` writes the first 5, each in quotes, with "and" between.

    The number and the word between are optional; a star stands for a name.
    """

    __slots__ = ()

    def __format__(self, form: str) -> str:
        most, word, each = _LIST_FORM.findall(form or _USUAL_LIST)[0]
        shown = self[: int(most)] if most else self
        more = f" and {len(self) - len(shown)} more" if len(self) > len(shown) else ""
        return (f" {word} " if word else ", ").join(each.replace("*", name) for name in shown) + more


def _sorted(arguments: dict[str, MessageArgument]) -> Arguments:
    return tuple(sorted(arguments.items()))
