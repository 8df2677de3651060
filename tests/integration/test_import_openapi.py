"""``naftiko import openapi`` writes files that ``naftiko validate`` accepts, and its report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml
from click.testing import CliRunner

from naftiko_runtime.cli import main

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """
openapi: 3.0.3
info: {title: The Ships API, description: Finds ships., version: 1.0.0}
servers: [{url: https://ships.acme.io}]
security: [{token: []}]
components: {securitySchemes: {token: {type: http, scheme: bearer}}}
paths:
  /ships/{imo}:
    parameters: [{name: imo, in: path, required: true, schema: {type: string}}]
    get: {operationId: getShip, summary: Finds a ship, tags: [ships]}
    trace: {operationId: traceShip}
  /crews:
    post:
      operationId: addCrew
      summary: Adds a crew
      tags: [crews]
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [name], properties: {name: {type: string, description: Its name.}}}
"""


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    return result.exit_code, result.stdout, result.stderr


def write_spec(folder: Path) -> Path:
    file = folder / "ships.openapi.yaml"
    file.write_text(SPEC)
    return file


def test_the_written_file_is_valid_and_the_report_is_printed_and_stored(tmp_path: Path) -> None:
    written, report = tmp_path / "ships.yaml", tmp_path / "report.json"
    status, stdout, stderr = run("import", "openapi", write_spec(tmp_path), "-o", written, "--report", report)
    line = "TRACE /ships/{imo} (traceShip): left out: the language has no method TRACE"
    assert (status, stdout, stderr) == (0, "", f"{line}\n2 of 3 operations imported\n")
    assert run("validate", written)[0] == 0
    stored = json.loads(report.read_text())
    assert (stored["operations"], stored["imported"]) == (3, 2)
    assert stored["lines"] == [
        {
            "method": "TRACE",
            "path": "/ships/{imo}",
            "operationId": "traceShip",
            "pointer": "#/paths/~1ships~1{imo}/trace",
            "effect": "left out",
            "code": "method",
            "reason": "the language has no method TRACE",
        }
    ]


def test_an_existing_file_is_overwritten_only_with_force(tmp_path: Path) -> None:
    spec, written = write_spec(tmp_path), tmp_path / "ships.yaml"
    written.write_text("mine")
    status, _, stderr = run("import", "openapi", spec, "-o", written)
    assert (status, written.read_text()) == (1, "mine")
    assert "ships.yaml exists" in stderr
    assert run("import", "openapi", spec, "-o", written, "--force")[0] == 0
    assert yaml.safe_load(written.read_text())["info"]["label"] == "The Ships API"


def test_each_tag_has_a_file_that_imports_what_all_share(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert run("import", "openapi", write_spec(tmp_path), "-o", folder, "--split", "--mcp")[0] == 0
    assert sorted(file.name for file in folder.iterdir()) == ["crews.yaml", "ships-api.yaml", "ships.yaml"]
    status, stdout, _ = run("validate", *folder.iterdir())
    assert status == 0, stdout
    text = (folder / "crews.yaml").read_text()
    assert "ships-api.yaml" in text
    assert "get-ship" not in text


def test_a_document_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("a: 1")
    status, stdout, stderr = run("import", "openapi", file)
    assert (status, stdout) == (1, "")
    assert "is not imported: it has neither 'openapi' nor 'swagger'" in stderr
