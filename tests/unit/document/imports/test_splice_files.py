"""Files that are imported: chains, missing files, links, versions, and shared documents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from support.imported_documents import BINDS, SERVED, SERVING, SHARED, describe_findings, put, sound, write

if TYPE_CHECKING:
    from pathlib import Path

# -- what is not there --------------------------------------------------------------------------------------------


def chained(entry: str) -> str:
    return f"naftiko: 1.0.0-alpha2\nconsumes: [{entry}]\n"


def test_a_chain_is_named_to_its_end(tmp_path: Path) -> None:
    a = chained("{location: b.yml, import: x}")
    b, c = (chained(f"{{location: {file}.yml, import: {n}, as: {as_}}}") for file, n, as_ in ("cyx", "dzy"))
    file = put(tmp_path, a=a, b=b, c=c, d=chained("{namespace: z, baseUri: http://z.example}"))
    (found,) = load(file).diagnostics
    assert found.message == "'x' is itself an import there: a.yml → b.yml → c.yml → d.yml"
    assert found.help == "import 'z' from 'd.yml'"
    assert (str(found.span), found.rule.slug) == (f"{file}:2:38", "unresolved-import")


CIRCLE = "the import of 'x' is circular: a.yml → b.yml"
CHAIN = "'x' is itself an import there: a.yml → b.yml"


@pytest.mark.parametrize(
    ("b", "message", "advice"),
    [
        ("location: a.yml, import: x", f"{CIRCLE} → a.yml", "let one of these"),
        ("location: b.yml, import: x", f"{CIRCLE} → b.yml", "let one of these"),
        ("location: a.yml, import: own, as: x", f"{CIRCLE} → a.yml", "remove the import"),
        ("location: gone.yml, import: x", f"{CHAIN} → gone.yml", "import it from"),
        ("location: ../out.yml, import: x", CHAIN, "import it from"),
        ("location: [], import: x", CHAIN, "import it from"),
        ("import: x", CHAIN, "import it from"),
    ],
)
def test_a_chain_that_ends_nowhere(tmp_path: Path, b: str, message: str, advice: str) -> None:
    a = chained("{location: b.yml, import: x}, {namespace: own, baseUri: http://own.example}")
    (found,) = load(put(tmp_path, a=a, b=chained(f"{{{b}}}"))).diagnostics
    assert found.message == message
    assert (found.help or "").startswith(advice)


def test_what_an_import_needs_may_not_be_an_import_either(tmp_path: Path) -> None:
    head, _, tail = SERVED.partition("consumes:\n")
    api, _, exposes = tail.partition("exposes:\n")
    links = "binds: [{from: base.yml, import: env}]\nconsumes: [{from: base.yml, import: registry}]\n"
    served = f"ikanos: 1.0.0-beta5\n{links}exposes:\n{exposes}"
    file = put(tmp_path, serving=SERVING, served=served, base=f"{head}consumes:\n{api}")
    chain = "is itself an import there: serving.yml → served.yml → base.yml"
    assert describe_findings(file) == [
        f"serving.yml:5 unresolved-import 'registry', which 'ships' needs, {chain}",
        f"serving.yml:5 unresolved-import 'env', which 'ships' needs, {chain}",
    ]
    own = "  binds: [{location: base.yml, import: env}]\n  consumes: [{location: base.yml, import: registry}]\n"
    assert set(sound(put(tmp_path, serving=SERVING + own)).operations) == {"registry.get-ship"}


def test_a_missing_file_is_reported_at_its_location_with_a_suggestion(tmp_path: Path) -> None:
    (found,) = load(write(tmp_path, location="./shared/apis.yaml")).diagnostics
    assert (str(found.span), found.rule.slug) == (f"{tmp_path / 'ships.yaml'}:6:25", "unreadable-file")
    assert found.help == "did you mean 'shared/api.yaml'?"


@pytest.mark.parametrize(
    "content", [b"a: [", b"\xff\xfe", b"naftiko: 1\nnaftiko: 1\n", b"- 1\n", b"naftiko: nonsense\n"]
)
def test_findings_in_the_other_file_are_reported_and_quoted_there(tmp_path: Path, content: bytes) -> None:
    file = write(tmp_path)
    shared = tmp_path / "shared" / "api.yaml"
    shared.write_bytes(content)
    loaded = load(file)
    (found,) = loaded.diagnostics
    assert found.span is not None
    assert found.span.file == str(shared)
    assert loaded.source is not None
    assert loaded.source.quote_line(found.span) == content.decode("utf-8", "replace").split("\n")[found.span.line - 1]


@pytest.mark.parametrize("part", ["namespace: x", "namespace: x, type: http"])
def test_a_missing_key_of_a_renamed_part_is_reported_in_its_own_file(tmp_path: Path, part: str) -> None:
    shared = f"naftiko: 1.0.0-alpha2\nconsumes:\n- {{{part}}}\n"
    entry = "{location: b.yml,\n import: x,\n as: y}"
    assert describe_findings(put(tmp_path, a=chained(entry), b=shared)) == [
        "b.yml:3 missing-key the key 'baseUri' is missing"
    ]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    file = write(tmp_path, location="./shared/pipe.yaml")
    os.mkfifo(tmp_path / "shared" / "pipe.yaml")
    assert describe_findings(file) == [
        f"ships.yaml:6 unresolved-import {tmp_path}/shared/pipe.yaml is not a regular file"
    ]


def test_a_symbolic_link_leads_where_it_is_allowed_to(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "api.yaml").write_text(SHARED)
    file = write(tmp_path / "here", location="./link/api.yaml")
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there")
    refused = "ships.yaml:6 unresolved-import an import must be below the document's folder"
    assert describe_findings(file) == [refused]
    assert describe_findings(file, tmp_path / "here") == [refused]
    assert describe_findings(file, tmp_path / "there") == []


def test_a_link_that_stays_in_the_folder_is_followed(tmp_path: Path) -> None:
    file = write(tmp_path, location="./link.yaml")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "shared" / "api.yaml")
    assert set(sound(file).operations) == {"registry.find"}


def test_a_refused_expose_does_not_take_others_down(tmp_path: Path) -> None:
    entry = "{location: served.yml, import: shps}, {location: served.yml, import: ships}"
    file = put(tmp_path, serving=SERVING.replace("{location: ./served.yml, import: ships}", entry), served=SERVED)
    assert describe_findings(file) == ["serving.yml:5 unresolved-import served.yml has no exposes namespace 'shps'"]
    plan = load(file, Overrides(skip_broken=True)).plan
    assert plan is not None
    assert [(server.namespace, len(server.tools)) for server in plan.servers] == [("ships", 1)]  # type: ignore[union-attr]


# -- spellings ----------------------------------------------------------------------------------------------------


def test_documents_of_all_versions_import_one_another(tmp_path: Path) -> None:
    shared = "ikanos: 1.0.0-beta5\nconsumes:\n  - namespace: registry\n    baseUri: https://registry.example\n"
    maps = "    resources: {ships: {path: /ships, operations: {find: {method: GET, display: Finds}}}}\n"
    file = write(tmp_path)
    (tmp_path / "shared" / "api.yaml").write_text(shared + maps)
    assert set(sound(file).operations) == {"registry.find"}
    (tmp_path / "shared" / "api.yaml").write_text(shared.replace("ikanos: 1.0.0-beta5", "naftiko: 1.0.0-alpha2") + maps)
    assert {line.partition(" ")[0] for line in describe_findings(file)} == {"api.yaml:5"}
    assert {d.rule.slug for d in load(file).diagnostics} == {"non-standard-key"}
    later = (
        "ikanos: 1.0.0-beta5\ninfo: {display: Ships}\ncapability:\n  consumes: [{from: api.yml, import: registry}]\n"
    )
    exposes = (
        "  exposes: [{type: mcp, namespace: m, port: 1, tools: {find: {description: Find, call: registry.find}}}]\n"
    )
    assert set(sound(put(tmp_path, later=later + exposes, api=SHARED)).operations) == {"registry.find"}


def test_what_is_not_imported_is_nothing_to_warn_of(tmp_path: Path) -> None:
    file = write(tmp_path)
    other = "  - {namespace: other, baseUri: http://other.example, auth: {type: bearer, token: x}}\n"
    (tmp_path / "shared" / "api.yaml").write_text(SHARED + other)
    assert describe_findings(file) == []


# -- documents that are only there to be imported -----------------------------------------------------------------


def test_a_shared_document_is_sound_alone_and_serves_nothing(tmp_path: Path) -> None:
    assert sound(put(tmp_path, shared=SHARED)).servers == ()
    assert sound(put(tmp_path, shared="naftiko: 1.0.0-alpha2\nbinds: [{namespace: env, keys: {A: A}}]\n")).servers == ()


def test_a_shared_document_may_leave_a_variable_to_its_importers_but_not_misspell_its_own(tmp_path: Path) -> None:
    unbound = SHARED.replace(BINDS, "")
    assert describe_findings(put(tmp_path, shared=unbound)) == []
    misspelt = SHARED.replace("{{TOKEN}}", "{{TOKN}}")
    assert describe_findings(put(tmp_path, shared=misspelt)) == [
        "shared.yml:8 unlisted-variable 'TOKN' is read from the environment, but 'keys' does not list it"
    ]


def test_findings_in_a_shared_document_are_reported(tmp_path: Path) -> None:
    wrong = SHARED.replace("https://registry.example", '""').replace("method: GET", "methd: GET")
    assert {line.split()[1] for line in describe_findings(put(tmp_path, shared=wrong))} == {
        "invalid-base-uri",
        "misspelt-key",
    }


def test_the_help_for_a_missing_file_lists_those_of_its_folder(tmp_path: Path) -> None:
    file = write(tmp_path, location="./shared/unrelated-thing.yaml")
    helps = [found.help for found in load(file).diagnostics if found.rule.slug == "unreadable-file"]
    assert helps == ["its folder contains: 'api.yaml'"]
