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
from itertools import chain, combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from jsonschema.validators import extend

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.source import SourceError, read
from naftiko_runtime.strict import alpha2, beta5, check
from wild.run import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.source import Steps
    from naftiko_runtime.strict.shapes import Mapping, Shape, Text

SCHEMAS = CORPUS.parent / "spec"
STANDARD = Path(__file__).parent / "standard"
MUTATIONS = 100
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
        assert not list(watching.iter_errors(plain(read(file).data))), file.name
    return {name: list(instances.values()) for name, instances in reached.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_standard_documents_reach_every_definition(version: str) -> None:
    assert schema(version)["$defs"].keys() - samples(version).keys() == {"IPv4"}  # each is taken for a host name


@pytest.mark.parametrize("file", [f for v in VERSIONS for f in standard(v)], ids=lambda file: file.stem)
def test_the_standard_documents_have_no_departure(file: Path) -> None:
    check(read(file), findings := Findings())
    assert not findings.sorted()


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


EXPOSES = ("ExposesRest", "ExposesMcp", "ExposesSkill", "ExposesControl")
PARTS: dict[str, list[tuple[str, tuple[str, ...], Shape]]] = {
    "alpha2": [
        ("Info", (), alpha2.INFO),
        ("Binding", (), alpha2.BIND),
        ("Capability/properties/consumes/items", ("ConsumesHttp", "ImportedConsumesHttp"), alpha2.CONSUMES.entry),
        *(("Capability/properties/exposes/items", (name,), alpha2.EXPOSES.entry) for name in EXPOSES),
        ("Capability", (), alpha2.CAPABILITY),
        ("Aggregate", (), alpha2.AGGREGATE),
        ("AggregateFunction", (), alpha2.FUNCTION),
        ("ConsumedHttpResource", (), alpha2.CONSUMED_RESOURCE),
        ("ConsumedHttpOperation", (), alpha2.CONSUMED_OPERATION),
        ("RequestBody", (), alpha2.BODY),
        ("Authentication", (), alpha2.AUTHENTICATION),
        ("ExposedResource", (), alpha2.RESOURCE),
        ("ExposedOperation", (), alpha2.OPERATION),
        ("ExposedInputParameter", (), alpha2.EXPOSED_INPUTS.entry),
        ("ConsumedInputParameter", (), alpha2.CONSUMED_INPUTS.entry),
        ("McpToolInputParameter", (), alpha2.TOOL_INPUTS.entry),
        ("McpTool", (), alpha2.TOOL),
        ("McpResource", (), alpha2.MCP_RESOURCE),
        ("McpPrompt", (), alpha2.PROMPT),
        ("OperationStep", (), alpha2.STEPS.entry),
        ("StepOutputMapping", (), alpha2.MAPPINGS.entry),
        ("MappedOutputParameter", (), alpha2.MAPPED_OUTPUT),
        ("OrchestratedOutputParameter", (), alpha2.ORCHESTRATED_OUTPUT),
        ("MockOutputParameter", (), alpha2.MOCK_OUTPUTS.entry),
        ("ExposedSkill", (), alpha2.SKILL),
        ("SkillTool", (), alpha2.SKILL_TOOL),
        ("ControlManagementSpec", (), alpha2.MANAGEMENT),
        ("ObservabilitySpec", (), alpha2.OBSERVABILITY),
        ("ObservabilityTracesSpec", (), alpha2.TRACES),
        ("ObservabilityTracesLocalSpec", (), alpha2.TRACES.optional["local"]),
        ("ControlLogsEndpointSpec", (), alpha2.LOGS),
        ("ScriptingManagementSpec", (), alpha2.SCRIPTING),
    ],
    "beta5": [
        ("Info", (), beta5.INFO),
        ("Capability/properties/binds/items", ("Binding", "ImportEntry"), beta5.BINDS.entry),
        ("Capability/properties/consumes/items", ("ConsumesHttp", "ImportEntry"), beta5.CONSUMES.entry),
        *(("Capability/properties/exposes/items", (name, "ImportEntry"), beta5.EXPOSES.entry) for name in EXPOSES),
        ("Capability/properties/aggregates/items", ("Aggregate", "ImportEntry"), beta5.AGGREGATES.entry),
        ("Capability", (), beta5.CAPABILITY),
        ("AggregateFlow", (), beta5.FLOW),
        ("ConsumedHttpResource", (), beta5.CONSUMED_RESOURCE),
        ("ConsumedHttpOperation", (), beta5.CONSUMED_OPERATION),
        ("ExposedResource", (), beta5.RESOURCE),
        ("ExposedOperation", (), beta5.OPERATION),
        ("ExposedInputParameter", (), beta5.EXPOSED_INPUTS.entry),
        ("ConsumedInputParameter", (), beta5.CONSUMED_INPUTS.entry),
        ("McpToolInputParameter", (), beta5.TOOL_INPUTS.entry),
        ("McpTool", (), beta5.TOOL),
        ("McpResource", (), beta5.MCP_RESOURCE),
        ("McpPrompt", (), beta5.PROMPT),
        ("OperationStep", (), beta5.STEPS.entry),
        ("StepOutputMapping", (), beta5.MAPPINGS.entry),
        ("OrchestratedOutputParameter", (), beta5.ORCHESTRATED_OUTPUTS.entry),
        ("MockOutputParameter", (), beta5.MOCK_OUTPUTS.entry),
        ("TunnelConfig", (), beta5.TUNNEL),
        ("ExposedSkill", (), beta5.SKILL),
        ("SkillTool", (), beta5.SKILL_TOOL),
    ],
}
"""Parts of the schemas, of which definitions the samples are, and what says the same here."""
STARTS = 2
"""Samples of each part that pairs of keys are tried in."""
THIN = 6
"""Every which edge value is tried at lower places."""

EDGES: list[Any] = [
    *OTHER_VALUES,
    *(9, 10, 11, 20, 21, 99, 100, 599, 600, 10000, 10001, 65535, 1.1, -0.1, 0.0),
    *(
        "a_b",
        "a*",
        "a-b",
        "1a",
        "A_1",
        "a:",
        "a://",
        "http://a{b",
        "https://a/{b}",
        "a@b.cc",
        "a/b",
        "a b/c",
        ".",
        "1.5GiB",
    ),
    *("2025-12-31", "2025-1-1", "12025-01-01", "-a", "a-.b", "1.2.3.4", "x" * 63, "x" * 64, "x" * 500, "x" * 501),
    *("x" * 1024, "x" * 1025, "file:///a\nb", "http://\n", "a=b", "200", "2XX", "GET", "get"),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_on_every_value_and_every_pair_of_keys_is_the_official_one(version: str) -> None:
    verdicts: Counter[bool] = Counter()
    for pointer, names, shape in PARTS[version]:
        part = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{pointer}", "$defs": schema(version)["$defs"]})
        instances = [trimmed(sample) for name in names or (pointer,) for sample in samples(version)[name]]
        instances.sort(key=lambda instance: len(json.dumps(instance)))  # small ones are quickly checked
        for instance in chain(edged(instances), paired(instances)):
            valid = bool(part.is_valid(instance))
            assert (not shape.faults(instance)) == valid, (pointer, instance, shape.faults(instance))
            verdicts[valid] += 1
    assert min(verdicts[True], verdicts[False]) > 1000


SETS = frozenset({"tools", "resources", "prompts", "skills", "operations", "flows", "functions", "steps"})


def trimmed(sample: Any, key: str = "") -> Any:
    """A sample with one of each set of things: the others are samples themselves."""
    if isinstance(sample, list):
        return [trimmed(item) for item in sample[:1]]
    if not isinstance(sample, dict):
        return sample
    kept = list(sample.items())[: 1 if key in SETS else None]
    return {name: trimmed(value, name) for name, value in kept}


def edged(instances: list[Any]) -> Iterator[Any]:
    """Samples with every edge value at every place, and some of them a level below, each kind of place once."""
    done: set[Steps] = set()
    for instance in instances:
        if not isinstance(instance, dict):
            yield from EDGES
            continue
        for container, steps in places(instance):
            kind = tuple("*" if isinstance(step, int) else step for step in (*steps, instance.get("type", "")))
            if kind in done:
                continue
            done.add(kind)
            key = steps[-1]
            kept = container[key]
            lower = len(steps) > 1  # most of these are the upper places of other samples
            values = OTHER_VALUES if isinstance(kept, list | dict) else EDGES
            for value in values[len(done) % THIN :: THIN] if lower else values:
                container[key] = value
                yield instance
            container[key] = kept


def places(data: Any, above: Steps = ()) -> Iterator[tuple[Any, Steps]]:
    """Every place of the two upper levels: what holds it, and its path."""
    for key, value in list(data.items() if isinstance(data, dict) else enumerate(data)):
        yield data, (*above, key)
        if isinstance(value, dict | list) and not above:
            yield from places(value, (*above, key))


def paired(instances: list[Any]) -> Iterator[Any]:
    """Samples in which any two of the keys that samples have are there or not, with values that they have."""
    pool: dict[str, dict[str, Any]] = {"unheard-of": {"": 1}}
    for instance in instances:
        for key, value in instance.items() if isinstance(instance, dict) else ():
            pool.setdefault(key, {}).setdefault(kind_of(value) if key == "outputParameters" else "", value)
    starts = {frozenset(instance): instance for instance in instances if isinstance(instance, dict)}
    for start in list(starts.values())[:STARTS]:
        for first, second in combinations(pool, 2):
            rest = {key: value for key, value in start.items() if key not in (first, second)}
            yield rest
            for value in pool[first].values():
                yield {**rest, first: value}
                yield from ({**rest, first: value, second: other} for other in pool[second].values())
            yield from ({**rest, second: value} for value in pool[second].values())


def kind_of(outputs: Any) -> str:
    """Outputs by what makes them those of a call, of steps or of a mock."""
    first = next(iter(outputs.values() if isinstance(outputs, dict) else outputs), None)
    return f"{type(outputs).__name__} {sorted(first) if isinstance(first, dict) else first}"


FORMS: dict[str, dict[str, tuple[Text, str]]] = {
    "alpha2": {
        "IdentifierKebab": (alpha2.KEBAB, "a-B9"),
        "IdentifierExtended": (alpha2.EXTENDED, "a-B_9*"),
        "BindingVariableName": (alpha2.VARIABLE, "A_B9"),
        "UriLocation": (alpha2.URI, "vault+a.b-c://kv/x"),
        "Address": (alpha2.ADDRESS, "255.19.1.200"),
        "Info/properties/created": (alpha2.DATE, "2025-12-31"),
        "Person/properties/email": (alpha2.EMAIL, "a.b+c@d-e.fg.hi"),
        "McpTool/properties/call": (alpha2.CALL, "a-b.c-9"),
        "McpResource/properties/mimeType": (alpha2.MEDIA_TYPE, 'a+b/c.d; e=f;g="h i"'),
        "McpResource/properties/location": (alpha2.FILE, "file:///a/b"),
        "ConsumesHttp/properties/baseUri": (alpha2.BASE_URI, "https://a.b:1/c"),
        "StepOutputMapping/properties/targetName": (alpha2.TARGET, "a-b_c.D9"),
    },
    "beta5": {
        "Address": (alpha2.ADDRESS, "fe80:0::12:a"),
        "BinarySize": (beta5.SIZE, "10.25KiB"),
        "ExposedOperation/properties/responses/propertyNames": (beta5.STATUS, "4X9"),
    },
}
"""Where the schemas have patterns, what says the same here, and a text of that form."""


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_on_texts_is_the_official_one(version: str) -> None:
    letters = random.Random(0)  # noqa: S311 - a seed, so that a failure can be repeated
    for pointer, (form, text) in FORMS[version].items():
        part = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{pointer}", "$defs": schema(version)["$defs"]})
        verdicts: Counter[bool] = Counter()
        for _ in range(SPOILT):
            spoilt = text
            for _ in range(letters.randrange(4)):
                at, length, sign = (
                    letters.randrange(len(spoilt) + 1),
                    letters.randrange(3),
                    letters.choice(f"{text}{SIGNS}"),
                )
                spoilt = spoilt[:at] + sign * letters.randrange(3) + spoilt[at + length :]
            valid = bool(part.is_valid(spoilt))
            assert (not form.faults(spoilt)) == valid, (pointer, spoilt)
            verdicts[valid] += 1
        assert len(verdicts) == 2, pointer


SPOILT = 2000
SIGNS = 'aZ09-_.*:/+;= \n{"é٣@%GKB'
