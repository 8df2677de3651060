"""The JSON Schema for editors: valid, with a description of every key, and accepting what the models accept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from naftiko_runtime.loading import load
from naftiko_runtime.schema.write import write_schema
from naftiko_runtime.source import SourceError, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"
SHAPE = {"missing-key", "wrong-type", "invalid-value", "misspelt-key", "spec-version", "empty-credential"}
VERSIONS = ("1.0.0-alpha2", "1.0.0-beta5")


def keys(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of every part."""
    for name, part in {**schema["$defs"], "Document": schema}.items():
        for key, found in part.get("properties", {}).items():
            yield f"{name}.{key}", found


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_a_schema_with_words_on_every_key(version: str) -> None:
    schema = write_schema(version)
    Draft202012Validator.check_schema(schema)
    for where, found in keys(schema):
        assert found["description"].endswith("."), where
        example = Draft202012Validator({**found, "$defs": schema["$defs"]})
        assert [error.message for error in example.iter_errors(found["examples"][0])] == [], where


def test_the_examples_work_together(tmp_path: Path) -> None:
    schema = write_schema("1.0.0-alpha2")

    def example(key: str, part: str = "Document") -> Any:
        return {**schema["$defs"], "Document": schema}[part]["properties"][key]["examples"][0]

    operation = {key: example(key, "ConsumedOperation") for key in ("name", "method", "maxBinarySize")}
    parameter = {key: example(key, "ConsumedParameter") for key in ("name", "description", "type")}
    route = {key: example(key, "RestOperation") for key in ("method", "call", "with", "inputParameters")}
    api = {
        **example("consumes")[0],
        "authentication": example("authentication", "ConsumedHttp"),
        "inputParameters": example("inputParameters", "ConsumedHttp"),
        "resources": [
            {
                "path": example("path", "ConsumedResource"),
                "inputParameters": [{**parameter, "in": "path"}],
                "operations": [{**operation, "outputRawFormat": "binary"}],
            }
        ],
    }
    document = {
        "naftiko": example("naftiko"),
        "info": {
            **example("info"),
            "version": example("version", "Info"),
            "stakeholders": example("stakeholders", "Info"),
        },
        "binds": example("binds"),
        "capability": {
            "consumes": [api],
            "exposes": [
                {
                    **{key: example(key, "RestExpose") for key in ("type", "namespace", "port", "address")},
                    "resources": [{"path": example("path", "RestResource"), "operations": [route]}],
                },
                {
                    **{key: example(key, "McpExpose") for key in ("type", "description", "ttlMs", "cacheScope")},
                    "namespace": "tools",
                    "port": 8081,
                    "tools": [
                        {
                            **{key: example(key, "McpTool") for key in ("name", "description", "call", "hints")},
                            "inputParameters": example("inputParameters", "McpTool"),
                        }
                    ],
                },
            ],
        },
    }
    file = tmp_path / "ships.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    findings = load(file).diagnostics
    assert {str(finding.rule.slug) for finding in findings} <= {"example-host"}, [str(one.message) for one in findings]


def faults(document: Any, version: str = "1.0.0-alpha2") -> list[str]:
    return [error.message for error in Draft202012Validator(write_schema(version)).iter_errors(document)]


def plain(path: Path) -> Any:
    """The data of a file as any YAML reader has it, but for dates."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts alone


@pytest.mark.parametrize("name", ["pixel-tracking.yaml", "ships.yaml"])
def test_our_own_capabilities_are_valid(name: str) -> None:
    assert faults(read_source(ROOT / "capabilities" / name).data) == []


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not there")
@pytest.mark.no_cover
def test_what_is_accepted_is_valid() -> None:
    checked = 0
    validators = {version: Draft202012Validator(write_schema(version)) for version in VERSIONS}
    for path in sorted(CORPUS.rglob("*.y*ml")):
        try:
            data = read_source(path).data
        except SourceError:
            continue
        if not isinstance(data, dict) or {d.rule.slug for d in load(path).diagnostics} & SHAPE:
            continue
        version = VERSIONS["ikanos" in data]
        assert [error.message for error in validators[version].iter_errors(data)] == [], path
        checked += 1
    assert checked > 100


API = {"namespace": "a", "baseUri": "https://x.example", "resources": []}


@pytest.mark.parametrize(
    "document",
    [
        {"capability": {}},
        {"naftiko": "1.0.0-alpha2"},
        {"naftiko": "1.0.0-alpha2", "capability": []},
        {"naftiko": "1.0.0-alpha2", "capability": {"exposes": [{"type": "rest", "namespace": "x", "port": "y"}]}},
        {"naftiko": "1.0.0-alpha2", "capability": {"consumes": {"a": API}}},
    ],
)
def test_what_is_wrong_is_not(document: Any) -> None:
    assert faults(document)


def test_later_versions_write_maps() -> None:
    tools = {"a": {"description": "b", "call": "c.d"}}
    document = {"ikanos": "1.0.0-beta5", "exposes": [{"type": "mcp", "namespace": "t", "tools": tools}]}
    assert faults(document, "1.0.0-beta5") == []
    assert faults({**document, "exposes": {"t": document["exposes"]}}, "1.0.0-beta5")
