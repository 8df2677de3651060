"""What a document says of answers that go through untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.parameters import ConsumedOutput, Output
    from naftiko_runtime.link.consumed import Consumed


def declared_answer(consumed: Consumed, outputs: Sequence[Output]) -> dict[str, Any] | None:
    """What the document says of a JSON answer that goes through untouched, as a JSON Schema.

    Args:
        consumed: What is called; its own output counts where it is the whole answer.
        outputs: Of the exposed operation.
    """
    if consumed.spec.output_raw_format != "json" or consumed.media_type is not None:
        return None
    if outputs:
        return _root(outputs[0])
    whole = consumed.spec.output_parameters
    if len(whole) == 1 and (whole[0].value or "").strip() in ("$", "$."):
        return _root(whole[0])
    return {} if "output_raw_format" in consumed.spec.model_fields_set else None


def _root(output: Output | ConsumedOutput) -> dict[str, Any]:
    """The type of a whole answer, where it is one that JSON answers have, and written down."""
    is_told = "type" in output.model_fields_set and output.type in ("object", "array")
    schema: dict[str, Any] = {"type": output.type} if is_told else {}
    if output.type == "array" and is_told:
        schema["items"] = {}
    description = getattr(output, "description", None)
    return {**schema, "description": description} if description else schema
