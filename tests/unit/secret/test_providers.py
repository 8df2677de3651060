from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.errors import BindError
from naftiko_runtime.loading import load
from naftiko_runtime.secret import resolve
from naftiko_runtime.secret.providers import SECRETS_FOLDER, ProviderError, open_provider
from support.upstream import Reply, Upstream

if TYPE_CHECKING:
    from pathlib import Path


VALUES = {
    "s.json": '{"token": "s3cr3t", "deep": {"er": {"n": 12}}, "a.b": true, "list": [1]}',
    "s.yaml": "token: s3cr3t\ndeep: {er: {n: 012}}\na.b: yes\nlist: [1]\n",
    "s.env": "# a comment\nexport token='s3cr3t'\na.b=\"x y\"\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in VALUES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", list(VALUES))
@pytest.mark.parametrize("form", ["file:///./{}", "file://./{}", "file://{}", "{}"])
def test_files(folder: Path, name: str, form: str) -> None:
    location = form.format(name) if "://" in form else f"file://{folder / name}"
    provider = open_provider(location, {}, folder)
    assert provider.get_value("token") == "s3cr3t"
    assert provider.get_value("nothing") is None
    assert provider.get_value("list") is None
    assert provider.describe("token") == f"the key 'token' of {location}"


def test_keys_lead_into_mappings_and_scalars_are_as_written(folder: Path) -> None:
    found = [open_provider(f"file://./{name}", {}, folder) for name in VALUES]
    assert [p.get_value("deep.er.n") for p in found] == ["12", "012", None]
    assert [p.get_value("a.b") for p in found] == ["true", "yes", "x y"]


