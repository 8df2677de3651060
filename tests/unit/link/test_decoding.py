"""The files of ``outputSchema``, and the libraries that formats need."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from naftiko_runtime.limits import DOCUMENT_BYTES_MAX
from naftiko_runtime.loading import load

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
    - namespace: api
      baseUri: https://api.example
      resources: [{path: /x, operations: [{name: get, outputRawFormat: avro, outputSchema: SCHEMA}]}]
  exposes:
    - type: mcp
      namespace: tools
      port: 9090
      tools: [{name: get, description: Gets, call: api.get, outputParameters: [{type: string, mapping: $.name}]}]
"""


def test_a_schema_is_next_to_the_document(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "ship.avsc").write_text('"string"')
    (folder / "link.avsc").symlink_to(tmp_path / "ship.avsc")
    messages = {}
    for name in ("ship.avsc", "./ship.avsc", "file://./ship.avsc", "missing.avsc", "../ship.avsc", "link.avsc"):
        (folder / "x.yml").write_text(DOCUMENT.replace("SCHEMA", name))
        messages[name] = [found.message for found in load(folder / "x.yml").diagnostics]
    assert [found for name, found in messages.items() if "inside" not in name][:3] == [[]] * 3
    assert "No such file" in messages["missing.avsc"][0]
    assert "must be below" in messages["../ship.avsc"][0]
    assert "must be below" in messages["link.avsc"][0]


def test_a_schema_of_an_imported_file_is_next_to_that_file(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    head, _, tail = DOCUMENT.partition("  exposes:")
    consumes = head.replace("capability:\n  consumes", "consumes").replace("SCHEMA", "../ship.avsc")
    (shared / "api.yml").write_text(consumes)
    importing = "naftiko: 1.0.0-alpha2\ncapability:\n  consumes: [{location: shared/api.yml, import: api}]\n  exposes:"
    (tmp_path / "x.yml").write_text(importing + tail)
    (tmp_path / "ship.avsc").write_text('"string"')
    assert load(tmp_path / "x.yml").diagnostics == ()
    (shared / "api.yml").write_text(consumes.replace("../ship", "ship"))
    (found,) = load(tmp_path / "x.yml").diagnostics
    assert (found.rule.slug, Path(str(found.span).partition(":")[0]).name) == ("invalid-value", "api.yml")


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.avsc")
    (tmp_path / "large.avsc").write_bytes(b" " * (DOCUMENT_BYTES_MAX + 1))
    (tmp_path / "circle.avsc").symlink_to(tmp_path / "circle.avsc")
    messages = {}
    for name in ("pipe.avsc", "large.avsc", "circle.avsc", '"nul\\0"'):
        (tmp_path / "x.yml").write_text(DOCUMENT.replace("SCHEMA", name))
        messages[name], *_ = (found.message for found in load(tmp_path / "x.yml").diagnostics)
    assert "not a regular file" in messages["pipe.avsc"]
    assert "larger than" in messages["large.avsc"]
    assert "invalid 'outputSchema'" in messages['"nul\\0"']
    assert "circle" in messages["circle.avsc"] or "symbolic links" in messages["circle.avsc"]


@pytest.mark.parametrize(("raw_format", "library"), [("html", "lxml"), ("protobuf", "google.protobuf")])
def test_a_missing_library_is_reported_before_anything_runs(
    raw_format: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"naftiko_runtime.formats.{raw_format}", raising=False)
    monkeypatch.delattr(f"naftiko_runtime.formats.{raw_format}", raising=False)
    (tmp_path / "x").write_bytes(b"")
    (tmp_path / "x.yml").write_text(DOCUMENT.replace("avro", raw_format).replace("SCHEMA", "x"))
    (found,) = load(tmp_path / "x.yml").diagnostics
    assert (found.rule.slug, found.help) == (
        "not-served-yet",
        f"in a checkout of naftiko-runtime: pip install '.[{raw_format}]'",
    )
