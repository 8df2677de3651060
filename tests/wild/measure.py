"""Measures one file: loads it, serves it on real sockets, calls everything, and compares the requests."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import traceback
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
from aiohttp import ClientError, ClientSession, DummyCookieJar
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.http_client import ClientOptions, open_client
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import Loaded, load
from naftiko_runtime.plan import RestServer
from naftiko_runtime.rules import Severity
from naftiko_runtime.secret import Secret
from naftiko_runtime.server.listeners import SERVER_LIMITS
from wild.author import has_host, is_bound, understand
from wild.callers import call_tool, credentials, rest_call, tool_caller
from wild.echo import Echo, echoing
from wild.expected import Unjudged
from wild.judge import faults
from wild.oracle import Meaning, not_callable, open_body, open_query, open_tool
from wild.refusals import concerning
from wild.serving import Complaints, Listening, Rerouted, capability_files, left_out, open_app_of, stop_listeners
from wild.verdict import FileReport, Refusal, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.plan import Plan
    from wild.author import Author, Consumed, Exposed
    from wild.callers import Outcome
    from wild.expected import Caller, Expected
    from wild.reading import Map

CALL_SECONDS = 10
ORACLE_FAILED = "the oracle failed"


class Lab:
    """What all files share: the upstream, the callers' clients, and an ear for tracebacks."""

    def __init__(self, echo: Echo, session: ClientSession, complaints: Complaints) -> None:
        self.echo = echo
        self.session = session
        self.complaints = complaints
        self.tls = ssl.create_default_context()

    async def examine(self, path: Path, name: str) -> FileReport:
        """All verdicts on one file."""
        started = time.perf_counter()
        report = FileReport(name)
        author = understand(path)
        report.verdicts = [Verdict(name, e.own.first, f"{e.kind} {e.namespace}", e.name) for e in author.exposed]
        try:
            loaded = load(path, await self._overrides(author))
        except Exception:  # noqa: BLE001 - whatever escapes is the finding
            report.crash = traceback.format_exc()
            for verdict in report.verdicts:
                verdict.settle("crash", report.crash.splitlines()[-1])
            return report
        errors = [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
        report.errors = [f"{e.span}: error[{e.rule.slug}]: {e.message}" for e in errors]
        await self._judge_all(loaded, errors, author, report)
        self._set_hosts_apart(author, report)
        report.seconds = time.perf_counter() - started
        return report

    async def _overrides(self, author: Author) -> Overrides:
        bases = {}
        for number, (namespace, base) in enumerate(author.bases().items()):
            if not is_bound(base):
                own = urlsplit(base).path if has_host(base) else ""
                bases[namespace] = await self.echo.url(number) + own
        return Overrides(base_uris=bases, host="127.0.0.1", skip_broken=True)

    async def _judge_all(
        self, loaded: Loaded, errors: Sequence[Diagnostic], author: Author, report: FileReport
    ) -> None:
        trials = [Trial(self, author, e, v) for e, v in zip(author.exposed, report.verdicts, strict=True)]
        for trial in trials:
            trial.sort_out()
        if loaded.plan is None:
            for trial in trials:
                trial.refuse(errors)
            return
        try:
            async with self._served(loaded.plan, author) as listening:
                for trial in trials:
                    if left_out(loaded.plan, trial.exposed):
                        trial.refuse(errors)
                    else:
                        await trial.run(listening)
        except Exception as error:  # noqa: BLE001 - whatever escapes is the finding
            report.crash = traceback.format_exc()
            for trial in trials:
                if trial.verdict.kind == "unjudged" and not trial.verdict.reason:
                    trial.verdict.settle("crash", f"{type(error).__name__}: {error}")

    def _set_hosts_apart(self, author: Author, report: FileReport) -> None:
        """Operations whose document names no host are not counted, unless what was sent is wrong even with one."""
        bases = author.bases()
        for exposed, verdict in zip(author.exposed, report.verdicts, strict=True):
            called = [author.consumed.get(str(call["call"])) for call in exposed.calls()]
            named = [bases[consumed.namespace] for consumed in called if consumed is not None]
            if not all(has_host(base) or is_bound(base) for base in named) and verdict.kind in (
                "served",
                "refused",
                "unjudged",
            ):
                verdict.with_base_uri, verdict.kind = verdict.kind, "no-host"

    async def _origins(self, author: Author) -> dict[tuple[str, str], str]:
        """The stand-in for the host of each bound base URI, by namespace and origin."""
        found = {}
        for number, namespace in enumerate(author.apis):
            consumed = next((c for c in author.consumed.values() if c.namespace == namespace), None)
            if consumed is not None and is_bound(author.bases()[namespace]):
                parts = urlsplit(consumed.base_uri(author.secret))
                found[namespace, f"{parts.scheme}://{parts.netloc}"] = await self.echo.url(number)
        return found

    @asynccontextmanager
    async def _served(self, plan: Plan, author: Author) -> AsyncIterator[dict[tuple[str, str], Listening]]:
        """Every expose of a plan on a socket, by kind and namespace."""
        async with AsyncExitStack() as stack:
            secrets = {binding.name: Secret(author.secret(binding.key)) for binding in plan.bindings}
            origins = await self._origins(author)
            transport = Rerouted(open_client(ClientOptions()), origins)
            bound = await stack.enter_async_context(bind(plan, secrets, lambda: transport))
            listening = {}
            listeners: list[Listener] = []
            stack.push_async_callback(stop_listeners, listeners)
            for server in bound.servers:
                app = await open_app_of(server, stack)
                listener = Listener(open_socket("127.0.0.1", 0, server.server.namespace), AppConfig(app), SERVER_LIMITS)
                listeners.append(listener)
                await listener.start()
                kind = "rest" if isinstance(server.server, RestServer) else "mcp"
                url = f"http://127.0.0.1:{listener.port}"
                listening[kind, server.server.namespace] = Listening(server.server, url)
            for exposed in {(e.kind, e.namespace): e for e in author.exposed}.values():
                if exposed.kind == "mcp" and (known := listening.get(("mcp", exposed.namespace))):
                    await self._connect(known, exposed.expose, author, stack)
            yield listening

    async def _connect(self, known: Listening, expose: Map, author: Author, stack: AsyncExitStack) -> None:
        """The official client, on the 2026-07-28 wire, and what tools/list publishes."""
        try:
            headers, query = credentials(expose, author.variables, author.secret)
        except Unjudged as unjudged:
            known.fault = str(unjudged)
            return
        http = httpx2.AsyncClient(headers=headers, trust_env=False, verify=self.tls, timeout=CALL_SECONDS)
        await stack.enter_async_context(http)
        url = f"{known.url}/mcp{'?' if query else ''}{query}"
        transport = streamable_http_client(url, http_client=http)
        known.client = await stack.enter_async_context(Client(transport, mode="2026-07-28"))
        listing = await known.client.list_tools()
        known.schemas = {tool.name: tool.input_schema for tool in listing.tools}


class Trial:
    """One exposed operation before the judge."""

    def __init__(self, lab: Lab, author: Author, exposed: Exposed, verdict: Verdict) -> None:
        self.lab = lab
        self.author = author
        self.exposed = exposed
        self.verdict = verdict
        called = [author.consumed.get(str(call["call"])) for call in exposed.calls()]
        self.consumed: list[Consumed] = [consumed for consumed in called if consumed is not None]
        self.exists = bool(called) and len(self.consumed) == len(called)

    def sort_out(self) -> None:
        """Set apart what calls nothing that exists."""
        if self.exposed.is_mock():
            self.verdict.settle("mock")
        elif not self.exists:
            names = ", ".join(str(call["call"]) for call in self.exposed.calls())
            self.verdict.settle("no-operation", names or "no call at all")
        elif reason := next(filter(None, map(not_callable, self.consumed)), None):
            self.verdict.settle("not-callable", reason)

    def refuse(self, errors: Sequence[Diagnostic]) -> None:
        """The product refuses the file: the operation's share in that."""
        if self.verdict.kind != "unjudged":
            return
        if not errors:
            self.verdict.settle("crash", "refused without an error")
            return
        found = concerning(errors, self.author.file, self.exposed, self.consumed)
        self.verdict.own = bool(found)
        self.verdict.refusals = [Refusal(e.rule.slug, e.message, str(e.span)) for e in found or errors[:1]]
        self.verdict.settle("refused", "; ".join(map(str, self.verdict.refusals)))

    async def run(self, listening: dict[tuple[str, str], Listening]) -> None:
        """Call the operation and judge what arrived."""
        if self.verdict.kind == "mock":
            return
        server = listening.get((self.exposed.kind, self.exposed.namespace))
        if server is None:
            if self.exists:
                self.verdict.settle("refused", "its expose is not in the plan")
            return
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._run(server)
        except Unjudged as unjudged:
            self.verdict.settle("unjudged", str(unjudged))
        except (TimeoutError, ClientError, OSError, httpx2.HTTPError) as error:
            self.verdict.settle("crash", f"{type(error).__name__}: {error}")
        if trace := self.lab.complaints.take():
            self.verdict.settle("crash", trace)

    async def _run(self, server: Listening) -> None:
        self.lab.echo.received.clear()
        self.lab.echo.speak(str(self.consumed[0].operation.get("outputRawFormat")) if self.consumed else "json")
        caller, outcome = await (self._over_rest(server) if self.exposed.kind == "rest" else self._over_mcp(server))
        if not self.exists or self.verdict.kind == "not-callable":
            if outcome.ok:
                self.verdict.settle("wrong", "a success, though it calls nothing that can be called")
            return
        expected = self._expected(caller)
        self.verdict.unchecked = [text for each in expected for text in each.unchecked]
        self._settle(outcome, expected, caller)

    def _expected(self, caller: Caller) -> list[Expected]:
        """What the author meant; a fault of the oracle's own is never laid to the product."""
        pairs = zip(self.exposed.calls(), self.consumed, strict=True)
        try:
            return [
                Meaning(self.exposed, call, consumed, caller, self.author.secret).expected() for call, consumed in pairs
            ]
        except Unjudged:
            raise
        except Exception as error:
            raise Unjudged(f"{ORACLE_FAILED}: {type(error).__name__}: {error}") from error

    async def _over_rest(self, server: Listening) -> tuple[Caller, Outcome]:
        exposed = self.exposed
        assert isinstance(server.server, RestServer)
        path = exposed.resource.get("path")
        route = next((r for r in server.server.routes if (r.method, r.path) == (exposed.method, path)), None)
        only = self.consumed[0] if len(self.consumed) == 1 and "steps" not in exposed.spec else None
        method = str(only.operation.get("method") or "GET").upper() if only else ""
        call = rest_call(
            exposed,
            route,
            open_query=only is not None and open_query(exposed, only),
            open_body=only is not None and method in ("POST", "PUT", "PATCH", "DELETE") and open_body(exposed, only),
            credential=credentials(exposed.expose, self.author.variables, self.author.secret),
        )
        return call.caller, await call.send(self.lab.session, server.url)

    async def _over_mcp(self, server: Listening) -> tuple[Caller, Outcome]:
        exposed = self.exposed
        if server.client is None:
            raise Unjudged(server.fault)
        schema = server.schemas.get(exposed.name, {})
        only = self.consumed[0] if len(self.consumed) == 1 and "steps" not in exposed.spec else None
        caller = tool_caller(exposed, schema, open_tool=only is not None and open_tool(exposed, only))
        return caller, await call_tool(server.client, exposed.name, caller)

    def _settle(self, outcome: Outcome, expected: list[Expected], caller: Caller) -> None:
        received = self.lab.echo.received
        stepped = "steps" in self.exposed.spec
        if outcome.crashed:
            self.verdict.settle("crash", outcome.text)
        elif outcome.skipped:
            self.verdict.settle("refused", outcome.text)
        elif stepped and not outcome.ok:
            self.verdict.settle("unjudged", f"steps that need real responses: {outcome.text}")
        elif not outcome.ok:
            arrived = f"; {len(received)} requests arrived" if received else ""
            self.verdict.settle("wrong", f"the call was rejected: {outcome.text}{arrived}")
        elif len(received) != len(expected):
            self.verdict.settle("wrong", f"{len(received)} requests arrived instead of {len(expected)}")
        elif found := list(self._differences(expected, caller)):
            self.verdict.settle("wrong", "; ".join(found))
        else:
            self.verdict.settle("served")

    def _differences(self, expected: list[Expected], caller: Caller) -> Iterator[str]:
        """What differs; steps may come in any order."""
        left = list(self.lab.echo.received)
        ports = list(self.author.apis)
        for each in expected:
            trials = []
            for port, request in left:
                found = list(faults(each, request, caller))
                if ports[port] != each.namespace:
                    found.append(f"it went to '{ports[port]}' instead of '{each.namespace}'")
                trials.append(found)
            best = min(range(len(trials)), key=lambda index: len(trials[index]))
            left.pop(best)
            yield from trials[best]


async def measure(folder: Path, limit: int | None = None) -> AsyncIterator[FileReport]:
    """Reports on the files of a folder, one after the other."""
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.texts.append(str(context.get("exception", context))))
    try:
        async with echoing() as echo, ClientSession(cookie_jar=DummyCookieJar()) as session:
            lab = Lab(echo, session, complaints)
            for path in capability_files(folder)[:limit]:
                yield await lab.examine(path, str(path.relative_to(folder)))
    finally:
        logging.getLogger().removeHandler(complaints)
