"""Namespaces that two parts of a document have, and functions that have one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.link.function_references import list_aggregates
from naftiko_runtime.lint.define_check import make_check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.rules import Message


def check_namespaces(subject: Subject) -> None:
    """Report namespaces of exposes that another expose or an API has."""
    document, context = subject.document, subject.context
    seen: dict[str, Expose] = {}
    apis = [api for api in (*document.consumes, *document.capability.consumes) if isinstance(api, ConsumedHttp)]
    consumed = {api.namespace: api for api in reversed(apis)}
    for expose in document.capability.exposes:
        namespace, key_path = expose.get_value("namespace"), expose.get_path("namespace")
        if not isinstance(namespace, str):
            continue
        if (first := seen.setdefault(namespace, expose)) is not expose:
            related = context.find_span(first.get_path("namespace"))
            context.report(rules.DUPLICATE_NAMESPACE_EXPOSED(namespace=namespace), key_path, related=related)
        elif (api := consumed.get(namespace)) is not None:
            related = context.find_span(api.get_path("namespace"))
            context.report(rules.SHARED_NAMESPACE(namespace=namespace), key_path, related=related)


def check_aggregates(subject: Subject) -> None:
    """Report aggregates with the namespace of an earlier one, and functions with the name of an earlier one."""
    aggregates = list_aggregates(subject.document)
    named = [aggregate for aggregate in aggregates if aggregate.namespace is not None]
    _check_unique(named, "namespace", rules.DUPLICATE_NAMESPACE_AGGREGATE, subject.context)
    for aggregate in aggregates:
        _check_unique(aggregate.functions, "name", rules.DUPLICATE_NAME_FUNCTION, subject.context)


def _check_unique(parts: Iterable[Part], key: str, twice: Message, context: Context) -> None:
    first: dict[str, Part] = {}
    for part in parts:
        name, key_path = getattr(part, key), part.get_path(key)
        if (earlier := first.setdefault(name, part)) is not part and key_path not in context.unread:
            context.report(twice(**{key: name}), key_path, related=context.find_span(earlier.get_path(key)))


CHECKS: Final = (
    make_check(check_namespaces, rules.DUPLICATE_NAMESPACE, rules.SHARED_NAMESPACE, occasion="always"),
    make_check(check_aggregates, rules.DUPLICATE_NAMESPACE, rules.DUPLICATE_NAME, occasion="always"),
)
