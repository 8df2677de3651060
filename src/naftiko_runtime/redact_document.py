"""Redacts the credentials of a document in everything that quotes it: findings, lines, startup errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    FoundSecret: TypeAlias = tuple[tuple[str | int, ...], str]
    """The path of a credential, and the credential."""

MASK: Final = "***"
_MASKABLE_LENGTH: Final = 4
"""A shorter value is masked at its own place only, not wherever its letters occur."""

_USER_INFO: Final = compile_lazily(r"(?:(?<=://)|(?<![\w.+/-])[\w.+-]+:(?!//))[^\s\"'<>]*@")
"""From the scheme of a URL, or from a name before a colon, up to the last ``@``: a password may hold anything."""
_TOKEN: Final = compile_lazily(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|whsec)[-_](?:(?:live|test|ant|proj|or)[-_])*[A-Za-z0-9_-]{8,}"
    r"|gh[opusr]_[A-Za-z0-9]{10,}|github_pat_\w{10,}|glpat-[\w-]{10,}|xox[abeprs]-[\w-]{8,}|xapp-[\w-]{8,}"
    r"|A(?:KIA|SIA)[A-Z0-9]{12,}|AIza[\w-]{20,}|ya29\.[\w.-]+|SG\.[\w-]{10,}\.[\w-]{10,}"
    r"|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"
    r"|(?:npm|hf|figd|ntn|lin_api|shpat|shpss|dop_v1|dckr_pat|pypi|secret|xai|gsk|nvapi|pat)[-_](?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}"
    r")"
)
"""Keys and tokens that their makers gave a recognisable form."""
_CERTAIN: Final = compile_lazily(r"\d|[-_](?:live|test)[-_]")
_KEYS: Final = (
    r"(?:[\w-]*[-_])?(?:password|passwd|passphrase|secret|token|credentials?)"
    r"|[\w-]*(?:Password|Secret|Token|ApiKey|PrivateKey|SigningKey)"
    r"|(?:[\w-]*[-_])?(?:api|access|private|signing|secret|auth)[-_]?key|(?:proxy-)?authorization"
)
_QUERY_SECRET: Final = compile_lazily(rf"(?<=[?&])(?P<key>{_KEYS})=(?P<value>[^\s&#\"'<>{{}}]+)", re.IGNORECASE)
_PUBLIC_KEY: Final = frozenset({"tokentype", "granttype", "tokenendpoint"})
_ASSIGNED: Final = (
    r"(?P<head>(?<![\w.$-])(?P<quote>[\"']?)(?P<key>{keys})(?P=quote)\s*[:=]\s*)"
    r"(?P<value>(?:(?:bearer|basic|token|digest)\s+(?=\S))?"
    r"(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^']|'')*'?|[*!]?[^\s\"'{{}}\[\],&|>#*!][^\s,}}\]&\"']*))"
)
_SECRET_ASSIGNED: Final = compile_lazily(_ASSIGNED.format(keys=_KEYS), re.IGNORECASE)
_VALUE_ASSIGNED: Final = compile_lazily(_ASSIGNED.format(keys="value"), re.IGNORECASE)
_SECRET_NAME: Final = compile_lazily(_KEYS, re.IGNORECASE)
_REFERENCE: Final = compile_lazily(
    r"(?:\$|\{\{|\$\{|\{[A-Z][A-Z0-9_]*\}$)|(?:rest|tools|mcp|env|\$?this|\$?input|inputParameters)\.\w"
)
_UUID: Final = compile_lazily(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SEPARATOR: Final = compile_lazily(r"[^A-Za-z0-9]+")
_RUN: Final = compile_lazily(r"[A-Za-z]+|\d+")
_MIXED_LENGTH: Final = 16
_VARIABLE: Final = compile_lazily(r"[A-Z][A-Z0-9_]*")
"""The name of a variable, as in the ``keys`` of binds. Its place shows whether such a text is a credential."""
_NAME_OF_VARIABLE: Final = compile_lazily(r"[\s${]*(?:env\.|secrets\.)?[A-Za-z_]\w*[\s}]*")
"""A name for the keys of a bind, also as it is written in an expression."""
_WORD: Final = compile_lazily(r"[A-Za-z0-9+/=_-]{16,}")
_SHOWN_KEYS: Final = frozenset(
    [
        "type",
        "placement",
        "in",
        "key",
        "name",
        "username",
        "user",
        "tokenEndpoint",
        "tokenUrl",
        "tokenUri",
        "scopes",
        "scope",
        "audience",
        "realm",
        "signatureMethod",
        "description",
        "clientId",
        "grantType",
        "authorizationServerUri",
        "resource",
        "tokenValidation",
        "requiredScopes",
        "jwksUri",
        "introspectionEndpoint",
        "algorithms",
        "tokenType",
        "scopeClaim",
        "cacheSeconds",
        "grant",
        "assertionEndpoint",
        "assertionAudience",
        "assertionClientId",
    ]
)
"""The keys of an authentication that are public. The value of any other key may be a credential."""
_KINDS: Final = frozenset(
    {"bearer", "basic", "apikey", "digest", "oauth1", "oauth2", "header", "query", "cookie", "body"}
)
_HOLDING: Final = frozenset({"value", "default", "const", "example"})
"""Keys beside the name of a secret that may hold it."""
_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "true", "false", "null", ""})


def is_token_like(text: str) -> bool:
    """Return whether a text is probably a key or token: it has a known form, or it is long and mixed, without words."""
    if _TOKEN.search(text) or _UUID.search(text):
        return True
    return any(map(_is_mixed, _SEPARATOR.split(text)))


def is_secret_name(name: str) -> bool:
    """Return whether what has this name is probably a secret: a password, a key, a token."""
    return _SECRET_NAME.fullmatch(name) is not None


def has_token_form(text: str) -> bool:
    """Return whether a text contains a key or token of a known form, and surely no name such as ``pk_field``."""
    return any(_CERTAIN.search(match[0]) for match in _TOKEN.finditer(text))


def _is_mixed(part: str) -> bool:
    """Return whether letters and digits alternate more often than in names that people choose."""
    return len(part) >= _MIXED_LENGTH and len(_RUN.findall(part)) > len(part) // 5


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a message in which every credential is masked: known ones, passwords in URLs, and tokens of a known form.

    Args:
        text: The message.
        secrets: Credentials of the document, as :func:`find_secrets` gives them.
    """
    for secret in secrets:
        text = text.replace(secret, MASK)
    if "@" in text:
        text = _USER_INFO.sub(f"{MASK}@", text)
    if "=" in text:
        text = _QUERY_SECRET.sub(lambda match: f"{match['key']}={MASK}", text)
    return _TOKEN.sub(MASK, text)


