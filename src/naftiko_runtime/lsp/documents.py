"""The open documents: each is checked shortly after its text, or one that it imports, changes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace
from pygls.uris import to_fs_path

from naftiko_runtime.lsp.checking import CheckResult, Library, check
from naftiko_runtime.lsp.positions import PositionedText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.lsp.checking import CheckPolicy
    from naftiko_runtime.source import ReadSource

PAUSE_SECONDS: Final = 0.2
"""How long nothing must be typed until a document is checked."""

WAIT_SECONDS_MAX: Final = 1.0
"""How long a check may wait while the user types without a pause, if its checks are quick."""

SHARE_MAX: Final = 0.2
"""How much of the time checks may take meanwhile: a slow one is not made as often."""


class OpenDocument:
    """An open document.

    Attributes:
        uri: The URI of the editor.
        file: The path of the file, which may not exist yet.
        real: The path without links, as imports name it.
        text: The current text.
        version: The editor's number of that text.
        revision: Increases with every change of the document or its imports.
        checked: The latest results. During typing, they are of an earlier revision.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.file = Path(to_fs_path(uri) or "capability.yaml")
        self.real = self.file.resolve()
        self.text = PositionedText("")
        self.version: int | None = None
        self.revision = 0
        self.checked = CheckResult("", -1)
        self.timer: asyncio.TimerHandle | None = None
        self.waits_since: float | None = None
        self.check_seconds = 0.0

    def is_current(self) -> bool:
        """Return whether the results are those of the present text."""
        return self.checked.revision == self.revision

    @property
    def shown(self) -> PositionedText:
        """The text that its findings belong to."""
        return self.text if self.checked.text == self.text.text else self.text.replace_text(self.checked.text)


class OpenDocuments:
    """All open documents.

    Args:
        policy: How they are checked.
        publish: Shows the findings of a document.
    """

    def __init__(self, policy: CheckPolicy, publish: Callable[[OpenDocument], None]) -> None:
        self._policy = policy
        self._publish = publish
        self._open: dict[str, OpenDocument] = {}
        self._library = Library()
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, uri: str) -> OpenDocument | None:
        """Return an open document."""
        return self._open.get(uri)

    def write(self, uri: str, text: PositionedText, version: int | None, *, pause: float = PAUSE_SECONDS) -> None:
        """Set the text of a document, or open it."""
        document = self._open.setdefault(uri, OpenDocument(uri))
        document.text, document.version = text, version
        self._schedule(document, pause)
        self.recheck_importers([document.real], pause=pause)

    def close(self, uri: str) -> None:
        """Close a document; its file is used from now on."""
        document = self._open.pop(uri, None)
        if document is not None:
            self._stop(document)
            self.recheck_importers([document.real])

    def recheck_importers(self, files: Iterable[Path], *, pause: float = 0) -> None:
        """Check the documents that import one of the changed files."""
        changed = set(files)
        for document in self._open.values():
            if not changed.isdisjoint(document.checked.reads):
                self._schedule(document, pause)

    def recheck_all(self) -> None:
        """Check everything again."""
        for document in self._open.values():
            self._schedule(document, 0)

    async def wait_until_checked(self, document: OpenDocument) -> None:
        """Wait until the present text of a document is checked."""
        while not document.is_current() and self._open.get(document.uri) is document:
            self._stop(document)
            await self._check(document)

    def overrides(self, document: OpenDocument) -> Overrides:
        """Return how a document is read, with the texts of the other open ones."""
        return replace(self._policy.overrides(document.file), reading=self._make_reader(set()))

    def _make_reader(self, reads: set[Path]) -> ReadSource:
        texts = {other.real: other.text.text for other in self._open.values()}
        return self._library.make_reader(texts, reads)

    def _schedule(self, document: OpenDocument, pause: float) -> None:
        document.revision += 1
        loop = asyncio.get_running_loop()
        now = loop.time()
        since = now if document.waits_since is None else document.waits_since
        self._stop(document)
        document.waits_since = since
        longest = max(WAIT_SECONDS_MAX, document.check_seconds / SHARE_MAX)
        document.timer = loop.call_at(min(now + pause, since + longest), self._start, document)

    def _stop(self, document: OpenDocument) -> None:
        if document.timer is not None:
            document.timer.cancel()
        document.timer = document.waits_since = None

    def _start(self, document: OpenDocument) -> None:
        document.timer = document.waits_since = None
        task = asyncio.get_running_loop().create_task(self._check(document))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check(self, document: OpenDocument) -> None:
        """Check a document in a thread, one at a time; publish the results unless the text has changed since."""
        async with self._turn:
            if document.is_current():
                return
            reads: set[Path] = set()
            reading = self._make_reader(reads)
            started = asyncio.get_running_loop().time()
            checked = await asyncio.to_thread(
                check,
                document.file,
                document.text.text,
                document.revision,
                document.checked.names,
                self._policy,
                reading,
            )
            document.check_seconds = asyncio.get_running_loop().time() - started
        document.checked = checked._replace(reads=frozenset(reads))
        if document.is_current() and self._open.get(document.uri) is document:
            self._publish(document)
