"""Secrets reach only the upstream: no log, error or ``repr()`` shows them, whatever fails."""

from __future__ import annotations

import base64
import json
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.engine.call import BoundCall
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.loading import load
from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.secret import Secret, resolve
from support.caller import Response, call
from support.collector import Collector, read_attributes
from support.command import make_clean_environment, run_naftiko
from support.gateway import Gateway
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.upstream import Upstream

MARK = "s3cr3t"
ODD = ["USER", "PASSWORD", "QUERY_KEY", "IN_BODY", "IN_TEXT", "IN_FORM", "IN_COOKIE", "IN_QUERY", "IN_PATH"]
PLAIN = ["TOKEN", "HEADER_KEY", "IN_HEADER", "UNUSED"]
VALUES = {f"S_{n}": f'{MARK}-{n} "+/&ü' for n in ODD} | {f"S_{n}": f"{MARK}-{n}" for n in PLAIN}
BASIC = base64.b64encode(f"{VALUES['S_USER']}:{VALUES['S_PASSWORD']}".encode()).decode()
NAMESPACES = ["basic", "bearer", "key-header", "key-query", "elsewhere"]
NUMBERS = count()
ROUTES = [("GET", f"/{name}") for name in NAMESPACES[:4]] + [(m, "/elsewhere") for m in ("POST", "PUT", "PATCH")]
TOOLS = ["basic", "bearer", "key-header", "key-query", "json", "text", "form"]


def leaks(text: str) -> list[str]:
    """The parts of a text that give a secret away, in any of the spellings in which secrets travel."""
    return [spelling for spelling in (MARK, BASIC, BASIC[:12]) if spelling in text]


def call_all(gateway: Gateway) -> list[Response]:
    """Every operation, over REST and MCP."""

    def tool(name: str) -> Response:
        params = {"name": name, "arguments": {}}
        message = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        return call(gateway.urls["tools"], "/mcp", "POST", headers, message)

    with ThreadPoolExecutor(len(ROUTES) + len(TOOLS)) as pool:
        rest = [pool.submit(call, gateway.urls["web"], path, method) for method, path in ROUTES]
        return [response.result() for response in (*rest, *(pool.submit(tool, name) for name in TOOLS))]


@pytest.fixture(scope="module", params=["native", "httpx2"])
def start(request: pytest.FixtureRequest, documents: Path) -> Callable[..., Gateway]:
    """Starts secrets.yaml with its secrets set, calling one URL, and logging all it can."""

    def start(url: str, *options: str, **environment: str) -> Gateway:
        bases = [part for name in NAMESPACES for part in ("--base-uri", f"{name}={url}")]
        options = (*bases, "--http-client", request.param, "--log-level", "debug", *options)
        return Gateway(documents / "secrets.yaml", ["web", "tools"], *options, environment=VALUES | environment)

    return start


@pytest.fixture(scope="module")
def gateway(start: Callable[..., Gateway], module_upstream: Upstream) -> Iterator[Gateway]:
    with start(module_upstream.url) as running:
        yield running


# -- they arrive ------------------------------------------------------------------------------------------------------


def test_every_secret_reaches_the_upstream(gateway: Gateway, api: Upstream) -> None:
    call_all(gateway)
    sent = "\n".join(f"{r.target} {r.headers} {r.body.decode()}" for r in api.received)
    for name in ("S_TOKEN", "S_HEADER_KEY", "S_IN_HEADER"):
        assert VALUES[name] in sent
    for name in ("S_QUERY_KEY", "S_IN_FORM", "S_IN_COOKIE", "S_IN_QUERY", "S_IN_PATH"):
        assert quote(VALUES[name], safe="") in sent
    assert BASIC in sent
    assert f"the {VALUES['S_IN_TEXT']}" in sent
    (body,) = {r.body for r in api.received if r.method == "POST"}
    assert json.loads(body) == {"secret": VALUES["S_IN_BODY"], "mixed": f"a {VALUES['S_IN_BODY']} b"}


# -- and nobody sees them, whatever fails -----------------------------------------------------------------------------


def test_an_unreachable_upstream_gives_nothing_away(start: Callable[..., Gateway]) -> None:
    with start("http://127.0.0.1:1") as gateway:
        responses = call_all(gateway)
        gateway.wait_log_line("upstream failed", reason="connection refused by 127.0.0.1:1")
    assert {response.status for response in responses[: len(ROUTES)]} == {502}
    assert not leaks("".join(str(response) for response in responses))
    assert not leaks(gateway.output + gateway.printed)
    for response in responses:  # callers get the kind of failure, and an id to find it in the log
        assert "127.0.0.1" not in str(response)
        assert "cannot be reached: the connection was refused" in response.body.decode()
        found = re.search(r'"requestId": ?"(\w+)"|request id (\w+)', response.body.decode())
        assert found is not None
        gateway.wait_log_line(
            "upstream failed", request_id=found[1] or found[2], reason="connection refused by 127.0.0.1:1"
        )


