"""Responds to the requests of the skills extension. The SDK does not know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.exposes.mcp.encode_result import SERVER_INFO, Wire
from naftiko_runtime.exposes.mcp.fast_path_envelope import is_plain_envelope
from naftiko_runtime.exposes.mcp.message_check import HEADER_MISMATCH, INVALID_PARAMS, MessageFault, get_version
from naftiko_runtime.exposes.mcp.paging import UnknownCursorError
from naftiko_runtime.exposes.mcp.revisions import STATELESS
from naftiko_runtime.exposes.mcp.write_json import write_json
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.exposes.mcp.paging import PagedList
    from naftiko_runtime.exposes.mcp.server_contents import McpContents

_SHOWN_CHARACTERS: Final = 200


class _InvalidParamsError(Exception):
    def __init__(self, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.data = data


class SkillMessages:
    """Responds to ``skills/list``, ``skills/get`` and ``resources/directory/read``."""

    def __init__(self, contents: McpContents) -> None:
        """Prepare what all responses share."""
        self._skills = contents.skills
        caching = contents.server.caching
        self._cached = {"ttlMs": caching.list_ttl_ms, "cacheScope": caching.scope}
        closing = b',"_meta":' + write_json({SERVER_INFO: contents.server_info})
        self._wires = {False: Wire(stateless=False), True: Wire(stateless=True, closing=closing)}

    def make_response(self, message: dict[str, Any], headers: dict[bytes, bytes]) -> bytes | MessageFault:
        """Return the response to a request of the extension, or what is wrong with the request.

        Args:
            message: The valid message.
            headers: The headers of the request by name.
        """
        version = get_version(headers)
        stateless = version in STATELESS
        params = message.get("params") or {}
        if stateless and b"mcp-method" not in headers:
            return MessageFault(400, HEADER_MISMATCH, "the Mcp-Method header is missing")
        try:
            _check_envelope(params.get("_meta"), version)
            result = self._find_result(message["method"], params, stateless=stateless)
        except _InvalidParamsError as error:
            return MessageFault(400 if stateless else 200, INVALID_PARAMS, str(error), error.data)
        return self._wires[stateless].render_response(message["id"], write_json(result)[:-1])

    def _find_result(self, method: str, params: dict[str, Any], *, stateless: bool) -> dict[str, Any]:
        general = {"resultType": "complete"} if stateless else {}
        cached = {**general, **self._cached} if stateless else {}
        match method:
            case "skills/list":
                return _get_page(self._skills.pages, _read_cursor(params), "skills") | cached
            case "skills/get":
                uri = _read_uri(params)
                if (entry := self._skills.entries.get(uri)) is None:
                    raise _make_unknown("skill", uri, self._skills.entries)
                return {"skill": entry, **cached}
            case _:
                uri = _read_uri(params)
                if (directory := self._skills.directories.get(uri)) is None:
                    raise _make_unknown("directory", uri, self._skills.directories)
                return _get_page(directory, _read_cursor(params), "resources") | general


def _check_envelope(meta: object, version: str) -> None:
    if not is_plain_envelope(meta, version):
        raise _InvalidParamsError("params._meta: does not match the protocol")


def _read_cursor(params: dict[str, Any]) -> str | None:
    cursor = params.get("cursor")
    if not isinstance(cursor, str | None):
        raise _InvalidParamsError("params.cursor: must be a string")
    return cursor


def _read_uri(params: dict[str, Any]) -> str:
    uri = params.get("uri")
    if not isinstance(uri, str):
        raise _InvalidParamsError(f"params.uri: {'must be a string' if 'uri' in params else 'is required'}")
    return uri


def _get_page(pages: PagedList, cursor: str | None, key: str) -> dict[str, Any]:
    try:
        page = pages.get_page(cursor)
    except UnknownCursorError as error:
        raise _InvalidParamsError(str(error)) from None
    more = {} if page.next_cursor is None else {"nextCursor": page.next_cursor}
    return {key: page.items, **more}


def _make_unknown(noun: str, uri: str, known: Iterable[str]) -> _InvalidParamsError:
    shown = uri if len(uri) <= _SHOWN_CHARACTERS else f"{uri[:_SHOWN_CHARACTERS]}…"
    hint = suggest_text(shown, known, "known")
    return _InvalidParamsError(f"unknown {noun}: {shown}" + (f"; {hint}" if hint else ""), {"uri": uri})
