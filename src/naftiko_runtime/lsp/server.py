"""The language server: publishes findings of open documents, and handles requests about places in them."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from naftiko_runtime._version import __version__
from naftiko_runtime.lsp import convert_to_protocol
from naftiko_runtime.lsp.actions import make_fix_edits, make_ignore_edit
from naftiko_runtime.lsp.completion import list_completions
from naftiko_runtime.lsp.cursor import find_place, find_typed
from naftiko_runtime.lsp.definition import find_definition, find_imported
from naftiko_runtime.lsp.documents import OpenDocuments
from naftiko_runtime.lsp.hover import describe_place
from naftiko_runtime.lsp.positions import PositionedText, contains

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.lsp.checking import CheckPolicy
    from naftiko_runtime.lsp.documents import OpenDocument

T = TypeVar("T")

_TRIGGERS: Final = [" ", ":", ".", "{"]
_WATCHED: Final = "**/*.{yaml,yml,toml,avsc,proto}"
_FIX_ALL: Final = f"{types.CodeActionKind.SourceFixAll.value}.naftiko"
_QUICK_FIX: Final = types.CodeActionKind.QuickFix


class _Service:
    """The handlers of the server."""

    def __init__(self, server: LanguageServer, policy: CheckPolicy) -> None:
        self._server = server
        self._policy = policy
        self._documents = OpenDocuments(policy, self._publish)
        self._fault = ""
        self._published: dict[str, types.PublishDiagnosticsParams] = {}

    # -- documents ------------------------------------------------------------------------------------------------

    def handle_initialized(self, _: types.InitializedParams) -> None:
        """Watch files that other programs change."""
        workspace = self._server.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace is not None else None
        if watching is not None and watching.dynamic_registration:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registration = types.RegistrationParams([types.Registration("naftiko-files", method, options)])
            self._server.client_register_capability(registration)

    def handle_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Check a document at once."""
        self._write(params.text_document.uri, at_once=True)

    def handle_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Check a document, and those that import it, after a pause."""
        self._write(params.text_document.uri)

    def handle_save(self, params: types.DidSaveTextDocumentParams) -> None:
        """Check a saved document at once."""
        self._write(params.text_document.uri, at_once=True)

    def handle_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Close a document, and remove its findings."""
        self._documents.close(params.text_document.uri)
        self._published.pop(params.text_document.uri, None)
        self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))

    def handle_file_changes(self, params: types.DidChangeWatchedFilesParams) -> None:
        """Check the documents that import the files; all after a change of another file."""
        files = [Path(to_fs_path(event.uri) or event.uri) for event in params.changes]
        if all(file.suffix in (".yaml", ".yml") for file in files):
            self._documents.recheck_importers(file.resolve() for file in files)
        else:
            self._documents.recheck_all()

    def _write(self, uri: str, *, at_once: bool = False) -> None:
        found = self._server.workspace.get_text_document(uri)
        text = PositionedText(found.source, _get_encoding(self._server))
        if at_once:
            self._documents.write(uri, text, found.version, pause=0)
        else:
            self._documents.write(uri, text, found.version)

    def _publish(self, document: OpenDocument) -> None:
        diagnostics = [convert_to_protocol.to_diagnostic(found, document) for found in document.checked.diagnostics]
        params = types.PublishDiagnosticsParams(document.uri, diagnostics, document.version)
        if params != self._published.get(document.uri):
            self._published[document.uri] = params
            self._server.text_document_publish_diagnostics(params)
        if document.checked.fault and document.checked.fault != self._fault:
            fault = types.ShowMessageParams(types.MessageType.Warning, document.checked.fault)
            self._server.window_show_message(fault)
        self._fault = document.checked.fault

    # -- places ---------------------------------------------------------------------------------------------------

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        """Return the hover text at a position."""
        document = self._documents.get(params.text_document.uri)
        if document is None:
            return None
        line, column = document.text.convert_position(params.position.line, params.position.character)
        rules = [
            found.rule
            for found in document.checked.diagnostics
            if (span := convert_to_protocol.find_span(found, document)) is not None and contains(span, line, column)
        ]
        place = find_place(document.text.lines, line - 1, column - 1, str(document.file))
        text = describe_place(place, document.checked.names, rules)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    def complete(self, params: types.CompletionParams) -> list[types.CompletionItem]:
        """Return the completion at a position."""
        document = self._documents.get(params.text_document.uri)
        if document is None:
            return []
        line, column = document.text.convert_position(params.position.line, params.position.character)
        place = find_typed(document.text.lines, line - 1, column - 1, str(document.file))
        text = document.text.text
        if place is None or (":" in text and not self._policy.is_concerned(text, None)):
            return []
        start = convert_to_protocol.to_position(document.text, line, column - len(place.typed))
        stretch = types.Range(start, params.position)
        colon = "" if document.text.lines[line - 1][column - 1 :].lstrip().startswith(":") else ": "
        return [
            convert_to_protocol.to_completion_item(word, stretch, colon)
            for word in list_completions(place, document.checked.names)
        ]

    async def define(self, params: types.DefinitionParams) -> types.Location | None:
        """Return the definition of what is at a position."""
        document = self._documents.get(params.text_document.uri)
        if document is None:
            return None
        await self._documents.wait_until_checked(document)
        line, column = document.text.convert_position(params.position.line, params.position.character)
        place = find_place(document.text.lines, line - 1, column - 1, str(document.file))
        if place is None:
            return None
        if (found := find_imported(place, document.file, self._documents.overrides(document))) is not None:
            return convert_to_protocol.to_file_location(*found, document.text)
        shown = document.text.lines[line - 1]
        span = find_definition(place, document.checked.names, shown, column - 1)
        return convert_to_protocol.to_location(span, document) if span is not None else None

    # -- actions --------------------------------------------------------------------------------------------------

    async def act(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """Return the code actions for the findings in a range."""
        document = self._documents.get(params.text_document.uri)
        if document is None:
            return []
        await self._documents.wait_until_checked(document)
        only = params.context.only
        if only is None:  # the cursor moves: compute nothing that takes long
            only = [_QUICK_FIX, _FIX_ALL] if self._can_resolve() else [_QUICK_FIX]
        offered = [action for action in self._iter_actions(document, params.range) if _is_wanted(action, only)]
        if self._can_resolve():
            return offered
        resolved = [await self.resolve(action) for action in offered]
        return [action for action in resolved if action.edit is not None]

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Compute the edits of an action when it is chosen. There are none if the document needs no change."""
        data: Any = action.data
        document = self._documents.get(data["uri"]) if data is not None else None
        if document is None or document.revision != data["revision"] or not document.is_current():
            return action
        if "index" in data:
            found = document.checked.diagnostics[data["index"]]
            edit = await asyncio.to_thread(make_ignore_edit, document.text.text, found, self._policy)
            edits = [edit] if edit is not None else []
        else:
            overrides = self._documents.overrides(document)
            edits = await asyncio.to_thread(make_fix_edits, document.text.text, document.file, overrides)
        if edits:
            action.edit = convert_to_protocol.to_workspace_edit(document, edits, versioned=self._has_versions())
        return action

    def _iter_actions(self, document: OpenDocument, place: types.Range) -> Iterator[types.CodeAction]:
        diagnostics = document.checked.diagnostics
        for index, found in enumerate(diagnostics):
            if found.span is not None and found.span.file == str(document.file) and _overlaps(document, found, place):
                if found.fix:
                    yield self._make_fix_action(document, found)
                data = {"uri": document.uri, "revision": document.revision, "index": index}
                title = f"Ignore '{found.rule.slug}' here"
                yield types.CodeAction(
                    title, _QUICK_FIX, [convert_to_protocol.to_diagnostic(found, document)], data=data
                )
        if document.checked.source is not None:
            data = {"uri": document.uri, "revision": document.revision}
            yield types.CodeAction("Fix all that is mechanically certain in this file", _FIX_ALL, data=data)

    def _make_fix_action(self, document: OpenDocument, found: Diagnostic) -> types.CodeAction:
        return types.CodeAction(
            title=found.help or f"Fix '{found.rule.slug}'",
            kind=_QUICK_FIX,
            diagnostics=[convert_to_protocol.to_diagnostic(found, document)],
            edit=convert_to_protocol.to_workspace_edit(document, list(found.fix), versioned=self._has_versions()),
            is_preferred=True,
        )

    def _can_resolve(self) -> bool:
        """Return whether the editor resolves the edits of an action when it is chosen."""
        capabilities = self._server.client_capabilities.text_document
        support = (
            capabilities.code_action.resolve_support
            if capabilities is not None and capabilities.code_action is not None
            else None
        )
        return support is not None and "edit" in support.properties

    def _has_versions(self) -> bool:
        """Return whether the editor supports versioned edits."""
        capabilities = self._server.client_capabilities.workspace
        return bool(
            capabilities is not None
            and capabilities.workspace_edit is not None
            and capabilities.workspace_edit.document_changes
        )


def _get_encoding(server: LanguageServer) -> str:
    return types.PositionEncodingKind(server.workspace.position_encoding or "utf-16").value


def _is_wanted(action: types.CodeAction, only: Sequence[types.CodeActionKind | str]) -> bool:
    """Return whether an action is of a wanted kind, or of a kind below one."""
    return any(f"{_get_name(action.kind)}.".startswith(f"{_get_name(kind)}.") for kind in only)


def _get_name(kind: types.CodeActionKind | str | None) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else str(kind)


def _overlaps(document: OpenDocument, found: Diagnostic, place: types.Range) -> bool:
    shown = convert_to_protocol.to_diagnostic(found, document).range
    return shown.start <= place.end and place.start <= shown.end


def make_server(policy: CheckPolicy) -> LanguageServer:
    """Return a server with all its handlers.

    Args:
        policy: The settings with which the command line checks a file.
    """
    made = LanguageServer("naftiko", __version__, types.TextDocumentSyncKind.Full)
    service = _Service(made, policy)
    actions = types.CodeActionOptions([_QUICK_FIX, _FIX_ALL], resolve_provider=True)

    def handle(name: str, method: Callable[[T], object], options: object = None) -> None:
        made.feature(name, options)(partial(method))  # the library sets attributes, which a method cannot have

    handle(types.INITIALIZED, service.handle_initialized)
    handle(types.TEXT_DOCUMENT_DID_OPEN, service.handle_open)
    handle(types.TEXT_DOCUMENT_DID_CHANGE, service.handle_change)
    handle(types.TEXT_DOCUMENT_DID_SAVE, service.handle_save)
    handle(types.TEXT_DOCUMENT_DID_CLOSE, service.handle_close)
    handle(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, service.handle_file_changes)
    handle(types.TEXT_DOCUMENT_HOVER, service.hover)
    handle(types.TEXT_DOCUMENT_COMPLETION, service.complete, types.CompletionOptions(trigger_characters=_TRIGGERS))
    handle(types.TEXT_DOCUMENT_DEFINITION, service.define)
    handle(types.TEXT_DOCUMENT_CODE_ACTION, service.act, actions)
    handle(types.CODE_ACTION_RESOLVE, service.resolve)
    return made
