"""`clear-to-send campaign …`: the whole life of a broadcast."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipelines.access import operator
from pipelines.options import DEFAULT_HOME, AsJson, AsOf, AsUser, Home, words
from pipelines.rights import Person

if TYPE_CHECKING:
    from pipelines.campaign_home import CampaignHome

MOST = 2**63 - 1
"""The highest number that a database can give a send."""

campaigns = typer.Typer(
    name="campaign", help="The whole life of a broadcast, from a file to its outcome.", no_args_is_help=True
)

CampaignFile = Annotated[
    Path, typer.Argument(metavar="FILE.toml", help="The campaign; data/samples/campaign.toml shows one.")
]
CampaignId = Annotated[str, typer.Argument(metavar="ID", help="As `campaign list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is written down.")]


def _at(home: Path, now: datetime) -> AbstractContextManager["CampaignHome"]:
    """Open the home; what that needs is imported here, so that other commands start without it."""
    from pipelines.campaign_home import CampaignHome

    return CampaignHome.open(home, now)


def _as(here: "CampaignHome", as_user: str) -> Person:
    """Say who does it. Raises Refused where people sign in and nobody of that name is listed."""
    return operator(here.settings.access, as_user)


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    """Print what a campaign is now, as JSON or in words."""
    from pipelines.campaign_words import show_campaign

    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
    else:
        show_campaign(told, Console(highlight=False, soft_wrap=True))


def _do(
    home: Path, now: datetime, campaign_id: str, as_user: str, act: "Callable[[CampaignHome, Person], object]", *,
    as_json: bool,
) -> None:  # fmt: skip
    """Do something to a campaign, and print what it is then."""
    with _at(home, now) as here:
        by = _as(here, as_user)
        act(here, by)
        _show(here.told(campaign_id, by), as_json=as_json)


@campaigns.command()
def new(
    ctx: typer.Context, file: CampaignFile, home: Home = DEFAULT_HOME, as_user: AsUser = "", as_json: AsJson = False,
    as_of: AsOf = "",
    campaign_id: Annotated[str, typer.Option("--id", help="An id of your own; else one is made of the name.")] = "",
) -> None:  # fmt: skip
    """Write a campaign file into the ledger, as a draft."""
    with _at(home, ctx.obj(as_of)) as here:
        by = _as(here, as_user)
        made = here.write(file, by, campaign_id)
        _show(here.told(made, by), as_json=as_json)


@campaigns.command()
def edit(
    ctx: typer.Context, campaign_id: CampaignId, file: CampaignFile, home: Home = DEFAULT_HOME, as_user: AsUser = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Put another file in its place: a draft again, and every approval is void."""
    _do(
        home,
        ctx.obj(as_of),
        campaign_id,
        as_user,
        lambda here, by: here.rewrite(campaign_id, file, by),
        as_json=as_json,
    )


