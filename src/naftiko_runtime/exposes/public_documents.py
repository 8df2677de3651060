"""JSON documents at fixed paths of a port that everybody may read, also pages of other origins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.problem_details import send_problem_document
from naftiko_runtime.send_response import send_bodyless, send_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send

_ANY_PAGE: Final = (b"access-control-allow-origin", b"*")
_ALLOW: Final = (b"allow", b"GET, HEAD, OPTIONS")
_HEADERS: Final = ((b"content-type", b"application/json"), (b"cache-control", b"public, max-age=300"), _ANY_PAGE)
_PREFLIGHT: Final = (
    _ALLOW,
    _ANY_PAGE,
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"600"),
)


class PublicDocuments:
    """Serves documents, and leaves all other paths to the application of the port."""

    def __init__(self, app: App, documents: Mapping[str, bytes]) -> None:
        """Keep the documents.

        Args:
            app: Handles all other requests.
            documents: The documents by path.
        """
        self._app = app
        self._documents = documents

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        if (document := self._documents.get(scope["path"])) is None:
            return self._app(scope, receive, send)
        match scope["method"]:
            case "GET":
                return send_whole(send, 200, list(_HEADERS), document)
            case "HEAD":
                return send_bodyless(send, 200, [*_HEADERS, (b"content-length", b"%d" % len(document))])
            case "OPTIONS":
                return send_bodyless(send, 204, list(_PREFLIGHT))
            case method:
                detail = f"{method} is not served here; use GET"
                return send_problem_document(send, 405, "method-not-allowed", detail, headers=(_ALLOW,))
