"""``--strict`` against the official schemas: the same verdict on files written by others and on thousands of mutations.

The schemas lie beside the project, not in it; without them there is nothing to compare with. Their patterns are
respelled for Python where it means something else than ECMA-262 by the same sign.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from jsonschema.validators import extend

from naftiko_runtime.diagnostics import Findings
from naftiko_runtime.source import SourceError, read
from naftiko_runtime.strict import alpha2, beta5, check
from wild.run import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.strict.shapes import Mapping

SCHEMAS = CORPUS.parent / "spec"
STANDARD = Path(__file__).parent / "standard"
MUTATIONS = 400
"""For each standard document."""

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"the official schemas are not at {SCHEMAS}")

VERSIONS: dict[str, tuple[str, str, Mapping]] = {
    "alpha2": ("naftiko-1.0.0-alpha2.schema.json", "naftiko", alpha2.DOCUMENT),
    "beta5": ("ikanos-1.0.0-beta5.schema.json", "ikanos", beta5.DOCUMENT),
}


def respelled(schema: Any) -> Any:
    """A schema whose patterns mean to Python's ``re`` what they mean to ECMA-262."""
    if isinstance(schema, list):
        return [respelled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: respelled(part) for key, part in schema.items()}
    if isinstance(pattern := parts.get("pattern"), str):
        ended = pattern.removesuffix("$") + (r"\Z" if pattern.endswith("$") else "")
        parts["pattern"] = ended.replace(r"\d", "[0-9]")
    return parts


@cache
def schema(version: str) -> Any:
    return respelled(json.loads((SCHEMAS / VERSIONS[version][0]).read_text(encoding="utf-8")))


@cache
def oracle(version: str) -> Any:
    return jsonschema.Draft202012Validator(schema(version))


def plain(data: Any) -> Any:
    """The data as JSON's own types, whose numbers do not remember how they were written."""
    match data:
        case dict():
            return {key: plain(value) for key, value in data.items()}
        case list():
            return [plain(value) for value in data]
        case bool() | None | str():
            return data
        case int():
            return int(data)
        case _:
            return float(data)


def standard(version: str) -> list[Path]:
    return sorted(STANDARD.glob(f"{version}-*.yml"))


def corpus() -> list[Path]:
    return sorted(file for file in CORPUS.rglob("*") if file.suffix in (".yml", ".yaml"))


def data_of(file: Path) -> Any:
    try:
        return read(file).data
    except SourceError:
        return None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_standard_documents_reach_every_definition_and_are_valid(version: str) -> None:
    reached = set()

    def by_reference(validator: Any, reference: str, instance: Any, part: Any) -> Iterator[Any]:
        faults = list(jsonschema.Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, part))
        if not faults:
            reached.add(reference.rpartition("/")[2])
        yield from faults

    watching = extend(jsonschema.Draft202012Validator, {"$ref": by_reference})(schema(version))
    for file in standard(version):
        data = plain(read(file).data)
        assert not list(watching.iter_errors(data)), file.name
        check(read(file), findings := Findings())
        assert not findings.sorted(), file.name
    assert schema(version)["$defs"].keys() - reached == {"IPv4"}  # each of which is taken for a host name


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_on_files_written_by_others_is_the_official_one(version: str) -> None:
    _, key, shape = VERSIONS[version]
    verdicts: Counter[bool] = Counter()
    for file in corpus():
        data = data_of(file)
        if not isinstance(data, dict):
            continue
        forced = {key: f"1.0.0-{version}", **{k: v for k, v in data.items() if k not in ("naftiko", "ikanos")}}
        valid = oracle(version).is_valid(plain(forced))
        assert (not shape.faults(forced)) == valid, file
        verdicts[valid] += 1
    assert verdicts.total() > 100


@pytest.mark.parametrize("file", [f for v in VERSIONS for f in standard(v)], ids=lambda file: file.stem)
def test_the_verdict_on_mutations_is_the_official_one(file: Path) -> None:
    version = file.stem.partition("-")[0]
    data = plain(read(file).data)
    verdicts = Counter(
        same_verdict(version, Mutation(data, seed).data, f"{file.stem} {seed}") for seed in range(MUTATIONS)
    )
    assert min(verdicts[True], verdicts[False]) > MUTATIONS // 20


def same_verdict(version: str, data: Any, case: str) -> bool:
    valid = bool(oracle(version).is_valid(data))
    faults = VERSIONS[version][2].faults(data)
    assert (not faults) == valid, (case, faults, *(e.message for e in oracle(version).iter_errors(data)))
    return valid


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
