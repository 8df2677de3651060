"""Checks of style: descriptions, hosts and paths. A part gets one finding of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.base_uri_check import check_base_uri
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.lint.select_parts import filter_readable, list_names, list_own_apis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.consumes import ConsumedHttp, ConsumedResource
    from naftiko_runtime.document.exposes import RestResource
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.rules import Message
    from naftiko_runtime.source import KeyPath

_EXAMPLE: Final = compile_lazily(r"(.+\.)?example\.(com|org|net|edu)")
_PLACEHOLDER: Final = compile_lazily(
    r"(your|my)[-_]?(account|company|domain|instance|org|organi[sz]ation|subdomain|tenant|workspace)"
    r"|your[-_]?(api|app|backend|cluster|host|project|region|resource|server|service|shop|site|store)"
    r"|change[-_]?me|replace[-_]?me"
)
"""What stands between two dots of a host that is still to be filled in."""


def check_style(subject: Subject) -> None:
    """Report a missing description, example hosts, slashes at the end and queries in paths; not of imported parts."""
    document, context = subject.document, subject.context
    _check_description(document, context)
    for api in list_own_apis(document, context):
        _check_base_uri(api, context)
        check_slashes(api.resources, rules.TRAILING_SLASH_OF_API, context)
        _check_queries(api.resources, context)


# -- descriptions -------------------------------------------------------------------------------------------------


def _check_description(document: Document, context: Context) -> None:
    if "info" in document.model_fields_set and not context.shared and not document.info.description.strip():
        context.report(rules.NO_DESCRIPTION(), document.info.get_path("description"))


# -- addresses ----------------------------------------------------------------------------------------------------


def _check_base_uri(api: ConsumedHttp, context: Context) -> None:
    base_uri, key_path = api.base_uri.strip(), api.get_path("baseUri")
    if check_base_uri(base_uri):
        return
    host = urlsplit(base_uri).hostname or ""
    if _EXAMPLE.fullmatch(host) or any(map(_PLACEHOLDER.fullmatch, host.split("."))):
        context.report(rules.EXAMPLE_HOST(host=host, namespace=api.namespace), key_path)
    if base_uri.endswith("/"):
        context.report(rules.TRAILING_SLASH(), key_path)


def check_slashes(resources: Sequence[ConsumedResource | RestResource], message: Message, context: Context) -> None:
    """Report paths that end in a slash."""
    ending = _list_paths([r for r in resources if len(r.path) > 1 and r.path.endswith("/")], context)
    if ending:
        context.report(message(paths=list_names(ending)), ending[0][1])


def _check_queries(resources: Sequence[ConsumedResource], context: Context) -> None:
    asking = _list_paths([resource for resource in resources if "?" in resource.path], context)
    if asking:
        context.report(rules.QUERY_IN_PATH(paths=list_names(asking)), asking[0][1])


def _list_paths(resources: Sequence[ConsumedResource | RestResource], context: Context) -> list[tuple[str, KeyPath]]:
    return filter_readable([(resource.path, resource.get_path("path")) for resource in resources], context)


CHECKS: Final = (
    make_check(check_style, rules.NO_DESCRIPTION, rules.EXAMPLE_HOST, rules.TRAILING_SLASH, rules.QUERY_IN_PATH),
)
