"""The ASGI application of a REST server: from a path to the handler of its route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.exposes.rest.handlers import BrokenHandler, ForwardHandler, HandlerParts, RouteHandler
from naftiko_runtime.exposes.rest.path_dispatch import Dispatcher, Mounts, PathMethods
from naftiko_runtime.exposes.rest.rewrite_header_urls import Locations
from naftiko_runtime.exposes.rest.scoped_handler import ScopedHandler
from naftiko_runtime.plan import ForwardRoute, Route
from naftiko_runtime.problem_details import send_problem, send_problem_document
from naftiko_runtime.send_response import send_bodyless
from naftiko_runtime.telemetry.server_requests import make_route_instrument

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.plan import RestServer
    from naftiko_runtime.telemetry.request_instruments import Instrument

HandleRouteRequest: TypeAlias = Callable[["Scope", "Receive", "Send", dict[str, str]], Awaitable[None]]
"""Handles a request of a route. The last argument is the values of its path's placeholders."""
HandleForwardRequest: TypeAlias = Callable[["Scope", "Receive", "Send", bytes], Awaitable[None]]
"""Handles a request below a path. The last argument is the rest of the path, not decoded."""

_NEVER_FORWARDED: Final = ("CONNECT", "TRACE")


class RestApp:
    """The ASGI application of one REST expose, without its authentication."""

    def __init__(self, bound: BoundServer[RestServer, Route | ForwardRoute], services: AppServices) -> None:
        self._dispatcher: Dispatcher[HandleRouteRequest] = Dispatcher()
        self._mounts: Mounts[HandleForwardRequest] = Mounts()
        server = bound.server
        public_url = services.policy.public_urls.find_shared(server.namespace.split("+"))
        locations = Locations(bound.parts, public_url or "")

        def make_instrument(path: str) -> Instrument | None:
            return (
                None if services.observer is None else make_route_instrument(services.observer, server.namespace, path)
            )

        for part, operation in bound.parts:
            used = HandlerParts(operation, services.policy, locations, make_instrument(part.path))
            match part:
                case Route():
                    handler: HandleRouteRequest = RouteHandler(used, part.pattern)
                    if bound.guard is not None and part.required_scopes:
                        handler = ScopedHandler(handler, bound.guard, part.required_scopes)
                    self._dispatcher.add(part.method, part.pattern, handler)
                case ForwardRoute():
                    self._mounts.add(part.pattern, ForwardHandler(used, part.trusted_headers))
                case _:
                    assert_never(part)
        for broken in server.broken:
            left_out = BrokenHandler(describe_reason(broken.reason), make_instrument(broken.path))
            if broken.method == "*":
                self._mounts.add(broken.pattern, left_out)
            else:
                self._dispatcher.add(broken.method, broken.pattern, left_out)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        resource = self._dispatcher.find_fixed(scope["raw_path"])
        if resource is not None and (handler := resource.methods.get(scope["method"])) is not None:
            return handler(scope, receive, send, {})
        return self._search(scope, receive, send)

    def _search(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle what needs a search: placeholders, HEAD, OPTIONS, and paths that are not served."""
        method = scope["method"]
        raw_path, readable = scope["raw_path"], True
        try:
            matches = self._dispatcher.find_matches(raw_path, method)
        except UnicodeDecodeError:
            matches, readable = [], False
        if matches and (handler := matches[-1][0].get_target(method)) is not None:
            return handler(scope, receive, send, matches[-1][1])
        if method not in _NEVER_FORWARDED and (mounted := self._mounts.find(raw_path)) is not None:
            forward, rest = mounted
            return forward(scope, receive, send, rest)
        if not readable:
            return send_problem(send, Rejected(InputFault("", "path", "the path is not UTF-8 text")))
        if not matches:
            return send_problem_document(send, 404, "no-such-route", f"nothing is served at {scope['path']}")
        return _refuse_method(send, method, [resource for resource, _ in matches])


async def _refuse_method(send: Send, method: str, resources: list[PathMethods[HandleRouteRequest]]) -> None:
    allow = b", ".join(sorted({name for resource in resources for name in resource.allow.split(b", ")}))
    if method == "OPTIONS":
        await send_bodyless(send, 204, [(b"allow", allow)])
        return
    detail = f"{method} is not served here; use {allow.decode()}"
    await send_problem_document(send, 405, "method-not-allowed", detail, headers=((b"allow", allow),))
