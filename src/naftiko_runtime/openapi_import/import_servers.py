"""Turns servers of OpenAPI into base URIs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.report import ReportPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.openapi_import.model import ApiServer
    from naftiko_runtime.openapi_import.report import Report

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_BAD_CHARACTERS: Final = re.compile(r"[\s{}<>\"\\^`|@]")


def choose_base_uri(
    servers: Sequence[ApiServer], variable: str, given: str | None, place: ReportPlace, report: Report
) -> tuple[str, tuple[str, ...]]:
    """Choose the base URI of an operation, and return it with the variables in it.

    Args:
        servers: The servers of the operation.
        variable: The name of the variable for a URL that the document does not have.
        given: The URL of the importing user, which counts before all. None without one.
        place: What a report calls the servers.
        report: Gets what is chosen.
    """
    if given is not None:
        return given.rstrip("/"), ()
    filled = [(server, _fill(server)) for server in servers]
    whole = [(server, url) for server, url in filled if _is_whole(url)]
    if whole:
        server, url = next(((s, u) for s, u in whole if u.startswith("https:")), whole[0])
        if len(servers) > 1:
            report.add(place, reasons.SERVER, chosen=url)
        for name, value in server.variables:
            if "{" + name + "}" in server.url:
                report.add(place, reasons.SERVER_VARIABLE, name=name, value=value)
        return url, ()
    report.add(ReportPlace(pointer="#/servers"), reasons.NO_SERVER, variable=variable)
    path = next((url for _, url in filled if url.startswith("/")), "").rstrip("/")
    usable = path if not _BAD_CHARACTERS.search(path) and ".." not in path else ""
    return "{{" + variable + "}}" + usable, (variable,)


def _fill(server: ApiServer) -> str:
    """Return the URL of a server with the defaults of its variables, without query and fragment, with a scheme."""
    values = dict(server.variables)
    url = _VARIABLE.sub(lambda match: values.get(match[1]) or match[0], server.url)
    url = re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/")
    return f"https:{url}" if url.startswith("//") else url


def _is_whole(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and port != 0
        and not _BAD_CHARACTERS.search(url)
        and ".." not in parts.path.split("/")
    )
