"""YAML 1.2, by the builder of capability files, but more lenient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yaml import YAMLError

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.formats.decode_text import decode_text
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.limits import SCALAR_DIGITS_MAX
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.source import parse_exact_float
from naftiko_runtime.source.builder import DataBuilder
from naftiko_runtime.source.scalars import is_number
from naftiko_runtime.source.source import Places

if TYPE_CHECKING:
    from naftiko_runtime.decoding_irregularities import Irregularities
    from naftiko_runtime.rules import Statement

_NOT_PRINTABLE: Final = compile_lazily("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decode(body: bytes, charset: str | None, notes: Irregularities) -> Any:
    """Decode a YAML document, the first one where there are several.

    Tags are ignored, and of two equal keys the later one counts. Both are counted as irregular.

    Raises:
        ValueError: It is not YAML, or exceeds a limit.
    """
    text, replaced = _NOT_PRINTABLE.subn("\ufffd", decode_text(body, charset, notes))
    notes.add("characters that YAML does not allow", replaced)
    builder = _LenientBuilder(text, notes)
    try:
        return builder.build()
    except _FirstDocumentEnded:
        return builder.first
    except YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


class _FirstDocumentEnded(Exception):  # noqa: N818 - no error
    """The first document is complete. The rest is not read."""


class _LenientBuilder(DataBuilder):
    def __init__(self, text: str, notes: Irregularities) -> None:
        super().__init__("response", text, Places(), Findings())
        self._notes = notes

    @property
    def first(self) -> Any:
        """The first document's value."""
        return self._root

    def _resolve_plain(self, text: str, marks: Any) -> Any:
        if len(text) > SCALAR_DIGITS_MAX and is_number(text):
            return parse_exact_float(text)
        return super()._resolve_plain(text, marks)

    def _set_entry(self, frame: Any, value: Any, marks: Any) -> None:
        self._notes.add("a repeated key", frame.key in frame.container)
        frame.container.pop(frame.key, None)
        super()._set_entry(frame, value, marks)

    def _report(self, statement: Statement, marks: Any, advice: Any = None) -> None:
        del marks, advice
        if not self._documents:  # it is empty, which is null
            return
        if statement.rule is not rules.YAML_FEATURE:
            raise DescribedError(statement)
        self._notes.add("a YAML feature that is not supported")

    def _report_and_stop(self, statement: Statement, marks: Any) -> None:
        del marks
        if self._documents > 1:
            self._notes.add("a second YAML document")
            raise _FirstDocumentEnded
        raise DescribedError(statement)
