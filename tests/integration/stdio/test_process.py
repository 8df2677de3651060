"""``--stdio`` as a process: what it serves, what it writes where, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from support.command import make_clean_environment, run_naftiko
from support.gateway import NAFTIKO
from support.stdio_program import StdioProgram, make_enveloped, make_request
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from support.upstream import Upstream

VARIABLES: Final = {"THINGS_TOKEN": "a-secret-of-the-api"}
SLOW: Final = make_request("slow", "tools/call", name="list-things", arguments={})


@pytest.fixture
def file(documents: Path) -> str:
    return str(documents / "stdio.yaml")


def start(file: str, *arguments: str, **options: str) -> StdioProgram:
    return StdioProgram(file, *arguments, environment=VARIABLES | options)


def list_tools(program: StdioProgram) -> list[str]:
    return [tool["name"] for tool in program.ask(make_request(1, "tools/list"))["result"]["tools"]]


def count_sockets(program: StdioProgram) -> int:
    """How many sockets of the program listen."""
    inodes = {link.readlink().name for link in Path(f"/proc/{program.process.pid}/fd").iterdir()}
    table = Path(f"/proc/{program.process.pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return sum(f"socket:[{row.split()[9]}]" in inodes and row.split()[3] == "0A" for row in table)


def test_stdio_alone_opens_no_port(file: str) -> None:
    with start(file, "--stdio", NAFTIKO_CONTROL="127.0.0.1:1") as program:
        assert list_tools(program) == ["list-things"]
        assert count_sockets(program) == 0
        assert program.end_input() == 0


def test_any_mcp_expose_can_be_served(file: str) -> None:
    with start(file, "--stdio", "other") as program:
        assert list_tools(program) == ["other-things"]


@pytest.mark.parametrize("options", [(), ("--stdio", "--http")])
def test_ports_are_served_as_well(file: str, options: tuple[str, ...]) -> None:
    ports = ("--host", "127.0.0.1", "--port", "web=0", "--port", "other=0", "--sandbox")
    with start(file, *options, *ports) as program:
        assert list_tools(program) == ["list-things"]
        assert count_sockets(program) == 2
        assert program.end_input() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--http",), "--http needs --stdio"),
        (("--stdio", "tool"), "no MCP expose 'tool'; did you mean 'tools'?"),
        (("--stdio", "web"), "no MCP expose 'web'"),
        (("--stdio", "--control", "0"), "--stdio opens no port, and --control needs one"),
        (("--stdio", "--workers", "2"), "standard input has one reader"),
    ],
)
def test_wrong_usage_is_refused(file: str, arguments: tuple[str, ...], message: str) -> None:
    result = run_naftiko("run", file, *arguments, environment=VARIABLES)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


def test_several_exposes_need_a_name(file: str, tmp_path: Path) -> None:
    text = Path(file).read_text(encoding="utf-8").replace("transport: stdio", "port: 9091")
    (tmp_path / "two.yaml").write_text(text, encoding="utf-8")
    result = run_naftiko("run", tmp_path / "two.yaml", "--stdio", environment=VARIABLES)
    assert result.returncode == 2
    assert "'tools', 'other'; name one with --stdio" in result.stderr


def test_an_option_that_took_the_file_is_explained(file: str) -> None:
    result = run_naftiko("run", "--stdio", file, environment=VARIABLES)
    assert result.returncode == 2
    assert "'--stdio' took" in result.stderr


def test_a_missing_variable_is_named_on_standard_error(file: str) -> None:
    result = run_naftiko("run", file, "--stdio", stdin="")
    assert (result.returncode, result.stdout) == (1, "")
    assert "THINGS_TOKEN" in result.stderr


def test_what_only_other_exposes_use_need_not_be_set(file: str, tmp_path: Path) -> None:
    document = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    document["binds"][0]["keys"] |= {name: name for name in ("WEB_TOKEN", "OTHER_TOKEN", "TOOLS_TOKEN")}
    capability = document["capability"]
    web, tools, _ = capability["exposes"]
    web["authentication"] = {"type": "bearer", "token": "{{WEB_TOKEN}}"}
    tools["authentication"] = {"type": "bearer", "token": "{{TOOLS_TOKEN}}"}
    other = {"authentication": {"type": "bearer", "token": "{{OTHER_TOKEN}}"}, "namespace": "only-web"}
    capability["consumes"].append(capability["consumes"][0] | other)
    web["resources"].append({"path": "/more", "operations": [{"method": "GET", "call": "only-web.list-things"}]})
    copy = tmp_path / "things.yaml"
    copy.write_text(yaml.safe_dump(document), encoding="utf-8")
    with start(str(copy), "--stdio") as program:
        assert list_tools(program) == ["list-things"]
    result = run_naftiko("run", str(copy), "--stdio", "--http", stdin="", environment=VARIABLES)
    assert result.returncode == 1
    assert all(name in result.stderr for name in ("WEB_TOKEN", "OTHER_TOKEN"))
    assert "TOOLS_TOKEN" not in result.stderr
    printed = ("install", "claude-code", str(copy), "--namespace", "tools", "--print")
    shown = run_naftiko(*printed, cwd=tmp_path).stdout
    assert "THINGS_TOKEN" in shown
    assert not any(name in shown for name in ("WEB_TOKEN", "OTHER_TOKEN", "TOOLS_TOKEN"))


def test_a_call_in_progress_at_the_end_of_the_input_gets_its_response(file: str, api: Upstream) -> None:
    gate = Gate()
    api.on("GET", "/things", Reply(before=gate.wait))
    with start(file, "--stdio", "--base-uri", f"api={api.url}") as program:
        program.send(SLOW)
        api.wait_received(1)
        assert program.process.stdin is not None
        program.process.stdin.close()
        gate.open()
        assert program.read()["id"] == "slow"
        assert program.wait() == 0


def test_a_call_that_does_not_end_is_cancelled_at_the_end_of_the_input(file: str, api: Upstream) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    with start(file, "--stdio", "--base-uri", f"api={api.url}") as program:
        program.send(SLOW)
        api.wait_received(1)
        assert program.end_input() == 0
        assert api.wait(lambda upstream: upstream.gone == 1)
        assert program.read() is None


def test_a_client_that_reads_no_more_ends_the_program(file: str) -> None:
    readable, writable = os.pipe()
    os.close(readable)
    command = [*NAFTIKO, "run", file, "--stdio", "--sandbox"]
    ping = json.dumps(make_request(1, "ping")).encode() + b"\n"
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=writable, stderr=subprocess.DEVNULL, env=make_clean_environment()
    ) as process:
        os.close(writable)
        assert process.stdin is not None
        process.stdin.write(ping)
        process.stdin.flush()
        assert process.wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_waits_for_calls_in_progress(file: str, api: Upstream, number: signal.Signals) -> None:
    gate = Gate()
    api.on("GET", "/things", Reply(before=gate.wait))
    with start(file, "--stdio", "--base-uri", f"api={api.url}") as program:
        program.send(SLOW)
        api.wait_received(1)
        program.process.send_signal(number)
        gate.open()
        assert program.read()["id"] == "slow"
        assert program.wait() == 0


def test_what_else_writes_to_standard_output_is_kept_out_of_it(file: str) -> None:
    code = """
        import os, subprocess, sys
        from naftiko_runtime.exposes.mcp import tools

        before = tools.ToolServer.has

        def has(self, name):
            print("a stray print", flush=True)
            os.write(1, b"a stray write\\n")
            subprocess.run(["sh", "-c", "echo a child; cat"], check=True)
            return before(self, name)

        tools.ToolServer.has = has
        from naftiko_runtime.__main__ import main
        main()
    """
    command = (sys.executable, "-c", dedent(code))
    with StdioProgram(file, "--stdio", "--sandbox", command=command) as program:
        assert program.ask(SLOW)["id"] == "slow"
        assert program.end_input() == 0
        assert program.unexpected == []
        for text in ("a stray print", "a stray write", "a child"):
            assert text in program.errors


def test_several_instances_serve_at_the_same_time(file: str) -> None:
    with start(file, "--stdio", "--sandbox") as one, start(file, "--stdio", "--sandbox") as other:
        assert list_tools(one) == list_tools(other)
        assert one.end_input() == 0
        assert list_tools(other) == ["list-things"]


def test_a_reload_changes_what_is_served(file: str, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = Path(file).read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    with start(str(own), "--stdio") as program:
        assert list_tools(program) == ["list-things"]
        own.write_text(text.replace("name: list-things\n      desc", "name: all-things\n      desc"), encoding="utf-8")
        program.process.send_signal(signal.SIGHUP)
        program.wait_error('"event":"reloaded"')
        assert list_tools(program) == ["all-things"]


def test_clients_are_told_of_a_change(file: str, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = Path(file).read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    with start(str(own), "--stdio") as program:
        program.initialize()
        listening = program.ask(make_enveloped("sub", "subscriptions/listen", notifications={"toolsListChanged": True}))
        assert listening["method"] == "notifications/subscriptions/acknowledged"
        own.write_text(text.replace("description: All things.", "description: Every thing."), encoding="utf-8")
        program.process.send_signal(signal.SIGHUP)
        told = [program.read() for _ in range(2)]
        assert {message["method"] for message in told} == {"notifications/tools/list_changed"}
        assert sum("params" in message for message in told) == 1
        assert program.end_input() == 0
        assert program.read()["result"]["resultType"] == "complete"


def test_a_workflow_tells_its_progress(documents: Path) -> None:
    with StdioProgram(str(documents / "streams.yaml"), "--stdio", "--sandbox") as program:
        asked = {"name": "count-things", "arguments": {}, "_meta": {"progressToken": "p"}}
        for make in (make_request, make_enveloped):
            message = program.ask(make(1, "tools/call", **asked))
            while message.get("method") == "notifications/progress":
                assert message["params"]["progressToken"] == "p"
                message = program.read()
            assert message["id"] == 1


def test_it_needs_nothing_that_windows_lacks(file: str) -> None:
    """Modules and functions that only Unix has are removed before the program is imported."""
    code = """
        import asyncio, os, select, signal, socket, subprocess, sys, threading, logging.handlers, tempfile, uuid

        for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "uvloop", "_posixshmem", "syslog"):
            sys.modules[name] = None
        for name in ("fork", "forkpty", "register_at_fork", "memfd_create", "O_NOCTTY", "getuid", "geteuid",
                     "sched_getaffinity", "WNOHANG", "waitstatus_to_exitcode", "mkfifo", "setpriority"):
            if hasattr(os, name):
                delattr(os, name)
        for name in ("SIGHUP", "SIGKILL", "SIGALRM", "SIGUSR1", "SIGCHLD", "pthread_sigmask"):
            if hasattr(signal, name):
                delattr(signal, name)
        for name in ("SO_REUSEPORT", "send_fds", "recv_fds"):
            if hasattr(socket, name):
                delattr(socket, name)
        for name in ("poll", "epoll", "PIPE_BUF"):
            if hasattr(select, name):
                delattr(select, name)

        def refuse(*_):
            raise NotImplementedError

        asyncio.SelectorEventLoop.add_signal_handler = refuse
        asyncio.SelectorEventLoop.remove_signal_handler = refuse
        from naftiko_runtime.__main__ import main
        main()
    """
    command = (sys.executable, "-c", dedent(code))
    with StdioProgram(file, "--stdio", command=command, environment=VARIABLES) as program:
        assert list_tools(program) == ["list-things"]
        assert program.stop() == 0


@pytest.mark.parametrize("options", [("--stdio", "tools"), ("--stdio", "tools", "--http")])
def test_apis_that_are_called_in_the_name_of_the_caller_are_reported_at_the_start(
    documents: Path, options: tuple[str, ...]
) -> None:
    variables = dict.fromkeys(("O_ISSUER", "O_RESOURCE", "O_TOKENS"), "https://auth.example/tokens")
    opened = ("ships", "opaque", "tools") if "--http" in options else ()
    ports = [part for name in opened for part in ("--port", f"{name}=0")]
    file = str(documents / "oauth2.yaml")
    with StdioProgram(file, *options, *ports, environment=variables | {"O_SECRET": "s3cr3t-of-the-server"}) as program:
        program.wait_error('"started"')
        program.wait_error("grant: client-credentials")
        warning = next(line for line in map(json.loads, program.errors.splitlines()) if "apis" in line)
        assert (warning["level"], warning["apis"]) == ("warning", ["exchanged"])
        assert "run without --stdio" in warning["help"]
        call = make_request(1, "tools/call", name="own", arguments={})
        assert "no caller is authenticated" in json.dumps(program.ask(call))


def test_no_warning_about_callers_where_every_api_can_be_called(file: str) -> None:
    with start(file, "--stdio") as program:
        program.initialize()
    assert "in the name of the caller" not in program.errors


def test_the_start_imports_nothing_that_only_terminals_need(file: str) -> None:
    command = (sys.executable, "-X", "importtime", "-m", "naftiko_runtime")
    with StdioProgram(file, "--stdio", environment=VARIABLES, command=command) as program:
        program.initialize()
    imported = {line.rpartition("|")[2].strip() for line in program.errors.splitlines()}
    assert "naftiko_runtime.cli.json_log_formatter" in imported
    assert not imported & {"rich", "structlog", "pygments", "uvicorn", "hvac", "requests"}