@campaigns.command()
def check(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Choose a lane for everyone, lint every text, and freeze that. Exit 1 where a finding blocks it."""
    with _at(home, ctx.obj(as_of)) as here:
        by = _as(here, as_user)
        is_blocked = here.check(campaign_id, by)
        _show(here.told(campaign_id, by), as_json=as_json)
    raise typer.Exit(1 if is_blocked else 0)


@campaigns.command()
def approve(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Let a checked campaign pass. Whoever wrote it cannot; warnings need a reason."""
    _do(
        home,
        ctx.obj(as_of),
        campaign_id,
        as_user,
        lambda here, by: here.approve(campaign_id, by, reason),
        as_json=as_json,
    )


@campaigns.command()
def send_back(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Give a checked campaign back to its author, as a draft, with the reason. Whoever wrote it cannot."""
    _do(
        home,
        ctx.obj(as_of),
        campaign_id,
        as_user,
        lambda here, by: here.send_back(campaign_id, by, reason),
        as_json=as_json,
    )


@campaigns.command()
def launch(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Plan it anew, reserve every send, and let the dispatcher have them."""
    with _at(home, ctx.obj(as_of)) as here:
        by = _as(here, as_user)
        launched = here.launch(campaign_id, by)
        told = here.told(campaign_id, by) | {"changes": launched.changes}
        _show(told, as_json=as_json)
        if not as_json:
            words.print("`clear-to-send dispatch --until-empty` sends it.")


@campaigns.command()
def pause(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Stop sending; what is on its way arrives. `resume` goes on."""
    _do(
        home,
        ctx.obj(as_of),
        campaign_id,
        as_user,
        lambda here, by: here.pause(campaign_id, by, reason),
        as_json=as_json,
    )


@campaigns.command()
def resume(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Go on with a paused campaign, and take the brake off its Page."""
    _do(
        home,
        ctx.obj(as_of),
        campaign_id,
        as_user,
        lambda here, by: here.resume(campaign_id, by, reason),
        as_json=as_json,
    )


@campaigns.command()
def cancel(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """End it for good. Reserved tokens are free again."""
    _do(
        home,
        ctx.obj(as_of),
        campaign_id,
        as_user,
        lambda here, by: here.cancel(campaign_id, by, reason),
        as_json=as_json,
    )


@campaigns.command()
def status(
    ctx: typer.Context, campaign_id: CampaignId, home: Home = DEFAULT_HOME, as_user: AsUser = "",
    as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Say where it stands: what was planned, who approved it, what has gone out, what came of it."""
    with _at(home, ctx.obj(as_of)) as here:
        by = _as(here, as_user)
        _show(here.told(campaign_id, by) | {"outcome": here.outcome(campaign_id, by)}, as_json=as_json)


@campaigns.command(name="list")
def list_(
    ctx: typer.Context, home: Home = DEFAULT_HOME, as_user: AsUser = "", as_json: AsJson = False, as_of: AsOf = ""
) -> None:
    """Show every campaign."""
    from pipelines.campaign_words import show_list

    with _at(home, ctx.obj(as_of)) as here:
        every = here.every(_as(here, as_user))
    if as_json:
        typer.echo(json.dumps({"campaigns": every}, ensure_ascii=False, default=str))
    else:
        show_list(every, Console(highlight=False, soft_wrap=True))


@campaigns.command()
def settle(
    ctx: typer.Context, campaign_id: CampaignId,
    arrived: Annotated[bool, typer.Option("--arrived/--not-arrived", help="What you found out about them.")],
    send: Annotated[
        list[int] | None, typer.Option("--send", metavar="NUMBER", min=1, max=MOST, help="Only this; repeatable.")
    ] = None,
    home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "", as_json: AsJson = False, as_of: AsOf = "",
) -> None:  # fmt: skip
    """Settle unconfirmed sends by what a person saw; those that did not arrive go out again."""
    with _at(home, ctx.obj(as_of)) as here:
        by = _as(here, as_user)
        count = here.settle(campaign_id, send or [], arrived=arrived, by=by, why=reason)
        _show(here.told(campaign_id, by), as_json=as_json)
        words.print(f"{count:,} sends are settled.")


@campaigns.command()
def pause_all(
    ctx: typer.Context, home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "", as_of: AsOf = ""
) -> None:
    """Stop everything at once; nothing starts or resumes until `release-all`."""
    with _at(home, ctx.obj(as_of)) as here:
        paused = here.pause_all(_as(here, as_user), reason)
    words.print(f"Everything is stopped. {len(paused):,} campaigns were sending: {', '.join(paused) or 'none'}.")


@campaigns.command()
def release_all(
    ctx: typer.Context, home: Home = DEFAULT_HOME, as_user: AsUser = "", reason: Reason = "", as_of: AsOf = ""
) -> None:
    """Let campaigns start and resume again. None resumes by itself."""
    with _at(home, ctx.obj(as_of)) as here:
        here.release_all(_as(here, as_user), reason)
    words.print("Campaigns may start again. Those that were paused wait for `campaign resume`.")
