"""The MCP clients: where each one's configuration is, and what an entry of a server looks like there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.client_configuration.edit_text import FileFormat

_GOOSE_SECONDS: Final = 300


class StdioServer(Struct, frozen=True):
    """A server that a client starts.

    Attributes:
        name: Its name at the client.
        command: The absolute path of the program.
        arguments: Its arguments.
        variables: The environment variables that it needs.
    """

    name: str
    command: str
    arguments: tuple[str, ...]
    variables: tuple[str, ...] = ()


class HttpServer(Struct, frozen=True):
    """A server that a client calls.

    Attributes:
        name: Its name at the client.
        url: Its URL.
        token_variable: The environment variable with the bearer token, if it needs one.
    """

    name: str
    url: str
    token_variable: str | None = None


class Machine(Struct, frozen=True):
    """Where files are on a machine.

    Attributes:
        platform: As in :data:`sys.platform`.
        home: The user's folder.
        environment: The environment variables.
    """

    platform: str
    home: Path
    environment: Mapping[str, str]

    def find_folder(self, mac: str, windows: str, other: str) -> Path:
        """Return the folder of a program's settings, by its names on the kinds of machines."""
        if self.platform == "darwin":
            return self.home / "Library/Application Support" / mac
        if self.platform == "win32":
            roaming = self.environment.get("APPDATA")
            return (Path(roaming) if roaming else self.home / "AppData/Roaming") / windows
        xdg = self.environment.get("XDG_CONFIG_HOME")
        return (Path(xdg) if xdg else self.home / ".config") / other


