"""Spellings that the specification has another word for. Only `validate --fix` and `--diff` report them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.reference_syntax import PREFIXES
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.source.edits import replace_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.source import Source

_PREFIXED: Final = compile_lazily(rf"({'|'.join(PREFIXES)})\.([^\s{{}}]+)")
_NAMESPACE: Final = compile_lazily(r"[A-Za-z_][\w-]*")


def check_rewrites(subject: Subject) -> None:
    """Report valid spellings that differ from the specification's.

    Imported parts are checked in their own files.
    """
    source, findings = subject.context.source, subject.context.findings
    for namespace, exposed in subject.iter_operations():
        own = exposed.get_path()
        for name, value in exposed.with_.items():
            if exposed.get_path("with")[: len(own)] == own:  # otherwise the function has it
                _check_value(namespace, exposed, name, value, source, findings)
        for output in exposed.output_parameters:
            for inner in _iter_outputs(output):
                _check_mapping(inner, source, findings)


def _iter_outputs(output: Output) -> Iterator[Output]:
    yield output
    for inner in output.iter_inner():
        yield from _iter_outputs(inner)


def _check_value(namespace: str, exposed: Exposed, name: str, value: Any, source: Source, findings: Findings) -> None:
    match = _PREFIXED.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] == namespace or not _NAMESPACE.fullmatch(namespace):
        return
    own, key_path = f"{namespace}.{match[2]}", exposed.get_path("with", name)
    span = source.find_span(key_path)
    declared = {parameter.name for parameter in getattr(exposed, "input_parameters", ())}
    if span.file != source.file or {value, own} & declared:  # an input of that very name is what is meant then
        return
    fix = replace_text(source, key_path, value, own)
    findings.report(rules.VALUE_PREFIX(prefix=match[1], meant=own), span, part=key_path, fix=fix)


def _check_mapping(output: Output, source: Source, findings: Findings) -> None:
    if output.mapping != "$.":
        return
    key_path = output.get_path("mapping")
    span = source.find_span(key_path)
    if span.file == source.file:
        findings.report(rules.ROOT_PATH(), span, part=key_path, fix=replace_text(source, key_path, "$.", "$"))


CHECKS: Final = (make_check(check_rewrites, rules.VALUE_PREFIX, rules.ROOT_PATH, occasion="fix"),)
