"""Converts the annotations of a part to a schema of pydantic's core, which checks them."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator
from pydantic_core import core_schema as core

from naftiko_runtime.model.key_annotations import REQUIRED, BeforeValidator, Discriminator, FieldInfo, Range, Tag


def make_validator(part: type) -> SchemaValidator:
    """Return the validator that makes a part of plain data."""
    return SchemaValidator(make_core_schema(part))


def make_serializer(part: type) -> SchemaSerializer:
    """Return the serializer that makes plain data of a part."""
    return SchemaSerializer(make_core_schema(part))


def make_core_schema(part: type) -> CoreSchema:
    """Return the schema of a part and of all parts below it."""
    reader = _AnnotationCompiler()
    whole = reader.compile(part)
    return core.definitions_schema(whole, list(reader.definitions.values()))


_PLAIN: dict[Any, CoreSchema] = {
    str: core.str_schema(),
    int: core.int_schema(),
    float: core.custom_error_schema(
        core.union_schema([core.int_schema(strict=True), core.float_schema(strict=True, allow_inf_nan=False)]),
        custom_error_type="float_type",
    ),
    bool: core.bool_schema(),
    Any: core.any_schema(),
}


class _AnnotationCompiler:
    def __init__(self) -> None:
        self.definitions: dict[type, CoreSchema] = {}
        self._known: dict[Any, CoreSchema] = dict(_PLAIN)

    def compile(self, annotation: Any) -> CoreSchema:
        """Return the schema of an annotation.

        Raises:
            TypeError: A part cannot have this annotation.
        """
        if annotation not in self._known:
            self._known[annotation] = self._compile(annotation)
        return self._known[annotation]

    def _compile(self, annotation: Any) -> CoreSchema:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._compile_annotated(*arguments)
        if origin is Literal:
            return core.literal_schema(list(arguments))
        if origin in (Union, UnionType) and NoneType in arguments:
            (inner,) = (argument for argument in arguments if argument is not NoneType)
            return core.nullable_schema(self.compile(inner))
        if origin is tuple and arguments[1:] == (...,):
            return core.tuple_variable_schema(self.compile(arguments[0]))
        if origin is dict:
            return core.dict_schema(*map(self.compile, arguments))
        if hasattr(annotation, "model_fields"):
            return self._compile_part(annotation)
        raise TypeError(f"a part's key cannot be {annotation!r}")

    def _compile_annotated(self, annotation: Any, *metadata: Any) -> CoreSchema:
        for metadatum in metadata:
            if isinstance(metadatum, Discriminator):
                return core.tagged_union_schema(dict(map(self._compile_member, get_args(annotation))), metadatum.tag_of)
        schema = self.compile(annotation)
        for metadatum in metadata:
            if isinstance(metadatum, BeforeValidator):
                schema = core.no_info_before_validator_function(metadatum.function, schema)
            elif isinstance(metadatum, Range):
                schema = core.int_schema(ge=metadatum.least, le=metadatum.greatest)
        return schema

    def _compile_member(self, annotation: Any) -> tuple[str, CoreSchema]:
        """Return a member of a union, by its tag."""
        tags = [metadatum.name for metadatum in annotation.__metadata__ if isinstance(metadatum, Tag)]
        return tags[0], self.compile(annotation)

    def _compile_part(self, part: Any) -> CoreSchema:
        ref = f"{part.__module__}.{part.__name__}:{id(part)}"
        if part not in self.definitions:
            self.definitions[part] = core.any_schema()  # its place, while it is looked into
            fields = core.model_fields_schema(
                {name: self._compile_field(info) for name, info in part.model_fields.items()},
                model_name=part.__name__,
                extra_behavior="allow",
            )
            self.definitions[part] = core.model_schema(part, fields, extra_behavior="allow", ref=ref)
        return core.definition_reference_schema(ref)

    def _compile_field(self, info: FieldInfo) -> core.ModelField:
        schema = self.compile(info.annotation)
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
