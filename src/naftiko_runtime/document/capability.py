"""The root of a document."""

from typing import Annotated, Final

from naftiko_runtime.document.aggregates import Aggregates
from naftiko_runtime.document.consumes import Consumes
from naftiko_runtime.document.exposes import Expose
from naftiko_runtime.model.key_annotations import BeforeValidator, field
from naftiko_runtime.model.part import Part, Text, convert_none_to_tuple


class Person(Part):
    """A person responsible for the capability."""

    role: Text | None = None
    full_name: Text | None = None
    email: Text | None = None


class Info(Part):
    """Describes the capability."""

    label: Text = ""
    description: Text = ""
    tags: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    created: Text | None = None
    modified: Text | None = None
    version: Text | None = None
    stakeholders: Annotated[tuple[Person, ...], BeforeValidator(convert_none_to_tuple)] = ()


SCHEMES: Final = ("file", "vault", "k8s-secret", "k8s", "github-secrets")
"""The schemes of locations that variables can be read from."""


class Bind(Part):
    """Variables from the environment or a secret store."""

    namespace: Text
    keys: dict[str, Text]
    description: Text | None = None
    location: Text | None = None


Binds = Annotated[tuple[Bind, ...], BeforeValidator(convert_none_to_tuple)]


class Capability(Part):
    """What is consumed and what is exposed."""

    binds: Binds = ()
    consumes: Annotated[tuple[Consumes, ...], BeforeValidator(convert_none_to_tuple)] = ()
    exposes: Annotated[tuple[Expose, ...], BeforeValidator(convert_none_to_tuple)] = ()
    aggregates: Aggregates = ()


class Document(Part):
    """A capability file."""

    naftiko: Text
    info: Info = field(default_factory=Info)
    binds: Binds = ()
    consumes: Annotated[tuple[Consumes, ...], BeforeValidator(convert_none_to_tuple)] = ()
    capability: Capability


class SharedDocument(Document):
    """A file without a capability, which other files import."""

    capability: Capability = field(default_factory=Capability)
    aggregates: Aggregates = ()
