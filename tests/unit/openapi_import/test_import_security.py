"""Security requirements become the authentication of an API with variables, and others have a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.imported_capabilities import get_consumed, get_tool, import_one, write_spec

if TYPE_CHECKING:
    from pathlib import Path

TOKEN_URL = "https://id.acme.io/token"
BEARER = {"type": "bearer", "token": "{{SHIPS_TOKEN}}"}
NEEDS_TOKEN = "#/components/securitySchemes/one: the security scheme 'one' needs a token from elsewhere, in SHIPS_TOKEN"
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
TOKEN = {"type": "http", "scheme": "bearer"}
USER = {"type": "http", "scheme": "basic"}


def import_schemes(
    folder: Path, schemes: dict[str, Any], security: list[Any], **operation: Any
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Import `GET /a`: the document, the consumed API and the report."""
    components = {"securitySchemes": schemes}
    spec = write_spec(folder, {"/a": {"get": operation}}, security=security, components=components)
    document, report = import_one(spec)
    (api,) = document["capability"]["consumes"]
    return document, api, report


def list_variables(document: dict[str, Any]) -> list[str]:
    return sorted(name for bind in document.get("binds", ()) for name in bind["keys"])


@pytest.mark.parametrize("placement", ["header", "query", "cookie"])
def test_a_key_is_sent_in_its_place(tmp_path: Path, placement: str) -> None:
    scheme = {"type": "apiKey", "in": placement, "name": "key"}
    document, api, report = import_schemes(tmp_path, {"one": scheme}, [{"one": []}])
    assert api["authentication"] == {
        "type": "apikey",
        "key": "key",
        "value": "{{SHIPS_KEY}}",
        "placement": placement,
    }
    assert list_variables(document) == ["SHIPS_KEY"]
    assert report == []


@pytest.mark.parametrize("kind", ["basic", "digest"])
def test_a_user_has_a_name_and_a_password(tmp_path: Path, kind: str) -> None:
    document, api, report = import_schemes(tmp_path, {"one": {"type": "http", "scheme": kind}}, [{"one": []}])
    username, password = "{{SHIPS_USERNAME}}", "{{SHIPS_PASSWORD}}"
    assert api["authentication"] == {"type": kind, "username": username, "password": password}
    assert list_variables(document) == ["SHIPS_PASSWORD", "SHIPS_USERNAME"]
    assert report == []


def test_a_bearer_token_is_a_variable(tmp_path: Path) -> None:
    document, api, report = import_schemes(tmp_path, {"one": {"type": "http", "scheme": "Bearer"}}, [{"one": []}])
    assert api["authentication"] == BEARER
    assert list_variables(document) == ["SHIPS_TOKEN"]
    assert report == []


@pytest.mark.parametrize(
    ("scopes", "written"), [({"read": "Reads.", "write": "Writes."}, {"scopes": ["read", "write"]}), ({}, {})]
)
def test_client_credentials_are_oauth2(tmp_path: Path, scopes: dict[str, str], written: dict[str, Any]) -> None:
    flow = {"tokenUrl": TOKEN_URL, "scopes": scopes}
    scheme = {"type": "oauth2", "flows": {"clientCredentials": flow, "implicit": {}}}
    document, api, report = import_schemes(tmp_path, {"one": scheme}, [{"one": ["read"]}])
    assert api["authentication"] == {
        "type": "oauth2",
        "tokenEndpoint": TOKEN_URL,
        "clientId": "{{SHIPS_CLIENT_ID}}",
        "clientSecret": "{{SHIPS_CLIENT_SECRET}}",
        **written,
    }
    assert list_variables(document) == ["SHIPS_CLIENT_ID", "SHIPS_CLIENT_SECRET"]
    assert report == []


@pytest.mark.parametrize(
    "scheme",
    [
        {"type": "openIdConnect", "openIdConnectUrl": "https://id.acme.io/"},
        {"type": "oauth2", "flows": {"authorizationCode": {"tokenUrl": TOKEN_URL}}},
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token"}}},
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://[bad/token"}}},
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://{tenant}.acme.io/token"}}},
        {"type": "oauth2", "flows": {"clientCredentials": 5}},
        {"type": "oauth2"},
    ],
)
def test_other_flows_need_a_token_from_elsewhere(tmp_path: Path, scheme: dict[str, Any]) -> None:
    document, api, report = import_schemes(tmp_path, {"one": scheme}, [{"one": []}])
    assert api["authentication"] == BEARER
    assert list_variables(document) == ["SHIPS_TOKEN"]
    assert report == [NEEDS_TOKEN]