def test_the_working_directory_comes_second(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(folder)
    assert open_provider("file://./s.env", {}, inner).get_value("token") == "s3cr3t"
    (inner / "s.env").write_text("token=nearer\n")
    assert open_provider("file://./s.env", {}, inner).get_value("token") == "nearer"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("bad.json", '{"token": "s3cr3t"', "bad.json is not JSON"),
        ("bad.yaml", "a: 1\nb: [s3cr3t", "bad.yaml is not YAML: line 2"),
        ("bad.env", "a=1\ns3cr3t\n", "bad.env is not a list of KEY=value lines: line 2"),
        ("list.json", '["s3cr3t"]', "list.json is not a mapping of keys"),
        ("none.json", None, "No such file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ProviderError) as raised:
        open_provider(f"file://./{name}", {}, tmp_path)
    assert words in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


def test_a_mounted_secret(tmp_path: Path) -> None:
    data = tmp_path / "ships" / "..2026"
    data.mkdir(parents=True)
    (data / "token").write_text("s3cr3t\n")
    (tmp_path / "ships" / "..data").symlink_to("..2026")
    (tmp_path / "ships" / "token").symlink_to("..data/token")
    (tmp_path / "outside").write_text("other")
    (tmp_path / "ships" / "out").symlink_to("../outside")
    provider = open_provider("k8s-secret://ships", {SECRETS_FOLDER: str(tmp_path)}, tmp_path)
    assert provider.get_value("token") == "s3cr3t"
    assert [provider.get_value(key) for key in ("nothing", "../outside", "..data", "..2026/token", "")] == [None] * 5
    with pytest.raises(ProviderError, match="links to a file outside of its folder"):
        provider.get_value("out")
    for name in ("..", "../ships", "", "/etc", "ships/../ships"):
        with pytest.raises(ProviderError):
            open_provider(f"k8s://{name}", {SECRETS_FOLDER: str(tmp_path)}, tmp_path)


def test_github_secrets_are_variables(tmp_path: Path) -> None:
    assert open_provider("github-secrets://ships", {"TOKEN": "t"}, tmp_path).get_value("TOKEN") == "t"


DOCUMENT = """
naftiko: 1.0.0-alpha2
binds:
  - {namespace: file, location: "file://./s.json", keys: {TOKEN: token, LACKS: lacks}}
  - {namespace: gone, location: "file://./gone.yaml", keys: {USER: user, IDLE: idle}}
  - {namespace: env, keys: {PLAIN: SHIP_PLAIN}}
capability:
  consumes:
    - namespace: api
      baseUri: https://api.example
      authentication: {type: bearer, token: "{{TOKEN}}{{LACKS}}{{USER}}{{PLAIN}}"}
      resources: [{path: /x, operations: [{name: get}]}]
  exposes:
    - {type: rest, namespace: web, port: 8080, resources: [{path: /x, operations: [{call: api.get}]}]}
"""


def test_all_missing_values_are_listed(folder: Path) -> None:
    path = folder / "ships.yaml"
    path.write_text(DOCUMENT)
    plan = load(path).plan
    assert plan is not None
    with pytest.raises(BindError) as raised:
        resolve(plan, {})
    assert len(raised.value.problems) == 3
    text = str(raised.value)
    assert "'LACKS' needs the key 'lacks' of file://./s.json, which is not set" in text
    assert "'file://./gone.yaml' cannot be read: gone.yaml: No such file" in text
    assert "'PLAIN' needs the environment variable 'SHIP_PLAIN'" in text
    assert "s3cr3t" not in text
    (folder / "gone.yaml").write_text("user: u\n")
    (folder / "s.json").write_text('{"token": "t", "lacks": "l"}')
    found = resolve(plan, {"SHIP_PLAIN": "p"})
    assert {name: secret.reveal() for name, secret in found.items()} == {
        "file.TOKEN": "t",
        "file.LACKS": "l",
        "gone.USER": "u",
        "env.PLAIN": "p",
    }


V2 = b'{"data": {"data": {"token": "s3cr3t", "port": 5432}, "metadata": {"version": 1}}}'
VAULT = {"VAULT_TOKEN": "v4ult-t0ken", "VAULT_NAMESPACE": "fleet"}


def test_vault_reads_both_engines(upstream: Upstream, tmp_path: Path) -> None:
    upstream.on("*", "*", Reply(404, body=b'{"errors": []}'))
    upstream.on("GET", "/v1/secret/data/app/ships", Reply(body=V2))
    upstream.on("GET", "/v1/old/ships", Reply(body=b'{"data": {"token": "older"}}'))
    environment = VAULT | {"VAULT_ADDR": upstream.url}
    provider = open_provider("vault://secret/app/ships", environment, tmp_path)
    assert [provider.get_value(key) for key in ("token", "port", "nothing")] == ["s3cr3t", "5432", None]
    assert upstream.last.header("x-vault-token") == "v4ult-t0ken"
    assert upstream.last.header("x-vault-namespace") == "fleet"
    assert open_provider("vault://old/ships", environment, tmp_path).get_value("token") == "older"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(404, body=b'{"errors": []}'), "the path does not exist"),
        (Reply(403, body=b'{"errors": ["s3cr3t"]}'), "no permission to read it"),
        (Reply(500, body=b'{"errors": ["s3cr3t"]}'), "rejects the request"),
        (Reply(body=b"s3cr3t"), "has no values"),
        (Reply(body=b'{"data": {"data": ["s3cr3t"]}}'), "has no values"),
        (Reply(chunks=[b"{"], broken=True), "no usable response"),
    ],
)
def test_what_vault_refuses(upstream: Upstream, tmp_path: Path, reply: Reply, words: str) -> None:
    upstream.on("*", "*", reply)
    with pytest.raises(ProviderError, match=words) as raised:
        open_provider("vault://secret/ships", VAULT | {"VAULT_ADDR": upstream.url}, tmp_path)
    assert "s3cr3t" not in str(raised.value)
    assert "v4ult" not in str(raised.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("engine", [1, 2])
def test_a_redirect_of_vault_sends_the_token_nowhere(
    upstream: Upstream, tmp_path: Path, status: int, engine: int
) -> None:
    with Upstream() as other:
        other.on("*", "*", Reply(body=V2))
        redirect = Reply(status, {"location": f"{other.url}/v1/secret/data/ships"})
        upstream.on("*", "*", Reply(404, body=b'{"errors": []}') if engine == 1 else redirect)
        upstream.on("GET", "/v1/secret/ships", redirect)
        with pytest.raises(ProviderError, match="no other server gets VAULT_TOKEN"):
            open_provider("vault://secret/ships", VAULT | {"VAULT_ADDR": upstream.url}, tmp_path)
        assert len(upstream.received) == 3 - engine
        assert not other.received


@pytest.mark.parametrize(
    ("environment", "location", "words"),
    [
        ({}, "vault://secret/ships", "is not set"),
        (VAULT | {"VAULT_ADDR": "http://127.0.0.1:1"}, "vault://secret", "not vault://mount/path"),
        (VAULT | {"VAULT_ADDR": "http://127.0.0.1:1"}, "vault://secret/ships", "no usable response"),
    ],
)
def test_vault_that_is_not_there(tmp_path: Path, environment: dict[str, str], location: str, words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        open_provider(location, environment, tmp_path)
