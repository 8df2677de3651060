"""The language server as a process, driven as an editor does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.editor import Editor
from support.lsp_documents import CREWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with Editor(tmp_path_factory.mktemp("editor")) as editor:
        yield editor


@pytest.fixture
def editor(running: Editor, tmp_path: Path) -> Iterator[Editor]:
    """An editor without open documents, in a folder of the test's own."""
    (tmp_path / "crews.yaml").write_text(CREWS, encoding="utf-8")
    running.folder = tmp_path
    yield running
    running.close_all()
