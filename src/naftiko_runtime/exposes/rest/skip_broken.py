"""Removes the broken routes and forwards of a REST expose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime.exposes.rest.link_forward import split_mount
from naftiko_runtime.link.broken_parts import LeftOut
from naftiko_runtime.plan import Argument, BrokenRoute, ForwardRoute, Route, remove_placeholder_names
from naftiko_runtime.rules import nouns
from naftiko_runtime.template import split_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.diagnostic import Reason
    from naftiko_runtime.document.exposes import RestExpose, RestOperation, RestResource
    from naftiko_runtime.link.broken_parts import BrokenParts
    from naftiko_runtime.plan import RestServer


def keep_servable(expose: RestExpose, server: RestServer, broken_parts: BrokenParts) -> RestServer:
    """Return the server without its broken routes and forwards, which respond with the reason."""
    routes: list[Route] = []
    broken: list[BrokenRoute] = []
    for resource in expose.resources:
        for operation in resource.operations:
            route = broken_parts.parts.get(operation.get_path())
            if reason := broken_parts.find_reason_against(operation.get_path(), route, operation.call):
                broken += _iter_broken_routes(expose, resource, operation, reason, broken_parts)
            elif isinstance(route, Route):
                routes.append(route)
    forwards: list[ForwardRoute] = []
    mounts: list[BrokenRoute] = []
    for resource in expose.resources:
        key_path = resource.get_path("forward")
        if resource.forward is None and key_path not in broken_parts.unread:
            continue
        forward = broken_parts.parts.get(key_path)
        missing = broken_parts.missing.get(resource.forward.target_namespace) if resource.forward is not None else None
        if reason := broken_parts.find_reason_against(key_path, forward) or missing:
            mounts += _iter_broken_routes(expose, resource, None, reason, broken_parts)
        elif isinstance(forward, ForwardRoute):
            forwards.append(forward)
    kept = {route.key for route in routes}
    kept |= {forward.key for forward in forwards}
    unique = {(one.method, remove_placeholder_names(one.pattern)): one for one in reversed((*broken, *mounts))}
    left = tuple(one for key, one in reversed(unique.items()) if key not in kept)
    return replace(server, routes=tuple(routes), broken=left, forwards=tuple(forwards))


def _iter_broken_routes(
    expose: RestExpose,
    resource: RestResource,
    operation: RestOperation | None,
    reason: Reason,
    broken_parts: BrokenParts,
) -> Iterator[BrokenRoute]:
    """Yield the broken routes, each with its place; None if the place is unknown."""
    method = "*" if operation is None else operation.method
    what = nouns.FORWARD(path=resource.path) if operation is None else nouns.ROUTE(method=method, path=resource.path)
    placed = resource.get_path("path") not in broken_parts.unread
    if operation is not None and operation.get_path("method") in broken_parts.unread:
        placed, what = False, nouns.SOME_OPERATION(path=resource.path)
    if resource.get_path("path") in broken_parts.unread:
        what = nouns.SOME_RESOURCE()
    part = nouns.PART_OF_EXPOSE(part=what, namespace=expose.namespace)
    broken_parts.left_out.append(LeftOut(part, reason))
    if not placed:
        return
    try:
        pieces = split_path(resource.path)
    except ValueError:
        return
    pattern = tuple(piece if isinstance(piece, str) else Argument(piece.name) for piece in pieces)
    yield BrokenRoute(method, resource.path, split_mount(pattern)[0] if method == "*" else pattern, reason)
