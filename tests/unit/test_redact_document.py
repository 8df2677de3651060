"""Credentials in a document are masked wherever it is quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from naftiko_runtime.cli import main
from naftiko_runtime.redact_document import find_secrets, is_token_like, redact, redact_line

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = ("hunter22", "Sup3rS3cretValue", "abcdef123", "qqqqwwww1", "sk_live_4242424242abcdef", "zyxw4321")
DOCUMENT = r"""
naftiko: 1.0.0-alpha2
info: {label: Ships, description: Ships}
binds:
  - namespace: env
    keys: {API_KEY: sk_live_4242424242abcdef}
capability:
  consumes:
    - type: http
      namespace: registry
      baseUri: https://user:hunter22@registry.example/v1
      authentication: {type: apikey, key: X-Key, value: "Sup3rS3\u0063retValue", bogus: 1}
      resources:
        - path: /ships
          operations:
            - name: list-ships
              method: POST
              body: {type: text, data: "client_secret=abcdef123&a={{nope}}", odd: 1}
              inputParameters:
                - {name: api_key, in: query, value: "qqqqwwww1", typo: 3, type: Sup3rS3cretValue}
  exposes:
    - type: rest
      namespace: ships
      port: 8080
      resources:
        - path: /ships
          operations:
            - {method: GET, call: registry.list-ships, with: {password: "zyxw4321", other: "Sup3rS3cretValue"}}
"""


@pytest.mark.parametrize("form", ["full", "concise", "json", "github", "sarif", "junit"])
@pytest.mark.parametrize("options", [(), ("--strict",), ("--fix", "--diff")], ids=["plain", "strict", "diff"])
def test_no_format_shows_a_credential_of_the_document(form: str, options: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "ships.yml"
    file.write_text(DOCUMENT, encoding="utf-8")
    shown = CliRunner().invoke(main, ["validate", *options, "--format", form, str(file)]).output
    assert "ships.yml" in shown
    assert [secret for secret in SECRETS if secret in shown] == []
    assert r"S3\u0063ret" not in shown


def test_a_document_that_is_not_yaml_is_quoted_without_its_credentials(tmp_path: Path) -> None:
    file = tmp_path / "ships.yml"
    lines = [
        'authentication: {type: apikey, value: Sup3rS3cretValue, "',
        "token: hunter22: no",
        "naftiko: [1, password: 'zyxw4321",
    ]
    for line in lines:
        file.write_text(f"naftiko: 1.0.0-alpha2\n{line}\n", encoding="utf-8")
        shown = CliRunner().invoke(main, ["validate", str(file)]).output
        assert "error" in shown
        assert [secret for secret in SECRETS if secret in shown] == [], shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("token: abc123", "token: ******"),
        ('  token: "ab c"', '  token: "****"'),
        ("{type: bearer, token: hunter2}", "{type: bearer, token: *******}"),
        ('{"client_secret": "s3cr3t"}', '{"client_secret": "******"}'),
        ("client_secret=abc&x=1", "client_secret=***&x=1"),
        ("Authorization: Bearer abcdefg", "Authorization: **************"),
        ("baseUri: https://u:p@host/x", "baseUri: https://***@host/x"),
        ("note: ghp_abcdefghijklmnop123", "note: ***********************"),
        ('password: "{{PASSWORD}}"', 'password: "{{PASSWORD}}"'),
        ("token: rest.token", "token: rest.token"),
        ("token: {type: string}", "token: {type: string}"),
        ("TOKEN: REGISTRY_TOKEN", "TOKEN: REGISTRY_TOKEN"),
        ("tokenEndpoint: https://host/token", "tokenEndpoint: https://host/token"),
        ("name: token", "name: token"),
    ],
)
def test_a_line_is_masked_in_place(line: str, shown: str) -> None:
    assert redact_line(line, ()) == shown
    assert len(shown) == len(line)


def test_a_message_is_masked() -> None:
    text = "'https://ann:pw@host' and 'Sup3rS3cretValue' and sk-proj-abcdefgh12345678"
    assert redact(text, ["Sup3rS3cretValue"]) == "'https://***@host' and '***' and ***"


@pytest.mark.parametrize(
    "text",
    [
        "sk_live_abcdefgh12",
        "a8f5f167f44f4964e6c998dee827110c",
        "AbC123dEf456GhI789jKl0",
        "xoxb-1234567890-abc",
        "550e8400-e29b-41d4-a716-446655440000",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)
def test_a_token_is_recognised(text: str) -> None:
    assert is_token_like(text)


@pytest.mark.parametrize(
    "text",
    [
        "SEGMENT_WRITE_KEY",
        "DATADOG_API_KEY_2",
        "APP_V2_TOKEN_2024_PRODUCTION",
        "stripe-api-key-v3",
        "secret/data/path1",
    ],
)
def test_a_name_is_not_taken_for_a_token(text: str) -> None:
    assert not is_token_like(text)


def test_the_secrets_of_a_document_are_found_wherever_they_stand() -> None:
    data = {
        "authentication": {"type": "apikey", "key": "X-Key", "headers": {"X-A": "alpha1"}, "value": "{{KEY}}"},
        "parameters": [{"name": "client_secret", "value": "bravo2"}, {"name": "page", "value": "first"}],
        "with": {"password": "rest.password", "apiKey": "charlie3"},
    }
    assert set(find_secrets(data)) == {"alpha1", "bravo2", "charlie3"}


def test_a_missing_variable_whose_name_is_a_token_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "ships.yml"
    file.write_text(DOCUMENT.replace("user:hunter22@", "").replace("{{nope}}", "{{ghp_abcdefghijklmnop123}}"))
    shown = CliRunner().invoke(main, ["run", "--skip-broken", str(file)]).output
    assert [secret for secret in (*SECRETS, "ghp_abc") if secret in shown] == [], shown


CANARY = "Zq8xW3vK9pLm2RtY7sNc"
SHIPS = """
naftiko: 1.0.0-alpha2
info: {label: Ships, description: Ships}
capability:
  consumes:
    - type: http
      namespace: registry
      baseUri: BASE
      authentication: AUTHENTICATION
      resources:
        - path: PATH
          operations:
            - {name: list-ships, method: GET, odd: 1}
  exposes:
    - type: rest
      namespace: ships
      port: 8080
      resources:
        - path: /ships
          operations:
            - {call: registry.list-ships, inputParameters: [{name: api_key, in: query, DEFAULT: x, odd: 1}]}
