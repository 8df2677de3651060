"""The inputs of one exposed operation: those that it declares, and those that its call infers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.plan import Argument, Input, Place, freeze

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.link.consumed_operation import Consumed


class OperationInputs(Struct):
    """The inputs of one exposed operation.

    Attributes:
        by_name: The declared inputs, then the inferred ones.
        consumed: The operation that is called.
        displaced: Inputs that are declared for the path of a route that has no placeholder for them, by name.
    """

    by_name: dict[str, Input]
    consumed: Consumed
    displaced: Mapping[str, Input] = {}

    def find_name(self, name: str) -> str | None:
        """Return the name of the only input that has this name, apart from case and punctuation; otherwise None."""
        if name in self.by_name:
            return name
        found = [known for known in self.by_name if fold_name(known) == fold_name(name)]
        return found[0] if len(found) == 1 else None

    def is_displaced(self, name: str) -> bool:
        """Return whether the route declares this input for its path, which has no placeholder for it."""
        return self._find_displaced(name) is not None

    def require(self, name: str, fills: str | None = None) -> Argument:
        """Return the argument of an input; infer the input if the operation does not declare it.

        Args:
            name: The input.
            fills: The consumed parameter that it fills, if that has another name.
        """
        found = self.find_name(name)
        if found is None:
            self.by_name[name] = self._infer(name, fills or name)
        return Argument(found or name)

    def set_default(self, name: str, default: object) -> None:
        """Give an optional input without a default the default of the consumed parameter that it fills."""
        input_ = self.by_name[name]
        if input_.default is None and not input_.required:
            self.by_name[name] = replace(input_, default=freeze(default))

    def _find_displaced(self, name: str) -> Input | None:
        return next((one for declared, one in self.displaced.items() if fold_name(declared) == fold_name(name)), None)

    def _infer(self, name: str, fills: str) -> Input:
        """Return an input that the exposed side does not declare, as the consumed side describes it."""
        parameter = self.consumed.find_parameter(fills)
        in_path = fills in self.consumed.placeholders
        place: Place = "query"
        if parameter is not None and parameter.in_ in ("header", "cookie", "body"):
            place = parameter.in_
        elif parameter is None and not in_path and (self.consumed.has_body_content or self.consumed.takes_body_fields):
            place = "body"
        inferred = Input(
            name=name,
            place=place,
            type=(parameter.type if parameter else None) or ("string" if in_path else None),
            required=in_path or bool(parameter and parameter.required),
            default=freeze(parameter.default) if parameter else None,
            description=parameter.description if parameter else None,
            inferred=True,
        )
        declared = self._find_displaced(name)
        if declared is None:
            return inferred
        return replace(
            inferred,
            type=declared.type or inferred.type,
            pattern=declared.pattern,
            constraints=declared.constraints,
            examples=declared.examples,
            description=declared.description or inferred.description,
        )
