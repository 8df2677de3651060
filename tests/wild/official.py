"""The official schemas, which are beside the project and not in it, and the parts of documents that they describe.

Their patterns are respelled for Python where it means something else than ECMA-262 by the same sign.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
from jsonschema.validators import extend

from naftiko_runtime.source import read_source
from wild.run import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = CORPUS.parent / "spec"
STANDARD = Path(__file__).parent / "standard"
VERSIONS = {
    "alpha2": ("naftiko-1.0.0-alpha2.schema.json", "naftiko"),
    "beta5": ("ikanos-1.0.0-beta5.schema.json", "ikanos"),
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


@cache
def samples(version: str) -> dict[str, list[Any]]:
    """What in the standard documents is an instance of each definition of a schema, each once."""
    reached: dict[str, dict[str, Any]] = {}

    def by_reference(validator: Any, reference: str, instance: Any, part: Any) -> Iterator[Any]:
        faults = list(jsonschema.Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, part))
        if not faults:
            reached.setdefault(reference.rpartition("/")[2], {})[json.dumps(instance)] = instance
        yield from faults

    watching = extend(jsonschema.Draft202012Validator, {"$ref": by_reference})(schema(version))
    for file in standard(version):
        assert not list(watching.iter_errors(plain(read_source(file).data))), file.name
    return {name: list(instances.values()) for name, instances in reached.items()}
