"""``--strict`` against the official schemas: the same verdict on files written by others and on thousands of mutations.

The schemas lie beside the project, not in it; without them there is nothing to compare with.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.source import SourceError, read_source
from naftiko_runtime.strict import check
from naftiko_runtime.strict.official_schemas import Schema, load_schema
from naftiko_runtime.strict.translate_schema_errors import find_deviations
from wild.mutations import OTHER_VALUES, Mutation, entries
from wild.official import SCHEMAS, VERSIONS, oracle, plain, samples, schema, standard
from wild.run import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from naftiko_runtime.source import KeyPath
    from naftiko_runtime.strict.translate_schema_errors import Deviation

MUTATIONS = 100
"""For each standard document."""
WILD_MUTATIONS = 4
"""For each file written by others."""
WILD_BYTES_MAX = 30_000
"""The official schemas take long for large files."""
WILD_PARTS = 150
"""Mappings out of files written by others, each of them also mutated."""
WILD_PART_BYTES_MAX = 2_000

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"the official schemas are not at {SCHEMAS}")


@cache
def ours(version: str, pointer: str = "") -> Schema:
    """Our schema, or the one of the part of it at a pointer below its definitions."""
    whole = load_schema(f"1.0.0-{version}")
    return Schema({"$ref": f"#/$defs/{pointer}", "$defs": whole.document["$defs"]}) if pointer else whole


def deviations(version: str, data: Any, pointer: str = "") -> list[Deviation]:
    return find_deviations(ours(version, pointer), data)


def corpus() -> list[Path]:
    return sorted(file for file in CORPUS.rglob("*") if file.suffix in (".yml", ".yaml"))


def wild(version: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The files written by others, as if each were written for a version."""
    _, key = VERSIONS[version]
    for file in corpus():
        data = data_of(file)
        if isinstance(data, dict):
            yield file, {key: f"1.0.0-{version}", **{k: v for k, v in data.items() if k not in ("naftiko", "ikanos")}}


@cache  # every test reads all files, for each version
def data_of(file: Path) -> Any:
    try:
        return read_source(file).data
    except SourceError:
        return None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_standard_documents_reach_every_definition(version: str) -> None:
    assert schema(version)["$defs"].keys() - samples(version).keys() == {"IPv4"}  # each is taken for a host name


@pytest.mark.parametrize("file", [f for v in VERSIONS for f in standard(v)], ids=lambda file: file.stem)
def test_the_standard_documents_have_no_deviation(file: Path) -> None:
    check(read_source(file), findings := Findings())
    assert not findings.list_sorted()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_on_files_written_by_others_is_the_official_one(version: str) -> None:
    verdicts = Counter(same_verdict(version, data, str(file)) for file, data in wild(version))
    assert verdicts.total() > 100


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_on_mutations_of_files_written_by_others_is_the_official_one(version: str) -> None:
    verdicts: Counter[bool] = Counter()
    for file, data in wild(version):
        if file.stat().st_size <= WILD_BYTES_MAX:
            for seed in range(WILD_MUTATIONS):
                verdicts[same_verdict(version, Mutation(plain(data), seed).data, f"{file} {seed}")] += 1
    assert verdicts.total() > 400


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_on_parts_of_files_written_by_others_is_the_official_one(version: str) -> None:
    verdicts: Counter[bool] = Counter()
    for instance in wild_parts(version):
        for pointer, _, part_of_ours in PARTS[version]:
            verdicts[same_part_verdict(version, pointer, part_of_ours, instance)] += 1
    assert verdicts.total() > 5000
    assert verdicts[True] > WILD_PARTS // 5 or version == "beta5"  # whose forms the files do not have yet


def wild_parts(version: str) -> Iterator[Any]:
    """Mappings at any place of the files written by others, and a mutation of each."""
    found = {
        json.dumps(value, sort_keys=True)
        for _, data in wild(version)
        for container, key in entries(plain(data))
        if isinstance(value := container[key], dict)
    }
    small = sorted(text for text in found if len(text) <= WILD_PART_BYTES_MAX)
    chosen = random.Random(0).sample(small, WILD_PARTS)  # noqa: S311 - a seed, so that a failure can be repeated
    for seed, text in enumerate(chosen):
        yield json.loads(text)
        yield Mutation(json.loads(text), seed).data


