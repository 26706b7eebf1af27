"""What commands there are for webhooks and alarms, and what they take."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.interfaces.cli.acting import Commands
from tutela.interfaces.cli.app_banks import SETTINGS, After, Json, Limit
from tutela.people.permissions import Permission

webhook = Commands("tutela webhook", help="What your own service is told.", **SETTINGS)
alarm = Commands("tutela alarm", help="What a person must look at.", **SETTINGS)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the endpoint.")]


@webhook.command(needs=Permission.ADMIN)
def add(
    name: Name,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it takes messages, by https.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="What it is told; repeat it. Default all.")
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="It is in your own network; plain http is allowed then."),
    ] = False,
) -> None:
    """Add an endpoint. Its secret is printed this once, on the output alone."""
    from tutela.interfaces.cli import webhooks as run

    run.add(name, url, kind or ["*"], private=private)


@webhook.command("list", needs=Permission.ADMIN)
def list_(
    after: Annotated[str, typer.Option(help="Show those after this name.")] = "",
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List endpoints, without their secrets."""
    from tutela.interfaces.cli import webhooks as run

    run.list_endpoints(after, limit, as_json=json)


@webhook.command(needs=Permission.ADMIN)
def disable(name: Name) -> None:
    """From now on nothing is sent there; what waits is dead."""
    from tutela.interfaces.cli import webhooks as run

    run.disable(name)


@webhook.command(needs=Permission.ADMIN)
def enable(name: Name) -> None:
    """It is told again what happens from now on."""
    from tutela.interfaces.cli import webhooks as run

    run.enable(name)


@webhook.command(needs=Permission.ADMIN)
def rotate(name: Name) -> None:
    """Make a new secret, printed this once; the old one goes on signing beside it for a while."""
    from tutela.interfaces.cli import webhooks as run

    run.rotate(name)


@webhook.command(needs=Permission.ADMIN)
def deliveries(
    endpoint: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only those to this endpoint.")
    ] = None,
    state: Annotated[
        str | None, typer.Option(help="Only those that are waiting, delivered or dead.")
    ] = None,
    after: After = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List messages, and what became of them."""
    from tutela.interfaces.cli import webhooks as run

    run.list_deliveries(endpoint, state, after, limit, as_json=json)


@webhook.command(needs=Permission.ADMIN)
def resend(
    message: Annotated[
        str | None, typer.Argument(metavar="MESSAGE", help="The message, msg_….")
    ] = None,
    dead: Annotated[
        str | None, typer.Option(metavar="NAME", help="All dead messages of this endpoint.")
    ] = None,
) -> None:
    """Send a message once more, or all that are dead."""
    from tutela.interfaces.cli import webhooks as run

    run.resend(message, dead)


@webhook.command(needs=Permission.ADMIN)
def test(name: Name, json: Json = False) -> None:
    """Send a test message at once, and say what came of it."""
    from tutela.interfaces.cli import webhooks as run

    raise typer.Exit(run.test(name, as_json=json))


@alarm.command("list", needs=Permission.ADMIN)
def alarm_list(
    closed: Annotated[bool, typer.Option("--closed", help="Those that are over, too.")] = False,
    after: After = 0,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List what a person must look at."""
    from tutela.interfaces.cli import alarms as run

    run.list_alarms(after, limit, closed=closed, as_json=json)


@alarm.command("close", needs=Permission.ADMIN)
def alarm_close(
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", min=1, max=2**63 - 1, help="The alarm.")
    ],
) -> None:
    """Close an alarm that was looked at. If its cause remains, it sounds again."""
    from tutela.interfaces.cli import alarms as run

    run.close(number)
