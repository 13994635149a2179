"""`clear-to-send audit …`: prove the trail, export a campaign, follow one send back to what the person asked for."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.access import operator
from pipelines.errors import UsageError
from pipelines.options import DEFAULT_HOME, AsJson, AsOf, AsUser, Home
from pipelines.settings import read_settings

audit = typer.Typer(
    name="audit", help="The trail: prove it, export it, follow one send through it.", no_args_is_help=True
)

ShowIds = Annotated[bool, typer.Option("--show-ids", help="People by their page-scoped ids, not by pseudonyms.")]


@audit.command()
def verify(
    ctx: typer.Context,
    home: Home = DEFAULT_HOME,
    file: Annotated[Path | None, typer.Option("--file", help="An export to prove, instead of the chain.")] = None,
    as_json: AsJson = False,
    as_of: AsOf = "",
) -> None:
    """Prove that nothing in the trail was altered or removed. Exit 1 where something was."""
    from pipelines import audit_command

    ctx.obj(as_of)
    settings = read_settings(home)
    told = audit_command.verify_home(settings) if file is None else audit_command.verify_file(settings, file)
    if as_json:
        typer.echo(json.dumps(told))
    else:
        audit_command.show_verdict(told, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(0 if told["ok"] else 1)


@audit.command()
def export(
    ctx: typer.Context,
    campaign_id: Annotated[str, typer.Argument(metavar="ID", help="As `campaign list` shows it.")],
    folder: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for the zip.")] = Path(),
    show_ids: ShowIds = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="The report alone, as PDF, instead of the zip.")] = False,
    home: Home = DEFAULT_HOME,
    as_user: AsUser = "",
    as_json: AsJson = False,
    as_of: AsOf = "",
) -> None:
    """Write one campaign into one zip: report, sends, lineage, trail, and a manifest of hashes."""
    from pipelines import audit_command

    settings = read_settings(home)
    by = operator(settings.access, as_user)
    if pdf and show_ids:
        raise UsageError("The report names nobody: leave out --show-ids, or --pdf for the zip, which can.")
    if pdf:
        told = audit_command.export_pdf(settings, campaign_id, folder, ctx.obj(as_of), by)
    else:
        told = audit_command.export(settings, campaign_id, folder, ctx.obj(as_of), by, show_ids=show_ids)
    if as_json:
        typer.echo(json.dumps(told))
    else:
        audit_command.show_export(told, Console(highlight=False, soft_wrap=True))


@audit.command()
def trace(
    ctx: typer.Context,
    send_id: Annotated[
        int,
        typer.Argument(metavar="SEND", min=1, max=2**63 - 1, help="The number of a send; it stands in its metadata."),
    ],
    show_ids: ShowIds = False,
    home: Home = DEFAULT_HOME,
    as_user: AsUser = "",
    as_json: AsJson = False,
    as_of: AsOf = "",
) -> None:
    """Follow one send: text, permission, what the person agreed to and where the log says so, approval, receipts."""
    from pipelines import audit_command

    ctx.obj(as_of)
    settings = read_settings(home)
    lineage = audit_command.trace(settings, send_id, operator(settings.access, as_user), show_ids=show_ids)
    if as_json:
        typer.echo(json.dumps(audit_command.as_json(lineage), ensure_ascii=False))
    else:
        audit_command.show_trace(lineage, Console(highlight=False, soft_wrap=True))