@cache
def official_part(version: str, pointer: str) -> Any:
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{pointer}", "$defs": schema(version)["$defs"]})


def same_part_verdict(version: str, pointer: str, part_of_ours: str, instance: Any) -> bool:
    valid = bool(official_part(version, pointer).is_valid(instance))
    found = deviations(version, instance, part_of_ours)
    assert (not found) == valid, (pointer, instance, found)
    return valid


@pytest.mark.parametrize("file", [f for v in VERSIONS for f in standard(v)], ids=lambda file: file.stem)
def test_the_verdict_on_mutations_is_the_official_one(file: Path) -> None:
    version = file.stem.partition("-")[0]
    data = plain(read_source(file).data)
    verdicts = Counter(
        same_verdict(version, Mutation(data, seed).data, f"{file.stem} {seed}") for seed in range(MUTATIONS)
    )
    assert min(verdicts[True], verdicts[False]) > MUTATIONS // 20


def same_verdict(version: str, data: Any, case: str) -> bool:
    judged = plain(data)
    valid = bool(oracle(version).is_valid(judged))
    found = deviations(version, data)
    assert (not found) == valid, (case, found, *(e.message for e in oracle(version).iter_errors(judged)))
    return valid


EXPOSES = ("ExposesRest", "ExposesMcp", "ExposesSkill", "ExposesControl")
PARTS: dict[str, list[tuple[str, tuple[str, ...], str]]] = {
    "alpha2": [
        ("Info", (), "Info"),
        ("Binding", (), "Bind"),
        ("Capability/properties/consumes/items", ("ConsumesHttp", "ImportedConsumesHttp"), "Consumes/items"),
        *(("Capability/properties/exposes/items", (name,), "Exposes/items") for name in EXPOSES),
        ("Capability", (), "Capability"),
        ("Aggregate", (), "Aggregate"),
        ("AggregateFunction", (), "Function"),
        ("ConsumedHttpResource", (), "ConsumedResource"),
        ("ConsumedHttpOperation", (), "ConsumedOperation"),
        ("RequestBody", (), "Body"),
        ("Authentication", (), "Authentication"),
        ("ExposedResource", (), "Resource"),
        ("ExposedOperation", (), "Operation"),
        ("ExposedInputParameter", (), "ExposedParameters/items"),
        ("ConsumedInputParameter", (), "ConsumedParameters/items"),
        ("McpToolInputParameter", (), "ToolParameters/items"),
        ("McpTool", (), "Tool"),
        ("McpResource", (), "McpResource"),
        ("McpPrompt", (), "Prompt"),
        ("OperationStep", (), "Steps/items"),
        ("StepOutputMapping", (), "Mappings/items"),
        ("MappedOutputParameter", (), "MappedOutput"),
        ("OrchestratedOutputParameter", (), "StepsOutput"),
        ("MockOutputParameter", (), "MockOutputs/items"),
        ("ExposedSkill", (), "Skill"),
        ("SkillTool", (), "SkillTool"),
        ("ControlManagementSpec", (), "Management"),
        ("ObservabilitySpec", (), "Observability"),
        ("ObservabilityTracesSpec", (), "Traces"),
        ("ObservabilityTracesLocalSpec", (), "Traces/properties/local"),
        ("ControlManagementSpec/properties/logs", ("ControlLogsEndpointSpec",), "Management/properties/logs"),
        ("ScriptingManagementSpec", (), "Scripting"),
    ],
    "beta5": [
        ("Info", (), "Info"),
        ("Capability/properties/binds/items", ("Binding", "ImportEntry"), "Binds/items"),
        ("Capability/properties/consumes/items", ("ConsumesHttp", "ImportEntry"), "Consumes/items"),
        *(("Capability/properties/exposes/items", (name, "ImportEntry"), "Exposes/items") for name in EXPOSES),
        ("Capability/properties/aggregates/items", ("Aggregate", "ImportEntry"), "Aggregates/items"),
        ("Capability", (), "Capability"),
        ("AggregateFlow", (), "Flow"),
        ("ConsumedHttpResource", (), "ConsumedResource"),
        ("ConsumedHttpOperation", (), "ConsumedOperation"),
        ("ExposedResource", (), "Resource"),
        ("ExposedOperation", (), "Operation"),
        ("ExposedInputParameter", (), "ExposedParameters/additionalProperties"),
        ("ConsumedInputParameter", (), "ConsumedParameters/additionalProperties"),
        ("McpToolInputParameter", (), "ToolParameters/additionalProperties"),
        ("McpTool", (), "Tool"),
        ("McpResource", (), "McpResource"),
        ("McpPrompt", (), "Prompt"),
        ("OperationStep", (), "Steps/additionalProperties"),
        ("StepOutputMapping", (), "Mappings/items"),
        ("OrchestratedOutputParameter", (), "StepsOutputs/additionalProperties"),
        ("MockOutputParameter", (), "MockOutputs/additionalProperties"),
        ("TunnelConfig", (), "Tunnel"),
        ("ExposedSkill", (), "Skill"),
        ("SkillTool", (), "SkillTool"),
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
    for pointer, names, part_of_ours in PARTS[version]:
        instances = [trimmed(sample) for name in names or (pointer,) for sample in samples(version)[name]]
        instances.sort(key=lambda instance: len(json.dumps(instance)))  # small ones are quickly checked
        for instance in each_once(chain(edged(instances), paired(instances))):
            verdicts[same_part_verdict(version, pointer, part_of_ours, instance)] += 1
    assert min(verdicts[True], verdicts[False]) > 1000


def each_once(instances: Iterable[Any]) -> Iterator[Any]:
    """A quarter of the instances are the same as others, and the official verdict takes most of the time."""
    done: set[str] = set()
    for instance in instances:
        if (text := json.dumps(instance)) not in done:
            done.add(text)
            yield instance


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
    done: set[KeyPath] = set()
    for instance in instances:
        if not isinstance(instance, dict):
            yield from EDGES
            continue
        for container, key_path in places(instance):
            kind = tuple("*" if isinstance(step, int) else step for step in (*key_path, instance.get("type", "")))
            if kind in done:
                continue
            done.add(kind)
            key = key_path[-1]
            kept = container[key]
            lower = len(key_path) > 1  # most of these are the upper places of other samples
            values = OTHER_VALUES if isinstance(kept, list | dict) else EDGES
            for value in values[len(done) % THIN :: THIN] if lower else values:
                container[key] = value
                yield instance
            container[key] = kept


def places(data: Any, above: KeyPath = ()) -> Iterator[tuple[Any, KeyPath]]:
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


FORMS: dict[str, dict[str, tuple[str, str]]] = {
    "alpha2": {
        "IdentifierKebab": ("Name", "a-B9"),
        "IdentifierExtended": ("ParameterName", "a-B_9*"),
        "BindingVariableName": ("VariableName", "A_B9"),
        "UriLocation": ("Uri", "vault+a.b-c://kv/x"),
        "Address": ("Address", "255.19.1.200"),
        "Info/properties/created": ("Date", "2025-12-31"),
        "Person/properties/email": ("Email", "a.b+c@d-e.fg.hi"),
        "McpTool/properties/call": ("Call", "a-b.c-9"),
        "McpResource/properties/mimeType": ("MediaType", 'a+b/c.d; e=f;g="h i"'),
        "McpResource/properties/location": ("FileUri", "file:///a/b"),
        "ConsumesHttp/properties/baseUri": ("BaseUri", "https://a.b:1/c"),
        "StepOutputMapping/properties/targetName": ("TargetName", "a-b_c.D9"),
    },
    "beta5": {
        "Address": ("Address", "fe80:0::12:a"),
        "BinarySize": ("Size", "10.25KiB"),
        "ExposedOperation/properties/responses/propertyNames": ("Status", "4X9"),
    },
}
"""Where the schemas have patterns, what says the same here, and a text of that form."""


@pytest.mark.parametrize("version", VERSIONS)
def test_the_verdict_on_texts_is_the_official_one(version: str) -> None:
    letters = random.Random(0)  # noqa: S311 - a seed, so that a failure can be repeated
    for pointer, (form, text) in FORMS[version].items():
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
            valid = bool(official_part(version, pointer).is_valid(spoilt))
            assert (not deviations(version, spoilt, form)) == valid, (pointer, spoilt)
            verdicts[valid] += 1
        assert len(verdicts) == 2, pointer


SPOILT = 2000
SIGNS = 'aZ09-_.*:/+;= \n{"é٣@%GKB'
