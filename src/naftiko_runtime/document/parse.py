"""Parses a source to a document: checks the data against the models and reports errors with their places."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct
from pydantic_core import ValidationError

from naftiko_runtime import rules
from naftiko_runtime.document.capability import Capability, Document, SharedDocument
from naftiko_runtime.document.foreign_keys import advise_instead, advise_other
from naftiko_runtime.document.pruning import PrunedData, list_indices, look_up
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.model.part import NO_EFFECT, NOT_SERVED, Part
from naftiko_runtime.rules import helps, nouns
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_nearest, find_only_near, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pydantic_core import ErrorDetails

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.rules import Advice, Noun
    from naftiko_runtime.source import KeyPath, Source

PartT = TypeVar("PartT", bound=Part)
_FAMILIAR: Final = {
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "str": "string",
    "text": "string",
    "list": "array",
    "dict": "object",
    "map": "object",
}
"""Types of other languages, with the type that is meant."""


class Parsed(Struct, frozen=True):
    """A document, and the parts that could not be read.

    Attributes:
        document: The document.
        unread: The places of wrong values and missing keys. These values are left out of the document,
            or replaced if a large part needs them. Nothing there may be served.
        fragment: Whether it has no ``capability``. A document that imports it may complete it.
    """

    document: Document
    unread: frozenset[KeyPath] = frozenset()
    fragment: bool = False


def parse(source: Source, findings: Findings) -> Parsed | None:
    """Return the document. None if no part of it can be read; the findings say why.

    Args:
        source: What was read, in the canonical spelling.
        findings: Gets every error. A document with errors is still returned, so that linking finds more.
    """
    model = SharedDocument if _is_shared(source.data) else Document
    try:
        document = model.model_validate(source.data)
    except ValidationError as error:
        return _parse_rest(model, error, source, findings)
    _locate_parts(document, (), source, findings)
    return Parsed(document)


def _parse_rest(model: type[Document], error: ValidationError, source: Source, findings: Findings) -> Parsed | None:
    """Return the document without what its model refuses, which is reported."""
    for detail in _list_errors(error):
        _report_error(detail, source, findings)
    pruned = PrunedData(source.data)
    while True:
        data = pruned.compact()
        try:
            document = model.model_validate(data)
        except ValidationError as left:
            places = [pruned.find_original(_find_place(detail, data)) for detail in _list_errors(left)]
            if not sum(map(pruned.prune, places)):
                return None
        else:
            _locate_parts(document, (), source, findings, pruned.data)
            return Parsed(document, frozenset(pruned.unread))


def _list_errors(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


def _is_shared(data: Any) -> bool:
    """Return whether a document has no capability and needs none."""
    if "capability" in data:
        return False
    return find_nearest("capability", data) is None and not data.keys().isdisjoint(("consumes", "binds", "aggregates"))


def parse_part(model: type[PartT], source: Source, findings: Findings) -> PartT | None:
    """Check a whole source against one model, and set the path of every part of the result."""
    try:
        part = model.model_validate(source.data)
    except ValidationError as error:
        for detail in _list_errors(error):
            _report_error(detail, source, findings)
        return None
    _locate_parts(part, (), source, findings)
    return part


def _find_place(detail: ErrorDetails, data: Any) -> KeyPath:
    """Return the place of a wrong value or of a missing key."""
    key_path = _remove_union_tags(detail["loc"], data)
    return (*key_path, detail["loc"][-1]) if detail["type"] == "missing" else key_path


def _report_error(detail: ErrorDetails, source: Source, findings: Findings) -> None:
    kind, context = detail["type"], detail.get("ctx", {})
    key_path = _find_place(detail, source.data)
    part, span = nouns.name_part(key_path), source.find_span(key_path)
    if kind == "missing":
        _report_missing(key_path, source, findings)
    elif kind in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
        value = _get_value(source.data, key_path)
        is_short = isinstance(value, str) and len(value) <= _SHOWN_MAX
        shown = nouns.VALUE(value=value) if is_short else nouns.THIS_VALUE()
        advice = suggest(str(value), expected, helps.ONE_OF)
        meant = _find_meant(value, expected) if isinstance(value, str) else None
        advice = helps.DID_YOU_MEAN(suggestion=meant) if meant else advice
        fix = replace_text(source, key_path, value, meant) if meant else ()
        findings.report(rules.INVALID_VALUE(value=shown, part=part), span, advice, part=key_path, fix=fix)
    elif wanted := _WANTED.get(kind):
        value = _get_value(source.data, key_path)
        if value is None:
            findings.report(
                rules.WRONG_TYPE_EMPTY(part=part, wanted=wanted()),
                span,
                _advise_indenting(key_path, source),
                part=key_path,
            )
        else:
            statement = rules.WRONG_TYPE(part=part, wanted=wanted(), kind=_name_kind(value)())
            findings.report(statement, span, _advise_form(wanted, value, key_path), part=key_path)
    else:
        problem = detail["msg"].removeprefix("Input ")
        advice = helps.PORT_NUMBER() if key_path[-1:] == ("port",) else None
        findings.report(rules.INVALID_VALUE_CHECKED(part=part, problem=problem), span, advice, part=key_path)


def _find_meant(value: str, expected: Sequence[str]) -> str | None:
    """Return the only allowed word that a word stands for. None if there is none, or several."""
    familiar = _FAMILIAR.get(value.lower())
    return familiar if familiar in expected else find_only_near(value, expected)


def _advise_indenting(key_path: KeyPath, source: Source) -> Advice | None:
    """Advice for a ``capability`` whose sections are written beside it."""
    beside = tuple(key for key in Capability.model_fields if key in source.data)
    return helps.INDENT_BELOW(keys=beside, parent="capability") if key_path == ("capability",) and beside else None


def _advise_form(wanted: Noun, value: Any, key_path: KeyPath) -> Advice | None:
    """Advice on how to write a value of the wanted type: names in a list as a map, where the map has names."""
    names = value if isinstance(value, list) and key_path[-1:] == ("keys",) else []
    if names and all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        return helps.MAP_FORM(key="keys", pairs=tuple(f"{name}: {name}" for name in names))
    if key_path[-1:] == ("port",):
        return helps.PORT_NUMBER()
    if (form := helps.FORMS.get(str(key_path[-1])) if key_path else None) is not None:
        return form()
    if wanted is nouns.LIST and isinstance(value, dict) and key_path[-1:] == ("binds",):
        return helps.LIST_BINDS()
    advised = _ADVICE.get(wanted)
    return None if advised is None else advised()


def _report_missing(key_path: KeyPath, source: Source, findings: Findings) -> None:
    """Report a missing key. A similar key in the same mapping is suggested."""
    key, present = str(key_path[-1]), _get_value(source.data, key_path[:-1])
    statement = rules.MISSING_KEY(key=key)
    if misspelt := find_nearest(key, present):
        place = (*key_path[:-1], misspelt)
        advice = helps.DID_YOU_MEAN_WHERE(suggestion=key, written=misspelt)
        fix = replace_text(source, place, misspelt, key, key=True) if find_only_near(key, present) else ()
        findings.report(statement, source.find_span(place, key=True), advice, part=key_path, fix=fix)
    else:
        known = _TO_ADD.get(key)
        findings.report(statement, source.find_span(key_path), None if known is None else known(), part=key_path)


def _name_kind(value: Any) -> Noun:
    """Return the type of a value, in the words of messages."""
    match value:
        case bool():
            return nouns.FLAG
        case int():
            return nouns.NUMBER
        case float():
            return nouns.FRACTION
        case str():
            return nouns.TEXT
        case list():
            return nouns.LIST
        case _:
            return nouns.MAPPING


_TO_ADD = {
    "capability": helps.ADD_CAPABILITY,
    "naftiko": helps.ADD_VERSION,
    "port": helps.ADD_PORT,
}
_INSTEAD = {
    "path": helps.OWN_RESOURCE,
    "tunnel": helps.OWN_ADDRESS,
}
"""What an author can do about a key that is not served yet."""
_WHY_NOT = dict.fromkeys(("responses", "responseBinary"), helps.RESPONSE_PASSES_THROUGH)
"""What a key without effect leaves as it is."""
_SHOWN_MAX = 60
_NAME = compile_lazily(r"[A-Za-z_]\w{0,40}")
"""What may be the name of a variable."""
_ADVICE = {nouns.LIST: helps.LIST_ENTRIES, nouns.MAPPING: helps.MAPPING_LINES}
_WANTED = {
    "string_type": nouns.TEXT,
    "dict_type": nouns.MAPPING,
    "model_type": nouns.MAPPING,
    "model_attributes_type": nouns.MAPPING,
    "tuple_type": nouns.LIST,
    "list_type": nouns.LIST,
    "int_type": nouns.WHOLE_NUMBER,
    "int_parsing": nouns.WHOLE_NUMBER,
    "int_from_float": nouns.WHOLE_NUMBER,
    "float_type": nouns.NUMBER,
    "bool_type": nouns.FLAG,
    "bool_parsing": nouns.FLAG,
}


def _remove_union_tags(location: Iterable[str | int], data: Any) -> KeyPath:
    """Pydantic's location without the tags of union members, which are not in the file."""
    key_path: list[str | int] = []
    parts = list(location)
    for part, following in zip_longest(parts, parts[1:]):
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        in_mapping = isinstance(data, dict) and part in data
        if in_mapping and following in data and not isinstance(data[part], dict | list):
            continue  # the tag of a union member that is also the name of a sibling key
        if in_list or in_mapping:
            key_path.append(part)
            data = data[part]
    return tuple(key_path)


