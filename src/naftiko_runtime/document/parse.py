"""Source to Document: the data checked against the models, every complaint with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from pydantic_core import ValidationError

from naftiko_runtime import rules
from naftiko_runtime.document.base import NO_EFFECT, NOT_SERVED, Part
from naftiko_runtime.document.capability import Document, SharedDocument
from naftiko_runtime.document.foreign_keys import term_for
from naftiko_runtime.document.pruning import Pruned, indices, look_up
from naftiko_runtime.source.edits import respelt
from naftiko_runtime.suggest import did_you_mean, nearest, nearest_only

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic_core import ErrorDetails

    from naftiko_runtime.diagnostic import Edit, Findings
    from naftiko_runtime.source import Source, Steps

PartT = TypeVar("PartT", bound=Part)


class Parsed(Struct, frozen=True):
    """A document, and what could not be read of it.

    Attributes:
        document: What was read.
        unread: The places of wrong values and missing keys. What stood there is left out of the document, or replaced
            where a large part could not be read without it: nothing there may be served.
        fragment: Whether it was written without a ``capability``: a document that imports it may complete it.
    """

    document: Document
    unread: frozenset[Steps] = frozenset()
    fragment: bool = False


def parse(source: Source, findings: Findings) -> Parsed | None:
    """The document; nothing when the findings say why not even a part of it can be read.

    Args:
        source: What was read, in the canonical spelling.
        findings: Gets every complaint; a document with errors is still returned, so that linking finds more.
    """
    model = SharedDocument if _is_shared(source.data) else Document
    try:
        document = model.model_validate(source.data)
    except ValidationError as error:
        return _parse_rest(model, error, source, findings)
    _settle(document, (), source, findings)
    return Parsed(document)


def _parse_rest(model: type[Document], error: ValidationError, source: Source, findings: Findings) -> Parsed | None:
    """The document without what its model refuses, which is reported."""
    for detail in _details(error):
        _complain(detail, source, findings)
    pruned = Pruned(source.data)
    while True:
        data = pruned.compact()
        try:
            document = model.model_validate(data)
        except ValidationError as left:
            places = [pruned.original(_place(detail, data)) for detail in _details(left)]
            if not sum(map(pruned.refuse, places)):
                return None
        else:
            _settle(document, (), source, findings, pruned.data)
            return Parsed(document, frozenset(pruned.unread))


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


def _is_shared(data: Any) -> bool:
    """Whether a document has no capability and needs none."""
    if "capability" in data:
        return False
    return nearest("capability", data) is None and not data.keys().isdisjoint(("consumes", "binds", "aggregates"))


def parse_part(model: type[PartT], source: Source, findings: Findings) -> PartT | None:
    """Check a whole source against one model, and tell every part of the result where it stands."""
    try:
        part = model.model_validate(source.data)
    except ValidationError as error:
        for detail in _details(error):
            _complain(detail, source, findings)
        return None
    _settle(part, (), source, findings)
    return part


def _place(detail: ErrorDetails, data: Any) -> Steps:
    """The place of a wrong value or of a missing key."""
    steps = _real_steps(detail["loc"], data)
    return (*steps, detail["loc"][-1]) if detail["type"] == "missing" else steps


def _complain(detail: ErrorDetails, source: Source, findings: Findings) -> None:
    kind, context = detail["type"], detail.get("ctx", {})
    fix: tuple[Edit, ...] = ()
    steps = _place(detail, source.data)
    last = _called(steps)
    span = source.span(steps)
    if kind == "missing":
        present = _value_at(source.data, steps[:-1])
        if slip := nearest(str(steps[-1]), present):
            add = f"did you mean {last} where '{slip}' stands?"
            if nearest_only(str(steps[-1]), present):
                fix = respelt(source, (*steps[:-1], slip), slip, str(steps[-1]), key=True)
            span = source.span((*steps[:-1], slip), key=True)
        else:
            add = _TO_ADD.get(str(steps[-1]), f"add '{steps[-1]}: …'")
        findings.add(rules.MISSING_KEY, f"the key {last} is missing", span, add, steps, fix)
    elif kind in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
        value = _value_at(source.data, steps)
        shown = f"'{value}'" if isinstance(value, str) and len(value) <= _SHOWN_MAX else "this value"
        advice = did_you_mean(str(value), expected, "one of")
        meant = nearest_only(value, expected) if isinstance(value, str) else None
        fix = respelt(source, steps, value, meant) if meant else ()
        findings.add(rules.INVALID_VALUE, f"{shown} is not allowed for {last}", span, advice, steps, fix)
    elif wanted := _WANTED.get(kind):
        value = _value_at(source.data, steps)
        if value is None:
            advice = "give it a value, or leave the key out"
            findings.add(rules.WRONG_TYPE, f"{last} takes {wanted}, and has no value", span, advice, steps)
        else:
            message = f"{last} takes {wanted}, not {_kind(value)}"
            findings.add(rules.WRONG_TYPE, message, span, _ADVICE.get(wanted), steps)
    else:
        findings.add(rules.INVALID_VALUE, f"{last} {detail['msg'].removeprefix('Input ')}", span, part=steps)


def _called(steps: Steps) -> str:
    """How a message names the part at a path: by its key, an entry of a list by the list's."""
    keys = [step for step in steps if isinstance(step, str)]
    if not keys:
        return "the document"
    return f"'{keys[-1]}'" if isinstance(steps[-1], str) else f"an entry of '{keys[-1]}'"


