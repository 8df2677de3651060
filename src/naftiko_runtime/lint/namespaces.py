"""Namespaces that two parts of a document have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.lint.check import make_check

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.lint.check import Subject


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


CHECKS: Final = (make_check(check_namespaces, rules.DUPLICATE_NAMESPACE, rules.SHARED_NAMESPACE, occasion="always"),)
