"""``naftiko health``: the container's health check, without curl."""

from __future__ import annotations

import http.client
import sys

import click

from naftiko_runtime.cli.option_types import ADDRESS
from naftiko_runtime.cli.print_errors import print_error

_SECONDS = 3


@click.command()
@click.option(
    "--control",
    type=ADDRESS,
    envvar="NAFTIKO_CONTROL",
    show_envvar=True,
    help="The address of the control port, as given to 'naftiko run --control'.",
)
@click.option("--live", is_flag=True, help="Ask whether the process is alive, not whether it is ready.")
def health(control: tuple[str, int] | None, live: bool) -> None:
    """Check whether a running instance is ready.

    Exit status: 0 if it is ready, 1 if not.
    """
    if control is None:
        raise click.UsageError(
            "Missing option '--control'. Give the address that the instance was started with: "
            "'naftiko run --control [HOST:]PORT', or set NAFTIKO_CONTROL."
        )
    host, port = control
    path = "/health/live" if live else "/health/ready"
    connection = http.client.HTTPConnection("127.0.0.1" if host in ("0.0.0.0", "::") else host, port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        why = (error.strerror or error) if isinstance(error, OSError) else "the response is not HTTP"
        print_error(f"no response from {host}:{port}: {why}")
        sys.exit(1)
    finally:
        connection.close()
    click.echo("UP" if status == http.client.OK else f"DOWN ({status})")
    sys.exit(status != http.client.OK)
