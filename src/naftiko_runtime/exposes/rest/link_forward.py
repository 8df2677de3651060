"""Links ``forward``: a part of a REST server whose requests go to an API unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.encode_for_place import FRAMING_HEADERS
from naftiko_runtime.link.credentials import is_set_by_authentication
from naftiko_runtime.link.header_name import check_header_name
from naftiko_runtime.link.list_styles import choose_list_style
from naftiko_runtime.plan import (
    Argument,
    Call,
    Constant,
    Contract,
    ForwardRoute,
    NamedTerm,
    OpenBody,
    Operation,
    Request,
    UntouchedResponse,
    freeze,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Forward, RestResource
    from naftiko_runtime.document.parameters import ConsumedParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Term, Upstream

_OURS: Final = frozenset({*FRAMING_HEADERS, "host", "proxy-authorization", "proxy-connection"})


class Forwarding:
    """Links the forwards of a document."""

    def __init__(self, document: Document, upstreams: Sequence[Upstream], context: Context) -> None:
        apis = (*document.capability.consumes, *document.consumes)
        self._apis = {api.namespace: api for api in apis if isinstance(api, ConsumedHttp)}
        self._imported = {api.namespace for api in apis if not isinstance(api, ConsumedHttp)}
        self._upstreams: Mapping[str, Upstream] = {upstream.namespace: upstream for upstream in upstreams}
        self._context = context

    def link(
        self, namespace: str, resource: RestResource, forward: Forward, pattern: Sequence[str | Argument]
    ) -> ForwardRoute | None:
        """Link the forward of a resource. None if its API is unknown, which is reported.

        Args:
            namespace: The namespace of the expose.
            resource: The resource.
            forward: The ``forward`` of the resource.
            pattern: The path of the resource, split.
        """
        upstream = self._upstreams.get(forward.target_namespace)
        trusted = tuple(dict.fromkeys(self._iter_trusted(forward, upstream)))
        if upstream is None and self._imported & {None, forward.target_namespace}:
            return None  # that the import is refused says it all
        if upstream is None and self._context.may_be_completed(forward.target_namespace, self._upstreams):
            return None
        if upstream is None:
            missing = rules.UNRESOLVED_CALL_API(namespace=forward.target_namespace)
            advice = suggest(forward.target_namespace, self._upstreams, helps.CONSUMED_NAMESPACES)
            self._context.report(missing, forward.get_path("targetNamespace"), advice)
            return None
        prefix, rest = split_mount(pattern)
        self._report_unused(resource, prefix, rest)
        fixed = {place: tuple(self._iter_fixed(upstream.namespace, place)) for place in ("query", "header", "cookie")}
        request = Request(
            upstream=upstream,
            operation=f"{upstream.namespace}.*",
            method="*",
            path=(upstream.base_uri.rstrip("/"),),
            query=fixed["query"],
            headers=fixed["header"],
            cookies=fixed["cookie"],
            body=OpenBody(),
            open_query=True,
            caller_headers=True,
            forwards=True,
        )
        operation = Operation(f"{namespace}.{resource.path}", Contract(), Call(request, UntouchedResponse()))
        return ForwardRoute(resource.path, prefix, trusted, operation)

    def _iter_trusted(self, forward: Forward, upstream: Upstream | None) -> Iterator[str]:
        for index, name in enumerate(forward.trusted_headers):
            key_path = forward.get_path("trustedHeaders", index)
            if upstream is not None and is_set_by_authentication("header", name, upstream.credential):
                self._context.report(rules.AUTHENTICATION_INPUT_OF_FORWARD(name=name), key_path)
            if name.lower() in _OURS:
                self._context.report(rules.INVALID_VALUE_OWN_HEADER(name=name), key_path, helps.REMOVE_FROM_LIST())
            else:
                check_header_name(name, key_path, self._context)
                yield name.lower()

    def _iter_fixed(self, namespace: str, place: str) -> Iterator[NamedTerm]:
        """Yield the parameters of the API that have a fixed value. Others send nothing."""
        for parameter in self._apis[namespace].input_parameters:
            if parameter.in_ == place and (term := self._link_term(parameter)) is not None:
                name = parameter.name.lower() if place == "header" else parameter.name
                yield NamedTerm(name, term, choose_list_style(parameter))

    def _link_term(self, parameter: ConsumedParameter) -> Term | None:
        if parameter.value is None:
            return None if parameter.default is None else Constant(freeze(parameter.default))
        context, key_path = self._context, parameter.get_path("value")
        if context.needs_caller(parameter.value, key_path):
            return None
        return context.link_secret_text(parameter.value, key_path)

    def _report_unused(self, resource: RestResource, prefix: Sequence[str | Argument], rest: str | None) -> None:
        """Report declarations of the resource that a forward does not use."""
        names = [(p.name, p.get_path("name")) for p in resource.input_parameters if p.name != rest]
        names += [(piece.name, resource.get_path("path")) for piece in prefix if isinstance(piece, Argument)]
        if resource.operations:  # they may be theirs
            return
        for name, key_path in dict(names).items():
            self._context.report(rules.UNUSED_INPUT_OF_FORWARD(name=name), key_path)


def split_mount(pattern: Sequence[str | Argument]) -> tuple[tuple[str | Argument, ...], str | None]:
    """Split a path into the part before a placeholder at its end, and the name of that placeholder."""
    match tuple(pattern):
        case (*head, str(before), Argument(name)) if before.endswith("/"):
            return (*head, before.rstrip("/")), name
        case (*head, str(last)):
            return (*head, last.rstrip("/")), None
        case whole:
            return whole, None
