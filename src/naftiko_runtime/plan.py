"""What runs: frozen, with every name resolved and every expression split or compiled.

A plan says what it needs (:attr:`Plan.bindings`) by name; it never holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct, field

from naftiko_runtime.mapping.output_schema import Mismatches
from naftiko_runtime.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.contract import Contract
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.formats import Decode
    from naftiko_runtime.mapping.output_schema import Outline


class Argument(Struct, frozen=True):
    """The caller's value of an input."""

    name: str


class Variable(Struct, frozen=True):
    """A bound variable, by its full name ``namespace.VARIABLE``."""

    name: str


class Constant(Struct, frozen=True):
    """A value that the document gives."""

    value: Any


class Composed(Struct, frozen=True):
    """Text with values in it; absent as a whole when one of its arguments is."""

    parts: tuple[Constant | Argument | Variable, ...]


Term: TypeAlias = Constant | Argument | Variable | Composed
"""What a consumed parameter is filled with."""


class Binding(Struct, frozen=True):
    """A variable that comes from outside.

    Attributes:
        namespace: The bind's namespace.
        variable: Its name in the document.
        key: Its name at the provider.
        span: Where it is bound.
        uses: Where expressions use it; none for an unused one.
        location: Which provider has it; none for the environment.
    """

    namespace: str
    variable: str
    key: str
    span: Span
    uses: tuple[Span, ...] = ()
    location: str | None = None

    @property
    def name(self) -> str:
        """``namespace.VARIABLE``."""
        return f"{self.namespace}.{self.variable}"


class BasicCredential(Struct, frozen=True):
    """User name and password for ``Authorization: Basic``."""

    username: Term
    password: Term


class BearerCredential(Struct, frozen=True):
    """A token for ``Authorization: Bearer``."""

    token: Term


Placement: TypeAlias = Literal["header", "query", "body", "cookie"]
"""Where an API's key stands."""


class ApiKeyCredential(Struct, frozen=True):
    """One or more keys, as pairs of name and value, all in one place."""

    keys: tuple[tuple[Term, Term], ...]
    placement: Placement


class DigestCredential(Struct, frozen=True):
    """User name and password for ``Authorization: Digest``."""

    username: Term
    password: Term


class ClientCredentials(Struct, frozen=True):
    """A bearer token, fetched from a token endpoint (OAuth 2); ``parameters`` go there beside the grant."""

    token_endpoint: Term
    client_id: Term
    client_secret: Term
    parameters: tuple[tuple[str, Term], ...] = ()


class SigningCredential(Struct, frozen=True):
    """What OAuth 1.0a signs requests with; an empty token is none.

    ``signing_key`` is a private key or names a file, which is looked up in ``folder`` first.
    """

    consumer_key: Term
    consumer_secret: Term
    token: Term
    token_secret: Term
    method: str
    signing_key: Term | None = None
    signing_key_password: Term | None = None
    folder: str = ""


Credential: TypeAlias = (
    BasicCredential | BearerCredential | ApiKeyCredential | DigestCredential | ClientCredentials | SigningCredential
)


class Upstream(Struct, frozen=True):
    """A consumed API: where it is and how we prove who we are; without a base URI nobody is called (a mock).

    A base URI with variables is a ``template``, of which ``base_uri`` shows the names until it is bound.
    """

    namespace: str
    base_uri: str
    credential: Credential | None
    span: Span
    exposed_headers: frozenset[bytes] = frozenset()
    """Of its responses: these reach callers besides those that always do, in lower case."""
    template: Term | None = None


ListStyle: TypeAlias = Literal["repeat", "comma", "space", "pipe", "deep"]
"""How a query has a list: its name repeated, or one value whose items are joined; ``deep`` is an object in brackets."""


class NamedTerm(Struct, frozen=True):
    """A query parameter, header, cookie or form field; the term of a field may be a structure of terms."""

    name: str
    term: Term
    style: ListStyle = "repeat"


Escape: TypeAlias = Literal["none", "xml", "form", "sparql-string", "sparql-iri", "sparql-token"]


