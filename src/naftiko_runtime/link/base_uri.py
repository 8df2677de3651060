"""Links and checks URLs with variables, in the document and with the values of the variables.

A value is never shown, and never leaves its place: what stands in the host is a host, and cannot bring a path along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.encode_for_place import encode_caller_path
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.host_encoding import encode_host
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.base_uri_check import HTTP_SCHEMES, check_base_uri
from naftiko_runtime.link.term_substitution import find_variables
from naftiko_runtime.plan import Composed, Term, Variable
from naftiko_runtime.rules import helps, message_clauses
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_closest

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from naftiko_runtime.document.consumes import ConsumedHttp
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Operation, Plan, Request, Upstream
    from naftiko_runtime.rules import Advice, Help, Noun, NounPhrase, Statement

Fault: TypeAlias = "NounPhrase | Statement"
"""What is wrong with a value, without the value."""
CheckUri: TypeAlias = "Callable[[str], Statement | None]"
"""From a URL without variables to what is wrong with it."""
Slot: TypeAlias = Literal["url", "origin", "scheme", "authority", "host", "port", "path"]
"""The part of a URL that a variable is: all of it up to the path or the port, or the named part."""

_SAMPLES: Final[dict[Slot, str]] = {
    "url": "https://a",
    "origin": "https://a",
    "scheme": "https",
    "authority": "a",
    "host": "a",
    "port": "1",
    "path": "a",
}
_NEEDED: Final[dict[Slot, Noun]] = {
    "url": message_clauses.NEEDS_URL,
    "origin": message_clauses.NEEDS_ORIGIN,
    "scheme": message_clauses.NEEDS_SCHEME,
    "authority": message_clauses.NEEDS_AUTHORITY,
    "host": message_clauses.NEEDS_HOST,
    "port": message_clauses.NEEDS_PORT,
    "path": message_clauses.NEEDS_PATH,
}
_HELD: Final = (
    ("://", message_clauses.HOLDS_SCHEME),
    ("@", message_clauses.HOLDS_CREDENTIALS),
    ("/", message_clauses.HOLDS_PATH),
    (":", message_clauses.HOLDS_PORT),
    ("%", message_clauses.HOLDS_PERCENT),
    ("?", message_clauses.HOLDS_QUERY),
    ("#", message_clauses.HOLDS_QUERY),
)
"""What a value holds, by a mark of it. The first one found counts."""
_NAME: Final = r"\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)*"
_FORMS: Final = {
    "scheme": compile_lazily(r"https?"),
    "authority": compile_lazily(rf"(?:{_NAME}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?"),
    "host": compile_lazily(r"[\w-]+(?:\.[\w-]+)*"),
    "port": compile_lazily(r"[0-9]{1,5}"),
}
_NEVER: Final = compile_lazily(r"[\s\x00-\x1f\x7f\"<>\\^`{|}]")
_PLACEHOLDER: Final = compile_lazily(r"\{\{[^{}]*\}\}")
_OTHER_FORM: Final = compile_lazily(r"(?<!\{)\$?\{\s*([^{}]*?)\s*\}(?!\})|\$(\w+)")


def link_template(api: ConsumedHttp, context: Context) -> Term | None:
    """Link a base URI with variables; None if it is refused.

    Args:
        api: Whose base URI it is.
        context: The linking run.
    """
    key_path = api.get_path("baseUri")
    text = api.base_uri.strip()
    term = context.link_secret_text(text, key_path)
    if sum(isinstance(part, Variable) for part in _split_parts(term)) < len(_PLACEHOLDER.findall(text)):
        return None  # a variable is unknown, which is reported
    fault = _find_misplaced(term) or check_base_uri("".join(_fill_samples(term, _SAMPLES.__getitem__)))
    if fault is not None:
        context.report(fault, key_path, advise_url(text, api.namespace, helps.GIVE_URL_WITH_VARIABLE))
        return None
    return term


def advise_url(text: str, namespace: str, otherwise: Help = helps.GIVE_URL) -> Advice:
    """Advise what to write instead of an unusable base URI.

    Args:
        text: The base URI as the document has it.
        namespace: The API's namespace.
        otherwise: The advice when the scheme is no misspelling of ``http`` or ``https``.
    """
    scheme, mark, _ = text.partition("://")
    meant = find_closest(scheme, HTTP_SCHEMES) if mark and scheme.lower() not in HTTP_SCHEMES else None
    return otherwise(namespace=namespace) if meant is None else helps.DID_YOU_MEAN(suggestion=meant)


def refuse_other_form(api: ConsumedHttp, context: Context) -> bool:
    """Report variables of a base URI that are not written in double braces; return whether there are any."""
    text, key_path = api.base_uri.strip(), api.get_path("baseUri")
    found = {m[0]: m[1] or m[2] or "NAME" for m in _OTHER_FORM.finditer(text) if _means_variable(m, context)}
    if not found:
        return False
    for name in found.values():
        context.variables.mark_used(name, context.find_span(key_path))
    meant = text
    for written, name in found.items():
        meant = meant.replace(written, f"{{{{{name}}}}}")
    unknown = dict.fromkeys(name for name in found.values() if not context.variables.knows(name))
    fix = () if unknown else replace_text(context.source, key_path, text, meant)
    names = tuple(f"{{{{{name}}}}}" for name in dict.fromkeys(found.values()))
    advice = helps.WRITE_BRACES(meant=names, namespace=api.namespace)
    if unknown:
        advice = helps.WRITE_BRACES_AND_BIND(meant=names, unbound=tuple(unknown), namespace=api.namespace)
    context.report(rules.BASE_URI_FORM(written=tuple(found)), key_path, advice, fix=fix)
    return True


def _means_variable(found: re.Match[str], context: Context) -> bool:
    """Return whether a text means a variable; a path may have a word with a dollar: ``/$batch``."""
    in_path = "/" in found.string[: found.start()].partition("://")[2]
    return not found[2] or not in_path or context.variables.knows(found[2])


def find_value_faults(term: Term, values: Mapping[str, str], check: CheckUri) -> Iterator[tuple[str, Fault]]:
    """Find what is wrong with the values of a URL's variables; yield the names of the variables, and the reasons.

    Args:
        term: The URL.
        values: The values of variables, by their full names.
        check: What is wrong with a URL without variables.
    """
    parts = _split_parts(term)
    faults = [
        (part.name, fault)
        for part, slot in _find_slots(parts)
        if isinstance(part, Variable) and slot is not None and (fault := _check_slot(slot, values[part.name], check))
    ]
    yield from dict.fromkeys(faults)
    if not faults and (whole := check(fill_url(term, values))) is not None:
        names = dict.fromkeys(part.name for part in parts if isinstance(part, Variable))
        yield from ((name, whole) for name in list(names)[:1])


def fill_url(term: Term, values: Mapping[str, str]) -> str:
    """Fill a URL with the values of its variables."""
    return "".join(part if isinstance(part, str) else values[part.name] for part in _split_parts(term)).strip()


def _split_parts(term: Term) -> list[str | Variable]:
    """Return the literal pieces and the variables of a URL."""
    parts = term.parts if isinstance(term, Composed) else (term,)
    return [part if isinstance(part, Variable) else str(getattr(part, "value", "")) for part in parts]


def _fill_samples(term: Term, sample: Callable[[Slot], str]) -> Iterator[str]:
    parts = _split_parts(term)
    for part, slot in _find_slots(parts):
        yield sample(slot) if slot is not None else str(part)


def _find_slots(parts: Sequence[str | Variable]) -> list[tuple[str | Variable, Slot | None]]:
    """Return the parts of a URL, each with its slot; None for a literal piece."""
    slots: list[tuple[str | Variable, Slot | None]] = []
    before = ""
    for index, part in enumerate(parts):
        if isinstance(part, str):
            slots.append((part, None))
            before += part
            continue
        following = parts[index + 1] if index + 1 < len(parts) else ""
        slot = _classify_slot(before, following if isinstance(following, str) else "…")
        slots.append((part, slot))
        before += _SAMPLES[slot]
    return slots


def _classify_slot(before: str, after: str) -> Slot:
    if not before.strip():
        return "scheme" if after.startswith("://") else "origin" if after.startswith(":") else "url"
    authority = before.partition("://")[2]
    if "/" in authority or "?" in authority:
        return "path"
    if authority.endswith(":"):
        return "port"
    return "authority" if not authority and after[:1] in ("", "/") else "host"


def _find_misplaced(term: Term) -> Statement | None:
    """Return what is wrong with the place of a variable."""
    parts = _split_parts(term)
    for index, (_, slot) in enumerate(_find_slots(parts)):
        after = parts[index + 1] if index + 1 < len(parts) else ""
        if slot == "url" and not (isinstance(after, str) and after[:1] in ("", "/")):
            return rules.BASE_URI_MISPLACED()
    return None


def _check_slot(slot: Slot, value: str, check: CheckUri) -> Fault | None:
    """Return why a slot of a URL cannot have a value, without the value."""
    if slot in ("url", "origin") and "://" in value and not _NEVER.search(value):
        fault = check(value)
        if fault is not None:
            return fault
    problem = _find_problem(slot, value, check)
    return None if problem is None else message_clauses.URL_PART(problem=problem(), needed=_NEEDED[slot]())


def _find_problem(slot: Slot, value: str, check: CheckUri) -> Noun | None:
    if _NEVER.search(value):
        return message_clauses.HOLDS_CHARACTER
    match slot:
        case "url" | "origin":
            return message_clauses.HAS_NO_SCHEME if check(value) is not None else _find_url_problem(slot, value)
        case "path":
            return message_clauses.HOLDS_QUERY if "?" in value or "#" in value else _find_dots(value)
        case _ if _FORMS[slot].fullmatch(value):
            return None
        case _:
            return next((held for mark, held in _HELD if mark in value), message_clauses.IS_SOMETHING_ELSE)


def _find_url_problem(slot: Slot, value: str) -> Noun | None:
    parts = urlsplit(value)
    if slot == "origin" and (parts.path or parts.port is not None):
        return message_clauses.HOLDS_PORT_OR_PATH
    return _find_dots(parts.path)


def _find_dots(path: str) -> Noun | None:
    try:
        encode_caller_path(f"/{path}".encode())
    except (Unrenderable, UnicodeEncodeError):
        return message_clauses.HOLDS_DOTS
    return None


def fill_base_uris(plan: Plan, values: Mapping[str, str]) -> Plan:
    """Fill the base URIs of a plan with the values of their variables. The result has secrets: never show it."""
    if all(upstream.template is None for upstream in plan.upstreams):
        return plan
    upstreams = {upstream.namespace: _fill_base_uri(upstream, values) for upstream in plan.upstreams}

    def fill_request(old: Request) -> Request:
        if (upstream := upstreams.get(old.upstream.namespace)) is None or old.upstream.template is None:
            return old
        shown, (first, *rest) = old.upstream.base_uri.rstrip("/"), old.path
        behind = first.removeprefix(shown) if isinstance(first, str) else ""
        return replace(old, upstream=upstream, path=(upstream.base_uri.rstrip("/") + behind, *rest))

    def fill_operation(old: Operation) -> Operation:
        return replace(old, execution=old.execution.map_requests(fill_request))

    servers = tuple(server.map_operations(fill_operation) for server in plan.servers)
    return replace(plan, upstreams=tuple(upstreams.values()), servers=servers)


def _fill_base_uri(upstream: Upstream, values: Mapping[str, str]) -> Upstream:
    """Return an upstream that is never called. It may lack values, and keeps its template."""
    template = upstream.template
    if template is None or not set(find_variables(template)) <= values.keys():
        return upstream
    return replace(upstream, base_uri=encode_host(fill_url(template, values)), template=None)
