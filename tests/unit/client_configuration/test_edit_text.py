"""Edits of configuration texts: what they change, and that nothing else changes."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.client_configuration import jsonc_text
from naftiko_runtime.client_configuration.edit_text import FileFormat, append_item, remove_value, set_value
from naftiko_runtime.client_configuration.unreadable import UnreadableConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY = {"command": "/bin/x", "args": ["run"]}
PATH = ("servers", "new")
READ: dict[FileFormat, Callable[[str], Any]] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "servers": {\n    "new": 1\n  }\n}\n'),
        ("{}", '{\n  "servers": {\n    "new": 1\n  }\n}'),
        ('{"servers":{}}\n', '{"servers":{\n  "new": 1\n}}\n'),
        ("{\n  // why\n}", '{\n  // why\n  "servers": {\n    "new": 1\n  }\n}'),
        ('{\n  "servers": {\n    "a": 1 // one\n  }\n}', '{\n  "servers": {\n    "a": 1, // one\n    "new": 1\n  }\n}'),
        ('{\n  "servers": {\n    "a": 1,\n  },\n}', '{\n  "servers": {\n    "a": 1,\n    "new": 1,\n  },\n}'),
        ('{"servers": {"new": {"x": [2]}, "b": "}"}}', '{"servers": {"new": 1, "b": "}"}}'),
        ('{"servers": {"new": 0, "new": 2}}', '{"servers": {"new": 0, "new": 1}}'),
        ('{"servers": {"a": "// no /* comment"}}', '{"servers": {"a": "// no /* comment",\n  "new": 1\n}}'),
    ],
)
def test_json_keeps_the_rest(before: str, after: str) -> None:
    assert set_value(before, "json", PATH, 1) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"servers": {"new": 1}}', '{"servers": {}}'),
        ('{"servers": {"a": 0, "new": 1}}', '{"servers": {"a": 0 }}'),
        ('{"servers": {"new": 1, "a": 0}}', '{"servers": { "a": 0}}'),
        ('{\n "servers": {\n  "a": 0, // a\n  "new": 1\n }\n}', '{\n "servers": {\n  "a": 0 // a\n }\n}'),
        ('{\n "servers": {\n  "new": 1,\n  "a": 0,\n }\n}', '{\n "servers": {\n  "a": 0,\n }\n}'),
        ('{"other": {}}', '{"other": {}}'),
        ("", ""),
    ],
)
def test_json_removes_one_member(before: str, after: str) -> None:
    assert remove_value(before, "json", PATH) == after


@pytest.mark.parametrize("form", ["json", "toml", "yaml"])
@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_text_gets_an_entry(form: FileFormat, text: str) -> None:
    assert READ[form](set_value(text, form, PATH, ENTRY)) == {"servers": {"new": ENTRY}}
    assert remove_value(text, form, PATH) == text


@pytest.mark.parametrize(
    ("form", "before"),
    [
        ("json", '\ufeff{\r\n  "servers": {\r\n    "a": {} // a\r\n  }\r\n}\r\n'),
        ("toml", '# a\r\n[servers.a]\r\nx = 1\r\n\r\n[z]\r\ny = "é"\r\n'),
        ("yaml", "# a\r\nservers:\r\n- x\r\n".replace("- x", "  a: {x: 1}  # é")),
        ("yaml", "servers:\n  a:\n    text: |\n      one\n\n      two\n\n# next\nz: 1\n"),
        ("yaml", "z: 1\nservers:\n  a: {}"),
        ("yaml", "z: 1\nservers:\n"),
        ("yaml", "z: 1\nservers: {}  # none\n"),
        ("yaml", "z: 1"),
        ("toml", "z = 1"),
        ("toml", "servers = {a = {x = 1}}\n"),
        ("toml", "[servers]\na = {x = 1}\n[z]\n"),
    ],
)
def test_an_entry_that_is_added_and_removed_leaves_the_rest(form: FileFormat, before: str) -> None:
    plain = before.lstrip("\ufeff")
    rest = jsonc_text.read(plain.replace("\r\n", "\n")) if form == "json" else READ[form](plain)
    added = set_value(before, form, PATH, ENTRY)
    assert ("\r\n" in added) == ("\r\n" in before)
    assert "\n" not in added.replace("\r\n", "") or "\r\n" not in before
    for line in filter(None, (line.strip() for line in plain.splitlines())):
        assert line.rstrip("}").split(" {}")[0] in added
    read: Any = jsonc_text.read if form == "json" else READ[form]
    assert read(added.lstrip("\ufeff").replace("\r\n", "\n"))["servers"]["new"] == ENTRY
    removed = read(remove_value(added, form, PATH).lstrip("\ufeff").replace("\r\n", "\n"))
    assert {**removed, "servers": removed.get("servers") or None} == {**rest, "servers": rest.get("servers") or None}
    replaced = set_value(added, form, PATH, {"command": "/y"})
    assert read(replaced.lstrip("\ufeff").replace("\r\n", "\n"))["servers"]["new"] == {"command": "/y"}


def test_items_are_appended_once() -> None:
    one = append_item('{"inputs": [1 /* one */]}', "inputs", {"id": "x"})
    assert jsonc_text.read(one) == {"inputs": [1, {"id": "x"}]}
    assert "/* one */" in one
    assert append_item(one, "inputs", {"id": "x"}) == one
    assert jsonc_text.read(append_item("", "inputs", 1)) == {"inputs": [1]}
    with pytest.raises(UnreadableConfigurationError):
        append_item('{"inputs": {}}', "inputs", 1)


@pytest.mark.parametrize(
    "text", ["{", "}", "{}{}", '{"a"}', '{"a": NaN}', "{a: 1}", '{"a": 1', "[" * 200, '{"a": "\n"}', "{,}", "'", "/"]
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(UnreadableConfigurationError):
        set_value(text, "json", PATH, 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


@given(st.dictionaries(st.sampled_from(["servers", "a", "z"]), OBJECTS), st.sampled_from([None, 1, "\t"]), VALUES)
def test_any_json_is_edited(data: dict[str, Any], indent: int | str | None, value: Any) -> None:
    text = json.dumps(data, indent=indent)
    added = set_value(text, "json", PATH, value)
    assert json.loads(added) == {**data, "servers": {**data.get("servers", {}), "new": value}}
    rest = json.loads(remove_value(added, "json", PATH))
    assert rest == {**data, "servers": {k: v for k, v in data.get("servers", {}).items() if k != "new"}}
