"""What runs: frozen data, with every name resolved and every expression split.

A plan says what it needs (:attr:`Plan.bindings`) by name; it never holds a secret.
"""

from naftiko_runtime.plan.body import (
    Body,
    Escape,
    Form,
    JsonText,
    JsonTree,
    ListStyle,
    Multipart,
    NamedTerm,
    OpenBody,
    Part,
    PlainText,
    WholeBody,
    YamlTree,
)
from naftiko_runtime.plan.operation import Blank, Operation
from naftiko_runtime.plan.plan import Binding, Plan
from naftiko_runtime.plan.request import Request
from naftiko_runtime.plan.servers import BrokenRoute, BrokenTool, Forward, McpServer, RestServer, Route, Server, Tool
from naftiko_runtime.plan.upstream import (
    ApiKeyCredential,
    BasicCredential,
    BearerCredential,
    ClientCredentials,
    Credential,
    DigestCredential,
    Placement,
    SigningCredential,
    Upstream,
)
from naftiko_runtime.plan.values import Argument, Composed, Constant, Term, Variable

__all__ = [
    "ApiKeyCredential",
    "Argument",
    "BasicCredential",
    "BearerCredential",
    "Binding",
    "Blank",
    "Body",
    "BrokenRoute",
    "BrokenTool",
    "ClientCredentials",
    "Composed",
    "Constant",
    "Credential",
    "DigestCredential",
    "Escape",
    "Form",
    "Forward",
    "JsonText",
    "JsonTree",
    "ListStyle",
    "McpServer",
    "Multipart",
    "NamedTerm",
    "OpenBody",
    "Operation",
    "Part",
    "Placement",
    "PlainText",
    "Plan",
    "Request",
    "RestServer",
    "Route",
    "Server",
    "SigningCredential",
    "Term",
    "Tool",
    "Upstream",
    "Variable",
    "WholeBody",
    "YamlTree",
]
