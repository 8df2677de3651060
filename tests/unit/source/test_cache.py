"""A cache reads each file once, until it forgets a changed file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.source import SourceCache, SourceError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_read_once_by_whatever_path_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: 1")
    (tmp_path / "link.yml").symlink_to(tmp_path / "a.yml")
    cache = SourceCache()
    assert cache.read(tmp_path / "a.yml").data == {"a": 1}
    (tmp_path / "a.yml").write_text("a: 2")
    linked = cache.read(tmp_path / "link.yml")
    assert (linked.data, linked.file) == ({"a": 1}, str(tmp_path / "link.yml"))
    assert cache.read(tmp_path / "a.yml") is cache.read(tmp_path / "a.yml")
    assert cache.read_bytes(tmp_path / "a.yml") == b"a: 1"
    cache.forget(tmp_path / "link.yml")
    assert cache.read(tmp_path / "a.yml").data == {"a": 2}


def test_what_is_wrong_with_a_file_is_known_too(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("a: [")
    cache = SourceCache()
    found = []
    for _ in range(2):
        with pytest.raises(SourceError) as raised:
            cache.read(tmp_path / "a.yml")
        found.append(raised.value.diagnostics)
        (tmp_path / "a.yml").unlink(missing_ok=True)
    assert found[0] == found[1]
