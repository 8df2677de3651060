"""Documents with a reference in them."""

from __future__ import annotations

from typing import Any

from naftiko_runtime.plan import Argument, Variable
from support.linked import make_document, make_rest_expose

INPUTS = [{"name": "x", "in": "query"}, {"name": "ship-id", "in": "query"}, {"name": "a.b", "in": "query"}]
CONSUMED = {
    "inputParameters": [
        {"name": "p", "in": "query"},
        {"name": "X-Token", "in": "header", "value": "{{TOKEN}}{{vault.SECRET}}"},
    ]
}
BINDS = [
    {"namespace": "env", "keys": {"TOKEN": "T"}},
    {"namespace": "vault", "keys": {"SECRET": "s"}, "location": "file:///./x.json"},
]
X, TOKEN = Argument("x"), Variable("env.TOKEN")


def with_value(value: Any, inputs: list[Any] | None = INPUTS) -> dict[str, Any]:
    """A document whose operation gives the parameter ``p`` a value."""
    data = make_document(CONSUMED, [make_rest_expose(inputs=inputs, bind={"p": value})])
    other = {"type": "mcp", "namespace": "fleet", "port": 9090, "tools": [{"name": "t", "call": "registry.op"}]}
    data["capability"]["exposes"].append(other)
    data["binds"] = BINDS
    return data
