"""Imports: a part of another file works as if it were in the importing file, and keeps its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_runtime.authentication.bearer import BearerCredential
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.plan import Argument, Variable
from support.imported_documents import BINDS, SERVED, SERVING, SHARED, describe_findings, put, sound, write
from support.linked import get_request


def test_an_imported_api_is_called_with_its_own_variables(tmp_path: Path) -> None:
    plan = load(write(tmp_path)).plan
    assert plan is not None
    request = get_request(plan.servers[0].operations[0])
    assert request.path == ("https://registry.example", "/ships")
    assert request.upstream.credential == BearerCredential(Variable("env.TOKEN"))
    assert [(binding.name, binding.key) for binding in plan.bindings] == [("env.TOKEN", "REGISTRY_TOKEN")]


def test_an_alias_is_the_namespace_here(tmp_path: Path) -> None:
    plan = load(write(tmp_path, alias=", as: boats", call="boats.find")).plan
    assert plan is not None
    assert set(plan.operations) == {"boats.find"}


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
def test_any_value_is_a_finding_and_no_traceback(tmp_path: Path, place: str, odd: str) -> None:
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


def test_an_imported_expose_brings_what_it_calls_and_the_variables_of_both(tmp_path: Path) -> None:
    plan = sound(put(tmp_path, serving=SERVING, served=SERVED))
    assert [upstream.namespace for upstream in plan.upstreams] == ["registry"]
    assert set(plan.operations) == {"registry.get-ship"}
    assert {binding.key for binding in plan.bindings} == {"SHIPS_TOKEN", "SHIPS_GUARD"}
    assert {Path(binding.span.file).name for binding in plan.bindings} == {"served.yml"}


def test_an_api_of_the_importing_document_goes_before_what_would_come_along(tmp_path: Path) -> None:
    own = """  consumes:
    - namespace: registry
      baseUri: https://own.example
      resources: [{path: "/own/{imo}", operations: [{name: get-ship}]}]
"""
    plan = sound(put(tmp_path, serving=SERVING + own, served=SERVED))
    assert [upstream.base_uri for upstream in plan.upstreams] == ["https://own.example"]
    assert [binding.key for binding in plan.bindings] == ["SHIPS_GUARD"]


def test_two_exposes_of_a_file_bring_its_api_once(tmp_path: Path) -> None:
    serving = SERVING.replace("import: ships}", "import: ships}, {location: served.yml, import: ships, as: boats}")
    plan = sound(put(tmp_path, serving=serving, served=SERVED.replace("9090", "0")))
    assert [server.namespace for server in plan.servers] == ["ships", "boats"]
    assert [upstream.namespace for upstream in plan.upstreams] == ["registry"]


def test_two_apis_of_one_name_are_a_conflict(tmp_path: Path) -> None:
    serving = SERVING.replace("import: ships}", "import: ships}, {location: other.yml, import: ships, as: boats}")
    other = SERVED.replace("9090", "9091").replace("https://registry.example", "https://other.example")
    file = put(tmp_path, serving=serving, served=SERVED, other=other)
    assert describe_findings(file) == [
        "other.yml:7 duplicate-namespace the namespace 'registry' is consumed twice",
    ]


def test_an_unresolved_call_is_reported_in_its_own_file(tmp_path: Path) -> None:
    file = put(tmp_path, serving=SERVING, served=SERVED.replace("call: registry.get-ship", "call: registry.get-shp"))
    assert describe_findings(file) == ["served.yml:24 unresolved-call no consumed operation 'registry.get-shp'"]
    served = SERVED.replace("call: registry.", "call: regstry.")
    assert "served.yml:24 unresolved-call no consumed operation 'regstry.get-ship'" in describe_findings(
        put(tmp_path, serving=SERVING, served=served)
    )


@pytest.mark.parametrize("as_", ["", ", as: boats"])
@pytest.mark.parametrize("value", ["ships.number", "tools.number", '"{{ships.number}}"', '"{{number}}"'])
def test_values_of_an_imported_expose_name_it_as_its_own_file_does(tmp_path: Path, as_: str, value: str) -> None:
    serving = SERVING.replace("import: ships", f"import: ships{as_}")
    plan = sound(put(tmp_path, serving=serving, served=SERVED.replace("imo: ships.number", f"imo: {value}")))
    request = get_request(plan.servers[0].operations[0])
    assert request.path[-1] == Argument("number")


FLEET = """
aggregates:
  - namespace: fleet
    display: Fleet
    flows:
      find:
        description: Finds
        inputParameters: {number: {type: string}}
        call: registry.get-ship
        with: {imo: fleet.number}
