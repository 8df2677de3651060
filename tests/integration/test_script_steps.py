"""Script steps over real sockets: their errors, limits and switches. `tests/scripting` has the isolation itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.caller import call
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SECRETS = {"SCRIPT_TOKEN": "sc-9f3b71e04c"}


@pytest.fixture(scope="module")
def web(documents: Path) -> Iterator[str]:
    with Gateway(documents / "scripts.yaml", ["web"], "--deadline", "4", environment=SECRETS) as gateway:
        yield gateway.urls["web"]


def test_a_script_that_fails_is_an_error_of_its_request(web: str) -> None:
    response = call(web, "/fails")
    assert response.status == response.json["status"] == 500
    assert response.json["type"] == "urn:naftiko:problem:step-failed"
    assert response.json["step"] == "wrong"
    assert "fails.js" in response.json["detail"]
    assert "operation" not in response.json
    assert call(web, "/works/Ann").json == {"hello": "Ann"}


def test_other_requests_are_served_while_a_script_spins(web: str) -> None:
    """The script spins until its limit of statements, or the deadline of the run."""
    with ThreadPoolExecutor() as threads:
        spinning = [threads.submit(call, web, "/spins") for _ in range(2)]
        assert [call(web, f"/works/{n}").json for n in range(20)] == [{"hello": str(n)} for n in range(20)]
        found = [one.result() for one in spinning]
    assert {one.status for one in found} <= {500, 504}
    assert {one.json["step"] for one in found} == {"endless"}


@pytest.mark.parametrize(
    ("operator", "settings"),
    [("false", ""), ("false", "{scripting: {enabled: true}}"), ("true", "{scripting: {enabled: false}}")],
)
def test_scripts_run_if_both_the_operator_and_the_document_allow_them(
    documents: Path, tmp_path: Path, operator: str, settings: str
) -> None:
    file = write_document(documents, tmp_path, settings)
    with Gateway(file, ["web"], environment={"NAFTIKO_SCRIPTING": operator, **SECRETS}) as gateway:
        response = call(gateway.urls["web"], "/works/Ann")
    assert response.status == 501
    assert response.json["detail"] == "step 'greet' failed: scripts are disabled here"


def write_document(documents: Path, folder: Path, settings: str) -> Path:
    """The document with ``management`` of a control expose, if there are settings."""
    text = (documents / "scripts.yaml").read_text(encoding="utf-8")
    control = f"    - type: control\n      port: 9900\n      management: {settings}\n" if settings else ""
    file = folder / "scripts.yaml"
    file.write_text(text.replace("file:///./scripts", (documents / "scripts").as_uri()) + control, encoding="utf-8")
    return file


def test_the_exception_of_a_script_shows_no_secret(web: str) -> None:
    response = call(web, "/tells")
    assert response.status == 500
    assert "the token is ***" in response.json["detail"]
    assert SECRETS["SCRIPT_TOKEN"] not in response.body.decode()


def test_a_fixed_input_is_in_the_context_unless_it_is_secret(web: str) -> None:
    assert call(web, "/fixed").json == {"mode": "fast", "keys": ["mode"]}


def test_the_settings_of_a_document_apply(documents: Path, tmp_path: Path) -> None:
    file = write_document(documents, tmp_path, "{scripting: {timeout: 500, statementLimit: 1000000000}}")
    with Gateway(file, ["web"], environment=SECRETS) as gateway:
        response = call(gateway.urls["web"], "/spins")
    assert response.status == 504
    reason = "the script spins.py runs longer than 0.5 s, the limit of 'timeout'"
    assert response.json["detail"] == f"step 'endless' failed: {reason}"
