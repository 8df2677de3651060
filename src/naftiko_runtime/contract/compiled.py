"""Compiles contracts: the inputs of exposed operations, with checks and conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.contract.type_conversion import WrongTypeError, check_argument, check_type, convert_text
from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.jsonpath import compile_optional_path, compile_path
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.plan import thaw
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.contract import constraints
    from naftiko_runtime.contract.constraints import ValueCheck
    from naftiko_runtime.model.part import InputType
    from naftiko_runtime.plan import Contract, Input, Place
else:
    constraints = import_lazily("naftiko_runtime.contract.constraints")

_ARGUMENTS: Final = "arguments"
_NAME_CHARACTERS_MAX: Final = 128
"""Of an unknown name that is compared with the known ones."""
MISSING: Final = object()
"""The result of a path that leads nowhere, which is different from null."""


class CompiledInput(Struct, frozen=True):
    """An input, compiled; see :class:`naftiko_runtime.plan.Input`.

    Attributes:
        check: Checks which values of its type are allowed. None if all are.
        path: Returns its value in the request's body, or :data:`MISSING`. None for an input that is given by name.
    """

    name: str
    place: Place
    type: InputType | None
    required: bool
    default: Any
    inferred: bool
    check: ValueCheck | None
    path: Callable[[object], object] | None
    nullable: bool


def compile_contract(contract: Contract) -> CompiledContract:
    """Compile a contract.

    Raises:
        JsonPathError: A path does not compile. Linking reports those before.
        PatternError: A pattern does not compile. Linking reports those before.
    """
    return CompiledContract(tuple(map(_compile_input, contract.inputs)), contract.open)


def _compile_input(input_: Input) -> CompiledInput:
    return CompiledInput(
        name=input_.name,
        place=input_.place,
        type=input_.type,
        required=input_.required,
        default=thaw(input_.default),
        inferred=input_.inferred,
        check=_compile_check(input_),
        path=None if input_.path is None else _compile_body_path(input_.path),
        nullable=input_.nullable,
    )


def _compile_check(input_: Input) -> ValueCheck | None:
    if input_.pattern is None and input_.constraints is None:
        return None
    return constraints.compile_check(input_, input_.name)


def _compile_body_path(text: str) -> Callable[[object], object]:
    """Only a path of names can tell null from a missing value. A list that would be of something missing is absent."""
    path = compile_path(text)
    if path.names:
        return _compile_names(path.names)
    if path.identity:
        return path.get
    get = compile_optional_path(text)
    return lambda value: MISSING if (found := get(value)) is None else found


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
        named = {input_.name for input_ in self.inputs if input_.path is None}
        found = {input_.name: input_.path(given) for input_ in self.inputs if input_.path is not None}
        if found:
            by_name = {name: value for name, value in given.items() if name not in found}
            values, faults = self._admit(by_name | drop_missing(found), textual=False)
        else:
            values, faults = self._admit(given, textual=False)
        extras = {name: value for name, value in given.items() if name not in named}
        if extras and not self.open:
            faults += (InputFault(name, _ARGUMENTS, f"unknown; {_suggest_name(name, self.inputs)}") for name in extras)
        if faults:
            raise Rejected(*faults)
        return values, extras

    def _admit(
        self, given: Mapping[str, Any], *, textual: bool, form: bool = False
    ) -> tuple[dict[str, Any], list[InputFault]]:
        values: dict[str, Any] = {}
        faults: list[InputFault] = []
        for input_ in self.inputs:
            place = input_.place if textual else _ARGUMENTS
            value = given.get(input_.name)
            if value is None:
                is_null = input_.name in given
                if is_null and input_.nullable:
                    values[input_.name] = None
                    continue
                if not is_null or input_.required:  # an explicit null is not replaced by the default
                    value = input_.default
            try:
                if value is not None:
                    convert = (convert_text if form or place != "body" else check_type) if textual else check_argument
                    value = convert(value, input_.type)
                    values[input_.name] = value if input_.check is None else input_.check.check(value, convert)
                elif input_.required:
                    faults.append(InputFault(input_.name, place, "required, but not given"))
            except WrongTypeError as error:
                if isinstance(value, list) and len(value) == 1 and convert is convert_text:
                    value = value[0]  # texts of a query are lists
                faults.append(InputFault(input_.name, place, _describe_wrong_type(input_, value, error)))
            except ValueError as error:
                faults.append(InputFault(input_.name, place, str(error)))
        return values, faults


def _describe_wrong_type(input_: CompiledInput, value: object, error: WrongTypeError) -> str:
    format_ = None if input_.check is None else input_.check.format
    return str(constraints.describe_wrong_type(error, input_.name, value, format_))


def drop_missing(found: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the values that paths did not find."""
    return {name: value for name, value in found.items() if value is not MISSING}


def _suggest_name(name: str, inputs: tuple[CompiledInput, ...]) -> str:
    """Return the name that an unknown one may mean, or all names."""
    known = [input_.name for input_ in inputs if input_.path is None]
    return suggest_text(name[:_NAME_CHARACTERS_MAX], known) or "there are none"
