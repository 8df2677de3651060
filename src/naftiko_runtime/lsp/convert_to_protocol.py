"""Converts our data to the types of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import RELATED_PLACE, Span
from naftiko_runtime.render.rule_pages import find_page_url
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Diagnostic, Edit
    from naftiko_runtime.lsp.completion import CompletionKind, Word
    from naftiko_runtime.lsp.documents import OpenDocument
    from naftiko_runtime.lsp.positions import PositionedText
    from naftiko_runtime.source import Source

_SEVERITIES: Final = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_UNUSED: Final = frozenset({rules.UNUSED_BINDING, rules.UNUSED_INPUT, rules.UNUSED_IGNORE})
"""What editors show as faded."""

_KINDS: Final[dict[CompletionKind, types.CompletionItemKind]] = {
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "namespace": types.CompletionItemKind.Module,
    "operation": types.CompletionItemKind.Function,
    "parameter": types.CompletionItemKind.Field,
    "input": types.CompletionItemKind.Variable,
    "variable": types.CompletionItemKind.Constant,
}


def to_position(text: PositionedText, line: int, column: int) -> types.Position:
    """Convert a line and column, from 1, to a position."""
    return types.Position(*text.to_position(line, column))


def to_range(text: PositionedText, span: Span) -> types.Range:
    """Convert a span of a text to a range."""
    return types.Range(to_position(text, span.line, span.column), to_position(text, span.end_line, span.end_column))


def find_span(found: Diagnostic, document: OpenDocument) -> Span | None:
    """Find the place to show a finding. A finding in another file is shown at the import, if that is known."""
    span = found.span
    if span is None or span.file == str(document.file):
        return span
    return document.checked.imports.get(span.file)


def to_diagnostic(found: Diagnostic, document: OpenDocument) -> types.Diagnostic:
    """Convert a finding. The place of one in an imported file, and its other place, are related information."""
    span, text = found.span, document.shown
    shown = find_span(found, document)
    message = f"{found.message}\n{found.help}" if found.help else found.message
    related = []
    if span is not None and span.file != str(document.file):
        related.append(types.DiagnosticRelatedInformation(to_location(span, document), message))
        message = f"{span}: {message}"
    if found.related is not None:
        related.append(types.DiagnosticRelatedInformation(to_location(found.related, document), RELATED_PLACE))
    return types.Diagnostic(
        to_range(text, shown or Span("", 1, 1, 1, 2)),
        message,
        _SEVERITIES[found.severity],
        found.rule.slug,
        code_description=types.CodeDescription(find_page_url(found.rule)),
        source="naftiko",
        tags=[types.DiagnosticTag.Unnecessary] if found.rule in _UNUSED else None,
        related_information=related or None,
    )


def to_location(span: Span, document: OpenDocument) -> types.Location:
    """Convert a place in a document, or in a file that it imports, to a location."""
    if span.file == str(document.file):
        return types.Location(document.uri, to_range(document.shown, span))
    source = document.checked.source
    other = source.places.files.get(span.file) if source is not None else None
    return to_file_location(span, other, document.text)


def to_file_location(span: Span, source: Source | None, like: PositionedText) -> types.Location:
    """Convert a place in a file to a location.

    Args:
        span: The place.
        source: The source of the file, if it was read.
        like: A text with the position encoding of the editor.
    """
    text = like.replace_text(source.text if source is not None else "")
    return types.Location(Path(span.file).absolute().as_uri(), to_range(text, span))


def to_completion_item(word: Word, place: types.Range, colon: str) -> types.CompletionItem:
    """Convert a word to a completion item that replaces what was typed.

    Args:
        word: The word.
        place: The place of the typed text.
        colon: The text after a key.
    """
    return types.CompletionItem(
        word.text,
        kind=_KINDS[word.kind],
        detail=word.detail or None,
        filter_text=word.text,
        text_edit=types.TextEdit(place, word.text + colon if word.kind == "key" else word.text),
    )


def to_workspace_edit(document: OpenDocument, edits: list[Edit], *, versioned: bool) -> types.WorkspaceEdit:
    """Convert edits of a document."""
    made = [types.TextEdit(to_range(document.text, edit.span), edit.text) for edit in edits]
    if not versioned:
        return types.WorkspaceEdit(changes={document.uri: made})
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, list(made))])
