"""Checks for values that can never work. Each is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.authentication.kinds import find_kind
from naftiko_runtime.contract.type_conversion import check_type, convert_text
from naftiko_runtime.document.capability import Bind
from naftiko_runtime.document.consumes import ConsumedOperation, ConsumedResource
from naftiko_runtime.document.exposes import Exposed, RestResource
from naftiko_runtime.document.parameters import (
    ConsumedParameter,
    ExposedParameter,
    Parameter,
    ToolParameter,
    ValueConstraints,
)
from naftiko_runtime.document.walk import walk_parts
from naftiko_runtime.host_encoding import is_absolute
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.declared_inputs import compile_declared_check
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.plan import freeze, thaw
from naftiko_runtime.redact_document import is_token_like
from naftiko_runtime.rules import helps
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.source import format_as_written
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.template import Placeholder, split_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.authentication.kind import AuthenticationKind
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.rules import Statement
    from naftiko_runtime.source import KeyPath

_BAD_PERCENT: Final = compile_lazily(r"%(?![0-9A-Fa-f]{2})")
_PASTED: Final = compile_lazily(
    "[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u00a0\u200b-\u200f\u2060\ufeff]"
)
"""Typographic quotes and invisible characters, which come with text that was copied from a page."""
_NOT_IN_HEADER: Final = compile_lazily(r"[^\x20-\x7e\t]")
_VARIABLE_NAME: Final = compile_lazily(r"[\w.-]+")
"""Shells take fewer names, but containers and real files have these."""
_REFERENCE: Final = compile_lazily(r"\$?\{{0,2}\s*(?:env\.|secrets\.)?(?P<name>[A-Za-z_]\w*)\s*\}{0,2}")
"""A variable that is written as in an expression."""
_NAMES: Final = ("name", "namespace", "path")


def check_values(subject: Subject) -> None:
    """Report values that can never work."""
    context = subject.context
    for part in walk_parts(subject.document):
        _check_ends(part, context)
        if (kind := find_kind(part)) is not None:
            _check_credential(part, kind, context)
        match part:
            case Bind():
                _check_keys(part, context)
            case ConsumedParameter() | ExposedParameter() | ToolParameter():
                _check_default(part, context)
                if isinstance(part, ConsumedParameter) and part.in_ == "header":
                    _check_characters(part, "value", part.value or "", context, header=False)
            case ConsumedResource() | ConsumedOperation() | RestResource():
                _check_path(part.path, part.get_path("path"), context)
            case Exposed():
                _check_outputs(part, context)
            case _:
                pass


def _check_ends(part: Part, context: Context) -> None:
    for key in _NAMES:
        text = getattr(part, key, None)
        if isinstance(text, str) and text != text.strip() and key in part.model_fields_set:
            context.report(_describe_white_space(key, text), part.get_path(key))


def _describe_white_space(key: str, text: str) -> Statement:
    """Return the statement that a name or a path begins or ends with white space."""
    before = text != text.lstrip()
    if key == "path":
        return (rules.PATH_SPACE_BEFORE if before else rules.PATH_SPACE_AFTER)(text=text.strip())
    return (rules.INVALID_VALUE_SPACE_BEFORE if before else rules.INVALID_VALUE_SPACE_AFTER)(key=key, text=text.strip())


def _check_path(text: str | None, key_path: KeyPath, context: Context) -> None:
    if text is None:
        return
    if is_absolute(text):
        context.report(rules.PATH_URL(), key_path)
    if _BAD_PERCENT.search(text):
        context.report(rules.PATH_PERCENT(), key_path)


def _check_default(parameter: Parameter, context: Context) -> None:
    if parameter.default is None:
        return
    try:
        _convert_default(parameter)
    except DescribedError as error:
        statement = rules.INVALID_VALUE_DEFAULT(name=parameter.name, problem=error.problem)
        default = parameter.default
        plain = parameter.type == "string" and isinstance(default, int | float)
        written = str(default).lower() if isinstance(default, bool) else format_as_written(default)
        advice = helps.QUOTE(text=written) if plain else None
        context.report(statement, parameter.get_path("default"), advice)


def _convert_default(parameter: Parameter) -> None:
    """Convert a default as a call does that gives no value.

    Raises:
        DescribedError: The default has another type, or is not allowed.
    """
    convert = check_type if isinstance(parameter, ToolParameter) else convert_text
    value = convert(thaw(freeze(parameter.default)), parameter.type)
    if isinstance(parameter, ValueConstraints):
        check = compile_declared_check(parameter, parameter.name, parameter.type)
        if check is not None:
            check.check(value, convert)


def _check_credential(part: Part, kind: AuthenticationKind[Any, Any], context: Context) -> None:
    in_header = kind.sends_in_header(part)
    for field in kind.sent_keys:
        text, key = getattr(part, field), type(part).model_fields[field].alias
        for name in _iter_names(text):
            if is_token_like(name):
                context.report(rules.SECRET_AS_NAME(key=key), part.get_path(key))
        _check_characters(part, key, text, context, header=in_header)


def _check_characters(part: Part, key: str, text: str, context: Context, *, header: bool) -> None:
    """Report typographic quotes, invisible characters, and non-ASCII characters in header values."""
    literal = "".join(_iter_literals(text))
    found = _PASTED.search(literal) or (_NOT_IN_HEADER.search(literal) if header else None)
    if found:
        is_quote = found[0] in "\u2018\u2019\u201c\u201d\u201e"
        advice = helps.STRAIGHT_QUOTES() if is_quote else helps.REMOVE()
        context.report(rules.INVALID_VALUE_CHARACTER(key=key, code=f"{ord(found[0]):04X}"), part.get_path(key), advice)


def _split_template(text: str) -> tuple[str | Placeholder, ...]:
    try:
        return split_template(text)
    except ValueError:  # reported where the template is linked
        return ()


def _iter_names(text: str) -> Iterator[str]:
    return (piece.name for piece in _split_template(text) if isinstance(piece, Placeholder))


def _iter_literals(text: str) -> Iterator[str]:
    return (piece for piece in _split_template(text) if isinstance(piece, str))


def _check_keys(bind: Bind, context: Context) -> None:
    for variable, key in bind.keys.items():
        if is_token_like(key):
            context.report(rules.SECRET_AS_NAME_KEY(namespace=bind.namespace), bind.get_path("keys", variable))
        elif is_token_like(variable):
            statement = rules.SECRET_AS_NAME_VARIABLE(namespace=bind.namespace)
            context.report(statement, bind.get_path("keys", variable), key=True)
        elif bind.location is None and not _VARIABLE_NAME.fullmatch(key):
            _report_key(bind, variable, key, context)


def _report_key(bind: Bind, variable: str, key: str, context: Context) -> None:
    """Report a key that cannot be an environment variable: a reference, or perhaps a secret."""
    key_path = bind.get_path("keys", variable)
    reference = _REFERENCE.fullmatch(key)
    advice = helps.WRITE_KEY(variable=variable, name=reference["name"]) if reference else None
    fix = replace_text(context.source, key_path, key, reference["name"]) if reference else ()
    context.report(rules.INVALID_VALUE_KEY(variable=variable), key_path, advice, fix=fix)


def _check_outputs(exposed: Exposed, context: Context) -> None:
    if exposed.call is None and not exposed.steps and getattr(exposed, "ref", None) is None:
        mapped = next(_iter_mapped(exposed.output_parameters), None)
        if mapped is not None:
            context.report(rules.MAPPING_WITHOUT_CALL(), mapped.get_path("mapping"))
        return
    if exposed.steps:  # an output without a mapping is the field of its own name
        return
    for output in exposed.output_parameters:
        _check_properties(output, context)


def _iter_mapped(outputs: tuple[Output, ...]) -> Iterator[Output]:
    for output in outputs:
        if isinstance(output.mapping, str) and output.value is None:
            yield output
        yield from _iter_mapped(tuple(output.iter_inner()))


def _check_properties(output: Output, context: Context) -> None:
    for inner in output.iter_inner():
        _check_properties(inner, context)
    older = output.mapping if output.mapping is not None and not isinstance(output.mapping, str) else output
    for name, inner in (older.properties or {}).items():
        if not _is_mapped(inner):
            context.report(rules.UNMAPPED_PROPERTY(name=name), inner.get_path())


def _is_mapped(output: Output) -> bool:
    """Return whether an output, or an inner one, has a source."""
    own = output.mapping is not None or output.value is not None or output.const is not None
    return own or any(map(_is_mapped, output.iter_inner()))


CHECKS: Final = (
    make_check(
        check_values,
        *(rules.INVALID_VALUE, rules.PATH, rules.SECRET_AS_NAME, rules.MAPPING_WITHOUT_CALL, rules.UNMAPPED_PROPERTY),
        occasion="always",
    ),
)