class JsonTree(Struct, frozen=True):
    """A structured JSON body; every leaf is a :data:`Term`, and a key whose leaf is absent is left out."""

    root: Any


class YamlTree(Struct, frozen=True):
    """A YAML body; every leaf is a :data:`Term`, and a key whose leaf is absent is left out."""

    root: Any


class JsonText(Struct, frozen=True):
    """A JSON body written as text: literal pieces, and terms with the place they stand in.

    A term stands ``bare``, it is a whole ``string`` with its quotes, or it is a part of a ``key``.
    """

    parts: tuple[str | tuple[Term, Literal["bare", "string", "key"]], ...]


class PlainText(Struct, frozen=True):
    """A body of text, XML, SPARQL or a form written as text: literal pieces, and terms with how they are escaped.

    An absent value is empty text.
    """

    parts: tuple[str | tuple[Term, Escape], ...]
    content_type: str


class Form(Struct, frozen=True):
    """An ``application/x-www-form-urlencoded`` body; absent fields are left out.

    With ``whole``, the value of its one field is an object of the fields, or text that is the body.
    """

    fields: tuple[NamedTerm, ...]
    whole: bool = False


class Part(Struct, frozen=True):
    """A part of a multipart form; one with a file name is a file. Of a list each item is a part."""

    name: str
    term: Term
    filename: Term | None = None
    content_type: Term | None = None


class Multipart(Struct, frozen=True):
    """A ``multipart/form-data`` body; absent parts are left out."""

    parts: tuple[Part, ...]


class WholeBody(Struct, frozen=True):
    """The caller's value of one input is the whole body, as JSON."""

    term: Term


class OpenBody(Struct, frozen=True):
    """The caller's body as it came; ``kind`` is what a caller without a body of its own, a tool, makes."""

    kind: Literal["json", "text", "form", "multipart"] = "json"
    content_type: str = "application/json"


Body: TypeAlias = JsonTree | YamlTree | JsonText | PlainText | Form | Multipart | WholeBody | OpenBody


class Request(Struct, frozen=True):
    """A consumed operation as one exposed operation calls it: every place filled with a term.

    Attributes:
        upstream: The API it goes to.
        operation: ``namespace.operation``.
        method: In capitals.
        path: Pieces behind the base URI: encoded literals, and terms that are one segment's (part of a) value.
        query: Parameters in order.
        headers: Header fields; names in lower case.
        cookies: Cookies.
        body: What the body is made from; none for no body.
        open_query: Whether the caller's query goes through byte for byte.
        caller_headers: Whether User-Agent, Accept-Language and Referer of the caller go through.
        forwards: Whether the caller's method and the rest of its path go through.
        exposed_headers: Response headers that reach callers besides the API's own and those that always do.
    """

    upstream: Upstream
    operation: str
    method: str
    path: tuple[str | Term, ...]
    query: tuple[NamedTerm, ...] = ()
    headers: tuple[NamedTerm, ...] = ()
    cookies: tuple[NamedTerm, ...] = ()
    body: Body | None = None
    open_query: bool = False
    caller_headers: bool = False
    forwards: bool = False
    exposed_headers: frozenset[bytes] = frozenset()


class Blank(Struct, frozen=True):
    """Stands in a shaped result where the caller's input goes; ``fill`` makes what goes there of the call's values."""

    fill: Callable[[Mapping[str, Any]], Any]


