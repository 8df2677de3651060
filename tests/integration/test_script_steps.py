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


@pytest.fixture(scope="module")
def web(documents: Path) -> Iterator[str]:
    with Gateway(documents / "scripts.yaml", ["web"], "--deadline", "4") as gateway:
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


def test_an_operator_can_disable_scripts(documents: Path) -> None:
    with Gateway(documents / "scripts.yaml", ["web"], environment={"NAFTIKO_SCRIPTING": "false"}) as gateway:
        response = call(gateway.urls["web"], "/works/Ann")
    assert response.status == 501
    assert response.json["detail"] == "step 'greet' failed: scripts are disabled here"
