"""Masks secrets in what callers get: in our own texts, and in the headers of upstreams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.engine.open_credentials import derive_secrets, list_secret_texts
from naftiko_runtime.masking import Masker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.authentication.flow import Flow
    from naftiko_runtime.plan import Plan, Upstream
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.upstream.interface import Header

_OF_WORDS: Final = frozenset(
    {
        b"accept-ranges",
        b"age",
        b"cache-control",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-range",
        b"content-type",
        b"expires",
        b"last-modified",
        b"retry-after",
        b"vary",
    }
)
"""Headers of words that HTTP knows: a variable that happens to hold ``json`` or ``en-US`` is not masked in them."""


class Masks:
    """Masks the secrets that an upstream may have been sent.

    It masks a credential's secrets everywhere. It masks other variables too, except in headers with fixed words.
    """

    __slots__ = ("_all", "_flow", "_keys")

    def __init__(self, keys: Sequence[str], others: Sequence[str], flow: Flow | None = None) -> None:
        """Compile the values.

        Args:
            keys: The secrets of the credential.
            others: Other values that no output may show.
            flow: Has the secrets that are fetched at runtime.
        """
        self._keys = Masker(keys)
        self._all = Masker((*keys, *others))
        self._flow = flow

    def _make_fetched_masker(self) -> Masker | None:
        """Return a masker of what was fetched at runtime. Calls may run in several threads: it is of one call only."""
        if self._flow is None or not (fetched := self._flow.list_fetched_secrets()):
            return None
        return Masker(fetched)

    def mask_text(self, text: str) -> str:
        """Mask the secrets in our own text."""
        return _mask(text, self._all, self._make_fetched_masker())

    def mask_body(self, text: str) -> str:
        """Mask the credential's secrets in a quotation of an upstream's response."""
        return _mask(text, self._keys, self._make_fetched_masker())

    def mask_headers(self, headers: list[Header]) -> list[Header]:
        """Mask the secrets in response headers."""
        values, fetched = b"\n".join([value for _, value in headers]), self._make_fetched_masker()
        if not self._all.may_contain(values) and (fetched is None or not fetched.may_contain(values)):
            return headers
        return [(name, self._mask_header(name, value, fetched)) for name, value in headers]

    def _mask_header(self, name: bytes, value: bytes, fetched: Masker | None) -> bytes:
        masker = self._keys if name in _OF_WORDS else self._all
        return _mask(value.decode("utf-8", "surrogateescape"), masker, fetched).encode("utf-8", "surrogateescape")


def _mask(text: str, masker: Masker, fetched: Masker | None) -> str:
    return masker.mask(text if fetched is None else fetched.mask(text))


def make_masks(plan: Plan, upstream: Upstream, secrets: Mapping[str, Secret], flow: Flow | None = None) -> Masks | None:
    """Return the masks for calls of an upstream. None if nothing is secret.

    Args:
        plan: The plan that calls.
        upstream: The API that is called.
        secrets: The plan's variables by full name.
        flow: The flow that authenticates the calls, if there is one.
    """
    keys = list_secret_texts(upstream.credential, secrets)
    others = [secret.reveal() for secret in (*secrets.values(), *derive_secrets(plan, secrets))]
    return Masks(keys, others, flow) if keys or others or flow is not None else None


def make_plan_masks(secrets: Mapping[str, Secret]) -> Masks | None:
    """The masks for what may show any variable; none if there is no variable.

    Args:
        secrets: The plan's variables by full name.
    """
    return Masks((), [secret.reveal() for secret in secrets.values()]) if secrets else None


def combine_masks(masks: Sequence[Masks | None]) -> Masks | None:
    """The masks for an operation that calls several upstreams; none if nothing is secret."""
    known = [one for one in masks if one is not None]
    return _CombinedMasks(known) if len(known) > 1 else next(iter(known), None)


class _CombinedMasks(Masks):
    """Masks the secrets of several upstreams."""

    __slots__ = ("_each",)

    def __init__(self, each: Sequence[Masks]) -> None:
        self._each = each

    def mask_text(self, text: str) -> str:
        for one in self._each:
            text = one.mask_text(text)
        return text

    def mask_body(self, text: str) -> str:
        for one in self._each:
            text = one.mask_body(text)
        return text

    def mask_headers(self, headers: list[Header]) -> list[Header]:
        for one in self._each:
            headers = one.mask_headers(headers)
        return headers
