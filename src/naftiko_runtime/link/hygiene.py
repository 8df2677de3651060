"""What runs, but should not be written so: told by ``naftiko validate`` alone."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime import rules
from naftiko_runtime.document.auth import ApiKey, Basic, Bearer, Digest, OAuth1, OAuth2
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.exposes import McpExpose
from naftiko_runtime.document.parameters import ConsumedParameter, ExposedParameter
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.link.data import walk_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.document.auth import Authentication
    from naftiko_runtime.document.base import Part
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import McpTool
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context

_TOOL_NAME: Final = pattern(r"[A-Za-z0-9_.-]{1,64}")
_SECRET_NAME: Final = pattern(
    r"(proxy-)?authorization|(x-)?(api|auth|access|secret)[-_]?(key|token)|api[-_]?secret|client[-_]?secret|password|secret",
    re.IGNORECASE,
)
_SECRET_FIELDS: Final = (
    "password",
    "token",
    "value",
    "client_secret",
    "consumer_secret",
    "token_secret",
    "signing_key",
)
_ACTIVE: Final = pattern(r"<script\b|\bjavascript:|\beval\s*\(|<[^>]+\son[a-z]+\s*=", re.IGNORECASE)
_CHANGING: Final = ("PUT", "PATCH", "DELETE")
_LOCAL: Final = ("localhost", ".localhost", ".internal", ".local", ".test", ".invalid", ".example")


def check_hygiene(document: Document, operations: Mapping[str, Consumed], context: Context) -> None:
    """Report credentials that stand in the file, ways they are seen on, and tools that clients may refuse or misjudge.

    Args:
        document: The document.
        operations: What is consumed, by ``namespace.operation``.
        context: The linking run.
    """
    for part in walk_parts(document):
        _check_text(part, context)
        if isinstance(part, Basic | Bearer | ApiKey | Digest | OAuth1 | OAuth2):
            _check_credential(part, context)
        elif isinstance(part, ConsumedParameter | ExposedParameter):
            _check_parameter(part, context)
        elif isinstance(part, ConsumedHttp):
            _check_upstream(part, context)
    for expose in document.capability.exposes:
        if isinstance(expose, McpExpose):
            for tool in expose.tools:
                _check_tool(tool, operations.get(tool.call or ""), context)


def _check_text(part: Part, context: Context) -> None:
    for key in ("description", "label"):
        text = getattr(part, key, None)
        if isinstance(text, str) and _ACTIVE.search(text):
            message = f"the {key} holds what a page that shows it might run"
            context.complain(rules.ACTIVE_CONTENT, message, part.at(key), "write plain text or Markdown")


def _check_credential(part: Authentication, context: Context) -> None:
    for field in _SECRET_FIELDS:
        value = getattr(part, field, None)
        if isinstance(value, str) and value and not _is_bound(value, context):
            alias = type(part).model_fields[field].alias or field
            message = f"'{alias}' is a secret that everybody who has the file can read"
            context.complain(rules.HARD_CODED, message, part.at(alias), "bind a variable, and write '{{VARIABLE}}'")


def _is_bound(value: str, context: Context) -> bool:
    """Whether a secret is, or is meant to be, a variable's."""
    return "{{" in value or "${" in value or context.means_variable(value)


def _check_parameter(part: ConsumedParameter | ExposedParameter, context: Context) -> None:
    fixed = part.value is not None and part.value.strip() and "{{" not in part.value and not part.value.startswith("$")
    if fixed and part.in_ in ("header", "query", "cookie") and _SECRET_NAME.fullmatch(part.name):
        message = f"the value of '{part.name}' looks like a secret that everybody who has the file can read"
        context.complain(rules.HARD_CODED, message, part.at("value"), "bind a variable, and write '{{VARIABLE}}'")


def _check_upstream(api: ConsumedHttp, context: Context) -> None:
    if api.authentication is None or not api.base_uri.startswith("http://") or _is_near(api.base_uri):
        return
    message = f"the credentials of '{api.namespace}' go out unencrypted"
    context.complain(rules.INSECURE, message, api.at("baseUri"), "use 'https://'")


def _is_near(base_uri: str) -> bool:
    """Whether a host is this machine, or one of a network that is nobody else's."""
    try:
        host = urlsplit(base_uri).hostname or ""
    except ValueError:
        return True  # no URL, which is reported as such
    try:
        return ip_address(host).is_private
    except ValueError:
        return host.endswith(_LOCAL) or "." not in host


def _check_tool(tool: McpTool, consumed: Consumed | None, context: Context) -> None:
    if not _TOOL_NAME.fullmatch(tool.name):
        message = f"clients may refuse a tool of the name '{tool.name[:80]}'"
        advice = "use up to 64 letters, digits, '-' and '_'"
        context.complain(rules.TOOL_NAME, message, tool.at("name"), advice)
    if tool.hints is None or consumed is None:
        return
    method = consumed.spec.method
    if tool.hints.read_only and method in _CHANGING:
        _contradiction(tool, "readOnly", f"'{consumed.name}' is a {method}", context)
    if tool.hints.destructive and method == "GET":
        _contradiction(tool, "destructive", f"'{consumed.name}' is a GET", context)
    if tool.hints.read_only and tool.hints.destructive:
        _contradiction(tool, "destructive", "what only reads destroys nothing", context)


def _contradiction(tool: McpTool, hint: str, why: str, context: Context) -> None:
    message = f"the hint '{hint}' cannot be true: {why}"
    advice = "clients ask their users less of what only reads, and more of what destroys"
    context.complain(rules.CONTRADICTION, message, tool.at("hints", hint), advice)
