"""Imports: what stands in another file comes in as if it stood here, and keeps its place there."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_runtime import load
from naftiko_runtime.link.overrides import Overrides
from naftiko_runtime.plan import BearerCredential, Variable

SHARED = """
naftiko: 1.0.0-alpha2
binds: [{namespace: env, keys: {TOKEN: REGISTRY_TOKEN}}]
consumes:
  - type: http
    namespace: registry
    baseUri: https://registry.example
    authentication: {type: bearer, token: "{{TOKEN}}"}
    resources: [{path: /ships, operations: [{name: find, method: GET}]}]
"""
IMPORTING = """
naftiko: 1.0.0-alpha2
info: {{label: Ships, description: Ships}}
{binds}
capability:
  consumes: [{{location: {location}, import: registry{alias}}}]
  exposes:
    - type: mcp
      namespace: ships
      port: 9090
      tools: [{{name: find, description: Find, call: {call}}}]
"""


def write(
    folder: Path, location: str = "./shared/api.yaml", alias: str = "", call: str = "registry.find", binds: str = ""
) -> Path:
    (folder / "shared").mkdir()
    (folder / "shared" / "api.yaml").write_text(SHARED)
    file = folder / "ships.yaml"
    file.write_text(IMPORTING.format(location=location, alias=alias, call=call, binds=binds))
    return file


def test_an_imported_api_is_called_with_its_own_variables(tmp_path: Path) -> None:
    plan = load(write(tmp_path)).plan
    assert plan is not None
    request = plan.servers[0].tools[0].operation.request  # type: ignore[union-attr]
    assert request.path == ("https://registry.example", "/ships")
    assert request.upstream.credential == BearerCredential(Variable("env.TOKEN"))
    assert [(binding.name, binding.key) for binding in plan.bindings] == [("env.TOKEN", "REGISTRY_TOKEN")]


def test_an_alias_is_the_namespace_here(tmp_path: Path) -> None:
    plan = load(write(tmp_path, alias=", as: boats", call="boats.find")).plan
    assert plan is not None
    assert plan.operations == {"boats.find"}


def test_the_importing_document_may_bind_the_variable_otherwise(tmp_path: Path) -> None:
    plan = load(write(tmp_path, binds="binds: [{namespace: env, keys: {TOKEN: MINE}}]")).plan
    assert plan is not None
    assert [binding.key for binding in plan.bindings] == ["MINE"]


def test_places_are_those_of_the_other_file(tmp_path: Path) -> None:
    plan = load(write(tmp_path)).plan
    assert plan is not None
    span = plan.upstreams[0].span
    assert (span.file, span.line) == (str(tmp_path / "shared" / "api.yaml"), 7)
    assert (plan.bindings[0].span.file, plan.bindings[0].span.line) == (span.file, 3)


def test_a_brought_variable_keeps_its_place_beside_own_binds(tmp_path: Path) -> None:
    plan = load(write(tmp_path, binds="binds: [{namespace: own, keys: {A: A}}]")).plan
    assert plan is not None
    assert [Path(binding.span.file).name for binding in plan.bindings] == ["ships.yaml", "api.yaml"]


def test_an_import_leaves_the_folder_only_where_allowed(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "api.yaml").write_text(SHARED)
    file = write(tmp_path / "here", location="../there/api.yaml")
    assert [d.rule.slug for d in load(file).diagnostics] == ["unresolved-import"]
    assert load(file, Overrides(allowed_imports=(tmp_path / "there",))).plan is not None


def test_a_symbolic_link_is_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "secret.yaml").write_text(SHARED)
    file = write(tmp_path / "here", location="./link.yaml")
    (tmp_path / "here" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    assert [d.rule.slug for d in load(file).diagnostics] == ["unresolved-import"]


ODD = ["5", "null", "[]", "{}", "'\\0'", '"\\0"', "true", "[[1]]", "{a: {b: 1}}", "'{{x}}'", "'../../../../etc'", "'.'"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "place", ["location", "import", "as", "binds", "keys", "their keys", "their consumes", "their namespace"]
)
def test_whatever_stands_there_is_told_and_never_a_traceback(tmp_path: Path, place: str, odd: str) -> None:
    file = write(tmp_path, binds="binds: [{namespace: own, keys: {A: A}}]")
    shared = tmp_path / "shared" / "api.yaml"
    edits = {
        "location": (file, "./shared/api.yaml", odd),
        "import": (file, "import: registry", f"import: {odd}"),
        "as": (file, "import: registry", f"import: registry, as: {odd}"),
        "binds": (file, "[{namespace: own, keys: {A: A}}]", odd),
        "keys": (file, "{A: A}", odd),
        "their keys": (shared, "{TOKEN: REGISTRY_TOKEN}", odd),
        "their consumes": (shared, "consumes:\n", f"consumes: {odd}\nx:\n"),
        "their namespace": (shared, "namespace: registry", f"namespace: {odd}"),
    }
    path, old, new = edits[place]
    path.write_text(path.read_text().replace(old, new, 1))
    loaded = load(file)
    assert loaded.plan is not None or loaded.diagnostics
