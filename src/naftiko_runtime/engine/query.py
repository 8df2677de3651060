"""Builds the query of a request from the document and from the caller's own query."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.encode_for_place import encode_query
from naftiko_runtime.engine.caller_query import drop_fields, fold_field_names, list_query_names
from naftiko_runtime.engine.compile_terms import ABSENT, compile_term, evaluate_constant, render_value
from naftiko_runtime.engine.encode_fields import STYLES, encode_field
from naftiko_runtime.link.term_substitution import find_variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.authentication.kind import FixedField
    from naftiko_runtime.engine.compile_terms import Evaluate, Values
    from naftiko_runtime.engine.encode_fields import EncodeFields
    from naftiko_runtime.plan import NamedTerm, Request
    from naftiko_runtime.secret import Secret


class QueryBuilder:
    """Builds the queries of one operation.

    Attributes:
        secret_names: The names of the fields that hold secrets.
    """

    __slots__ = ("_fields", "_is_open", "_own_names", "secret_names")

    def __init__(self, request: Request, keys: Sequence[FixedField], secrets: Mapping[str, Secret]) -> None:
        """Compile the parts that are the same for all calls.

        Args:
            request: The planned request.
            keys: The fields with the API's keys. No parameter can change them.
            secrets: Bound variables by full name.

        Raises:
            Unrenderable: A query cannot have a fixed value.
        """
        self._is_open = request.open_query
        self._fields: list[str | tuple[str, str, Evaluate, EncodeFields]] = []
        for term in request.query:
            self._add(term, secrets)
        for key in keys:
            self._set_key(key)
        self._own_names = self._list_own_names(request) if request.open_query else frozenset()
        with_secrets = (term.name for term in request.query if next(find_variables(term), None))
        self.secret_names = fold_field_names([*(key.name for key in keys), *with_secrets])

    def _add(self, term: NamedTerm, secrets: Mapping[str, Secret]) -> None:
        name, fields = encode_query(term.name), STYLES[term.style]
        value = evaluate_constant(term.term, secrets)
        if value is ABSENT:
            self._fields.append((term.name, name, compile_term(term.term, secrets, joins=True), fields))
        else:
            self._fields += fields(name, value)

    def _set_key(self, key: FixedField) -> None:
        encoded = encode_query(key.name)
        others = [f for f in self._fields if (f.partition("=")[0] if isinstance(f, str) else f[1]) != encoded]
        self._fields = [*others, *encode_field(encoded, key.value)]

    def _list_own_names(self, request: Request) -> frozenset[bytes]:
        """Return the names of the query fields that only the document sends."""
        written = "".join(piece if isinstance(piece, str) else "" for piece in request.path).partition("?")[2]
        names = [field.partition("=")[0] if isinstance(field, str) else field[1] for field in self._fields]
        if (credential := request.upstream.credential) is not None:
            names += get_kind(credential).list_reserved_query(credential)
        return fold_field_names(list_query_names("&".join([written, *names])))

    def build(self, values: Values, raw: bytes) -> str:
        """Return the query of one call. Empty for none.

        Args:
            values: Admitted inputs by name.
            raw: The caller's query, byte for byte.

        Raises:
            Rejected: A query cannot have a value.
        """
        if raw and self._own_names:
            raw = drop_fields(raw, self._own_names)
        if not self._fields:
            return raw.decode("latin-1") if self._is_open and raw else ""
        fields: list[str] = []
        for entry in self._fields:
            if isinstance(entry, str):
                fields.append(entry)
                continue
            name, encoded, get, fields_of_value = entry
            if (value := render_value(name, "query", get, values)) is not ABSENT:
                fields += render_value(name, "query", partial(fields_of_value, encoded), value)
        if self._is_open and raw:
            fields.append(raw.decode("latin-1"))
        return "&".join(fields)
