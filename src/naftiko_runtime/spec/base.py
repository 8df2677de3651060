"""What every part of a document has in common."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr
from pydantic.alias_generators import to_camel

from naftiko_runtime.source import Steps, written

NOT_SERVED: Final = "not served"
NO_EFFECT: Final = "no effect"


class Part(BaseModel):
    """A mapping of the document: frozen, and it knows where it stands.

    Keys that the specification does not have are kept aside as extras, for the caller to report.
    """

    model_config = ConfigDict(
        frozen=True, extra="allow", alias_generator=to_camel, arbitrary_types_allowed=True, defer_build=True
    )

    takes_any_key: ClassVar[bool] = False
    """Whether any key is welcome, so that extras are nothing to report."""

    _steps: Steps = PrivateAttr(default=())

    def at(self, *keys: str | int) -> Steps:
        """The path from the document's root to this part, or to something in it."""
        return (*self._steps, *keys)

    def place(self, steps: Steps) -> None:
        """Tell the part where it stands; done once, by the parser."""
        self._steps = steps


def _text(value: Any) -> Any:
    """Text fields take numbers and booleans as their author wrote them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return written(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text)]
"""A text; a number or boolean is taken as it is written in the file."""

Unserved = Annotated[Any, NOT_SERVED]
"""A key of the specification that this version refuses by name."""

Unused = Annotated[Any, NO_EFFECT]
"""A key of the specification that changes nothing here, which is told."""

JsonType = Literal["string", "number", "integer", "boolean", "array", "object"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
"""HEAD and OPTIONS are not in the official schema but occur in the wild."""


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


AnyMethod = Annotated[Method, BeforeValidator(_upper)]


def tuple_or_empty(value: Any) -> Any:
    """An empty key (``tools:``) is an empty list."""
    return () if value is None else value
