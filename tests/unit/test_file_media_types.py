"""Media types of files."""

from __future__ import annotations

import pytest

from naftiko_runtime.file_media_types import find_media_type


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.md", "text/markdown"),
        ("deep/A.MD", "text/markdown"),
        ("a.tar.gz", "application/gzip"),
        ("a.ts", "text/x-typescript"),
        ("a.yml", "application/yaml"),
        ("a.png", "image/png"),
        ("a.svg", "image/svg+xml"),
        ("a.json", "application/json"),
        ("README", None),
        ("a.b/README", None),
        ("a.nothing", None),
        (".md", None),
        ("", None),
    ],
)
def test_media_types(path: str, expected: str | None) -> None:
    assert find_media_type(path) == expected
