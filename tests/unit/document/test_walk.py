"""Walks over documents."""

from naftiko_runtime.document.capability import Capability
from naftiko_runtime.document.consumes import ConsumedHttp, ConsumedOperation, ConsumedResource
from naftiko_runtime.document.walk import iter_entries, iter_parts, walk_parts


def test_walk_parts_yields_a_part_and_all_below_it() -> None:
    api = {
        "namespace": "a",
        "baseUri": "https://a.example",
        "resources": [{"path": "/", "operations": [{"name": "x"}]}],
    }
    kinds = [type(part) for part in walk_parts(Capability.model_validate({"consumes": [api]}))]
    assert kinds == [Capability, ConsumedHttp, ConsumedResource, ConsumedOperation]


def test_entries_of_a_list_and_of_a_map() -> None:
    assert list(iter_entries([{"name": "a"}, 5, {"name": "b"}], ("x",))) == [
        ({"name": "a"}, ("x", 0)),
        ({"name": "b"}, ("x", 2)),
    ]
    assert list(iter_entries({"a": {"k": 1}, "b": 5}, ("x",))) == [({"name": "a", "k": 1}, ("x", "a"))]
    assert list(iter_entries("text", ("x",))) == []


def test_parts_of_a_section_are_those_of_the_root_and_of_the_capability() -> None:
    data = {"binds": [{"namespace": "a"}], "capability": {"binds": [{"namespace": "b"}]}}
    assert [key_path for _, key_path in iter_parts(data, "binds")] == [("binds", 0), ("capability", "binds", 0)]
