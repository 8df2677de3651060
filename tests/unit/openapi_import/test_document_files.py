"""References between files are followed below the folder of a document, and every other one has its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.openapi_import.document_files import DocumentFiles, UnreadableDocument, UnresolvedReference

if TYPE_CHECKING:
    from pathlib import Path


def open_document(folder: Path, text: str | bytes) -> DocumentFiles:
    file = folder / "spec.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return DocumentFiles(file)


def test_a_reference_finds_values_by_pointer(tmp_path: Path) -> None:
    files = open_document(
        tmp_path,
        "paths: {'/a/{b}': {get: {tags: [x, {name: y}]}}, 'a~b': 3}\n"
        "one: {$ref: '#/paths/~1a~1%7Bb%7D/get/tags/1'}\n"
        "two: {$ref: '#/paths/a~0b'}\n"
        "three: {$ref: '#/four/name'}\n"
        "four: {$ref: '#/one', beside: 1}\n"
        "all: {$ref: '#'}\n",
    )
    root = files.root
    assert files.resolve(root["one"]) == {"name": "y"}
    assert files.resolve(root["two"]) == 3
    assert files.resolve(root["three"]) == "y"
    assert files.resolve(root["four"]) == {"name": "y", "beside": 1}
    assert files.resolve(root["all"]) is root
    assert files.resolve("text") == "text"


def test_neighbours_refer_to_each_other(tmp_path: Path) -> None:
    (tmp_path / "my parts").mkdir()
    (tmp_path / "my parts/a.json").write_text(json.dumps({"A": {"$ref": "../b.yaml#/B"}}))
    (tmp_path / "b.yaml").write_text("B: {$ref: 'my parts/a.json#/C'}")
    files = open_document(tmp_path, "one: {$ref: 'my%20parts/a.json#/A'}\ntwo: {$ref: b.yaml}")
    assert list(files.resolve(files.root["two"])) == ["B"]
    with pytest.raises(UnresolvedReference, match="'#/C' does not exist"):
        files.resolve(files.root["one"])


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("#/none", "'#/none' does not exist"),
        ("#/list/7", "'#/list/7' does not exist"),
        ("#/list/x", "'#/list/x' does not exist"),
        ("#/circle", "'#/circle' leads in a circle"),
        ("#anchor", "'#anchor' is no JSON pointer"),
        ("https://acme.io/a.yaml#/A", "'https://acme.io/a.yaml' is not a file"),
        ("../outside.yaml", "'outside.yaml' is not below the document's folder"),
        ("/etc/passwd", "'passwd' is not below the document's folder"),
        ("missing.yaml", "'missing.yaml' cannot be read: No such file or directory"),
        ("broken.yaml#/A", "'#/A' cannot be read: line 2: did not find expected node content"),
    ],
)
def test_a_reference_that_leads_nowhere_has_its_reason(tmp_path: Path, reference: str, reason: str) -> None:
    (tmp_path / "spec").mkdir()
    (tmp_path / "outside.yaml").write_text("secret: 1")
    (tmp_path / "spec/broken.yaml").write_text("[")
    content = {"list": [1], "circle": {"$ref": "#/circle"}, "one": {"$ref": reference}}
    files = open_document(tmp_path / "spec", json.dumps(content))
    with pytest.raises(UnresolvedReference) as caught:
        files.resolve(files.root["one"])
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\xff\xfe\xff", "it is not UTF-8 text"),
        ("[" * 100_000, "it is nested too deeply"),
        ("? [a]\n: 1", "line 1: a key is no text"),
        ("a: \x01", "unacceptable character #x0001: control characters are not allowed"),
        ("a: *b", "line 1: found undefined alias"),
        ("text", "it is no mapping, so no OpenAPI document"),
    ],
)
def test_broken_documents_have_their_reason(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        open_document(tmp_path, text)
    assert str(caught.value) == reason


def test_a_missing_document_has_its_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match=r"^No such file or directory$"):
        DocumentFiles(tmp_path / "spec.yaml")


def test_yaml_is_read_as_version_1_2(tmp_path: Path) -> None:
    text = (
        "\ufeffa: no\nb: 2026-01-01\n200: 010\nc: '1'\n"
        "d: !x {e: 1}\nf: !y [1, {g: 2}]\nh: !z 3\ni: &i [1]\nj: *i\nk: ~\n"
    )
    assert open_document(tmp_path, text).root == {
        "a": "no",
        "b": "2026-01-01",
        "200": 10,
        "c": "1",
        "d": {"e": 1},
        "f": [1, {"g": 2}],
        "h": "3",
        "i": [1],
        "j": [1],
        "k": None,
    }
