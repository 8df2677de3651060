"""Operations, servers and Swagger 2 bodies become parts of a capability, or of one file for each tag."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from naftiko_runtime.openapi_import.document_files import UnreadableDocument
from naftiko_runtime.openapi_import.import_openapi import ImportOptions, import_openapi
from naftiko_runtime.openapi_import.select_operations import OperationSelection, OperationSelector
from support.imported_capabilities import get_consumed, get_tool, import_one, write_spec

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"type": "string"}
GET_A = "GET /a (#/paths/~1a/get)"


def write_swagger(folder: Path, operation: dict[str, Any], **keys: Any) -> Path:
    document = {
        "swagger": "2.0",
        "info": {"title": "Ships"},
        "host": "ships.acme.io",
        "paths": {"/a": {"post": operation}},
    }
    file = folder / "spec.json"
    file.write_text(json.dumps({**document, **keys}), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("consumes", "type_"),
    [
        ([], "formUrlEncoded"),
        (["application/x-www-form-urlencoded"], "formUrlEncoded"),
        (["multipart/form-data"], "multipartForm"),
        (["application/json"], "formUrlEncoded"),
    ],
)
def test_form_data_of_swagger_2_is_a_form(tmp_path: Path, consumes: list[str], type_: str) -> None:
    fields = [
        {"name": "name", "in": "formData", "type": "string", "required": True, "maxLength": 9},
        {"name": "size", "in": "formData", "type": "integer", "default": 1},
        {"name": "tags", "in": "formData", "type": "array", "items": TEXT, "collectionFormat": "multi"},
    ]
    document, report = import_one(write_swagger(tmp_path, {"consumes": consumes, "parameters": fields}))
    names = ("name", "size", "tags")
    data: object = {name: "{{" + name + "}}" for name in names}
    if type_ == "multipartForm":
        data = [{"name": name, "value": "{{" + name + "}}"} for name in names]
    assert get_consumed(document, "post-a")["body"] == {"type": type_, "data": data}
    assert get_tool(document, "post-a")["inputParameters"] == [
        {"name": "name", "type": "string", "maxLength": 9},
        {"name": "size", "type": "integer", "default": 1, "required": False},
        {"name": "tags", "type": "array", "items": TEXT, "required": False},
    ]
    assert report == []


def test_a_joined_list_in_form_data_has_a_line(tmp_path: Path) -> None:
    fields = [
        {"name": "name", "in": "formData", "type": "string"},
        {"name": "tags", "in": "formData", "type": "array", "items": TEXT},
    ]
    document, report = import_one(write_swagger(tmp_path, {"parameters": fields}))
    assert get_consumed(document, "post-a")["body"] == {"type": "formUrlEncoded", "data": {"name": "{{name}}"}}
    problem = "a list in a form cannot be joined with the style 'form'"
    assert report == [f"POST /a (#/paths/~1a/post): changed: field 'tags' is left out: {problem}"]


def test_a_body_of_swagger_2_has_the_type_that_is_consumed(tmp_path: Path) -> None:
    body = {"name": "ship", "in": "body", "description": "A ship.", "required": True, "schema": {}}
    file = write_swagger(tmp_path, {"parameters": [body]}, consumes=["multipart/form-data", "application/xml"])
    document, report = import_one(file)
    assert get_consumed(document, "post-a") == {
        "name": "post-a",
        "method": "POST",
        "inputParameters": [{"name": "Content-Type", "in": "header", "value": "application/xml"}],
        "body": {"type": "text", "data": "{{body}}"},
    }
    assert get_tool(document, "post-a")["inputParameters"] == [
        {"name": "body", "type": "string", "description": "A ship."}
    ]
    assert report == []


@pytest.mark.parametrize(
    ("scheme", "type_"),
    [
        ({"type": "basic"}, "basic"),
        ({"type": "oauth2", "flow": "application", "tokenUrl": "https://id.acme.io/t", "scopes": {"a": ""}}, "oauth2"),
        ({"type": "oauth2", "flow": "accessCode", "tokenUrl": "https://id.acme.io/t"}, "bearer"),
        ({"type": "apiKey", "in": "query", "name": "key"}, "apikey"),
    ],
)
def test_security_of_swagger_2_is_an_authentication(tmp_path: Path, scheme: dict[str, Any], type_: str) -> None:
    file = write_swagger(tmp_path, {}, securityDefinitions={"one": scheme}, security=[{"one": []}])
    document, _ = import_one(file)
    authentication = document["capability"]["consumes"][0]["authentication"]
    assert authentication["type"] == type_
    assert authentication.get("scopes") == (["a"] if type_ == "oauth2" else None)


@pytest.mark.parametrize(
    ("keys", "uri"),
    [
        ({"host": None, "basePath": "/v1"}, "{{SHIPS_URL}}/v1"),
        ({"host": None}, "{{SHIPS_URL}}"),
        ({"schemes": ["ws", "http"]}, "http://ships.acme.io"),
        ({"schemes": "https", "basePath": "/"}, "https://ships.acme.io"),
    ],
)
def test_the_base_uri_of_swagger_2_has_its_parts(tmp_path: Path, keys: dict[str, Any], uri: str) -> None:
    document, _ = import_one(write_swagger(tmp_path, {}, **keys))
    assert document["capability"]["consumes"][0]["baseUri"] == uri


@pytest.mark.parametrize(
    ("types", "written"),
    [
        (["application/xml"], "xml"),
        (["text/csv; header=present"], "csv"),
        (["image/png"], "binary"),
        (["text/css"], "text"),
        (["text/plain", "application/json"], None),
        ([], None),
    ],
)
def test_a_response_has_the_format_of_its_media_type(tmp_path: Path, types: list[str], written: str | None) -> None:
    responses: dict[str, Any] = {"200": {"content": {key: {} for key in types}}, "404": {"content": {"text/html": {}}}}
    document, _ = import_one(write_spec(tmp_path, {"/a": {"get": {"responses": responses}}}))
    assert get_consumed(document, "get-a").get("outputRawFormat") == written
    old, _ = import_one(write_swagger(tmp_path, {"produces": types}))
    assert get_consumed(old, "post-a").get("outputRawFormat") == written


def test_servers_with_variables_are_filled_and_reported(tmp_path: Path) -> None:
    variables = {"region": {"default": "eu"}, "unused": {"default": "x"}}
    servers = [{"url": "http://a.acme.io"}, {"url": "//{region}.acme.io/v1/?x#y", "variables": variables}]
    document, report = import_one(write_spec(tmp_path, {"/a": {"get": {}}}, servers=servers))
    assert document["capability"]["consumes"][0]["baseUri"] == "https://eu.acme.io/v1"
    assert report == [
        "#/servers: of several servers, 'https://eu.acme.io/v1' is called; --base-uri of 'run' changes that",
        "#/servers: 'region' of the server's URL is 'eu'",
    ]


@pytest.mark.parametrize("url", ["https://{region}.acme.io", "https://a.acme.io:99999", "https://a b", "ftp://a/b"])
def test_a_server_without_a_whole_url_is_a_variable(tmp_path: Path, url: str) -> None:
    document, report = import_one(write_spec(tmp_path, {"/a": {"get": {}}}, servers=[{"url": url}]))
    assert document["capability"]["consumes"][0]["baseUri"] == "{{SHIPS_URL}}"
    assert report == ["#/servers: no server has a whole URL: set SHIPS_URL to the URL of the API"]


def test_the_url_of_the_user_counts_before_all(tmp_path: Path) -> None:
    document, report = import_one(write_spec(tmp_path, {"/a": {"get": {}}}), base_uri="http://localhost:1/x/")
    assert document["capability"]["consumes"][0]["baseUri"] == "http://localhost:1/x"
    assert report == []


def test_operations_with_another_server_have_another_namespace(tmp_path: Path) -> None:
    files = {"servers": [{"url": "https://files.acme.io"}]}
    paths = {"/a": {"get": {}}, "/b": {"get": {}}, "/f": {"get": {}, **files}, "/g": {"get": files}}
    document, _ = import_one(write_spec(tmp_path, paths))
    apis = {api["namespace"]: api["baseUri"] for api in document["capability"]["consumes"]}
    assert apis == {"ships": "https://ships.acme.io/v1", "ships-files-acme-io-public": "https://files.acme.io"}


def test_two_paths_of_one_shape_have_one_route(tmp_path: Path) -> None:
    parameters = {name: [{"name": name, "in": "path", "required": True, "schema": TEXT}] for name in ("x", "y")}
    paths = {f"/a/{{{name}}}": {"get": {"parameters": listed}} for name, listed in parameters.items()}
    document, report = import_one(write_spec(tmp_path, paths))
    rest, mcp = document["capability"]["exposes"]
    assert [route["path"] for route in rest["resources"]] == ["/a/{x}"]
    assert [tool["name"] for tool in mcp["tools"]] == ["get-a-by-x", "get-a-by-y"]
    place = "GET /a/{y} (#/paths/~1a~1{y}/get)"
    assert report == [f"{place}: changed: it is a tool only: a route with its method and path exists"]


def test_what_nothing_calls_has_a_line(tmp_path: Path) -> None:
    paths = {
        "x-internal": {"get": {}},
        "/a": {"get": {"callbacks": {"done": {}}}, "additionalOperations": {"LINK": {}}},
        "/b": {"$ref": "#/components/pathItems/None"},
    }
    _, report = import_one(write_spec(tmp_path, paths, webhooks={"new": {}}))
    assert report == [
        f"{GET_A}: callbacks are requests of the API to others, so nothing calls them",
        "LINK /a (#/paths/~1a/LINK): left out: the language has no method LINK",
        "#/paths/~1b: left out: it cannot be read: '#/components/pathItems/None' does not exist",
        "#/webhooks: webhooks are requests of the API to others, so nothing calls them",
    ]


def test_each_tag_has_a_file_that_imports_the_shared_one(tmp_path: Path) -> None:
    schemes = {"one": {"type": "http", "scheme": "bearer"}}
    paths = {"/a": {"get": {"tags": ["My Ships"]}, "post": {"tags": ["crew"]}}, "/b": {"get": {}}}
    spec = write_spec(tmp_path, paths, security=[{"one": []}], components={"securitySchemes": schemes})
    imported = import_openapi(spec, ImportOptions(split=True, sides="rest"))
    files = {name: yaml.safe_load(text) for name, text in imported.files.items()}
    assert list(files) == ["ships-api", "my-ships", "crew", "other"]
    assert sorted(files["ships-api"]) == ["binds", "consumes", "naftiko"]
    assert files["crew"]["info"]["label"] == "Ships: crew"
    assert files["crew"]["capability"]["consumes"] == [{"location": "./ships-api.yaml", "import": "ships"}]
    (served,) = files["crew"]["capability"]["exposes"]
    assert (served["type"], served["namespace"]) == ("rest", "crew-rest")
    assert [(one["method"], one["call"]) for route in served["resources"] for one in route["operations"]] == [
        ("POST", "ships.post-a")
    ]


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        ([("path", "/a*")], [], ["get-a", "list-all"]),
        ([("operation", "list*")], [], ["list-all"]),
        ([], [("tag", "x")], ["list-all", "get-b"]),
        ([("tag", "x"), ("tag", "y")], [("method", "post")], ["get-a", "get-b"]),
    ],
)
def test_operations_are_included_and_excluded(
    tmp_path: Path, include: list[tuple[str, str]], exclude: list[tuple[str, str]], names: list[str]
) -> None:
    paths = {"/a": {"get": {"tags": ["x"]}, "post": {"operationId": "listAll"}}, "/b": {"get": {"tags": ["y"]}}}
    selection = OperationSelection(
        tuple(OperationSelector(*one) for one in include), tuple(OperationSelector(*one) for one in exclude)
    )
    document, _ = import_one(write_spec(tmp_path, paths), selection=selection, sides="mcp")
    assert [tool["name"] for tool in document["capability"]["exposes"][0]["tools"]] == names


def test_nothing_chosen_is_refused(tmp_path: Path) -> None:
    selection = OperationSelection((OperationSelector("tag", "none"),))
    with pytest.raises(UnreadableDocument, match=r"^none of its operations is chosen or can be called$"):
        import_openapi(write_spec(tmp_path, {"/a": {"get": {}}}), ImportOptions(selection=selection))


def test_a_url_that_no_operation_can_be_called_at_is_refused(tmp_path: Path) -> None:
    options = ImportOptions(base_uri="ftp://ships.acme.io")
    with pytest.raises(UnreadableDocument) as caught:
        import_openapi(write_spec(tmp_path, {"/a": {"get": {}}}), options)
    problem = "it would not be valid: unknown scheme in the base URI; it must be http or https"
    assert str(caught.value) == f"none of its operations can be called: {GET_A}: left out: {problem}"


def test_the_report_is_data_with_counts(tmp_path: Path) -> None:
    parameter = {"name": "a b", "in": "query", "schema": TEXT}
    paths = {"/a": {"get": {"operationId": "one", "parameters": [parameter]}, "trace": {}}}
    report = import_openapi(write_spec(tmp_path, paths), ImportOptions()).report
    assert (report.count("changed"), report.count("left out"), report.count("note")) == (1, 1, 0)
    assert report.write_data() == {
        "operations": 2,
        "imported": 1,
        "lines": [
            {
                "method": "TRACE",
                "path": "/a",
                "pointer": "#/paths/~1a/trace",
                "effect": "left out",
                "code": "method",
                "reason": "the language has no method TRACE",
            },
            {
                "method": "GET",
                "path": "/a",
                "operationId": "one",
                "pointer": "#/paths/~1a/get",
                "effect": "changed",
                "code": "renamed",
                "reason": "query parameter 'a b' is the input 'a_b'",
                "name": "a b",
            },
        ],
    }


@pytest.mark.parametrize(("version", "written"), [(2, "2"), (1.5, "1.5"), (" 3 ", "3"), (True, None)])
def test_a_version_is_written_as_text(tmp_path: Path, version: object, written: str | None) -> None:
    document, _ = import_one(write_spec(tmp_path, {"/a": {"get": {}}}, info={"title": "Ships", "version": version}))
    assert document["info"].get("version") == written
