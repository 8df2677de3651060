"""Parts: annotations have the same meaning as in pydantic's own models."""

from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic.alias_generators import to_camel
from pydantic_core import ValidationError

from naftiko_runtime.document.capability import Info
from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Range, Tag, field
from naftiko_runtime.model.part import Part, Text, convert_none_to_tuple


def kind_of(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


def as_written(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else value


class Leaf(Part):
    kind: Literal["leaf"]
    own_name: Text = ""


class Branch(Part):
    kind: Literal["branch"]
    parts: "Annotated[tuple[Anything, ...], BeforeValidator(convert_none_to_tuple)]" = ()
    by_name: "dict[str, Branch] | None" = None


Anything = Annotated[Annotated[Leaf, Tag("leaf")] | Annotated[Branch, Tag("branch")], Discriminator(kind_of)]


class Tree(Branch):
    in_: Literal["a", "b"] = field(alias="in")
    number: Annotated[int, Range(1, 9)] | None = None
    flag: bool = False
    anything: Any = None
    more: dict[str, Any] = field(default_factory=dict)


CONFIG = pydantic.ConfigDict(frozen=True, extra="allow", alias_generator=to_camel, arbitrary_types_allowed=True)
ModelText = Annotated[str, pydantic.BeforeValidator(as_written)]


class ModelLeaf(pydantic.BaseModel):
    model_config = CONFIG
    kind: Literal["leaf"]
    own_name: ModelText = ""


class ModelBranch(pydantic.BaseModel):
    model_config = CONFIG
    kind: Literal["branch"]
    parts: "Annotated[tuple[AnyModel, ...], pydantic.BeforeValidator(convert_none_to_tuple)]" = ()
    by_name: "dict[str, ModelBranch] | None" = None


AnyModel = Annotated[
    Annotated[ModelLeaf, pydantic.Tag("leaf")] | Annotated[ModelBranch, pydantic.Tag("branch")],
    pydantic.Discriminator(kind_of),
]


class ModelTree(ModelBranch):
    in_: Literal["a", "b"] = pydantic.Field(alias="in")
    number: Annotated[int, pydantic.Field(ge=1, le=9)] | None = None
    flag: bool = False
    anything: Any = None
    more: dict[str, Any] = pydantic.Field(default_factory=dict)


LEAF = {"kind": "leaf", "ownName": 5}
SOUND: dict[str, Any] = {"kind": "branch", "in": "a"}


@pytest.mark.parametrize(
    "data",
    [
        SOUND,
        {**SOUND, "parts": None, "number": "7", "flag": "yes", "anything": [1], "more": {"x": 1}, "extra": {"y": 2}},
        {**SOUND, "parts": [LEAF, {"kind": "branch", "parts": [LEAF]}], "byName": {"x": {"kind": "branch"}}},
        {},
        [],
        None,
        {**SOUND, "in": "c", "number": 10, "flag": 2, "more": []},
        {**SOUND, "number": 0, "parts": [5, {"kind": "other"}, {"kind": "leaf", "ownName": []}, {}]},
        {**SOUND, "number": 1.5, "parts": {"kind": "leaf"}, "byName": {"x": {"kind": "leaf"}, "y": None}},
        {**SOUND, "in_": "a", "by_name": {}, "number": True, "flag": None},
    ],
)
def test_parts_judge_as_models_do(data: Any) -> None:
    assert outcome(Tree, data) == outcome(ModelTree, data)


def outcome(model: Any, data: Any) -> Any:
    """What data becomes, or what is wrong with it and where."""
    try:
        made = model.model_validate(data)
    except ValidationError as error:
        return [(fault["type"], fault["loc"], fault["msg"].replace("Model", "")) for fault in error.errors()]
    return made.model_dump(), made.__pydantic_extra__, made.model_fields_set


def test_keys_include_those_of_base_classes() -> None:
    assert {name: key.alias for name, key in Tree.model_fields.items()} == {
        "kind": "kind",
        "parts": "parts",
        "by_name": "byName",
        "in_": "in",
        "number": "number",
        "flag": "flag",
        "anything": "anything",
        "more": "more",
    }
    assert list(Branch.model_fields) == ["kind", "parts", "by_name"]


def test_a_part_that_is_made_by_hand_is_checked_too() -> None:
    assert Info(label="Ships").model_dump()["label"] == "Ships"
    assert "label='Ships'" in repr(Info(label="Ships"))
    assert Info().get_path("label") == ("label",)
    with pytest.raises(ValidationError):
        Info(label=[])  # type: ignore[arg-type]


def test_an_impossible_annotation_is_an_error_at_first_use() -> None:
    class Odd(Part):
        key: set[str]

    with pytest.raises(TypeError, match=r"a part's key cannot be set\[str\]"):
        Odd.model_validate({})


def test_a_derived_part_has_other_values_and_knows_where_they_stand() -> None:
    leaf = Leaf(kind="leaf")
    leaf.set_path(("a", 0))
    derived = leaf.derive({"own_name": "x"}, {"ownName": ("b", "ownName")})
    assert (derived.kind, derived.own_name, leaf.own_name) == ("leaf", "x", "")
    assert derived.model_fields_set == {"kind", "own_name"}
    assert leaf.model_fields_set == {"kind"}
    assert derived.get_path() == ("a", 0)
    assert derived.get_path("kind") == ("a", 0, "kind")
    assert derived.get_path("ownName", 1) == ("b", "ownName", 1)
    again = derived.derive({"kind": "leaf"}, {"kind": ("c",)})
    assert (again.get_path("ownName"), again.get_path("kind")) == (("b", "ownName"), ("c",))
