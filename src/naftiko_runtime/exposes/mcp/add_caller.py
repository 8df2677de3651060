"""Adds to a call what its operation gets of the caller: headers, and who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.caller_identity import CALLER, SENT_SECRETS

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.engine.invocation import Invocation


def add_caller(call: Invocation, operation: BoundOperation, policy: CallerPolicy, scope: Scope) -> None:
    """Add the headers of a request that are passed on, and the caller that it names."""
    call.headers, call.caller_headers = policy.select_headers(scope)
    if (caller := scope.get(CALLER)) is not None:
        call.caller = caller
        SENT_SECRETS.set([])
    if operation.named_headers:
        call.named_headers = [pair for pair in scope["headers"] if pair[0] in operation.named_headers]