def redact_line(line: str, secrets: Iterable[str] | None) -> str:
    """Return a line of a document in which every credential is masked, also the value of a key such as ``password``.

    Each character is masked by one, so that columns stay what they are.

    Args:
        line: The line.
        secrets: Credentials of the document. None if it is not YAML: then every ``value`` may be one.
    """
    for secret in secrets or ():
        line = line.replace(secret, "*" * len(secret))
    for known in (_USER_INFO, _TOKEN):
        line = known.sub(_mask_width, line)
    code, comment, remark = line.partition(" #")
    line = code + comment + _WORD.sub(_mask_mixed, remark)
    if secrets is None:
        line = _WORD.sub(_mask_mixed, line)
        line = _VALUE_ASSIGNED.sub(_mask_assigned, line)
        return _SECRET_ASSIGNED.sub(_mask_assigned, line)
    return _SECRET_ASSIGNED.sub(
        lambda match: match[0] if _VARIABLE.fullmatch(match["value"]) else _mask_assigned(match), line
    )


def _mask_mixed(match: re.Match[str]) -> str:
    return "*" * len(match[0]) if is_token_like(match[0]) else match[0]


def _mask_width(match: re.Match[str]) -> str:
    text = match[0]
    return "*" * (len(text) - 1) + "@" if text.endswith("@") else "*" * len(text)


