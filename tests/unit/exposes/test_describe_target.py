"""How an operation says what it calls."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.exposes.describe_target import describe_target
from naftiko_runtime.plan import (
    Call,
    Constant,
    LookupStep,
    Mock,
    OutputResult,
    Request,
    UntouchedResponse,
    Upstream,
    Workflow,
)

API = Upstream("api", "https://api.example", None, Span("x.yml", 1, 1, 1, 2))
LOOKUP = LookupStep("find", "ships", "imo", Constant("7"))


@pytest.mark.parametrize(
    ("execution", "description"),
    [
        (Call(Request(API, "api.get", "GET", ("/ships",)), UntouchedResponse()), "api.get  (GET /ships)"),
        (Mock(()), "a mock response"),
        (Workflow(((LOOKUP,),), OutputResult("find", ())), "steps that call nothing"),
    ],
)
def test_an_operation_says_what_it_calls(execution: Any, description: str) -> None:
    operation: Any = SimpleNamespace(execution=execution)
    assert describe_target(operation) == description
