"""Checks of single texts that a model reads: what is hidden in them, what they order, and how long they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from naftiko_runtime import rules
from naftiko_runtime.lint.suspicious_text import find_hidden_characters, find_order, has_comment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.link.context import Context
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.plan.resources import ServedFile
    from naftiko_runtime.source import KeyPath

DESCRIPTION_CHARACTERS_MAX: Final = 4096
"""Of one description, as clients keep it."""
TOGETHER_CHARACTERS_MAX: Final = 16_384
"""Of the instructions of a server, and of all texts of one tool."""
NAME_CHARACTERS_MAX: Final = 64
FILE_BYTES_MAX: Final = 256 * 1024
"""Of each file, which is checked up to there."""
_MARKDOWN: Final = frozenset({"text/markdown", "text/x-markdown"})

RULES_OF_TEXTS: Final = (rules.HIDDEN_TEXT, rules.IMPERATIVE_TEXT, rules.LONG_TEXT)
"""The rules that :func:`check_text` reports."""


class ModelText(NamedTuple):
    """A text that a model reads, and its place in the document."""

    text: str
    key_path: KeyPath


def iter_texts_of(part: Part, *keys: str) -> Iterator[ModelText]:
    """Yield the texts that a part has under some keys, by their names in a file and in the program alike."""
    for key in keys:
        text = getattr(part, key, None)
        if isinstance(text, str) and text:
            yield ModelText(text, part.get_path(key))


def check_texts(texts: Iterable[ModelText], context: Context, characters_max: int = DESCRIPTION_CHARACTERS_MAX) -> None:
    """Report what is wrong with single texts.

    Args:
        texts: The texts. Those of imported files are reported there.
        context: The linking run.
        characters_max: The length from which on clients shorten each of them.
    """
    for text, key_path in texts:
        if key_path in context.unread:
            continue
        report_hidden(text, key_path, context)
        if (phrase := find_order(text)) is not None:
            context.report(rules.IMPERATIVE_TEXT(phrase=phrase), key_path)
        if len(text) > characters_max:
            context.report(rules.LONG_TEXT(count=len(text), limit=characters_max), key_path)


def report_hidden(text: str, key_path: KeyPath, context: Context) -> None:
    """Report what people do not see in a text."""
    if characters := find_hidden_characters(text):
        context.report(rules.HIDDEN_TEXT_CHARACTERS(characters=characters), key_path)
    if has_comment(text):
        context.report(rules.HIDDEN_TEXT_COMMENT(), key_path)


def check_files(files: Iterable[ServedFile], key_path: KeyPath, context: Context, *, orders: bool) -> None:
    """Report what is wrong with files that a model reads.

    Args:
        files: The files. Those that are not text are skipped.
        key_path: The place of their folder in the document.
        context: The linking run.
        orders: Whether they may give orders, as the instructions of skills do.
    """
    for file in files if key_path not in context.unread else ():
        if not file.is_text:
            continue
        text = file.content[:FILE_BYTES_MAX].decode(errors="ignore")
        if characters := find_hidden_characters(text):
            context.report(rules.HIDDEN_TEXT_CHARACTERS_OF_FILE(file=file.path, characters=characters), key_path)
        if file.media_type in _MARKDOWN and has_comment(text):
            context.report(rules.HIDDEN_TEXT_COMMENT_OF_FILE(file=file.path), key_path)
        if not orders and (phrase := find_order(text)) is not None:
            context.report(rules.IMPERATIVE_TEXT_OF_FILE(file=file.path, phrase=phrase), key_path)


def check_names(names: Iterable[ModelText], context: Context) -> None:
    """Report names that clients may reject because of their length."""
    for name, key_path in names:
        if len(name) > NAME_CHARACTERS_MAX and key_path not in context.unread:
            context.report(rules.LONG_NAME(count=len(name), limit=NAME_CHARACTERS_MAX), key_path)
