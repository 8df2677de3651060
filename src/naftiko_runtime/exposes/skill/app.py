"""The ASGI application of a server of skills: documents at fixed paths. No path of a caller is a path of a file."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.engine.threads import run_in_thread
from naftiko_runtime.exposes.skill.archive import digest_archive, make_archive
from naftiko_runtime.frozen_values import thaw
from naftiko_runtime.plan import DerivedTool
from naftiko_runtime.problem_details import send_problem_document
from naftiko_runtime.send_response import send_bodyless, send_whole
from naftiko_runtime.suggest import suggest_text
from naftiko_runtime.telemetry.server_requests import INSTRUMENT, make_route_instrument

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.plan import InstructionTool, ServedFile, Skill, SkillServer
    from naftiko_runtime.telemetry.meter_and_tracer import Observer
    from naftiko_runtime.telemetry.request_instruments import Instrument
    from naftiko_runtime.upstream.interface import Header

ROUTES: Final = (
    "/skills",
    "/skills/{name}",
    "/skills/{name}/download",
    "/skills/{name}/contents",
    "/skills/{name}/contents/{file}",
)
_ALLOW: Final = (b"allow", b"GET, HEAD, OPTIONS")
_JSON: Final = b"application/json"
_ZIP: Final = b"application/zip"
_NO_SCRIPTS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox"),
)
"""A file is data: a browser runs nothing of it in the name of this server."""
_SHOWN_CHARACTERS: Final = 100


class _Content(Struct):
    """What a path serves.

    Attributes:
        route: The pattern of the path.
        media_type: Its type.
        etag: Its version.
        make_body: Makes its bytes.
        headers: More headers.
        in_thread: Whether making it takes long.
        body: Its bytes, once they were made.
    """

    route: str
    media_type: bytes
    etag: bytes
    make_body: Callable[[], bytes]
    headers: tuple[Header, ...] = ()
    in_thread: bool = False
    body: bytes | None = None

    async def get_body(self) -> bytes:
        """Return the bytes. The first caller waits until they are made."""
        if self.body is None:
            self.body = await run_in_thread(self.make_body) if self.in_thread else self.make_body()
        return self.body


class SkillApp:
    """The ASGI application of the skills of one port, without its authentication."""

    def __init__(self, server: SkillServer, observer: Observer | None, *, guarded: bool) -> None:
        """Prepare the contents.

        Args:
            server: The server, with the skills of all exposes of the port.
            observer: Counts requests; None without metrics and traces.
            guarded: Whether callers authenticate.
        """
        self._contents: dict[tuple[str, ...], _Content] = {}
        self._cache = (b"cache-control", b"private, no-cache" if guarded else b"no-cache")
        self._names = [skill.name for skill in server.skills]
        self._broken = {one.name: describe_reason(one.reason) for one in server.broken}
        self._instruments: dict[str, Instrument] = {}
        if observer is not None:
            self._instruments = {route: make_route_instrument(observer, server.namespace, route) for route in ROUTES}
        listed = [_describe_skill(skill, [tool.name for tool in skill.tools]) for skill in server.skills]
        self._add_json(ROUTES[0], ("skills",), {"count": len(listed), "skills": listed})
        for skill in server.skills:
            self._add_skill(skill)

    def _add_skill(self, skill: Skill) -> None:
        place = ("skills", skill.name)
        self._add_json(ROUTES[1], place, _describe_skill(skill, [_describe_tool(tool) for tool in skill.tools]))
        disposition = (b"content-disposition", f'attachment; filename="{skill.name}.zip"'.encode())
        self._contents[*place, "download"] = _Content(
            ROUTES[2],
            _ZIP,
            _make_etag(digest_archive(skill)),
            partial(make_archive, skill),
            (disposition, _NO_SCRIPTS[0]),
            in_thread=True,
        )
        files = [_describe_file(file) for file in skill.files]
        self._add_json(ROUTES[3], (*place, "contents"), {"name": skill.name, "files": files})
        for file in skill.files:
            self._contents[*place, "contents", *file.path.split("/")] = _Content(
                ROUTES[4],
                _make_content_type(file),
                _make_etag(file.digest),
                bytes,
                _NO_SCRIPTS,
                body=file.content,
            )

    def _add_json(self, route: str, place: tuple[str, ...], value: dict[str, Any]) -> None:
        body = encode_json(value)
        self._contents[place] = _Content(route, _JSON, _make_etag(sha256(body).hexdigest()), bytes, body=body)

    def __call__(self, scope: Scope, _receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        place = _split_path(scope["raw_path"])
        content = None if place is None else self._contents.get(place)
        if content is None:
            return self._send_absent(place, scope["path"], send)
        if self._instruments:
            scope[INSTRUMENT] = self._instruments[content.route]
        match scope["method"]:
            case "GET" | "HEAD" as method:
                return self._send_content(content, scope["headers"], send, has_body=method == "GET")
            case "OPTIONS":
                return send_bodyless(send, 204, [_ALLOW])
            case method:
                detail = f"{method} is not served here; use GET, HEAD, OPTIONS"
                return send_problem_document(send, 405, "method-not-allowed", detail, headers=(_ALLOW,))

    async def _send_content(self, content: _Content, headers: Iterable[Header], send: Send, *, has_body: bool) -> None:
        head: list[Header] = [(b"etag", content.etag), self._cache]
        if _has_version(headers, content.etag):
            return await send_bodyless(send, 304, head)
        head += [(b"content-type", content.media_type), *content.headers]
        body = await content.get_body()
        if has_body:
            return await send_whole(send, 200, head, body)
        return await send_bodyless(send, 200, [*head, (b"content-length", b"%d" % len(body))])

    def _send_absent(self, place: tuple[str, ...] | None, path: str, send: Send) -> Awaitable[None]:
        """Respond to a path that is not served: a broken skill gives its reason."""
        name = place[1] if place is not None and len(place) > 1 and place[0] == "skills" else None
        if name in self._broken:
            return send_problem_document(send, 501, "broken-skill", self._broken[name])
        detail = f"nothing is served at {path}"
        if name is not None and name not in self._names:
            hint = suggest_text(name[:_SHOWN_CHARACTERS], self._names, "skills")
            detail = f"no skill '{name[:_SHOWN_CHARACTERS]}'" + (f"; {hint}" if hint else "")
        return send_problem_document(send, 404, "no-such-route", detail)


# -- descriptions ---------------------------------------------------------------------------------------------------


def _describe_skill(skill: Skill, tools: list[Any]) -> dict[str, Any]:
    return {**thaw(skill.fields), "tools": tools}


def _describe_tool(tool: DerivedTool | InstructionTool) -> dict[str, Any]:
    about: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if isinstance(tool, DerivedTool):
        target = {"targetNamespace": tool.namespace, "action": tool.action, "mode": tool.mode}
        return {**about, "type": "derived", "invocationRef": target}
    return {**about, "type": "instruction", "instruction": tool.path}


def _describe_file(file: ServedFile) -> dict[str, Any]:
    size = len(file.content)
    return {"path": file.path, "size": size, "type": file.media_type, "digest": f"sha256:{file.digest}"}


# -- requests -------------------------------------------------------------------------------------------------------


def _split_path(raw_path: bytes) -> tuple[str, ...] | None:
    """Return the segments of a path, each decoded once: an encoded slash stays in its segment. None if not UTF-8."""
    try:
        return tuple(unquote_to_bytes(part).decode() for part in raw_path.split(b"/")[1:])
    except UnicodeDecodeError:
        return None


def _make_content_type(file: ServedFile) -> bytes:
    charset = "; charset=utf-8" if file.is_text and file.media_type.startswith("text/") else ""
    return f"{file.media_type}{charset}".encode()


def _make_etag(digest: str) -> bytes:
    return f'"{digest}"'.encode()


def _has_version(headers: Iterable[Header], etag: bytes) -> bool:
    """Return whether the caller has a version already (RFC 9110, 13.1.2)."""
    given = [value for name, value in headers if name == b"if-none-match"]
    tags = [tag.strip().removeprefix(b"W/") for value in given for tag in value.split(b",")]
    return etag in tags or tags == [b"*"]
