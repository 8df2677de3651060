"""Documents that import one another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

BINDS = "binds: [{namespace: env, keys: {TOKEN: REGISTRY_TOKEN}}]"
SHARED = f"""
naftiko: 1.0.0-alpha2
{BINDS}
consumes:
  - type: http
    namespace: registry
    baseUri: https://registry.example
    authentication: {{type: bearer, token: "{{{{TOKEN}}}}"}}
    resources: [{{path: /ships, operations: [{{name: find, method: GET}}]}}]
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


# -- what comes along ---------------------------------------------------------------------------------------------

SERVED = """
ikanos: 1.0.0-beta5
binds:
  - {namespace: env, keys: {TOKEN: SHIPS_TOKEN, GUARD: SHIPS_GUARD, NEVER: NEVER_USED}}
consumes:
  - type: http
    namespace: registry
    baseUri: https://registry.example
    authentication: {type: bearer, token: "{{TOKEN}}"}
    resources:
      ships: {path: "/ships/{imo}", operations: {get-ship: {method: GET}}}
  - type: http
    namespace: unused
    baseUri: https://unused.example
exposes:
  - type: mcp
    namespace: ships
    port: 9090
    authentication: {type: bearer, token: "{{env.GUARD}}"}
    tools:
      get-ship:
        description: Looks a ship up
        inputParameters: {number: {type: string, required: true}}
        call: registry.get-ship
        with: {imo: ships.number}
"""
SERVING = """
naftiko: 1.0.0-alpha2
info: {label: Ships, description: Ships}
capability:
  exposes: [{location: ./served.yml, import: ships}]
"""


def put(folder: Path, **files: str) -> Path:
    """Write files, ``a`` as ``a.yml``; the first one's path."""
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    return folder / f"{next(iter(files))}.yml"


def describe_findings(file: Path, *allowed: Path) -> list[str]:
    """Everything found: where, which rule, and what."""
    found = load(file, Overrides(allowed_imports=allowed)).diagnostics
    places = (f"{Path(d.span.file).name}:{d.span.line}" if d.span else "" for d in found)
    return [f"{place} {d.rule.slug} {d.message}" for place, d in zip(places, found, strict=True)]


def sound(file: Path) -> Plan:
    loaded = load(file)
    assert loaded.diagnostics == ()
    assert loaded.plan is not None
    return loaded.plan
