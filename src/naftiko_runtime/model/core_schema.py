"""What the annotations of a part mean to pydantic's core, which checks them."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator
from pydantic_core import core_schema as core

from naftiko_runtime.model.key_annotations import REQUIRED, BeforeValidator, Discriminator, FieldInfo, Range, Tag


def validator_of(part: type) -> SchemaValidator:
    """What makes a part of plain data."""
    return SchemaValidator(core_schema_of(part))


def serializer_of(part: type) -> SchemaSerializer:
    """What makes plain data of a part."""
    return SchemaSerializer(core_schema_of(part))


def core_schema_of(part: type) -> CoreSchema:
    """A part and all that may be below it."""
    reader = _Reader()
    whole = reader.schema(part)
    return core.definitions_schema(whole, list(reader.definitions.values()))


_PLAIN: dict[Any, CoreSchema] = {
    str: core.str_schema(),
    int: core.int_schema(),
    bool: core.bool_schema(),
    Any: core.any_schema(),
}


class _Reader:
    def __init__(self) -> None:
        self.definitions: dict[type, CoreSchema] = {}
        self._known: dict[Any, CoreSchema] = dict(_PLAIN)

    def schema(self, annotation: Any) -> CoreSchema:
        """The schema of what an annotation takes.

        Raises:
            TypeError: Parts cannot have that.
        """
        if annotation not in self._known:
            self._known[annotation] = self._schema(annotation)
        return self._known[annotation]

    def _schema(self, annotation: Any) -> CoreSchema:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._annotated(*arguments)
        if origin is Literal:
            return core.literal_schema(list(arguments))
        if origin in (Union, UnionType) and NoneType in arguments:
            (inner,) = (argument for argument in arguments if argument is not NoneType)
            return core.nullable_schema(self.schema(inner))
        if origin is tuple and arguments[1:] == (...,):
            return core.tuple_variable_schema(self.schema(arguments[0]))
        if origin is dict:
            return core.dict_schema(*map(self.schema, arguments))
        if hasattr(annotation, "model_fields"):
            return self._part(annotation)
        raise TypeError(f"a part's key cannot be {annotation!r}")

    def _annotated(self, annotation: Any, *metadata: Any) -> CoreSchema:
        for said in metadata:
            if isinstance(said, Discriminator):
                return core.tagged_union_schema(dict(map(self._member, get_args(annotation))), said.tag_of)
        schema = self.schema(annotation)
        for said in metadata:
            if isinstance(said, BeforeValidator):
                schema = core.no_info_before_validator_function(said.function, schema)
            elif isinstance(said, Range):
                schema = core.int_schema(ge=said.least, le=said.greatest)
        return schema

    def _member(self, annotation: Any) -> tuple[str, CoreSchema]:
        """A member of a union, by its tag."""
        tags = [said.name for said in annotation.__metadata__ if isinstance(said, Tag)]
        return tags[0], self.schema(annotation)

    def _part(self, part: Any) -> CoreSchema:
        ref = f"{part.__module__}.{part.__name__}:{id(part)}"
        if part not in self.definitions:
            self.definitions[part] = core.any_schema()  # its place, while it is looked into
            fields = core.model_fields_schema(
                {name: self._field(info) for name, info in part.model_fields.items()},
                model_name=part.__name__,
                extra_behavior="allow",
            )
            self.definitions[part] = core.model_schema(part, fields, extra_behavior="allow", ref=ref)
        return core.definition_reference_schema(ref)

    def _field(self, info: FieldInfo) -> core.ModelField:
        schema = self.schema(info.annotation)
        if info.default_factory is not None:
            schema = core.with_default_schema(schema, default_factory=info.default_factory)
        elif info.default is not REQUIRED:
            schema = {"type": "default", "schema": schema, "default": info.default}
        return {
            "type": "model-field",
            "schema": schema,
            "validation_alias": info.alias,
            "serialization_alias": info.alias,
        }
