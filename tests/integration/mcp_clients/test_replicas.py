"""Two replicas behind nginx, which sends each request to the other one: nothing depends on which one gets it."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from integration.mcp_clients.conftest import CAPABILITY
from support.gateway import Gateway
from support.mcp_streams import initialize, listen, open_notifications, send_legacy, send_modern
from support.nginx_replicas import balance

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.mcp_streams import Exchange
    from support.upstream import Upstream

pytestmark = [pytest.mark.own_server]
ROUNDS: Final = 6
METHODS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("tools/list", {}),
    ("tools/call", {"name": "get-ship", "arguments": {"imo": 7}}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "ships://about"}),
    ("resources/read", {"uri": "ships://7"}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "inspect", "arguments": {"imo": "7"}}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "inspect"}, "argument": {"name": "kind", "value": "c"}},
    ),
]


@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.usefixtures("registry")
def test_every_method_has_one_result(targets: dict[str, dict[str, Any]], era: str) -> None:
    url = targets["replicas"]["url"]
    own = "ping" if era == "legacy" else "server/discover"
    send: Callable[..., Exchange] = partial(send_legacy, session=initialize(url)) if era == "legacy" else send_modern
    replicas: set[str] = set()
    for method, params in (*METHODS, (own, dict[str, Any]())):
        results = []
        for number in range(ROUNDS):
            with send(url, method, identity=number, **params) as exchange:
                assert exchange.response.status == 200, (method, exchange.body)
                replicas.add(str(exchange.response.headers["x-replica"]))
                results.append(exchange.body["result"])
        assert all(result == results[0] for result in results), method
    assert len(replicas) == 2


def test_streams_through_nginx_are_told_of_changes(registry: Upstream, tmp_path: Path) -> None:
    file = tmp_path / "ships.yaml"
    text = CAPABILITY.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    (tmp_path / "nginx").mkdir()
    asked: dict[str, Any] = dict.fromkeys(("toolsListChanged", "promptsListChanged", "resourcesListChanged"), True)
    with ExitStack() as stack:
        options = ("--base-uri", f"registry={registry.url}")
        replicas = [stack.enter_context(Gateway(file, ["ships"], *options)) for _ in range(2)]
        url = stack.enter_context(balance([each.urls["ships"] for each in replicas], tmp_path / "nginx")) + "/mcp"
        streams = [stack.enter_context(listen(url, **asked)) for _ in range(4)]
        for stream in streams:
            assert stream.read_message()["method"] == "notifications/subscriptions/acknowledged"
        older = [stack.enter_context(open_notifications(url, initialize(url))) for _ in range(4)]
        for old in ("Prepares an inspection.", "What ships are.", "Gets one ship by its number."):
            text = text.replace(old, f"Now {old}")
        file.write_text(text, encoding="utf-8")
        for replica in replicas:
            replica.process.send_signal(signal.SIGHUP)
            replica.wait_log_line("reloaded")
        expected = {f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources")}
        for stream in (*streams, *older):
            assert {stream.read_message()["method"] for _ in range(3)} == expected
