"""How a caller proves who it is; the same shapes serve both sides."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Tag

from naftiko_runtime.spec.base import Part, Text


class Basic(Part):
    """``Authorization: Basic`` with a user name and a password."""

    type: Literal["basic"]
    username: Text = ""
    password: Text = ""


class Bearer(Part):
    """``Authorization: Bearer`` with a token."""

    type: Literal["bearer"]
    token: Text = ""


class ApiKey(Part):
    """A key in a header or in the query; or several in ``headers``, which is outside the specification."""

    type: Literal["apikey"]
    key: Text = ""
    value: Text = ""
    placement: Literal["header", "query"] = "header"
    headers: dict[str, Text] | None = None


class OtherAuthentication(Part):
    """A kind that is not served (yet): reported by name when the document is linked."""

    takes_any_key: ClassVar[bool] = True

    type: Text = ""


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if kind in ("basic", "bearer", "apikey") else "other"


Authentication = Annotated[
    Annotated[Basic, Tag("basic")]
    | Annotated[Bearer, Tag("bearer")]
    | Annotated[ApiKey, Tag("apikey")]
    | Annotated[OtherAuthentication, Tag("other")],
    Discriminator(_kind),
]

KNOWN_KINDS = ("basic", "bearer", "apikey", "digest", "oauth2", "oauth1")