def _get_value(data: Any, key_path: KeyPath) -> Any:
    for key in key_path:
        data = data[key]
    return data


def _locate_parts(part: Part, key_path: KeyPath, source: Source, findings: Findings, pruned: Any = None) -> None:
    """Set the paths of a part and of all parts below it. Report unknown keys, and keys that are not served yet.

    Args:
        part: What was read.
        key_path: Its place.
        source: The document.
        findings: Gets the reports.
        pruned: The data that the part was read from, when something was removed from the document.
    """
    part.set_path(key_path)
    fields = type(part).model_fields
    for key in () if part.takes_any_key else part.__pydantic_extra__ or ():
        _report_unknown_key(part, key, (*key_path, key), source, findings)
    for name in fields.keys() & part.model_fields_set:
        field, value = fields[name], getattr(part, name)
        alias = field.alias or name
        if NOT_SERVED in field.metadata:
            if value is not None:
                place = (*key_path, alias)
                advice = _INSTEAD[alias]() if alias in _INSTEAD else None
                findings.report(rules.NOT_SERVED(key=alias), source.find_span(place, key=True), advice, part=place)
            continue
        if NO_EFFECT in field.metadata and value is not None:
            span = source.find_span((*key_path, alias), key=True)
            findings.report(rules.NO_EFFECT(key=alias), span, _WHY_NOT[alias]() if alias in _WHY_NOT else None)
        for below, inner, data in _iter_parts(value, (*key_path, alias), look_up(pruned, alias)):
            _locate_parts(inner, below, source, findings, data)


