"""Credentials in the file, credentials over plain HTTP, and scripts in descriptions."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime import rules
from naftiko_runtime.authentication.declared_oauth2 import OAuth2
from naftiko_runtime.authentication.kinds import find_kind
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.parameters import ConsumedParameter, ExposedParameter
from naftiko_runtime.document.walk import iter_texts, walk_parts
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.redact_document import has_token_form

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.source import KeyPath

_SECRET_NAME: Final = compile_lazily(
    r"(proxy-)?authorization|(x-)?(api|auth|access|secret)[-_]?(key|token)|api[-_]?secret|client[-_]?secret|password|secret",
    re.IGNORECASE,
)
_ACTIVE: Final = compile_lazily(r"<script\b|\bjavascript:|\beval\s*\(|<[^>]+\son[a-z]+\s*=", re.IGNORECASE)
_ENDPOINTS: Final = {
    "tokenEndpoint": "token_endpoint",
    "assertionEndpoint": "assertion_endpoint",
    "authorizationServerUri": "authorization_server_uri",
    "jwksUri": "jwks_uri",
    "introspectionEndpoint": "introspection_endpoint",
}
_LOCAL: Final = ("localhost", ".localhost", ".internal", ".local", ".test", ".invalid", ".example")


def check_active_content(subject: Subject) -> None:
    """Report scripts in texts that clients may show."""
    for part in walk_parts(subject.document):
        for key in ("description", "label"):
            text = getattr(part, key, None)
            if isinstance(text, str) and _ACTIVE.search(text):
                subject.context.report(rules.ACTIVE_CONTENT(key=key), part.get_path(key))


def check_hard_coded_secrets(subject: Subject) -> None:
    """Report credentials in the file: by the keys and names that they have, then by their form."""
    context = subject.context
    for part in walk_parts(subject.document):
        if (kind := find_kind(part)) is not None:
            _check_credential(part, kind.secret_keys, context)
        elif isinstance(part, ConsumedParameter | ExposedParameter):
            _check_parameter(part, context)
    for key_path, text in iter_texts(context.source.data):
        _check_form(text, key_path, context)


def check_plain_http(subject: Subject) -> None:
    """Report credentials that are sent over plain HTTP."""
    for part in walk_parts(subject.document):
        if isinstance(part, ConsumedHttp):
            _check_upstream(part, subject.context)
        elif isinstance(part, OAuth2):
            _check_endpoints(part, subject.context)


def _check_credential(part: Part, secret_keys: Iterable[str], context: Context) -> None:
    for field in secret_keys:
        value = getattr(part, field)
        if isinstance(value, str) and value and not _is_bound(value, context):
            alias = type(part).model_fields[field].alias or field
            if not context.findings.has(rules.TEMPLATE, context.find_span(part.get_path(alias))):
                context.report(rules.HARD_CODED(key=alias), part.get_path(alias))


def _is_bound(value: str, context: Context) -> bool:
    """Return whether a secret is a variable, or meant as one."""
    return "{{" in value or "${" in value or context.means_variable(value)


def _check_parameter(part: ConsumedParameter | ExposedParameter, context: Context) -> None:
    fixed = part.value is not None and part.value.strip() and "{{" not in part.value and not part.value.startswith("$")
    if fixed and part.in_ in ("header", "query", "cookie") and _SECRET_NAME.fullmatch(part.name):
        context.report(rules.HARD_CODED_PARAMETER(name=part.name), part.get_path("value"))


def _check_form(text: str, key_path: KeyPath, context: Context) -> None:
    """Report a text with the form of a key or token. Those in the keys of binds have a rule of their own."""
    if not has_token_form(text) or (key_path[-4:-3], key_path[-2:-1]) == (("binds",), ("keys",)):
        return
    span = context.find_span(key_path)
    if any(context.findings.has(rule, span) for rule in (rules.HARD_CODED, rules.SECRET_AS_NAME)):
        return
    key = next((key for key in reversed(key_path) if isinstance(key, str)), "")
    named = context.source.get(key_path[:-1]) if key == "value" else None
    name = named.get("name", key) if isinstance(named, dict) else key
    context.report(rules.HARD_CODED_PARAMETER(name=str(name)), key_path)


def _check_upstream(api: ConsumedHttp, context: Context) -> None:
    if api.authentication is None or not api.base_uri.startswith("http://") or _is_near(api.base_uri):
        return
    context.report(rules.INSECURE(namespace=api.namespace), api.get_path("baseUri"))


def _check_endpoints(part: OAuth2, context: Context) -> None:
    """Report endpoints that get a secret or a token, or that give the keys which check tokens."""
    for key, field in _ENDPOINTS.items():
        value = getattr(part, field)
        if value and value.startswith("http://") and not _is_near(value):
            context.report(rules.INSECURE_ENDPOINT(key=key), part.get_path(key))


def _is_near(base_uri: str) -> bool:
    """Return whether a host is this machine, or in a private network."""
    try:
        host = urlsplit(base_uri).hostname or ""
    except ValueError:
        return True  # no URL, which is reported as such
    try:
        return ip_address(host).is_private
    except ValueError:
        return host.endswith(_LOCAL) or "." not in host


CHECKS: Final = (
    make_check(check_active_content, rules.ACTIVE_CONTENT),
    make_check(check_hard_coded_secrets, rules.HARD_CODED),
    make_check(check_plain_http, rules.INSECURE),
)
