"""Compiles contracts: the inputs of exposed operations, with checks and conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.contract.type_conversion import check_pattern, check_type, convert_text
from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.plan import thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime import regex
    from naftiko_runtime.model.part import InputType
    from naftiko_runtime.plan import Contract, Input, Place
    from naftiko_runtime.regex import Pattern
else:
    regex = import_lazily("naftiko_runtime.regex")

_ARGUMENTS: Final = "arguments"
MISSING: Final = object()
"""The result of a path that leads nowhere, which is different from null."""


class CompiledInput(Struct, frozen=True):
    """An input, compiled; see :class:`naftiko_runtime.plan.Input`.

    Attributes:
        path: Returns its value in the request's body, or :data:`MISSING`. None for an input that is given by name.
    """

    name: str
    place: Place
    type: InputType | None
    required: bool
    default: Any
    inferred: bool
    pattern: Pattern | None
    path: Callable[[object], object] | None
    nullable: bool


def compile_contract(contract: Contract) -> CompiledContract:
    """Compile a contract.

    Raises:
        JsonPathError: A path does not compile. Linking reports those before.
        PatternError: A pattern does not compile. Linking reports those before.
    """
    return CompiledContract(tuple(map(_compile_input, contract.inputs)), contract.open)


def _compile_input(spec: Input) -> CompiledInput:
    return CompiledInput(
        name=spec.name,
        place=spec.place,
        type=spec.type,
        required=spec.required,
        default=thaw(spec.default),
        inferred=spec.inferred,
        pattern=None if spec.pattern is None else regex.compile_pattern(spec.pattern),
        path=None if spec.path is None else _compile_body_path(spec.path),
        nullable=spec.nullable,
    )


def _compile_body_path(text: str) -> Callable[[object], object]:
    """Only a path of names can tell null from a missing value."""
    path = compile_path(text)
    if path.names:
        return _compile_names(path.names)
    if path.identity:
        return path.get
    return lambda value: MISSING if (found := path.get(value)) is None else found


def _compile_names(names: Sequence[str]) -> Callable[[object], object]:
    def get(value: Any) -> Any:
        for name in names:
            value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        return value

    return get


class CompiledContract(Struct, frozen=True):
    """The inputs of one exposed operation, compiled; see :class:`naftiko_runtime.plan.Contract`."""

    inputs: tuple[CompiledInput, ...] = ()
    open: bool = False

    def admit_request(self, given: Mapping[str, Any], *, form: bool = False) -> dict[str, Any]:
        """Check the input of a REST call: values of the body are JSON, all others are text, which is converted.

        Args:
            given: Texts, or lists of them if repeated, by input name; decoded values of the body.
            form: Whether the body is a form, whose fields are text.

        Returns:
            The typed values by input name, with defaults, without absent ones.

        Raises:
            Rejected: With one fault for each input that is missing or has the wrong type.
        """
        values, faults = self._admit(given, textual=True, form=form)
        if faults:
            raise Rejected(*faults)
        return values

    def admit_arguments(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Check the arguments of a tool call, which are JSON.

        Returns:
            The values as in :meth:`admit_request`, and the undeclared arguments of an open operation.

        Raises:
            Rejected: With one fault for each argument that is missing, has the wrong type, or is unknown.
        """
        named = {spec.name for spec in self.inputs if spec.path is None}
        found = {spec.name: spec.path(given) for spec in self.inputs if spec.path is not None}
        if found:
            by_name = {name: value for name, value in given.items() if name not in found}
            values, faults = self._admit(by_name | drop_missing(found), textual=False)
        else:
            values, faults = self._admit(given, textual=False)
        extras = {name: value for name, value in given.items() if name not in named}
        if extras and not self.open:
            faults += (InputFault(name, _ARGUMENTS, f"unknown; {_list_names(self.inputs)}") for name in extras)
        if faults:
            raise Rejected(*faults)
        return values, extras

    def _admit(
        self, given: Mapping[str, Any], *, textual: bool, form: bool = False
    ) -> tuple[dict[str, Any], list[InputFault]]:
        values: dict[str, Any] = {}
        faults: list[InputFault] = []
        for spec in self.inputs:
            place = spec.place if textual else _ARGUMENTS
            value = given.get(spec.name)
            if value is None:
                is_null = spec.name in given
                if is_null and spec.nullable:
                    values[spec.name] = None
                    continue
                if not is_null or spec.required:  # an explicit null is not replaced by the default
                    value = spec.default
            try:
                if value is not None:
                    is_text = textual and (form or place != "body")
                    value = convert_text(value, spec.type) if is_text else check_type(value, spec.type)
                    values[spec.name] = value if spec.pattern is None else check_pattern(value, spec.pattern)
                elif spec.required:
                    faults.append(InputFault(spec.name, place, "required, but not given"))
            except ValueError as error:
                faults.append(InputFault(spec.name, place, str(error)))
        return values, faults


def drop_missing(found: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the values that paths did not find."""
    return {name: value for name, value in found.items() if value is not MISSING}


def _list_names(inputs: tuple[CompiledInput, ...]) -> str:
    names = [f"'{spec.name}'" for spec in inputs if spec.path is None]
    return "known: " + ", ".join(names) if names else "there are none"
