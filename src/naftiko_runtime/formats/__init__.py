"""Upstream answers from bytes to plain values; one file a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.formats import json, separated, xml, yaml

if TYPE_CHECKING:
    from collections.abc import Callable

DECODERS: Final[dict[str, Callable[[bytes], Any]]] = {
    "json": json.decode,
    "xml": xml.decode,
    "yaml": yaml.decode,
    "csv": separated.decoder(","),
    "tsv": separated.decoder("\t"),
    "psv": separated.decoder("|"),
}
"""The formats that can be mapped; every other passes through untouched or is refused when linked."""


class Undecodable(ValueError):  # noqa: N818 - it says what the body is
    """A body that is not what ``outputRawFormat`` says."""


def decode(raw_format: str, body: bytes) -> Any:
    """Turn a body into a plain value.

    Raises:
        Undecodable: It is not in that format.
    """
    try:
        return DECODERS[raw_format](body)
    except ValueError as error:
        raise Undecodable(str(error)) from None