"""


def test_the_aggregates_that_an_imported_expose_refers_to_come_along(tmp_path: Path) -> None:
    served = SERVED.replace("call: registry.get-ship\n        with: {imo: ships.number}", "ref: fleet.find") + FLEET
    plan = sound(put(tmp_path, serving=SERVING, served=served))
    assert get_request(plan.servers[0].operations[0]).path[-1] == Argument("number")


@pytest.mark.parametrize("ref", ["boats.find", "fleet.find"])
def test_an_imported_aggregate_has_one_name_here_and_its_values_keep_the_other(tmp_path: Path, ref: str) -> None:
    aggregates = "  aggregates: [{location: served.yml, import: fleet, as: boats}]\n"
    exposes = f"    - {{type: mcp, namespace: own, port: 9091, description: Own, tools: [{{ref: {ref}}}]}}\n"
    serving = SERVING.replace("[{location: ./served.yml, import: ships}]", f"\n{exposes}") + aggregates
    file = put(tmp_path, serving=serving, served=SERVED + FLEET)
    if ref == "boats.find":
        assert get_request(sound(file).servers[0].operations[0]).path[-1] == Argument("number")
    else:
        assert describe_findings(file) == ["serving.yml:6 unresolved-ref no function 'fleet.find'"]


def test_a_reference_to_an_aggregate_whose_import_failed_is_not_reported(tmp_path: Path) -> None:
    aggregates = "  aggregates: [{location: absent.yml, import: fleet}]\n"
    exposes = "    - {type: mcp, namespace: own, port: 9091, description: Own, tools: [{ref: fleet.find}]}\n"
    serving = SERVING.replace("[{location: ./served.yml, import: ships}]", f"\n{exposes}") + aggregates
    (only,) = describe_findings(put(tmp_path, serving=serving, served=SERVED))
    assert "unreadable-file" in only


def test_aggregates_of_files_that_import_each_other_are_a_circle(tmp_path: Path) -> None:
    exposes = "  exposes: [{type: mcp, namespace: own, port: 9091, description: Own, tools: [{ref: fleet.find}]}]\n"
    start = "ikanos: 1.0.0-beta5\n"
    first = f"{start}info: {{display: A, description: A}}\ncapability:\n{exposes}"
    found = describe_findings(
        put(
            tmp_path,
            first=first + "  aggregates: [{from: second.yml, import: fleet}]\n",
            second=f"{start}aggregates: [{{from: third.yml, import: fleet}}]\n",
            third=f"{start}aggregates: [{{from: second.yml, import: fleet}}]\n",
        )
    )
    (only,) = found
    assert "unresolved-import the import of 'fleet' is circular" in only


def test_a_variable_that_the_keys_do_not_list_is_found_in_the_environment_that_comes_along(tmp_path: Path) -> None:
    served = SERVED.replace("env.GUARD", "env.UNLISTED").replace('"{{TOKEN}}"', "plain")
    (only,) = describe_findings(put(tmp_path, serving=SERVING, served=served))
    assert only.startswith("served.yml:19 unlisted-variable")


# -- whose secret it is -------------------------------------------------------------------------------------------


def apis(folder: Path, binds: tuple[str, str], own: str = "") -> Path:
    """A document that imports two APIs, each with a ``{{TOKEN}}`` of its own file."""
    for name, bind in zip(("one", "two"), binds, strict=True):
        text = SHARED.replace("registry", name).replace(BINDS, bind)
        (folder / f"{name}.yml").write_text(text)
    entries = ", ".join(f"{{location: {name}.yml, import: {name}}}" for name in ("one", "two"))
    calls = ", ".join(f"{{name: {name}, description: Find, call: {name}.find}}" for name in ("one", "two"))
    text = f"naftiko: 1.0.0-alpha2\n{own}\ncapability:\n  consumes: [{entries}]\n  exposes:\n"
    return put(folder, both=f"{text}    - {{type: mcp, namespace: m, port: 1, tools: [{calls}]}}\n")


def test_the_same_short_name_in_two_files_means_each_ones_own_variable(tmp_path: Path) -> None:
    binds = ("binds: [{namespace: a, keys: {TOKEN: A}}]", "binds: [{namespace: b, keys: {TOKEN: B}}]")
    plan = sound(apis(tmp_path, binds))
    assert [u.credential for u in plan.upstreams] == [BearerCredential(Variable(f"{n}.TOKEN")) for n in ("a", "b")]
    own = sound(apis(tmp_path, binds, own="binds: [{namespace: b, keys: {TOKEN: MINE}}]"))
    assert {b.name: b.key for b in own.bindings} == {"a.TOKEN": "A", "b.TOKEN": "MINE"}


def test_one_variable_bound_alike_in_two_files_is_one(tmp_path: Path) -> None:
    bind = "binds: [{namespace: env, keys: {TOKEN: T}}]"
    plan = sound(apis(tmp_path, (bind, bind)))
    assert [binding.key for binding in plan.bindings] == ["T"]


def test_one_variable_bound_differently_in_two_files_is_a_clash(tmp_path: Path) -> None:
    binds = ("binds: [{namespace: env, keys: {TOKEN: A}}]", "binds: [{namespace: env, keys: {TOKEN: B}}]")
    assert describe_findings(apis(tmp_path, binds)) == [
        "two.yml:3 duplicate-name the variable 'env.TOKEN' is bound twice"
    ]
    settled = sound(apis(tmp_path, binds, own="binds: [{namespace: env, keys: {TOKEN: MINE}}]"))
    assert [binding.key for binding in settled.bindings] == ["MINE"]


def test_a_renamed_api_keeps_its_variables_with_their_namespace(tmp_path: Path) -> None:
    file = write(tmp_path, alias=", as: boats", call="boats.find")
    shared = tmp_path / "shared" / "api.yaml"
    text = shared.read_text().replace("namespace: env", "namespace: registry")
    shared.write_text(text.replace("{{TOKEN}}", "{{registry.TOKEN}}"))
    plan = sound(file)
    assert plan.upstreams[0].credential == BearerCredential(Variable("registry.TOKEN"))


def test_imported_binds_may_have_another_name(tmp_path: Path) -> None:
    shared = "ikanos: 1.0.0-beta5\nbinds: [{namespace: env, keys: {TOKEN: SHIPS_TOKEN, OTHER: OTHER}}]\n"
    binds = "binds: [{from: vars.yml, import: env, as: mine}]\n"
    api = "capability:\n  consumes: [{namespace: a, baseUri: http://a.example, resources: [], authentication: "
    auth = '{type: bearer, token: "{{mine.TOKEN}}"}}]\n  exposes: [{type: mcp, namespace: m, port: 1, tools: '
    tool = "[{name: t, description: d, outputParameters: [{type: string, value: x}]}]}]\n"
    plan = sound(put(tmp_path, doc="ikanos: 1.0.0-beta5\n" + binds + api + auth + tool, vars=shared))
    assert {b.name: b.key for b in plan.bindings} == {"mine.TOKEN": "SHIPS_TOKEN", "mine.OTHER": "OTHER"}