class Client(Struct, frozen=True):
    """One client.

    Attributes:
        title: Its name for people.
        form: The format of its configuration.
        section: The key of its servers.
        find_file: Returns the user's configuration file.
        project_file: The configuration file of a project, below its folder. None if there is none.
        refer: Returns how the configuration refers to an environment variable. None if it cannot.
        make_stdio: Returns the entry of a server that the client starts.
        make_http: Returns the entry of a server that the client calls. None if only its own settings can add one.
        asks: Whether references are inputs, for which the client asks the user.
        passes_variables: Whether it gives a server variables whose values are not in the configuration.
        sends_tokens: Whether its configuration can name the variable with a bearer token.
        advice: What to do next, for people.
    """

    title: str
    form: FileFormat
    section: str
    find_file: Callable[[Machine], Path]
    project_file: str | None
    refer: Callable[[str], str] | None
    make_stdio: Callable[[StdioServer, Client], dict[str, Any]]
    make_http: Callable[[HttpServer, Client], dict[str, Any]] | None
    asks: bool = False
    passes_variables: bool = True
    sends_tokens: bool = True
    advice: str = "Restart the client, or reload its servers."

    def list_references(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return references to environment variables, by their names."""
        return {} if self.refer is None else {name: self.refer(name) for name in names}


def _make_stdio(server: StdioServer, client: Client) -> dict[str, Any]:
    entry: dict[str, Any] = {"command": server.command, "args": list(server.arguments)}
    references = client.list_references(server.variables)
    return entry | ({"env": references} if references else {})


def _make_typed_stdio(server: StdioServer, client: Client) -> dict[str, Any]:
    return {"type": "stdio", **_make_stdio(server, client)}


def _make_codex_stdio(server: StdioServer, _: Client) -> dict[str, Any]:
    entry: dict[str, Any] = {"command": server.command, "args": list(server.arguments)}
    return entry | ({"env_vars": list(server.variables)} if server.variables else {})


def _make_goose_stdio(server: StdioServer, _: Client) -> dict[str, Any]:
    return {
        "type": "stdio",
        "name": server.name,
        "enabled": True,
        "cmd": server.command,
        "args": list(server.arguments),
        "envs": {},
        "env_keys": list(server.variables),
        "timeout": _GOOSE_SECONDS,
    }


def _make_headers(server: HttpServer, client: Client) -> dict[str, Any]:
    if server.token_variable is None or client.refer is None:
        return {}
    return {"headers": {"Authorization": f"Bearer {client.refer(server.token_variable)}"}}


def _make_typed_http(server: HttpServer, client: Client) -> dict[str, Any]:
    return {"type": "http", "url": server.url, **_make_headers(server, client)}


def _make_cursor_http(server: HttpServer, client: Client) -> dict[str, Any]:
    return {"url": server.url, **_make_headers(server, client)}


def _make_gemini_http(server: HttpServer, client: Client) -> dict[str, Any]:
    return {"httpUrl": server.url, **_make_headers(server, client)}


def _make_codex_http(server: HttpServer, _: Client) -> dict[str, Any]:
    token = server.token_variable
    return {"url": server.url, **({} if token is None else {"bearer_token_env_var": token})}


def _make_goose_http(server: HttpServer, _: Client) -> dict[str, Any]:
    return {
        "type": "streamable_http",
        "name": server.name,
        "enabled": True,
        "uri": server.url,
        "headers": {},
        "timeout": _GOOSE_SECONDS,
    }


def _find_codex_file(machine: Machine) -> Path:
    folder = machine.environment.get("CODEX_HOME")
    return (Path(folder) if folder else machine.home / ".codex") / "config.toml"


def _find_goose_file(machine: Machine) -> Path:
    if machine.platform == "win32":
        return machine.find_folder("", "Block/goose/config", "") / "config.yaml"
    return machine.home / ".config/goose/config.yaml"


def make_input_name(variable: str) -> str:
    """Return the id of the input that asks for a variable."""
    return variable.lower().replace("_", "-")


def make_input(variable: str) -> dict[str, Any]:
    """Return the input by which VS Code asks for a variable, and keeps its value encrypted."""
    name = make_input_name(variable)
    return {"type": "promptString", "id": name, "description": f"The value of {variable}", "password": True}


CLIENTS: Final[dict[str, Client]] = {
    "claude-code": Client(
        "Claude Code",
        "json",
        "mcpServers",
        lambda machine: machine.home / ".claude.json",
        ".mcp.json",
        lambda name: f"${{{name}}}",
        _make_typed_stdio,
        _make_typed_http,
    ),
    "claude-desktop": Client(
        "Claude Desktop",
        "json",
        "mcpServers",
        lambda machine: machine.find_folder("Claude", "Claude", "Claude") / "claude_desktop_config.json",
        None,
        None,
        _make_stdio,
        None,
        passes_variables=False,
        advice="Quit Claude Desktop and start it again.",
    ),
    "cursor": Client(
        "Cursor",
        "json",
        "mcpServers",
        lambda machine: machine.home / ".cursor/mcp.json",
        ".cursor/mcp.json",
        lambda name: f"${{env:{name}}}",
        _make_stdio,
        _make_cursor_http,
    ),
    "vscode": Client(
        "VS Code",
        "json",
        "servers",
        lambda machine: machine.find_folder("Code/User", "Code/User", "Code/User") / "mcp.json",
        ".vscode/mcp.json",
        lambda name: f"${{input:{make_input_name(name)}}}",
        _make_typed_stdio,
        _make_typed_http,
        asks=True,
    ),
    "gemini": Client(
        "Gemini CLI",
        "json",
        "mcpServers",
        lambda machine: machine.home / ".gemini/settings.json",
        ".gemini/settings.json",
        lambda name: f"${{{name}}}",
        _make_stdio,
        _make_gemini_http,
    ),
    "codex": Client(
        "Codex",
        "toml",
        "mcp_servers",
        _find_codex_file,
        ".codex/config.toml",
        None,
        _make_codex_stdio,
        _make_codex_http,
    ),
    "goose": Client(
        "Goose",
        "yaml",
        "extensions",
        _find_goose_file,
        None,
        None,
        _make_goose_stdio,
        _make_goose_http,
        sends_tokens=False,
    ),
}
"""The clients, by the names that the command line has for them."""
