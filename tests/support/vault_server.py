"""A Vault server on loopback, as far as secrets are read from it: the key-value engine, version 2."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import unquote

from support.upstream import Reply, Upstream

VAULT_TOKEN: Final = "v4ult-t0ken-of-the-runtime"
_PREFIX: Final = "/v1/secret/data/"


class VaultServer(Upstream):
    """Answers with the secrets at the mount ``secret``.

    Attributes:
        secrets: The values by key, by their path: as Vault sees it, after it has decoded the URL once.
        status: The status of every response, if that is not 200.
    """

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, dict[str, Any]] = {}
        self.status = 200

    def make_environment(self) -> dict[str, str]:
        """The variables with which it is read."""
        return {"VAULT_ADDR": self.url, "VAULT_TOKEN": VAULT_TOKEN}

    @property
    def paths(self) -> list[str]:
        """The paths below the mount that were asked for, in order."""
        asked = (request.target for request in self.received)
        return [unquote(target.removeprefix(_PREFIX)) for target in asked if target.startswith(_PREFIX)]

    def _record(self, scope: Any, body: bytes) -> Reply:
        super()._record(scope, body)
        if self.status != 200:
            return Reply(self.status, body=b'{"errors": []}')
        if self.last.header("x-vault-token") != VAULT_TOKEN:
            return Reply(403, body=b'{"errors": ["permission denied"]}')
        found = self.secrets.get(unquote(self.last.target.partition("?")[0].removeprefix(_PREFIX)))
        if found is None or not self.last.target.startswith(_PREFIX):
            return Reply(404, body=b'{"errors": []}')
        headers = {"content-type": "application/json"}
        return Reply(headers=headers, body=json.dumps({"data": {"data": found, "metadata": {}}}).encode())
