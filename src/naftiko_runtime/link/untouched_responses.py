"""Links the declared type of responses that are passed on untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.plan import JsonResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.parameters import ConsumedOutput, Output
    from naftiko_runtime.link.consumed_operation import Consumed


def describe_response(consumed: Consumed, outputs: Sequence[Output]) -> JsonResponse | None:
    """Describe an untouched JSON response by what the document declares; None if it is not JSON, or undeclared.

    Args:
        consumed: The operation that is called; its output counts if it is the whole response.
        outputs: The outputs of the exposed operation.
    """
    if consumed.operation.output_raw_format != "json" or consumed.media_type is not None:
        return None
    if consumed.pagination is not None:
        return JsonResponse("array", getattr(outputs[0], "description", None) if outputs else None)
    if outputs:
        return _describe_root(outputs[0])
    whole = consumed.operation.output_parameters
    if len(whole) == 1 and (whole[0].value or "").strip() in ("$", "$."):
        return _describe_root(whole[0])
    return JsonResponse() if "output_raw_format" in consumed.operation.model_fields_set else None


def _describe_root(output: Output | ConsumedOutput) -> JsonResponse:
    """Return the declared type of a whole response, if it is an object or a list."""
    declared = output.type if "type" in output.model_fields_set and output.type in ("object", "array") else None
    return JsonResponse(declared, getattr(output, "description", None))
