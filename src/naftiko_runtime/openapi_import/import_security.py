"""Turns security requirements into the authentication of a consumed API. Every secret is a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.names import name_variable
from naftiko_runtime.openapi_import.report import ReportPlace, join_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from naftiko_runtime.openapi_import.document_files import ApiObject
    from naftiko_runtime.openapi_import.report import Report

_PLACEMENTS: Final = ("header", "query", "cookie")


class SchemeCredential(Struct):
    """What one security scheme sends.

    Attributes:
        authentication: Its ``authentication``, with variables.
        variables: The names of its variables.
        sets: The place and the name of what it sets.
        fixed: The same as a consumed parameter, for a second one. None if only ``authentication`` can send it.
        note: Whether its token has to come from elsewhere.
    """

    authentication: dict[str, Any]
    variables: tuple[str, ...]
    sets: tuple[str, str] = ("header", "authorization")
    fixed: dict[str, Any] | None = None
    needs_token: bool = False


class Credentials(Struct):
    """What an API is sent besides parameters.

    Attributes:
        schemes: The names of the chosen schemes.
        authentication: None without one.
        parameters: Fixed parameters of every request.
        variables: The variables that it uses.
        sets: The places and names of parameters that callers therefore cannot give.
    """

    schemes: tuple[str, ...] = ()
    authentication: dict[str, Any] | None = None
    parameters: tuple[dict[str, Any], ...] = ()
    variables: tuple[str, ...] = ()
    sets: frozenset[tuple[str, str]] = frozenset()


class SecurityImporter:
    """Chooses credentials.

    Args:
        schemes: The security schemes by name.
        prefix: What names of variables begin with.
        report: Gets what cannot be sent.
    """

    def __init__(self, schemes: dict[str, ApiObject], prefix: str, report: Report) -> None:
        self._report = report
        self._credentials: dict[str, SchemeCredential | str] = {}
        for name, scheme in schemes.items():
            alone = len(schemes) == 1
            self._credentials[name] = _make_credential(scheme, prefix if alone else f"{prefix}_{name_variable(name)}")

    def choose(self, alternatives: Sequence[tuple[str, ...]], place: ReportPlace) -> Credentials:
        """Choose the first alternative that can be sent, and one with credentials before none.

        Args:
            alternatives: Each with the names of its schemes.
            place: What a report calls it.
        """
        problems: list[str] = []
        usable = []
        for one in sorted(alternatives, key=lambda names: not names):
            problem = self._find_problem(one)
            if problem is None:
                usable.append(one)
            else:
                problems.append(problem)
        if not usable:
            if problems:
                self._report.add(place, reasons.SECURITY, problem="; ".join(dict.fromkeys(problems)))
            return Credentials()
        chosen = usable[0]
        others = [" and ".join(one) or "without credentials" for one in alternatives if one != chosen]
        if others:
            self._report.add(place, reasons.SECURITY_CHOICE, chosen=join_names(chosen), others=join_names(others))
        return self._combine(chosen)

    def _find_problem(self, names: Iterable[str]) -> str | None:
        """Find why schemes cannot be sent together. None if they can."""
        needed = 0
        for name in names:
            found = self._credentials.get(name, "it is not declared")
            if isinstance(found, str):
                return f"'{name}': {found}"
            needed += found.fixed is None
        return f"{join_names(names)} cannot be sent together" if needed > 1 else None

    def _combine(self, names: tuple[str, ...]) -> Credentials:
        chosen = [(name, one) for name in names if isinstance(one := self._credentials[name], SchemeCredential)]
        if not chosen:
            return Credentials()
        chosen.sort(key=lambda named: named[1].fixed is not None)
        for name, one in chosen:
            if one.needs_token:
                self._report.add(
                    ReportPlace(pointer=f"#/components/securitySchemes/{name}"), reasons.TOKEN, name=name,
                    variable=one.variables[0],
                )  # fmt: skip
        return Credentials(
            schemes=names,
            authentication=chosen[0][1].authentication,
            parameters=tuple(one.fixed for _, one in chosen[1:] if one.fixed is not None),
            variables=tuple(dict.fromkeys(variable for _, one in chosen for variable in one.variables)),
            sets=frozenset(one.sets for _, one in chosen),
        )


def _make_credential(scheme: ApiObject, prefix: str) -> SchemeCredential | str:
    """Return what a scheme sends, or why it cannot be sent."""
    match scheme.get("type"):
        case "http":
            return _make_http(str(scheme.get("scheme", "")).lower(), prefix)
        case "apiKey":
            return _make_key(scheme, prefix)
        case "oauth2":
            return _make_oauth2(scheme, prefix)
        case "openIdConnect":
            return _make_token(prefix, needs_token=True)
        case kind:
            return f"there is no authentication of the type '{kind}'"


def _make_http(kind: str, prefix: str) -> SchemeCredential | str:
    if kind == "bearer":
        return _make_token(prefix)
    if kind in ("basic", "digest"):
        user, password = f"{prefix}_USERNAME", f"{prefix}_PASSWORD"
        written = {"type": kind, "username": _refer(user), "password": _refer(password)}
        return SchemeCredential(written, (user, password))
    return f"there is no authentication with the HTTP scheme '{kind}'"


def _make_token(prefix: str, *, needs_token: bool = False) -> SchemeCredential:
    variable = f"{prefix}_TOKEN"
    return SchemeCredential({"type": "bearer", "token": _refer(variable)}, (variable,), needs_token=needs_token)


def _make_key(scheme: ApiObject, prefix: str) -> SchemeCredential | str:
    name, placement = scheme.get("name"), scheme.get("in")
    if placement not in _PLACEMENTS or not isinstance(name, str) or not name.strip():
        return f"there is no place '{placement}' for a key"
    variable = prefix if prefix.endswith("KEY") else f"{prefix}_KEY"
    written = {"type": "apikey", "key": name, "value": _refer(variable), "placement": placement}
    fixed = {"name": name, "in": placement, "value": _refer(variable)}
    return SchemeCredential(written, (variable,), (placement, name.lower() if placement == "header" else name), fixed)


def _make_oauth2(scheme: ApiObject, prefix: str) -> SchemeCredential:
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
    url = flow.get("tokenUrl") if isinstance(flow, dict) else None
    if not isinstance(flow, dict) or not isinstance(url, str) or not _is_url(url):
        return _make_token(prefix, needs_token=True)
    client, secret = f"{prefix}_CLIENT_ID", f"{prefix}_CLIENT_SECRET"
    written: dict[str, Any] = {
        "type": "oauth2",
        "tokenEndpoint": url,
        "clientId": _refer(client),
        "clientSecret": _refer(secret),
    }
    if isinstance(scopes := flow.get("scopes"), dict) and scopes:
        written["scopes"] = [*scopes]
    return SchemeCredential(written, (client, secret))


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "{" not in text and "@" not in parts.netloc


def _refer(variable: str) -> str:
    return "{{" + variable + "}}"
