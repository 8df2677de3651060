"""A document's data without wrong values."""

from naftiko_runtime.document.pruning import PrunedData, list_indices, look_up


def test_a_wrong_value_is_removed_and_the_original_data_does_not_change() -> None:
    data = {"capability": {"consumes": [{"namespace": "a"}, {"namespace": "b", "description": 5}]}}
    pruned = PrunedData(data)
    assert pruned.prune(("capability", "consumes", 1, "description"))
    assert pruned.compact() == {"capability": {"consumes": [{"namespace": "a"}, {"namespace": "b"}]}}
    assert data["capability"]["consumes"][1]["description"] == 5  # type: ignore[index]
    assert pruned.unread == {("capability", "consumes", 1, "description")}


def test_a_removed_entry_does_not_move_the_places_of_the_others() -> None:
    pruned = PrunedData({"binds": ["a", "b", "c"]})
    assert pruned.prune(("binds", 0))
    assert pruned.compact() == {"binds": ["b", "c"]}
    assert pruned.find_original(("binds", 1)) == ("binds", 2)
    assert list(list_indices(pruned.data["binds"])) == [1, 2]


def test_a_key_that_a_large_part_needs_gets_a_substitute() -> None:
    pruned = PrunedData({"consumes": [{"namespace": []}, {"namespace": []}]})
    assert pruned.prune(("consumes", 0, "namespace"))
    assert pruned.prune(("consumes", 1, "namespace"))
    first, second = pruned.compact()["consumes"]
    assert isinstance(first["namespace"], str)
    assert first["namespace"] != second["namespace"]


def test_without_another_required_key_its_part_is_removed() -> None:
    pruned = PrunedData({"info": {"stakeholders": [{"role": "author"}]}})
    assert pruned.prune(("info", "stakeholders", 0, "name"))
    assert pruned.compact() == {"info": {"stakeholders": []}}


def test_pruning_the_whole_document_changes_nothing() -> None:
    pruned = PrunedData({"a": 1})
    assert not pruned.prune(())
    assert not pruned.prune(("a", "b", "c"))
    assert pruned.compact() == {"a": 1}


def test_look_up_finds_what_is_there() -> None:
    assert look_up({"a": 1}, "a") == 1
    assert look_up([1, 2], 1) == 2
    assert look_up([1, 2], 2) is None
    assert look_up("text", "a") is None
