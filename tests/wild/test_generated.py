"""Documents generated from the official schemas, and mutations of them: all readers and checks agree.

The schemas lie beside the project, not in it; without them there is nothing to make documents from.
"""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document.imports import Importer
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.document.parse import parse
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load_source
from naftiko_runtime.schema.write import write_schema
from naftiko_runtime.source import parse_source
from naftiko_runtime.strict import check
from support.schema_documents import Generator
from wild.official import SCHEMAS, VERSIONS, oracle

if TYPE_CHECKING:
    from naftiko_runtime.source import Source

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"the official schemas are not at {SCHEMAS}")

SHAPE = {
    *(rules.MISSING_KEY, rules.WRONG_TYPE, rules.INVALID_VALUE, rules.MISSPELT_KEY, rules.UNKNOWN_KEY),
    *(rules.NON_STANDARD_KEY, rules.VERSION, rules.NO_SUCH_EXPOSE),
}
"""Rules by which a form is refused, or read otherwise than it is written."""
BEYOND = (
    *("is not a media type", "is not a valid header name", "has an instruction, and no 'location'"),
    *("and 'management.scripting' no default", "there is no folder", "there is no script"),
    *("is not a path in the folder of the scripts", "unknown script language"),
    *("must be ", "is not of the type", "is sent by the runtime", "is not a size"),
    *("cannot be the name of a variable", "is not an http or https URL", "is not a scope"),
)
"""What no schema says of a value, and what still makes it useless."""
NOWHERE = Path(__file__).parent / "nowhere" / "x.yml"
ODD: tuple[Any, ...] = (None, 5, 1.5, True, "", "x", [], {}, [1], {"a": 1}, {"name": "a"}, [{"name": "a"}], [{}])
common = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.explicit, Phase.generate],
)


def strategy(version: str) -> st.SearchStrategy[Any]:
    return Generator(json.loads((SCHEMAS / VERSIONS[version][0]).read_text(encoding="utf-8"))).documents()


def source_of(document: Any) -> Source:
    return parse_source(json.dumps(document, ensure_ascii=False, indent=1).encode(), "x.yml")


@cache  # writing the schema takes a tenth of a second, and each example asks for it
def editor(version: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(write_schema(f"1.0.0-{version}"))


def refused(source: Source) -> list[str]:
    """What the reader says of the forms in a document, but for keys, which a schema for editors leaves open."""
    findings = Findings()
    spoken = normalize(source, findings)
    if spoken is not None:
        parse(Importer(NOWHERE, findings, ()).splice(spoken), findings)
    shapes = {rules.MISSING_KEY, rules.WRONG_TYPE, rules.INVALID_VALUE, rules.VERSION}
    said = [d.message for d in findings.list_sorted() if d.rule in shapes]
    return [message for message in said if not any(word in message for word in BEYOND)]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_an_official_schema_takes_is_read(version: str, tmp_path: Path) -> None:
    taken = 0

    @settings(common, max_examples=100)
    @given(strategy(version))
    def reads(document: Any) -> None:
        nonlocal taken
        assume(oracle(version).is_valid(document))
        taken += 1
        source, findings = source_of(document), Findings()
        check(source, findings)
        assert findings.list_sorted() == ()
        assert [error.message for error in editor(version).iter_errors(document)] == []
        found = load_source(source, Overrides(lint=True), tmp_path / "x.yml").diagnostics
        shape = [d.message for d in found if d.rule in SHAPE]
        assert [message for message in shape if not any(word in message for word in BEYOND)] == []

    reads()
    assert taken > 50


@pytest.mark.parametrize("version", VERSIONS)
def test_the_reader_and_the_schema_for_editors_agree_on_mutations(version: str) -> None:
    judged = {True: 0, False: 0}

    @settings(common, max_examples=60)
    @given(strategy(version), st.integers(0, 2**32))
    def agree(document: Any, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - not for secrets
        for _ in range(6):
            mutated = copy.deepcopy(document)
            place = mutate(mutated, chance)
            if place is None or any(map(names_nothing, walk(mutated, ()))):
                continue
            faults = [error.json_path + " " + error.message for error in editor(version).iter_errors(mutated)]
            said = refused(source_of(mutated))
            judged[not said] += 1
            assert bool(faults) == bool(said), (place, faults, said)
            findings = Findings()
            check(source_of(mutated), findings)
            assert findings.has_errors or all("unknown specification version" in message for message in said), (
                place,
                said,
            )

    agree()
    assert min(judged.values()) > 20


def names_nothing(part: tuple[Any, Any]) -> bool:
    """Whether something is an import that does not say of what: that is missed when it is linked."""
    keys = part[1].keys() if isinstance(part[1], dict) else ()
    return "location" in keys and "import" not in keys and "baseUri" not in keys


def mutate(document: Any, chance: random.Random) -> Any:
    """Spoil something in a document, and tell what."""
    containers = list(walk(document, ()))
    place, container = chance.choice(containers)
    if not container:
        return None
    key = chance.choice(list(container) if isinstance(container, dict) else range(len(container)))
    match chance.randrange(3):
        case 0:
            del container[key]
            return (*place, key), "deleted"
        case 1:
            container[key] = copy.deepcopy(chance.choice(ODD))
            return (*place, key), container[key]
        case _:
            other_place, other = chance.choice(containers)
            container[key] = copy.deepcopy(other)
            return (*place, key), "as", other_place


def walk(value: Any, place: tuple[Any, ...]) -> Any:
    if isinstance(value, dict | list):
        yield place, value
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(inner, (*place, key))