def _mask_assigned(match: re.Match[str]) -> str:
    value = match["value"]
    if _is_public(match["key"], value.strip("\"'")):
        return match[0]
    start = value[:1] if value[:1] in "\"'" else ""
    end = start if len(value) > 1 and value.endswith(start) else ""
    return f"{match['head']}{start}{'*' * (len(value) - len(start) - len(end))}{end}"


def _is_public(key: str, value: str) -> bool:
    """Return whether a value under a secret's key is none: a template, a reference, a type."""
    folded = "".join(filter(str.isalnum, key)).casefold()
    return folded in _PUBLIC_KEY or value in _TYPES or set(value) == {MASK[0]} or _REFERENCE.match(value) is not None


def find_secrets(data: Any, written: Any = None) -> tuple[str, ...]:
    """Return the credentials in a document's data, the longest first.

    Args:
        data: The document as plain data.
        written: Gives, for the path of a value, the lines that it is written on; they may differ by escapes.
    """
    found: dict[str, None] = {}
    for path, value in _iter_secrets(data, (), inside=False):
        words = value.split()
        parts = words[1:] if words and words[0].casefold() in _KINDS else ()  # "Bearer abc"
        texts = [value, *parts, *value.splitlines(), *(written(path) if written is not None else ())]
        found.update(dict.fromkeys(text for text in map(_strip_quotes, texts) if len(text) >= _MASKABLE_LENGTH))
    return tuple(sorted(found, key=len, reverse=True))


def _strip_quotes(text: str) -> str:
    return text.strip().strip("\"'")


def _iter_secrets(data: Any, path: tuple[str | int, ...], *, inside: bool) -> Iterator[FoundSecret]:
    """Yield every credential and its path; ``inside`` an authentication more keys have one."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _iter_value_secrets(item, (*path, index), inside=inside, named=False)
    elif isinstance(data, dict):
        name = data.get("name")
        named = isinstance(name, str) and _SECRET_NAME.fullmatch(name) is not None
        if path[-2:-1] == ("binds",) and "location" not in data:
            yield from _iter_misplaced_secrets(data.get("keys"), (*path, "keys"))
        for key, item in data.items():
            below = inside or str(key).casefold() in ("authentication", "auth")
            yield from _iter_value_secrets(item, (*path, key), inside=below, named=named)


def _iter_misplaced_secrets(keys: Any, path: tuple[str | int, ...]) -> Iterator[FoundSecret]:
    """Yield the texts in the keys of a bind that cannot name a variable: they may be secrets."""
    for variable, text in keys.items() if isinstance(keys, dict) else ():
        if isinstance(text, str) and not _NAME_OF_VARIABLE.fullmatch(text):
            yield (*path, variable), text


def _iter_value_secrets(item: Any, path: tuple[str | int, ...], *, inside: bool, named: bool) -> Iterator[FoundSecret]:
    if isinstance(item, dict | list):
        yield from _iter_secrets(item, path, inside=inside)
        return
    scalar = isinstance(item, str | int | float) and not isinstance(item, bool)
    if scalar and _is_secret(str(item), path, inside=inside, named=named):
        yield path, str(item)


def _is_secret(value: str, path: tuple[str | int, ...], *, inside: bool, named: bool) -> bool:
    """Return whether a scalar is a credential: by its key, the name beside it, its place, or its form."""
    key = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    if path[-2:-1] == ("keys",):
        return is_token_like(value)
    if _is_public(key, value) or value.casefold() in _KINDS:
        return False
    known = (inside and key not in _SHOWN_KEYS) or (named and key in _HOLDING)
    return known or _SECRET_NAME.fullmatch(key) is not None