def test_spans_give_nothing_away(start: Callable[..., Gateway], api: Upstream) -> None:
    with Collector() as collector:
        with start(api.url, **collector.environment()) as gateway:
            call_all(gateway)
            call(gateway.urls["web"], f"/{MARK}-TOKEN?key={MARK}-HEADER_KEY")
            spans = collector.wait_spans(2 * (len(ROUTES) + len(TOOLS)) + 1)
        text = "".join(map(str, spans))
        assert not leaks(text)
        assert not any(MARK.encode() in one.body for one in collector.received)
    urls = {read_attributes(span).get("url.full") for span in spans}
    assert f"{api.url}/things?key=REDACTED" in urls
    assert f"{api.url}/***/things?q=REDACTED" in urls


def test_a_slow_upstream_gives_nothing_away(start: Callable[..., Gateway], api: Upstream) -> None:
    api.on("*", "*", Reply(until_gone=True))
    with start(api.url, "--deadline", "0.5") as gateway:
        responses = call_all(gateway)
        gateway.wait_log_line("upstream deadline")
    assert {response.status for response in responses[: len(ROUTES)]} == {504}
    assert not leaks("".join(str(response) for response in responses))
    assert not leaks(gateway.output)


def test_a_broken_upstream_gives_nothing_away(gateway: Gateway, api: Upstream) -> None:
    api.on("*", "*", Reply(chunks=[f'{{"a": "{VALUES["S_TOKEN"]}'.encode()], broken=True))
    responses = call_all(gateway)
    assert {response.status for response in responses[: len(ROUTES)]} == {502}
    assert not leaks("".join(str(response) for response in responses))
    assert not leaks(gateway.output)


def test_an_upstream_that_echoes_them_gives_nothing_away(gateway: Gateway, api: Upstream) -> None:
    api.on("*", "*", Reply(headers={"content-type": "application/json"}, echo=True))
    responses = call_all(gateway)
    assert {response.status for response in responses[: len(ROUTES)]} == {502}
    assert not leaks("".join(str(response) for response in responses))
    gateway.wait_log_line("response not decoded")
    assert not leaks(gateway.output)


@pytest.mark.parametrize("room", range(170, 200, 3))
def test_a_secret_at_the_end_of_the_quoted_part_gives_nothing_away(gateway: Gateway, api: Upstream, room: int) -> None:
    body = "." * room + VALUES["S_IN_PATH"]
    api.on("*", "*", Reply(body=body.encode()))
    call(gateway.urls["web"], "/bearer")
    assert not leaks(gateway.output)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda value: value,
        lambda value: quote(value, safe=""),
        lambda value: quote(value).replace("%20", "+"),
        lambda value: quote(value, safe="").lower(),
        lambda value: json.dumps(value)[1:-1],
        lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
        lambda value: base64.b64encode(value.encode()).decode(),
        lambda value: value.replace("&", "&amp;").replace('"', "&quot;"),
    ],
)
def test_no_spelling_of_a_secret_is_logged(gateway: Gateway, api: Upstream, spelled: Callable[[str], str]) -> None:
    number = next(NUMBERS)
    api.on("*", "*", Reply(body=f"not JSON: {spelled(VALUES['S_QUERY_KEY'])} end of {number}".encode()))
    call(gateway.urls["web"], "/bearer")
    assert gateway.wait_log_line("response not decoded", body=f"not JSON: *** end of {number}")
    assert not leaks(gateway.output)


def test_a_sandbox_holds_none(documents: Path) -> None:
    with Gateway(
        documents / "secrets.yaml", ["web", "tools"], "--sandbox", "--log-level", "debug", environment=VALUES
    ) as gateway:
        responses = call_all(gateway)
    assert not leaks("".join(str(response) for response in responses))
    assert not leaks(gateway.output + gateway.printed)


def test_a_traceback_in_the_log_shows_none() -> None:
    script = f"""
import logging
from naftiko_runtime.cli.logging_setup import configure_logging
from naftiko_runtime.secret import Secret
configure_logging("debug", [Secret({VALUES["S_TOKEN"]!r})], console=False)
value = {VALUES["S_TOKEN"]!r}
try:
    raise ValueError("a mistake with " + value)
except ValueError:
    logging.getLogger("x").exception("of %s", value, extra={{"headers": [value, {{"k": value}}], value: 1}})
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, env=make_clean_environment()
    )
    line = json.loads(ended.stderr)
    assert "ValueError: a mistake with ***" in line["exception"]
    assert line["event"] == "of ***"
    assert not leaks(ended.stderr)


# -- representations --------------------------------------------------------------------------------------------------


def test_a_secret_shows_itself_only_when_asked_by_name() -> None:
    secret = Secret(VALUES["S_TOKEN"])
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!r}", "%s" % secret]  # noqa: UP031
    assert not leaks("".join(shown))
    assert secret.reveal() == VALUES["S_TOKEN"]
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert not hasattr(secret, "__dict__")


def reachable(root: Any) -> Iterator[Any]:
    """Every object of ours that hangs on another."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, dict):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset):
            waiting += thing
        elif type(thing).__module__.startswith("naftiko_runtime"):
            yield thing
            names = [f.name for f in fields(thing)] if is_dataclass(thing) else getattr(thing, "__slots__", ())
            names = getattr(thing, "__struct_fields__", names)
            waiting += [getattr(thing, name) for name in names if hasattr(thing, name)]
            waiting += getattr(thing, "__dict__", {}).values()