@pytest.mark.parametrize(
    ("scheme", "problem"),
    [
        ({"type": "mutualTLS"}, "there is no authentication of the type 'mutualTLS'"),
        ({}, "there is no authentication of the type 'None'"),
        ({"type": "http", "scheme": "hoba"}, "there is no authentication with the HTTP scheme 'hoba'"),
        ({"type": "apiKey", "in": "body", "name": "a"}, "there is no place 'body' for a key"),
        ({"type": "apiKey", "in": "query", "name": " "}, "there is no place 'query' for a key"),
    ],
)
def test_schemes_that_cannot_be_sent_have_a_line(tmp_path: Path, scheme: dict[str, Any], problem: str) -> None:
    document, api, report = import_schemes(tmp_path, {"one": scheme}, [{"one": []}])
    assert "authentication" not in api
    assert "binds" not in document
    assert report == [f"#/security: changed: its credentials cannot be sent: 'one': {problem}"]


def test_a_scheme_that_is_not_declared_has_a_line(tmp_path: Path) -> None:
    _, api, report = import_schemes(tmp_path, {"key": KEY}, [{"other": []}])
    assert "authentication" not in api
    assert report == ["#/security: changed: its credentials cannot be sent: 'other': it is not declared"]


def test_schemes_that_must_hold_together_are_all_sent(tmp_path: Path) -> None:
    schemes = {"key": KEY, "id": {"type": "apiKey", "in": "query", "name": "id"}, "token": TOKEN}
    document, api, report = import_schemes(tmp_path, schemes, [{"key": [], "id": [], "token": []}])
    assert api["authentication"] == {"type": "bearer", "token": "{{SHIPS_TOKEN_TOKEN}}"}
    assert api["inputParameters"] == [
        {"name": "X-Key", "in": "header", "value": "{{SHIPS_KEY}}"},
        {"name": "id", "in": "query", "value": "{{SHIPS_ID_KEY}}"},
    ]
    assert list_variables(document) == ["SHIPS_ID_KEY", "SHIPS_KEY", "SHIPS_TOKEN_TOKEN"]
    assert report == []


def test_two_authorization_headers_cannot_be_sent_together(tmp_path: Path) -> None:
    _, api, report = import_schemes(tmp_path, {"user": USER, "token": TOKEN}, [{"user": [], "token": []}])
    assert "authentication" not in api
    problem = "'user', 'token' cannot be sent together"
    assert report == [f"#/security: changed: its credentials cannot be sent: {problem}"]


def test_the_first_alternative_that_can_be_sent_is_chosen(tmp_path: Path) -> None:
    schemes = {"tls": {"type": "mutualTLS"}, "key": KEY, "user": USER, "token": TOKEN}
    alternatives: list[Any] = [{}, {"tls": []}, {"key": []}, {"user": [], "token": []}]
    _, api, report = import_schemes(tmp_path, schemes, alternatives)
    assert api["authentication"]["value"] == "{{SHIPS_KEY}}"
    others = "'without credentials', 'tls', 'user and token'"
    assert report == [f"#/security: changed: it is called with 'key', never {others}"]


def test_security_that_is_optional_is_sent(tmp_path: Path) -> None:
    _, api, report = import_schemes(tmp_path, {"one": TOKEN}, [{}, {"one": []}])
    assert api["authentication"] == BEARER
    assert report == ["#/security: changed: it is called with 'one', never 'without credentials'"]


def test_callers_cannot_give_what_the_authentication_sets(tmp_path: Path) -> None:
    parameters = [{"name": "x-key", "in": "header", "required": True, "schema": {"type": "string"}}]
    document, _, report = import_schemes(tmp_path, {"one": KEY}, [{"one": []}], parameters=parameters)
    assert get_consumed(document, "get-a")["inputParameters"] == []
    assert get_tool(document, "get-a")["inputParameters"] == []
    problem = "the authentication sets it"
    assert report == [f"GET /a (#/paths/~1a/get): changed: header parameter 'x-key' is left out: {problem}"]
