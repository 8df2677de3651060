"""Documents of other tools that are given instead of a capability."""

from typing import Any

import pytest

from naftiko_runtime.document.foreign_documents import recognize
from naftiko_runtime.rules import nouns


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"openapi": "3.1.0", "paths": {}}, nouns.OPENAPI),
        ({"swagger": "2.0"}, nouns.OPENAPI),
        ({"asyncapi": "3.0.0"}, nouns.ASYNCAPI),
        ({"info": {"_postman_id": "x"}, "item": []}, nouns.POSTMAN),
        ({"arazzo": "1.0.0"}, nouns.ARAZZO),
        ({"apiVersion": "v1", "kind": "Pod"}, nouns.KUBERNETES),
        ({"services": {"web": {}}}, nouns.COMPOSE),
        ({"mcpServers": {}}, nouns.MCP_CLIENT),
        ({"on": "push", "jobs": {}}, nouns.GITHUB_WORKFLOW),
        ({"log": {"entries": []}}, nouns.HTTP_ARCHIVE),
        ({"$schema": "x", "properties": {}}, nouns.JSON_SCHEMA),
    ],
)
def test_a_document_of_another_kind_is_recognized(data: dict[str, Any], kind: object) -> None:
    found = recognize(data)
    assert found is not None
    assert found[0] is kind


@pytest.mark.parametrize("key", ["naftiko", "ikanos", "capability"])
def test_a_document_with_a_key_of_a_capability_is_one(key: str) -> None:
    assert recognize({key: "x", "openapi": "3.1.0"}) is None


def test_any_other_document_may_be_a_capability() -> None:
    assert recognize({"services": {"web": {}}, "consumes": []}) is None
    assert recognize({"exposes": []}) is None