async def test_nothing_that_runs_represents_itself_with_a_secret(documents: Path) -> None:
    plan = load(documents / "secrets.yaml").plan
    assert plan is not None
    secrets = resolve(plan, VALUES)
    async with bind(plan, secrets, lambda: SandboxTransport({})) as bound:
        operations = [operation for server in bound.servers for _, operation in server.parts]
        calls = [o.execution for o in operations if isinstance(o.execution, BoundCall)]
        assert calls
        requests = [call.builder.build(Invocation()) for call in calls]
        things = [*reachable(bound), *reachable(secrets), *requests]
        shown = "\n".join(map(repr, things)) + repr(bound) + repr(secrets) + repr(requests) + f"{bound}"
    assert {"Bound", "BoundOperation", "RequestBuilder", "Plan", "Secret", "OutboundRequest"} <= {
        type(thing).__name__ for thing in things
    }
    assert not leaks(shown)


# -- the environment --------------------------------------------------------------------------------------------------


def test_all_missing_variables_are_reported_with_their_places_and_no_value(documents: Path) -> None:
    given = {name: value for name, value in VALUES.items() if name not in ("S_TOKEN", "S_IN_BODY", "S_UNUSED")}
    file = documents / "secrets.yaml"
    ended = run_naftiko("run", file, environment={**given, "S_IN_BODY": ""})
    assert ended.returncode == 1
    token, body = [line for line in ended.stderr.splitlines() if "error[" in line]
    assert token.startswith(f"{file}:9:5: error[unset-variable]: 'TOKEN'")
    assert "'S_TOKEN'" in token
    assert f"{file}:38:14" in token
    assert body.startswith(f"{file}:12:5: error[unset-variable]: 'IN_BODY'")
    assert f"{file}:81:21, {file}:82:20" in body
    assert not leaks(ended.stdout + ended.stderr)


def env_file(path: Path, values: dict[str, str]) -> str:
    path.write_text("# comment\n" + "".join(f"export {name}='{value}'\n" for name, value in values.items()))
    return str(path)


def test_env_files_give_variables_and_the_process_wins(documents: Path, tmp_path: Path, api: Upstream) -> None:
    first = env_file(tmp_path / "first.env", VALUES | {"S_TOKEN": "from-first", "S_HEADER_KEY": "from-first"})
    second = env_file(tmp_path / "second.env", {"S_TOKEN": "from-second", "S_HEADER_KEY": "from-second"})
    bases = [part for name in NAMESPACES for part in ("--base-uri", f"{name}={api.url}")]
    options = (*bases, "--env-file", first, "--env-file", second)
    environment = {"S_HEADER_KEY": "from-process"}
    with Gateway(documents / "secrets.yaml", ["web", "tools"], *options, environment=environment) as gateway:
        call(gateway.urls["web"], "/bearer")
        call(gateway.urls["web"], "/key-header")
        call(gateway.urls["web"], "/key-query")
    assert [api.received[0].header("authorization"), api.received[1].header("x-key")] == [
        "Bearer from-second",
        "from-process",
    ]
    assert api.last.target == "/things?key=" + quote(VALUES["S_QUERY_KEY"], safe="")
    assert not leaks(gateway.output)


@pytest.mark.parametrize("line", [f"S_TOKEN {MARK}", f"S_TOKEN='{MARK}", f"{MARK} {MARK}", f"='{MARK}'"])
def test_a_line_that_is_no_assignment_is_named_by_number(documents: Path, tmp_path: Path, line: str) -> None:
    file = tmp_path / "wrong.env"
    file.write_text(f"S_USER=a\n{line}\n")
    ended = run_naftiko("run", documents / "secrets.yaml", "--env-file", file)
    assert ended.returncode == 1
    assert f"{file}:2: this line is not KEY=value" in ended.stderr
    assert not leaks(ended.stdout + ended.stderr)


def test_an_env_file_that_is_not_text_is_an_error(documents: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.env"
    file.write_bytes(b"S_TOKEN=\xff" + MARK.encode())
    ended = run_naftiko("run", documents / "secrets.yaml", "--env-file", file)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"cannot read {file}: it is not UTF-8 text" in ended.stderr
    assert not leaks(ended.stderr)


def test_an_env_file_that_does_not_exist_is_wrong_usage(documents: Path, tmp_path: Path) -> None:
    assert run_naftiko("run", documents / "secrets.yaml", "--env-file", tmp_path / "none").returncode == 2