class Operation(Struct, frozen=True):
    """An exposed operation: what it takes, what it calls, what it answers.

    Attributes:
        name: ``namespace.operation`` for logs.
        contract: The check of its input.
        request: The call.
        shape: From the decoded answer to the result; none when the answer goes through as it came.
        raw_format: How the answer is decoded when it has to be.
        media_type: What callers are told that an untouched answer is; none for what the upstream says.
        binary_bytes_max: Of an untouched answer, as the document has it; none for no limit but the operator's.
    """

    name: str
    contract: Contract
    request: Request
    shape: Callable[[Any], Any] | None
    raw_format: str = "json"
    decode: Decode | None = None
    """What decodes an answer of that format; none for those that need no schema."""
    media_type: str | None = None
    binary_bytes_max: int | None = None
    description: str = ""
    outline: Outline | None = None
    """What the shaped result looks like; none when there is no shape, or no telling."""
    declared: dict[str, Any] | None = None
    """What the document says of an untouched JSON answer, as a JSON Schema; none when it says nothing of it."""
    searches: bool = False
    """Whether a path of the shape searches: what it looks at is bounded."""
    mismatches: Mismatches = field(default_factory=Mismatches)
    irregular: Notes = field(default_factory=Notes)
    """What was irregular in the answers that were decoded so far."""
    blanks: bool = False
    """Whether shaped results have a :class:`Blank` somewhere."""

    @property
    def mock(self) -> bool:
        """Whether nobody is called: the document itself has the answer."""
        return not self.request.upstream.base_uri


class Route(Struct, frozen=True):
    """A REST route.

    Attributes:
        method: In capitals.
        path: As the document writes it.
        pattern: The path split: decoded literals, and arguments that span (a part of) one segment.
    """

    method: str
    path: str
    pattern: tuple[str | Argument, ...]
    operation: Operation


class Forward(Struct, frozen=True):
    """A part of a REST server whose requests go to an API as they come.

    Attributes:
        path: As the document writes it.
        pattern: What a path begins with: the document's path without the placeholder at its end.
        trusted_headers: The caller's headers that go along, in lower case.
        operation: The call, without inputs.
    """

    path: str
    pattern: tuple[str | Argument, ...]
    trusted_headers: frozenset[str]
    operation: Operation


class Tool(Struct, frozen=True):
    """An MCP tool."""

    name: str
    title: str | None
    description: str
    hints: Mapping[str, bool]
    operation: Operation


class BrokenRoute(Struct, frozen=True):
    """A route that was left out, and why; the method of a forward is ``*``."""

    method: str
    path: str
    pattern: tuple[str | Argument, ...]
    reason: str


class BrokenTool(Struct, frozen=True):
    """A tool that was left out, and why."""

    name: str
    reason: str


class RestServer(Struct, frozen=True):
    """A REST expose."""

    namespace: str
    address: str
    port: int
    span: Span
    routes: tuple[Route, ...]
    broken: tuple[BrokenRoute, ...] = ()
    guard: Credential | None = None
    """What callers have to show."""
    forwards: tuple[Forward, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What its routes run, then its forwards, in their order."""
        return (*(r.operation for r in self.routes), *(f.operation for f in self.forwards))


class McpServer(Struct, frozen=True):
    """An MCP expose."""

    namespace: str
    address: str
    port: int
    span: Span
    title: str
    instructions: str | None
    tools: tuple[Tool, ...]
    broken: tuple[BrokenTool, ...] = ()
    guard: Credential | None = None
    """What callers have to show."""
    version: str | None = None
    """The document's own, if it tells one."""
    ttl_ms: int = 0
    """For how long clients may keep lists, in milliseconds."""
    cache_scope: Literal["public", "private"] = "private"
    """Whether a list that a client keeps may be served to others."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What its tools run, in their order."""
        return tuple(tool.operation for tool in self.tools)


Server: TypeAlias = RestServer | McpServer


class Plan(Struct, frozen=True):
    """All that one document asks for."""

    label: str
    file: str
    bindings: tuple[Binding, ...]
    upstreams: tuple[Upstream, ...]
    servers: tuple[Server, ...]
    operations: frozenset[str] = field(default=frozenset())
    """``namespace.operation`` of every consumed operation."""
    version: str | None = None
    """The document's own, if it tells one."""
    description: str = ""
    """What the document says of itself."""

    @property
    def served(self) -> tuple[Operation, ...]:
        """Every operation that is served, in order."""
        return tuple(operation for server in self.servers for operation in server.operations)

    @property
    def called(self) -> tuple[Upstream, ...]:
        """The upstreams that are called, each once; others may lack their variables."""
        return tuple({o.request.upstream.namespace: o.request.upstream for o in self.served if not o.mock}.values())