"""
SOUND = {"BASE": "https://registry.example/v1", "AUTHENTICATION": "{type: bearer, token: x}", "PATH": "/ships"}


@pytest.mark.parametrize(
    "place",
    [
        {"BASE": f"https://bob:{CANARY}@/v1"},
        {"BASE": f"bob:{CANARY}@registry.example/v1"},
        {"BASE": f"https://bob:ab@{CANARY}@registry.example/v1"},
        {"BASE": f"https://bob:ab/{CANARY}@registry.example/v1"},
        {"BASE": f'"https://bob:ab#{CANARY}@registry.example/v1"'},
        {"PATH": f"/ships?api_key={CANARY}"},
        {"AUTHENTICATION": f"Bearer {CANARY}"},
        {"AUTHENTICATION": f"[bearer, {CANARY}]"},
        {"AUTHENTICATION": f"{{type: bearer, token: [{CANARY}]}}"},
        {"AUTHENTICATION": f"{{type: bearer, tokn: {CANARY}}}"},
        {"AUTHENTICATION": f"{{type: basic, pass: {CANARY}}}"},
        {"AUTHENTICATION": f"{{bearer: {{value: {CANARY}}}}}"},
        {"AUTHENTICATION": f"{{type: bearer, token: *{CANARY}}}"},
        {"AUTHENTICATION": f"{{type: bearer, token: !{CANARY} x}}"},
        {"AUTHENTICATION": f"{{type: bearer, token: x, odd: 1}} # was {CANARY}"},
        {"AUTHENTICATION": f"\n        type: oauth1\n        signingKey: |\n{CANARY}aaaa\n        odd: 1"},
        {"DEFAULT": f"default: {CANARY}, was"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "options",
    [(), ("--strict",), ("--fix", "--diff"), ("--format", "json"), ("--fix", "--diff", "--format", "json")],
    ids=" ".join,
)
def test_a_credential_is_not_shown_wherever_it_stands(
    place: dict[str, str], options: tuple[str, ...], tmp_path: Path
) -> None:
    text = SHIPS
    for key, value in {**SOUND, "DEFAULT": "was", **place}.items():
        text = text.replace(key, value)
    file = tmp_path / "ships.yml"
    file.write_text(text, encoding="utf-8")
    shown = CliRunner().invoke(main, ["validate", *options, str(file)]).output
    assert "ships.yml" in shown
    assert CANARY not in shown, shown
