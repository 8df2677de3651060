"""Random changes of documents: of their keys, values and forms, with words that the schemas know and others."""

from __future__ import annotations

import copy
import random
from functools import cache
from typing import TYPE_CHECKING, Any

from wild.official import schema

if TYPE_CHECKING:
    from collections.abc import Iterator


def words(version: str) -> Iterator[str]:
    """Keys and enumerated values of a schema."""
    parts = [schema(version)]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            yield from part.get("properties", {})
            yield from part.get("enum", ())
            yield from (text for text in (part.get("const"),) if isinstance(text, str))
            parts += part.values()
        elif isinstance(part, list):
            parts += part


@cache
def vocabulary(version: str) -> list[str]:
    return sorted({*words(version)} - {"properties", "enum"})


OTHER_VALUES: list[Any] = [
    *(None, True, False, 0, 1, 1.0, -1, 1.5, 65536, 10**40, [], {}, "", "x", "a b", "a.b", "1", "é", "A"),
    *("name\n", "²", "file:///", "http://", "a/b; c=d", "1KiB", "2025-13-01", "٢٠٢٥-01-01", "::1", "stdio", "http"),
    *([None], ["x"], {"x": "y"}, {"type": "string"}, [{"type": "string"}], {"a": {"type": "string", "value": "v"}}),
]


class Mutation:
    """A document with one to three random changes."""

    def __init__(self, data: Any, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a seed, so that a failure can be repeated
        self.data = copy.deepcopy(data)
        self._words = vocabulary("beta5" if "ikanos" in data else "alpha2")
        for _ in range(self._random.choice((1, 1, 2, 3))):
            if places := list(entries(self.data)):
                self._random.choice(self._changes)(self, *self._random.choice(places))

    def _drop(self, container: Any, key: Any) -> None:
        del container[key]

    def _rename(self, container: Any, key: Any) -> None:
        if isinstance(container, dict):
            other = self._random.choice((f"{key}x", str(key)[:-1], f"{key} ", self._random.choice(self._words)))
            container[other] = container.pop(key)

    def _replace(self, container: Any, key: Any) -> None:
        container[key] = copy.deepcopy(self._random.choice(OTHER_VALUES))

    def _say(self, container: Any, key: Any) -> None:
        container[key] = self._random.choice(self._words)

    def _spoil(self, container: Any, key: Any) -> None:
        text = container[key]
        if isinstance(text, str):
            at = self._random.randrange(len(text) + 1)
            sign = self._random.choice(("", " ", "\n", "/", ".", "-", "_", "*", "é", "{", '"', ";", "9", "Z", "٣"))
            container[key] = text[:at] + sign + text[at + self._random.randrange(2) :]

    def _add(self, container: Any, _: Any) -> None:
        value = copy.deepcopy(self._random.choice(OTHER_VALUES))
        if isinstance(container, dict):
            container[self._random.choice(self._words)] = value
        else:
            container.append(value)

    def _move(self, container: Any, key: Any) -> None:
        other, place = self._random.choice(list(entries(self.data)))
        container[key] = copy.deepcopy(other[place])

    def _bring(self, container: Any, _: Any) -> None:
        """A key from elsewhere in the document, with its value: most likely one that is known and well-formed."""
        other, place = self._random.choice(list(entries(self.data)))
        if isinstance(container, dict) and isinstance(other, dict):
            container[place] = copy.deepcopy(other[place])
        elif isinstance(container, list) and isinstance(other, list):
            container.append(copy.deepcopy(other[place]))

    def _empty(self, container: Any, key: Any) -> None:
        if isinstance(container[key], list | dict | str):
            container[key] = type(container[key])()

    def _wrap(self, container: Any, key: Any) -> None:
        container[key] = self._random.choice(([container[key]], {"x": container[key]}, str(container[key])))

    _changes = (
        *(_drop, _drop, _rename, _replace, _replace, _say, _spoil, _spoil),
        *(_add, _move, _bring, _bring, _empty, _wrap),
    )


def entries(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document, as what holds it and the key or index there."""
    places = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in places:
        yield data, key
        if isinstance(value, dict | list):
            yield from entries(value)