def _iter_parts(value: Any, key_path: KeyPath, pruned: Any) -> Iterator[tuple[KeyPath, Part, Any]]:
    if isinstance(value, Part):
        yield key_path, value, pruned
    elif isinstance(value, tuple):
        for index, item in zip(list_indices(pruned), value, strict=False):
            yield from _iter_parts(item, (*key_path, index), look_up(pruned, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _iter_parts(item, (*key_path, key), look_up(pruned, key))


def _report_unknown_key(part: Part, key: str, key_path: KeyPath, source: Source, findings: Findings) -> None:
    span = source.find_span(key_path, key=True)
    if findings.has(rules.MISSING_KEY, span):
        return  # the finding about the missing key covers it
    known = [field.alias or name for name, field in type(part).model_fields.items()]
    odd = next((c for c in key if c.isspace() and c != " "), None)
    if (
        isinstance(part, Document)
        and (meant := find_nearest(key, Capability.model_fields))
        and not find_nearest(key, known)
    ):
        below = helps.INDENT_BELOW(keys=(meant,), parent="capability")
        findings.report(rules.MISSPELT_KEY_AT_ROOT(key=key), span, below, part=key_path)
        return
    advice = helps.REPLACE_CHARACTER(code=f"{ord(odd):04X}") if odd else advise_instead(type(part), key)
    close = find_nearest(key, known) if odd or advice is None else None
    if close is not None:
        fix = replace_text(source, key_path, key, close, key=True) if find_only_near(key, known) else ()
        advice = advice or helps.DID_YOU_MEAN(suggestion=close)
        findings.report(rules.MISSPELT_KEY(key=key), span, advice, part=key_path, fix=fix)
    else:
        findings.report(rules.UNKNOWN_KEY(key=key), span, advice or advise_other(type(part)))
