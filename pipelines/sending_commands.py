"""`clear-to-send dispatch` and `clear-to-send sandbox`: the sender, and a Graph API of our own to play against."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.options import DEFAULT_HOME, SANDBOX_PORT, AsOf, Home, running, words
from pipelines.settings import read_settings


def dispatch(
    ctx: typer.Context,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="End when nothing is left to send or settle.")
    ] = False,
    home: Home = DEFAULT_HOME,
    as_of: AsOf = "",
) -> None:
    """Send what is launched, each message by itself, and settle what is unconfirmed."""
    from pipelines.dispatch_command import run_dispatch

    is_well = run_dispatch(read_settings(home), running(ctx.obj, as_of), words, until_empty=until_empty)
    raise typer.Exit(0 if is_well else 1)


def sandbox(
    ctx: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")
    ] = SANDBOX_PORT,
    truth: Annotated[Path | None, typer.Option(help="Append what people really received, one JSON line each.")] = None,
    webhook_url: Annotated[str, typer.Option(help="Post webhooks there, signed; else they go into home/logs.")] = "",
    fault: Annotated[list[str] | None, typer.Option(metavar="NAME=RATE", help="What goes wrong; repeatable.")] = None,
    people: Annotated[list[str] | None, typer.Option(metavar="NAME=RATE", help="What people do; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed draws the same.")] = 7,
    home: Home = DEFAULT_HOME,
    as_of: AsOf = "",
) -> None:
    """Play Meta on this machine: the Send API with its rules and faults, and webhooks back."""
    from pipelines.sandbox_command import run_sandbox

    run_sandbox(
        read_settings(home, create=True), port=port, truth=truth, webhook_url=webhook_url, faults=fault or [],
        people=people or [], seed=seed, clock=running(ctx.obj, as_of), words=words,
    )  # fmt: skip