def _kind(value: Any) -> str:
    """What a value is, in an author's words."""
    match value:
        case bool():
            return _FLAG
        case int():
            return "a number"
        case float():
            return "a fraction"
        case str():
            return _TEXT
        case list():
            return _LIST
        case _:
            return _MAPPING


_TO_ADD = {
    "capability": "add 'capability:' with 'consumes:' and 'exposes:'",
    "naftiko": "add 'naftiko: 1.0.0-alpha2'",
    "port": "add 'port: 8080'",
}
_INSTEAD = {
    "aggregates": "let tools and operations 'call' consumed operations themselves",
    "mappings": "use 'outputParameters'",
    "path": "give the operation a resource of its own with this path",
    "prompts": "leave it out; tools are served",
    "ref": "use 'call: namespace.operation'",
    "resources": "leave it out; tools are served",
    "tunnel": "reach the API by its own address, or start with --base-uri NAMESPACE=URL",
    "steps": "use 'call: namespace.operation'",
}
"""What an author can do about a key that is not served yet."""
_WHY_NOT = dict.fromkeys(
    ("responses", "responseBinary"), "callers get what the upstream answers; 'outputMediaType' gives it another type"
)
"""What a key without effect leaves as it is."""
_SHOWN_MAX = 60
_TEXT, _MAPPING, _LIST, _NUMBER, _FLAG = "text", "a mapping", "a list", "a whole number", "true or false"
_ADVICE = {_LIST: "begin each entry with '- '", _MAPPING: "write 'key: value' lines"}
_WANTED = {
    "string_type": _TEXT,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
}


def _real_steps(location: Iterable[str | int], data: Any) -> Steps:
    """The location pydantic gives without the names of union members, which the file does not contain."""
    steps: list[str | int] = []
    parts = list(location)
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        in_mapping = isinstance(data, dict) and part in data
        if in_mapping and following in data and not isinstance(data[part], dict | list):
            continue  # a union member that is called like a key beside the one that is meant
        if in_list or in_mapping:
            steps.append(part)
            data = data[part]
    return tuple(steps)


def _value_at(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def _settle(part: Part, steps: Steps, source: Source, findings: Findings, pruned: Any = None) -> None:
    """Tell a part and all below it their places; report unknown keys and those not served yet.

    Args:
        part: What was read.
        steps: Its place.
        source: The document.
        findings: Gets the reports.
        pruned: The data that the part was read from, when something was removed from the document.
    """
    part.place(steps)
    fields = type(part).model_fields
    for key in () if part.takes_any_key else part.__pydantic_extra__ or ():
        _unknown(part, key, (*steps, key), source, findings)
    for name in fields.keys() & part.model_fields_set:
        field, value = fields[name], getattr(part, name)
        alias = field.alias or name
        if NOT_SERVED in field.metadata:
            if value is not None:
                place = (*steps, alias)
                message, advice = f"'{alias}' is not served yet", _INSTEAD.get(alias)
                findings.add(rules.NOT_SERVED, message, source.span(place, key=True), advice, place)
            continue
        if NO_EFFECT in field.metadata and value is not None:
            span = source.span((*steps, alias), key=True)
            findings.add(rules.NO_EFFECT, f"'{alias}' has no effect here", span, _WHY_NOT.get(alias))
        for below, inner, data in _parts(value, (*steps, alias), look_up(pruned, alias)):
            _settle(inner, below, source, findings, data)


def _parts(value: Any, steps: Steps, pruned: Any) -> Iterator[tuple[Steps, Part, Any]]:
    if isinstance(value, Part):
        yield steps, value, pruned
    elif isinstance(value, tuple):
        for index, item in zip(indices(pruned), value, strict=False):
            yield from _parts(item, (*steps, index), look_up(pruned, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _parts(item, (*steps, key), look_up(pruned, key))


def _unknown(part: Part, key: str, steps: Steps, source: Source, findings: Findings) -> None:
    span = source.span(steps, key=True)
    if findings.has(rules.MISSING_KEY, span):
        return  # it stands where another key is missing, which says it all
    known = [field.alias or name for name, field in type(part).model_fields.items()]
    odd = next((c for c in key if c.isspace() and c != " "), None)
    advice = f"replace the character U+{ord(odd):04X} in it by an ordinary space" if odd else term_for(type(part), key)
    close = nearest(key, known) if odd or advice is None else None
    if close is not None:
        fix = respelt(source, steps, key, close, key=True) if nearest_only(key, known) else ()
        findings.add(rules.MISSPELT_KEY, f"unknown key '{key}'", span, advice or f"did you mean '{close}'?", steps, fix)
    else:
        findings.add(rules.UNKNOWN_KEY, f"unknown key '{key}' is ignored", span, advice)
