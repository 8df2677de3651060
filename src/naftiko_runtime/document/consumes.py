"""The consumed HTTP APIs."""

from typing import Annotated, Any, ClassVar, Literal

from naftiko_runtime import limits
from naftiko_runtime.authentication.kinds import Authentication
from naftiko_runtime.document.parameters import ConsumedOutput, ConsumedParameters, RequestBody
from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Range, Tag, field
from naftiko_runtime.model.part import AnyMethod, Meanings, Part, Text, Unserved, convert_none_to_tuple

RawFormat = Literal[
    "json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown", "text", "binary"
]


class DeclaredPagination(Part):
    """How the pages of a list are read. Not part of the specification."""

    type: Literal["link", "cursor", "page", "offset"]
    items: Text = "$"
    parameter: Text | None = None
    next: Text | None = None
    start: Annotated[int, Range(0)] | None = None
    max_pages: Annotated[int, Range(1, limits.PAGES_GREATEST)] = limits.PAGES_MAX
    max_bytes: Annotated[int, Range(1, limits.PAGES_BYTES_GREATEST)] = limits.PAGES_BYTES_MAX
    max_items: Annotated[int, Range(1)] | None = None

    meanings: ClassVar[Meanings] = {
        "type": (
            "What leads to the next page: a `link`, a `cursor`, the number of the `page`, or an `offset` in items.",
            "cursor",
        ),
        "items": ("The JSONPath of the list in a page. The default is the whole page.", "$.ships"),
        "parameter": ("The query parameter that gets the cursor, the page number or the offset.", "after"),
        "next": (
            "The JSONPath of the next cursor or the next URL. Without it, `link` follows the `Link` header.",
            "$.meta.next",
        ),
        "start": ("The number of the first page (1 by default), or the first offset (0 by default).", 1),
        "maxPages": ("How many pages the list has at most. With more, the call fails.", 20),
        "maxBytes": ("How many bytes all pages have at most. With more, the call fails.", 1048576),
        "maxItems": ("How many items are wanted. The list ends there, and the call succeeds.", 500),
    }


class ConsumedOperation(Part):
    """A request to the API."""

    name: Text
    label: Text | None = None
    description: Text | None = None
    tags: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    method: AnyMethod = "GET"
    path: Text | None = None
    input_parameters: ConsumedParameters = ()
    output_raw_format: RawFormat = "json"
    output_media_type: Text | None = None
    max_binary_size: Text | None = None
    output_schema: Text | None = None
    output_parameters: Annotated[tuple[ConsumedOutput, ...], BeforeValidator(convert_none_to_tuple)] = ()
    body: RequestBody | None = None
    pagination: DeclaredPagination | None = None
    exposed_headers: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()


class ConsumedResource(Part):
    """A path of the API and its operations."""

    name: Text | None = None
    label: Text | None = None
    description: Text | None = None
    tags: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    path: Text
    input_parameters: ConsumedParameters = ()
    exposed_headers: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    operations: Annotated[tuple[ConsumedOperation, ...], BeforeValidator(convert_none_to_tuple)] = ()


class ConsumedHttp(Part):
    """An HTTP API that is called."""

    type: Literal["http"] = "http"
    namespace: Text
    base_uri: Text
    description: Text | None = None
    authentication: Authentication | None = None
    input_parameters: ConsumedParameters = ()
    exposed_headers: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    """Response headers that callers get besides the standard ones. Not part of the specification."""
    forward_headers: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    """Request headers of callers that the API gets. Not part of the specification."""
    tunnel: Unserved = None
    resources: Annotated[tuple[ConsumedResource, ...], BeforeValidator(convert_none_to_tuple)] = ()


class ImportedConsumes(Part):
    """An API that is imported from another file."""

    location: Text | None = None
    import_: Any = field(default=None, alias="import")
    as_: Text | None = field(default=None, alias="as")
    description: Text | None = None

    @property
    def namespace(self) -> str | None:
        """What the imported namespace is called here, if the entry says so."""
        if self.as_ is not None:
            return self.as_
        return self.import_ if isinstance(self.import_, str) else None


def _tag_consumes(value: Any) -> str:
    keys = value if isinstance(value, dict) else ()
    return "import" if "import" in keys or ("location" in keys and "baseUri" not in keys) else "http"


Consumes = Annotated[
    Annotated[ConsumedHttp, Tag("http")] | Annotated[ImportedConsumes, Tag("import")], Discriminator(_tag_consumes)
]
