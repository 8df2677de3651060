"""A plan is a value: it can be compared, hashed, printed and pickled, for every document."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from journeys.story import read_story
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.plan import Constant, Input
from naftiko_runtime.plan.comparison import normalize_plan
from support.linked import link_plan, make_document, make_mcp_expose, make_rest_expose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.plan import Plan

ROOT = Path(__file__).parents[3]
JOURNEYS = sorted((ROOT / "tests" / "journeys").glob("*.yml"))
DOCUMENTS = [
    *sorted(ROOT.glob("capabilities/**/*.yaml")),
    *sorted((ROOT / "tests" / "integration" / "documents").glob("*.yaml")),
    *sorted((ROOT / "tests" / "diagnostics").glob("*.yml")),
    *sorted((ROOT / "tests" / "fix").glob("*.yml")),
    *sorted((ROOT.parent / "shared" / "corpus").rglob("*.y*ml")),
]
SKIPPING = Overrides(skip_broken=True)
PLAIN = (bool, str, bytes, int, float, type(None))
"""What is a value by itself."""


def planned(file: Path, folder: Path) -> Plan | None:
    """What a file becomes, with as much of it as can be served."""
    return read_story(file, folder).plan("http://127.0.0.1:1") if file in JOURNEYS else load(file, SKIPPING).plan


def parts(value: Any) -> Iterator[Any]:
    """All that a plan consists of."""
    yield value
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from parts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from parts(item)


@pytest.mark.no_cover  # the tests of diagnostics and the journeys measure what the same documents reach
@pytest.mark.parametrize("file", [*DOCUMENTS, *JOURNEYS], ids=lambda path: path.stem)
def test_a_plan_is_a_value(file: Path, tmp_path: Path) -> None:
    first, second = planned(file, tmp_path), planned(file, tmp_path)
    assert first == second
    assert hash(first) == hash(second)
    assert normalize_plan(first) == normalize_plan(second) if first and second else first is second
    copy = pickle.loads(pickle.dumps(first))  # noqa: S301 - its own
    assert copy == first
    assert hash(copy) == hash(first)
    assert repr(copy) == repr(first)
    assert not re.search(r"\bat 0x[0-9a-f]+|<function|<built-in", repr(first))
    for part in parts(first):
        assert isinstance(part, (Struct, tuple, *PLAIN)), type(part)
        if isinstance(part, Constant | Input):  # 1 and true are one to Python, and two to everybody else
            frozen = part.value if isinstance(part, Constant) else part.default
            assert not any(type(value) in (int, float) for value in parts(frozen))


@pytest.mark.no_cover
def test_there_are_plans_to_look_at(tmp_path: Path) -> None:
    """So that the test above cannot pass for want of them."""
    served = [
        file for file in [*DOCUMENTS, *JOURNEYS] if (found := planned(file, tmp_path)) and found.exposed_operations
    ]
    assert len(served) > len(JOURNEYS)


@pytest.mark.parametrize(
    "change",
    [
        {"value": True},
        {"value": 1},
        {"value": 1.0},
        {"value": "1"},
        {"value": [1]},
        {"value": [True]},
        {"value": {"a": 1, "b": 2}},
        {"value": {"b": 2, "a": 1}},
    ],
)
def test_plans_that_send_something_else_are_not_equal(change: dict[str, Any]) -> None:
    def of(value: Any) -> Plan:
        body = {"method": "POST", "body": {"type": "json", "data": {"x": value}}}
        return link_plan(make_document(body, exposes=[make_rest_expose(method="POST")]))

    values: list[Any] = [True, 1, 1.0, "1", [1], [True], {"a": 1, "b": 2}, {"b": 2, "a": 1}]
    same = [value for value in values if of(value) == of(change["value"])]
    assert list(map(repr, same)) == [repr(change["value"])]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"mapping": "$.a"}, {"mapping": "$.b"}),
        ({"mapping": "$.a", "type": "string"}, {"mapping": "$.a", "type": "number"}),
        ({"mapping": "$", "type": "array", "items": {"mapping": "$.a"}}, {"mapping": "$", "type": "array"}),
        ({"mapping": "$.a", "maxLength": 1}, {"mapping": "$.a", "maxLength": 2}),
        ({"value": "a"}, {"value": "b"}),
    ],
)
def test_plans_with_another_result_are_not_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = (
        link_plan(make_document(exposes=[make_mcp_expose(outputParameters=[{"type": "string"} | o])]))
        for o in (one, other)
    )
    assert first != second
    assert normalize_plan(first) != normalize_plan(second)


def test_a_plan_elsewhere_in_its_file_does_the_same() -> None:
    data = make_document(exposes=[make_rest_expose("/ships/{imo}")], path="/ships/{imo}")
    first, second = link_plan(data), link_plan({"info": {"label": "x.yml"}, **data})
    assert first != second
    assert normalize_plan(first) == normalize_plan(second)


def test_the_names_of_a_route_s_placeholders_make_no_difference() -> None:
    first, second, third = (
        normalize_plan(
            link_plan(make_document(exposes=[make_rest_expose(f"/ships/{{{name}}}{rest_}")], path=f"/ships/{{{name}}}"))
        )
        for name, rest_ in (("imo", ""), ("number", ""), ("imo", "/x"))
    )
    assert first == second
    assert first != third


@pytest.mark.parametrize("expose", [make_rest_expose(), make_mcp_expose()])
def test_parts_are_removed_by_index(expose: dict[str, Any]) -> None:
    """A plan is a value, so one object may be several of its parts."""
    (server,) = link_plan(make_document(exposes=[expose])).servers
    (part,) = server.parts
    field = "tools" if server.kind == "mcp" else "routes"
    twice = replace(server, **{field: (part, part)})
    assert twice.remove_parts({1}) == server
    assert twice.remove_parts({0, 1}).parts == ()
