"""Rules, and the templates of messages. Only this module renders text from them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MessageArgument: TypeAlias = "str | int | tuple[str, ...] | NounPhrase | Statement"
"""What fills a place of a template: a text, a number, several names, a term, or what another finding says."""

_LIST_FORM: Final = compile_lazily(r"(?:(\d+) )?(?:(and|or|→) )?(.*)")
_USUAL_LIST: Final = "8 '*'"
"""As many names as a line holds, each in quotes."""


class Severity(StrEnum):
    """The severity of a finding."""

    ERROR = "error"
    """The document, or a part of it, cannot run."""
    WARNING = "warning"
    """It runs, but departs from the specification or will surprise."""
    INFO = "info"
    """It runs as it is, and could be better."""


class Rule(Struct, frozen=True, eq=False):
    """A kind of finding. Called with arguments, it makes its own message.

    Attributes:
        code: ``NK1xx`` document, ``2xx`` links, ``3xx`` expressions, ``4xx`` what is exposed, ``5xx`` credentials,
            ``6xx`` sandbox files, and recommendations.
        slug: The name that users see and write.
        severity: The severity.
        summary: The meaning, for the reference.
        remedy: The remedy, for the reference.
        since: The version of the set of rules that it came with; see :data:`RULES_VERSION`.
    """

    code: str
    slug: str
    severity: Severity
    summary: str
    remedy: str
    since: int = 1

    @property
    def messages(self) -> list[Message]:
        """The messages of its findings. Its own message, if it has one, is the first."""
        return _MESSAGES[self.slug]

    def add_message(self, text: str, help: str | None = None) -> Message:  # noqa: A002 - the field's name
        """Make another message of this rule."""
        message = Message(self, text, Help(text=help) if help is not None else None)
        self.messages.append(message)
        return message

    def __call__(self, **arguments: MessageArgument) -> Statement:
        """Make the message of the rule itself."""
        return self.messages[0](**arguments)

    def __repr__(self) -> str:
        return f"<rule {self.slug}>"

    def __reduce__(self) -> tuple[Callable[[str], Rule], tuple[str]]:
        return find_rule, (self.slug,)


class Help(Struct, frozen=True):
    """A template of a help.

    Attributes:
        text: One line in the form of :meth:`str.format`. ``{line}`` and ``{place}`` are those of a related place.
    """

    text: str

    def __call__(self, **arguments: MessageArgument) -> Advice:
        """Make an advice."""
        return Advice(self, _sort_arguments(arguments))


class Noun(Struct, frozen=True):
    """A template of a noun: a kind of value, or a part of a document.

    Attributes:
        text: As for :class:`Help`.
    """

    text: str

    def __call__(self, **arguments: MessageArgument) -> NounPhrase:
        """Make a part of a sentence."""
        return NounPhrase(self, _sort_arguments(arguments))


class Message(Struct, frozen=True):
    """A template of a message.

    Attributes:
        rule: The rule of the finding.
        text: As for :class:`Help`. It is terse, in lower case, without a full stop.
        help: The help, if it is always the same or has the same arguments.
    """

    rule: Rule
    text: str
    help: Help | None

    def __call__(self, **arguments: MessageArgument) -> Statement:
        """Make a statement."""
        return Statement(self, _sort_arguments(arguments))


Arguments: TypeAlias = "tuple[tuple[str, MessageArgument], ...]"
"""The names and values of arguments, in order of the names."""


class Statement(Struct, frozen=True):
    """A message with its arguments."""

    template: Message
    arguments: Arguments

    @property
    def advice(self) -> Advice | None:
        """The help of the message itself."""
        return None if self.template.help is None else Advice(self.template.help, self.arguments)

    @property
    def rule(self) -> Rule:
        """The rule that is broken."""
        return self.template.rule


class NounPhrase(Struct, frozen=True):
    """A noun with its arguments."""

    template: Noun
    arguments: Arguments


class Advice(Struct, frozen=True):
    """A help with its arguments."""

    template: Help
    arguments: Arguments


RULES_VERSION: Final = 2
"""The version of the set of rules. Each one adds rules, and removes none. A configuration may pin one."""
RULES: Final[dict[str, Rule]] = {}
"""Every rule by its slug."""
_MESSAGES: Final[dict[str, list[Message]]] = {}
"""The messages of each rule, by its slug."""


def find_rule(slug: str) -> Rule:
    """Return a rule by its slug: the one that there is, also for a copy that another process made."""
    return RULES[slug]


def define(
    code: str,
    slug: str,
    severity: Severity,
    summary: str,
    remedy: str,
    text: str | None = None,
    help: str | None = None,  # noqa: A002 - the field's name
    *,
    since: int = 1,
) -> Rule:
    """Add a rule to the table, with its own message and help."""
    rule = RULES[slug] = Rule(code, slug, severity, summary, remedy, since)
    _MESSAGES[slug] = []
    if text is not None:
        rule.add_message(text, help)
    return rule


def render_text(phrase: Statement | Advice | NounPhrase, related: Mapping[str, str] | None = None) -> str:
    """Fill a template. Only this function makes text of findings.

    Args:
        phrase: The template with its arguments.
        related: The names of the related place: ``line`` and ``place``.
    """
    values = {name: _fill(value) for name, value in phrase.arguments}
    return phrase.template.text.format(**values, **(related or {}))


def _fill(value: MessageArgument) -> str | int | _Names:
    match value:
        case NounPhrase() | Statement():
            return render_text(value)
        case tuple():
            return _Names(value)
        case _:
            return value


class _Names(tuple[str, ...]):
    """Formats names in a template: ``{names:5 and '*'}`` writes the first 5, each in quotes, with "and" between.

    The number and the word are optional. A star stands for a name.
    """

    __slots__ = ()

    def __format__(self, form: str) -> str:
        most, word, each = _LIST_FORM.findall(form or _USUAL_LIST)[0]
        shown = self[: int(most)] if most else self
        more = f" and {len(self) - len(shown)} more" if len(self) > len(shown) else ""
        return (f" {word} " if word else ", ").join(each.replace("*", name) for name in shown) + more


def _sort_arguments(arguments: dict[str, MessageArgument]) -> Arguments:
    return tuple(sorted(arguments.items()))
