"""`clear-to-send alerts …`: what wants somebody now, and whether messages about it would arrive."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import typer
from rich.console import Console

from pipelines.access import operator
from pipelines.errors import UsageError
from pipelines.options import DEFAULT_HOME, AsJson, AsOf, AsUser, Home
from pipelines.rights import Person
from pipelines.settings import Settings, read_settings

LOCAL = "http://127.0.0.1:8501"
"""Where the app is if nobody says otherwise: what links begin with where there is no public address."""

alerts = typer.Typer(name="alerts", help="What wants somebody now, and how it is told.", invoke_without_command=True)


@alerts.callback()
def show(
    ctx: typer.Context, home: Home = DEFAULT_HOME, as_user: AsUser = "", as_json: AsJson = False, as_of: AsOf = ""
) -> None:
    """List the open alerts, as the running app found them."""
    if ctx.invoked_subcommand is not None:
        return
    now = ctx.obj(as_of)
    settings = read_settings(home)
    told = list_open(settings, operator(settings.access, as_user))
    if as_json:
        typer.echo(json.dumps(told, default=lambda moment: f"{moment.isoformat()}Z"))
    else:
        _say(told, now, Console(highlight=False, soft_wrap=True))


@alerts.command("test")
def send(
    ctx: typer.Context, home: Home = DEFAULT_HOME, as_user: AsUser = "", as_json: AsJson = False, as_of: AsOf = ""
) -> None:
    """Send a test message wherever alerts are told, and say what happened. Exit 1 where one did not go out."""
    settings = read_settings(home)
    told = send_test(settings, operator(settings.access, as_user), ctx.obj(as_of))
    if as_json:
        typer.echo(json.dumps({"channels": told}))
    else:
        out = Console(highlight=False, soft_wrap=True)
        for each in told:
            out.print(f"{each['channel']}: {each['outcome']}. {each['words']}", markup=False)
    raise typer.Exit(0 if all(each["outcome"] == "delivered" for each in told) else 1)


def list_open(settings: Settings, by: Person) -> dict[str, Any]:
    """Return {"checked_at", "says", "alerts"}; nothing was checked where no app ever ran. Raises Refused."""
    from pipelines.alerts.kinds import TITLES
    from pipelines.ledger.alerts import last_look, open_alerts
    from pipelines.ledger.store import ledger_of

    by.must("see", "see alerts")
    with ledger_of(settings.home, settings.ledger_url) as ledger, ledger.connect() as connection:
        look, found = last_look(connection), open_alerts(connection)
    return {
        "checked_at": look.checked_at if look else None,
        "says": look.says if look else "",
        "alerts": [{"title": TITLES[each.kind]} | asdict(each) for each in found],
    }


def send_test(settings: Settings, by: Person, now: datetime, local: str = LOCAL) -> list[dict[str, str]]:
    """
    Send a test message to each channel; return what came of it: channel, where, outcome, words.

    Raises Refused, and UsageError where no channel is set, or one by half.
    """
    from pipelines.alerts.channels import Channel, alert_channels, base_url
    from pipelines.alerts.message import trial

    by.must("operate", "send a test message")
    channels: Sequence[Channel] = alert_channels(settings)
    if not channels:
        raise UsageError(
            "Alerts are told nowhere but on the page. Set slack_webhook or mail_to under [alerts] in settings.toml."
        )
    message = trial(by.name, base_url(settings, local), now)
    came = [(each, each.deliver(message)) for each in channels]
    return [
        {"channel": each.name, "where": each.where, "outcome": one.outcome, "words": one.words} for each, one in came
    ]


def _say(told: dict[str, Any], now: datetime, out: Console) -> None:
    if told["checked_at"] is None:
        out.print("Nothing was looked at yet: `clear-to-send serve` watches, every minute.", markup=False)
        return
    minutes = max(int((now - told["checked_at"]).total_seconds() // 60), 0)
    for each in told["alerts"]:
        seen = f" Seen by {each['seen_by']}." if each["seen_by"] else ""
        out.print(f"{each['title']}, since {each['raised_at']:%Y-%m-%d %H:%M} UTC.{seen}", markup=False)
        out.print(f"  {each['says']}\n  {each['to_do']}", markup=False)
    count = len(told["alerts"])
    are = "1 alert is" if count == 1 else f"{count:,} alerts are" if count else "No alert is"
    out.print(f"{are} open; last looked at {minutes:,} min ago. {told['says']}".rstrip(), markup=False)
