"""The language server: documents in, findings out, and what is asked of places in them."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from naftiko_runtime._version import __version__
from naftiko_runtime.diagnostics import RULES, Severity
from naftiko_runtime.dialect import VERSIONS
from naftiko_runtime.link.overrides import Overrides
from naftiko_runtime.loading import load_source
from naftiko_runtime.lsp.completion import completions
from naftiko_runtime.lsp.outline import consumed
from naftiko_runtime.lsp.positions import characters, stretch
from naftiko_runtime.schema.write import as_schema
from naftiko_runtime.source import SourceError, load

if TYPE_CHECKING:
    from naftiko_runtime.diagnostics import Diagnostic, Span
    from naftiko_runtime.lsp.outline import Operation

_SEVERITIES: Final = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_OVERRIDES: Final = Overrides(lint=True)
_LATER: Final = "1.0.0-beta5"


class _Document:
    """An open document: its text, what was found in it, and what it consumed when it could last be read."""

    def __init__(self, uri: str, text: str, before: _Document | None) -> None:
        self.path = Path(to_fs_path(uri) or "capability.yaml")
        self.lines = text.split("\n")
        self.operations: dict[str, Operation] = before.operations if before else {}
        try:
            source = load(text.encode("utf-8", "replace"), str(self.path))
        except SourceError as error:
            self.found: tuple[Diagnostic, ...] = error.diagnostics
            return
        loaded = load_source(source, _OVERRIDES, self.path)
        self.found = loaded.diagnostics
        self.operations = consumed(loaded.source or source)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the document's version."""
        later = any(line.startswith("ikanos:") for line in self.lines)
        return _schema(_LATER if later else VERSIONS[-1])

    def range(self, span: Span | None) -> types.Range:
        """A span as the editor counts; the first line for what stands in another file, or nowhere."""
        if span is None or span.file != str(self.path):
            return types.Range(types.Position(0, 0), types.Position(0, 1))
        line, start, end_line, end = stretch(span, self.lines)
        return types.Range(types.Position(line, start), types.Position(end_line, end))

    def at(self, position: types.Position) -> tuple[int, int]:
        """A position as line and character, both from 0."""
        text = self.lines[position.line] if position.line < len(self.lines) else ""
        return position.line, characters(text, position.character)

    def called(self, position: types.Position) -> Operation | None:
        """The operation that a ``call`` on that line names."""
        text = self.lines[position.line] if position.line < len(self.lines) else ""
        match = re.search(r"\bcall:\s*['\"]?([\w.-]+)", text)
        return self.operations.get(match[1]) if match else None


@lru_cache(maxsize=2)
def _schema(version: str) -> dict[str, Any]:
    return as_schema(version)


def server() -> LanguageServer:  # noqa: C901 - one function a message
    """The server, with all it answers."""
    made = LanguageServer("naftiko", __version__)
    documents: dict[str, _Document] = {}

    def look(uri: str) -> None:
        text = made.workspace.get_text_document(uri).source
        documents[uri] = document = _Document(uri, text, documents.get(uri))
        told = [_told(found, document) for found in document.found]
        made.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, told))

    @made.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        look(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        look(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        look(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        documents.pop(params.text_document.uri, None)
        made.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))

    @made.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        document = documents.get(params.text_document.uri)
        return None if document is None else _hover(document, params.position)

    @made.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[" ", ":", "."]))
    def complete(params: types.CompletionParams) -> list[types.CompletionItem]:
        document = documents.get(params.text_document.uri)
        if document is None:
            return []
        line, column = document.at(params.position)
        words = completions(document.lines, line, column, document.operations, document.schema)
        return [types.CompletionItem(word, detail=told) for word, told in words]

    @made.feature(types.TEXT_DOCUMENT_DEFINITION)
    def define(params: types.DefinitionParams) -> types.Location | None:
        document = documents.get(params.text_document.uri)
        called = document.called(params.position) if document else None
        if document is None or called is None:
            return None
        if called.span.file == str(document.path):
            return types.Location(params.text_document.uri, document.range(called.span))
        line = types.Position(called.span.line - 1, 0)
        return types.Location(Path(called.span.file).resolve().as_uri(), types.Range(line, line))

    @made.feature(types.TEXT_DOCUMENT_CODE_ACTION)
    def act(params: types.CodeActionParams) -> list[types.CodeAction]:
        document = documents.get(params.text_document.uri)
        found = document.found if document else ()
        return [
            _action(one, document, params.text_document.uri)
            for one in found
            if document and one.fix and _meet(document.range(one.span), params.range)
        ]

    return made


def _told(found: Diagnostic, document: _Document) -> types.Diagnostic:
    message = f"{found.message}\n{found.help}" if found.help else found.message
    if found.span is not None and found.span.file != str(document.path):
        message = f"{found.span}: {message}"
    severity = _SEVERITIES[found.severity]
    return types.Diagnostic(document.range(found.span), message, severity, found.rule.slug, source="naftiko")


def _hover(document: _Document, position: types.Position) -> types.Hover | None:
    """What a finding there means, or what is called there."""
    for found in document.found:
        where = document.range(found.span)
        if where.start <= position <= where.end:
            rule = RULES[found.rule.slug]
            return _shown(f"**{rule.slug}** ({rule.code})\n\n{rule.summary}\n\n{rule.remedy}")
    called = document.called(position)
    if called is None:
        return None
    takes = f"\n\nTakes {', '.join(f'`{name}`' for name in called.parameters)}" if called.parameters else ""
    return _shown(f"`{called.method} {called.url}`{takes}")


def _shown(text: str) -> types.Hover:
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))


def _meet(one: types.Range, other: types.Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _action(found: Diagnostic, document: _Document, uri: str) -> types.CodeAction:
    """A quick fix: what ``validate --fix`` would write."""
    edits = [types.TextEdit(document.range(edit.span), edit.text) for edit in found.fix]
    return types.CodeAction(
        title=found.help or f"fix '{found.rule.slug}'",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[_told(found, document)],
        edit=types.WorkspaceEdit(changes={uri: edits}),
    )
