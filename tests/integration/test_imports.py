"""Calls of imported parts: under other names, with the APIs and secrets of their own file only."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from mcp import Client

from support.caller import call
from support.command import run_naftiko
from support.gateway import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream

SERVED = """
    ikanos: 1.0.0-beta5
    binds: [{{namespace: {name}, keys: {{TOKEN: {name}_TOKEN}}}}]
    consumes:
      - type: http
        namespace: {name}
        baseUri: {upstream}/{name}
        authentication: {{type: bearer, token: "{{{{TOKEN}}}}"}}
        resources:
          ships:
            path: /ships/{{imo}}
            operations:
              get-ship: {{method: GET}}
              log:
                method: POST
                body: {{type: json, data: {{note: "{{{{routes.note}}}}!", by: "{{{{tools.note}}}}"}}}}
    exposes:
      - type: rest
        namespace: routes
        port: 8080
        resources:
          - path: /{name}/{{number}}
            operations:
              - {{method: GET, call: {name}.get-ship, with: {{imo: routes.number}}}}
              - method: POST
                call: {name}.log
                inputParameters: [{{name: note, in: query}}]
                with: {{imo: "N{{{{routes.number}}}}"}}
      - type: mcp
        namespace: ships
        port: 9090
        description: Ships
        tools:
          get-{name}:
            description: Looks a ship up.
            inputParameters: {{number: {{type: string, required: true, description: "Its number."}}}}
            call: {name}.get-ship
            with: {{imo: ships.number}}
"""
SERVING = """
    naftiko: 1.0.0-alpha2
    info: {label: Both, description: Both}
    capability:
      exposes:
        - {location: ./shared/one.yml, import: routes, as: one-api}
        - {location: ./shared/one.yml, import: ships, as: one-tools}
        - {location: ./shared/two.yml, import: routes, as: two-api}
        - {location: ./shared/two.yml, import: ships}
"""
SECRETS = {"one_TOKEN": "t1", "two_TOKEN": "t2"}
NAMESPACES = ["one-api", "one-tools", "two-api", "ships"]


@pytest.fixture
def serving(tmp_path: Path, api: Upstream) -> Path:
    (tmp_path / "shared").mkdir()
    for name in ("one", "two"):
        (tmp_path / "shared" / f"{name}.yml").write_text(dedent(SERVED.format(name=name, upstream=api.url)))
    (tmp_path / "both.yml").write_text(dedent(SERVING))
    return tmp_path


async def test_what_is_imported_works_under_its_new_name_and_with_its_own_secret(serving: Path, api: Upstream) -> None:
    with Gateway(serving / "both.yml", NAMESPACES, environment=SECRETS) as gateway:
        for name in ("one", "two"):
            api.received.clear()
            assert call(gateway.urls[f"{name}-api"], f"/{name}/7").status == 200
            assert call(gateway.urls[f"{name}-api"], f"/{name}/7?note=hi", "POST").status == 200
            async with Client(gateway.urls["one-tools" if name == "one" else "ships"]) as client:
                assert not (await client.call_tool(f"get-{name}", {"number": "8"})).is_error
            sent = [(r.method, r.target, r.header("authorization"), r.body) for r in api.received]
            token = f"Bearer {SECRETS[f'{name}_TOKEN']}"
            assert sent == [
                ("GET", f"/{name}/ships/7", token, b""),
                ("POST", f"/{name}/ships/N7", token, b'{"note":"hi!","by":"hi"}'),
                ("GET", f"/{name}/ships/8", token, b""),
            ]


def test_missing_variables_are_reported_with_their_place_in_the_other_file(serving: Path) -> None:
    done = run_naftiko("run", serving / "both.yml")
    assert done.returncode == 1
    assert f"{serving / 'shared' / 'one.yml'}:3:33: error[unset-variable]: 'TOKEN' needs" in done.stderr


def test_a_clash_in_an_imported_file_is_quoted(serving: Path) -> None:
    (serving / "again.yml").write_text(
        dedent(SERVING).replace("as: one-api", "as: api").replace("ships}", "ships, as: x}")
    )
    done = run_naftiko("run", serving / "both.yml", serving / "again.yml")
    assert done.returncode == 1
    assert "error[duplicate-route]: GET /one/{number} is exposed by" in done.stderr
    assert "\n   20 |     port: 8080\n      |           ^^^^\n" in done.stderr


def test_a_folder_of_shared_documents_is_validated_and_cannot_run(serving: Path) -> None:
    shared = serving / "shared"
    text = (shared / "one.yml").read_text().partition("exposes:")[0]
    (shared / "apis.yml").write_text(text)
    (shared / "notes.yml").write_text("consumes: [coffee]\n")  # no document: it has no version
    done = run_naftiko("validate", shared)
    assert (done.returncode, done.stdout) == (0, "3 files checked: no findings\n")
    said = {
        (): f"{shared / 'apis.yml'}:2:1: error[nothing-to-serve]: nothing to run",
        (
            "--skip-broken",
        ): f"{shared / 'apis.yml'}: the file: it has no 'capability', and is only there to be imported",
    }
    for more, message in said.items():
        ran = run_naftiko("run", shared / "apis.yml", *more)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert message in ran.stderr


def test_a_fault_in_a_shared_file_is_reported_once(serving: Path) -> None:
    one = serving / "shared" / "one.yml"
    one.write_text(one.read_text().replace("method: GET}", "method: GOT}"))
    done = run_naftiko("validate", serving, serving / "shared")
    assert done.returncode == 1
    assert done.stdout.count("'GOT' is not allowed") == 1
    assert done.stdout.endswith("3 files checked: 1 error\n")
