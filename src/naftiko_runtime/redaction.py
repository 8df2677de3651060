"""Masks credentials that stand in a document, in everything that quotes it: findings, lines, start-up errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.lazy import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK: Final = "***"
_MASKABLE_LENGTH: Final = 4
"""A shorter value is masked only where it stands, not wherever its letters occur."""

_USER_INFO: Final = pattern(r"(?<=://)[^/?#@\s\"'{}<>]*:?[^/?#@\s\"'<>]*@(?=[^\s/@])")
_TOKEN: Final = pattern(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|whsec)[-_](?:(?:live|test|ant|proj|or)[-_])*[A-Za-z0-9_-]{8,}"
    r"|gh[opusr]_[A-Za-z0-9]{10,}|github_pat_\w{10,}|glpat-[\w-]{10,}|xox[abeprs]-[\w-]{8,}|xapp-[\w-]{8,}"
    r"|A(?:KIA|SIA)[A-Z0-9]{12,}|AIza[\w-]{20,}|ya29\.[\w.-]+|SG\.[\w-]{10,}\.[\w-]{10,}"
    r"|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"
    r"|(?:npm|hf|figd|ntn|lin_api|shpat|shpss|dop_v1|dckr_pat|pypi|secret|xai|gsk|nvapi|pat)[-_](?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}"
    r")"
)
"""Keys and tokens that their makers gave a recognisable form."""
_KEYS: Final = (
    r"(?:[\w-]*[-_])?(?:password|passwd|passphrase|secret|token|credentials?)"
    r"|[\w-]*(?:Password|Secret|Token|ApiKey|PrivateKey|SigningKey)"
    r"|(?:[\w-]*[-_])?(?:api|access|private|signing|secret|auth)[-_]?key|(?:proxy-)?authorization"
)
_PUBLIC_KEY: Final = frozenset({"tokentype", "granttype", "tokenendpoint"})
_ASSIGNED: Final = (
    r"(?P<head>(?<![\w.$-])(?P<quote>[\"']?)(?P<key>{keys})(?P=quote)\s*[:=]\s*)"
    r"(?P<value>(?:(?:bearer|basic|token|digest)\s+(?=\S))?"
    r"(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^']|'')*'?|[^\s\"'{{}}\[\],&|>#*!][^\s,}}\]&\"']*))"
)
_SECRET_ASSIGNED: Final = pattern(_ASSIGNED.format(keys=_KEYS), re.IGNORECASE)
_VALUE_ASSIGNED: Final = pattern(_ASSIGNED.format(keys="value"), re.IGNORECASE)
_SECRET_NAME: Final = pattern(_KEYS, re.IGNORECASE)
_REFERENCE: Final = pattern(r"(?:\$|\{\{|\$\{)|(?:rest|tools|mcp|env|\$?this|\$?input|inputParameters)\.\w")
_UUID: Final = pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SEPARATOR: Final = pattern(r"[^A-Za-z0-9]+")
_RUN: Final = pattern(r"[A-Za-z]+|\d+")
_MIXED_LENGTH: Final = 16
_VARIABLE: Final = pattern(r"[A-Z][A-Z0-9_]*")
"""The name of a variable, as ``keys`` of binds have it; a credential of that form is known by where it stands."""
_CREDENTIAL_KEYS: Final = frozenset(
    {"password", "token", "value", "clientSecret", "consumerSecret", "consumerKey", "tokenSecret", "signingKey"}
)
_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "true", "false", "null", ""})


def looks_like_token(text: str) -> bool:
    """Whether a text is rather a key or a token than a name: of a known form, or long, mixed and without words."""
    if _TOKEN.search(text) or _UUID.search(text):
        return True
    return any(map(_is_mixed, _SEPARATOR.split(text)))


def _is_mixed(part: str) -> bool:
    """Whether letters and digits alternate in a part of a name more often than in anything that a person would name."""
    return len(part) >= _MIXED_LENGTH and len(_RUN.findall(part)) > len(part) // 5


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """A message with every credential in it masked: those that are known, passwords in URLs, and recognisable tokens.

    Args:
        text: The message.
        secrets: Credentials of the document, as :func:`find_secrets` gives them.
    """
    for secret in secrets:
        text = text.replace(secret, MASK)
    if "@" in text:
        text = _USER_INFO.sub(f"{MASK}@", text)
    return _TOKEN.sub(MASK, text)


def redact_line(line: str, secrets: Iterable[str] | None) -> str:
    """A line of a document with every credential in it masked, also what stands after a key that is a secret's.

    Each character is masked by one, so that columns stay what they are.

    Args:
        line: The line.
        secrets: Credentials of the document; none if it is not YAML, so that nobody knows what a ``value`` is for.
    """
    for secret in secrets or ():
        line = line.replace(secret, "*" * len(secret))
    for known in (_USER_INFO, _TOKEN):
        line = known.sub(_mask_width, line)
    if secrets is None:
        line = _VALUE_ASSIGNED.sub(_mask_assigned, line)
        return _SECRET_ASSIGNED.sub(_mask_assigned, line)
    return _SECRET_ASSIGNED.sub(
        lambda match: match[0] if _VARIABLE.fullmatch(match["value"]) else _mask_assigned(match), line
    )


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
    """Whether a value under a secret's key is none: a template, a reference, a type."""
    folded = "".join(filter(str.isalnum, key)).casefold()
    return folded in _PUBLIC_KEY or value in _TYPES or set(value) == {MASK[0]} or _REFERENCE.match(value) is not None


def find_secrets(data: Any, written: Any = None) -> tuple[str, ...]:
    """The credentials that stand in a document's data, the longest first.

    Args:
        data: The document as plain data.
        written: Gives, for the path of a value, the lines that it is written on; they may differ by escapes.
    """
    found: dict[str, None] = {}
    for path, value in _values(data, (), inside=False):
        texts = [value, *value.splitlines(), *(written(path) if written is not None else ())]
        found.update(dict.fromkeys(text for text in map(_bare, texts) if len(text) >= _MASKABLE_LENGTH))
    return tuple(sorted(found, key=len, reverse=True))


def _bare(text: str) -> str:
    return text.strip().strip("\"'")


def _values(data: Any, path: tuple[str | int, ...], *, inside: bool) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every credential and its path; ``inside`` an authentication more keys have one."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _values(item, (*path, index), inside=inside)
    elif isinstance(data, dict):
        named = data.get("name")
        secret_name = isinstance(named, str) and _SECRET_NAME.fullmatch(named) is not None
        for key, item in data.items():
            here = (*path, key)
            if not isinstance(item, str):
                below = str(key).casefold() in ("authentication", "auth") or (inside and key == "headers")
                yield from _values(item, here, inside=below or inside)
                continue
            if _is_secret(str(key), item, path, inside=inside, named=secret_name):
                yield here, item


def _is_secret(key: str, value: str, path: tuple[str | int, ...], *, inside: bool, named: bool) -> bool:
    """Whether a text is a credential: by its key, by the name beside it, by where it stands, or by its looks."""
    if path[-1:] == ("keys",):
        return looks_like_token(value)
    known = inside and (key in _CREDENTIAL_KEYS or path[-1:] == ("headers",))
    return (known or _SECRET_NAME.fullmatch(key) is not None or (named and key == "value")) and not _is_public(
        key, value
    )
