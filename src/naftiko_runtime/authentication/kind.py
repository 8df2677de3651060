"""The interface of a kind of authentication."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.model.part import Meanings, Part, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.authentication.flow import Flow
    from naftiko_runtime.authentication.guard import Guard, GuardServices
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import KeyPath
    from naftiko_runtime.terms import Term

SECRET: Final = "secret"  # noqa: S105 - a mark, no secret
SENT: Final = "sent"

SentText = Annotated[Text, SENT]
"""A text that is sent as it is: it can hold no typographic quotes."""

SecretText = Annotated[Text, SECRET, SENT]
"""A secret text that is sent."""

SecretFile = Annotated[Text, SECRET]
"""A secret text of several lines, or the name of a file with it."""

USERNAME: Final = ("The user name.", "{{USER}}")
PASSWORD: Final = ("The password.", "{{PASSWORD}}")
"""What these keys mean, with an example."""

TextOf: TypeAlias = "Callable[[Term], str]"
"""The text of a term, with its variables in place."""


class FixedField(Struct, frozen=True):
    """A header, query field or cookie that is the same in every request. Header names are in lower case.

    It holds secrets, so ``repr()`` hides them.
    """

    place: Literal["header", "query", "cookie"]
    name: str
    value: str

    def __repr__(self) -> str:
        return f"FixedField({self.place!r}, {self.name!r})"


class Endpoint(Struct, frozen=True):
    """Another URL that a credential needs.

    Attributes:
        name: What messages call it.
        url: Where it is.
        check: What is wrong with a URL; nothing when it can be used.
    """

    name: str
    url: Term
    check: Callable[[str], Statement | None]


class Linker(Protocol):
    """What a kind needs to link a part of a document. ``link.context.Context`` implements it."""

    def report(
        self, statement: Statement, key_path: KeyPath, advice: Advice | None = None, *, key: bool = False
    ) -> None:
        """Note a finding at a place of the document, or at its key."""

    def link_secret_text(self, text: str, key_path: KeyPath) -> Term:
        """Return a template in which only bound variables may stand."""

    def find_span(self, key_path: KeyPath) -> Span:
        """Return the place of a value."""


class AuthenticationPart(Part):
    """What the parts of all kinds have in common."""

    meanings: ClassVar[Meanings] = {"type": ("The kind of authentication.", "hmac")}


P = TypeVar("P", bound=AuthenticationPart)
C = TypeVar("C", bound=Struct)


class AuthenticationKind(ABC, Generic[P, C]):
    """One kind of authentication, towards upstreams and towards callers.

    Methods that only some kinds need have a default.

    Attributes:
        name: The ``type`` in documents.
        part: The part of a document.
        guards_exposes: Whether callers can authenticate by it. Otherwise it is an error in an expose.
        foreign_keys: Keys that authors know from other tools, with what to write instead.
    """

    name: ClassVar[str]
    part: type[P]
    guards_exposes: ClassVar[bool] = False
    foreign_keys: ClassVar[Mapping[str, str]] = {}

    def list_spellings(self, written: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Return other spellings of keys, each with the key of this kind, in order.

        Args:
            written: The part as plain data.
        """
        return ()

    @abstractmethod
    def link(self, part: P, linker: Linker) -> C | None:
        """Return the credential for upstreams. None if the part has an error, which is reported."""

    def link_guard(self, part: P, linker: Linker) -> Struct | None:
        """Return the credential that callers must send, for a kind that guards exposes.

        No secret may be empty: that would admit everybody.
        """
        return self.link(part, linker)

    def list_scopes(self, part: P) -> Sequence[str] | None:
        """Return the scopes that an expose lists. None if the kind has no scopes."""
        return None

    @cached_property
    def secret_keys(self) -> tuple[str, ...]:
        """The fields of the part that hold secrets."""
        return self._find_fields(SECRET)

    @cached_property
    def sent_keys(self) -> tuple[str, ...]:
        """The fields of the part that are sent as they are."""
        return self._find_fields(SENT)

    def _find_fields(self, mark: str) -> tuple[str, ...]:
        return tuple(name for name, field in self.part.model_fields.items() if mark in field.metadata)

    def sends_in_header(self, part: P) -> bool:
        """Return whether the credential is sent unchanged in a header, so that it must be ASCII."""
        return False

    def sets_field(self, credential: C, place: str, name: str) -> bool:
        """Return whether a credential sets a field of a request. Nothing else may set it then."""
        return place == "header" and name.lower() == "authorization"

    def needs_caller(self, credential: C) -> bool:
        """Return whether an API is called in the name of an authenticated caller."""
        return False

    def identifies_by_subject(self, credential: C) -> bool:
        """Return whether of a caller only the subject counts. All callers must then have one issuer."""
        return False

    def find_issuer(self, credential: C) -> Term | None:
        """Return the issuer of the callers of an expose. None if it knows no callers."""
        return None

    def sends_only_headers(self, credential: C) -> bool:
        """Return whether a credential is nothing but headers, so that they may differ for each caller."""
        return False

    def adds_to_body(self, credential: C) -> bool:
        """Return whether a credential is a field of the request's body."""
        return False

    def list_endpoints(self, credential: C) -> Sequence[Endpoint]:
        """Return the other URLs that a credential needs."""
        return ()

    @abstractmethod
    def list_secrets(self, credential: C) -> Sequence[Term]:
        """Return the secret parts of a credential."""

    def derive_secrets(self, credential: C, text: TextOf) -> Sequence[str]:
        """Return the texts that are computed from secrets, which no output may show."""
        return ()

    def list_fixed_fields(self, credential: C, text: TextOf) -> Sequence[FixedField]:
        """Return the fields of a credential that are the same in every request.

        Raises:
            Unrenderable: A secret cannot be sent.
        """
        return ()

    def list_reserved_query(self, credential: C) -> Sequence[str]:
        """Return the names of query fields that callers must not send."""
        return ()

    def open_flow(self, credential: C, text: TextOf) -> Flow | None:
        """Open the flow of a credential. None if fixed fields are enough.

        Raises:
            Unrenderable: A key cannot be read.
        """
        return None

    def prepare_sandbox(self, credential: C) -> C:
        """Return a credential of callers for a sandbox, where every variable has a placeholder that is no URL."""
        return credential

    def open_guard(self, credential: C, namespace: str, text: TextOf, services: GuardServices) -> Guard:
        """Return the guard that checks callers.

        Args:
            credential: What callers must send.
            namespace: The namespace of the expose.
            text: Returns the text of a term.
            services: What guards use of the program.
        """
        raise AssertionError("refused when linked")

    def list_required_scopes(self, credential: C) -> Sequence[str]:
        """Return the scopes that every call of an expose needs."""
        return ()

    def describe_schemes(self, credential: C) -> Mapping[str, Mapping[str, Any]]:
        """Return the security schemes of OpenAPI, by name."""
        return {}

    def lacks_token_url(self, credential: C) -> bool:
        """Return whether the schemes cannot say where clients get tokens, because the document does not."""
        return False


def require(value: str, key: str, key_path: KeyPath, linker: Linker) -> None:
    """Report a value that is needed and empty."""
    if not value:
        linker.report(rules.EMPTY_CREDENTIAL(key=key), key_path, key=True)
