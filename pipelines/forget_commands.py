"""`clear-to-send forget`: erase a person, or what is too old."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.errors import UsageError
from pipelines.options import DEFAULT_HOME, AsJson, AsOf, AsUser, Home, running, words
from pipelines.settings import read_settings


def forget(
    ctx: typer.Context,
    psid: Annotated[str, typer.Argument(metavar="[PSID]", help="The person's page-scoped id.")] = "",
    page: Annotated[str, typer.Option("--page", metavar="ID", help="On this Page only; else on all.")] = "",
    expired: Annotated[bool, typer.Option("--expired", help="Instead: what retention_days says is too old.")] = False,
    app_users: Annotated[
        Path | None,
        typer.Option(
            "--app-users", metavar="FILE.csv", help="Instead: learn app_user_id,page_id,psid, for Meta's wishes."
        ),
    ] = None,
    home: Home = DEFAULT_HOME,
    as_user: AsUser = "",
    as_json: AsJson = False,
    as_of: AsOf = "",
) -> None:
    """Erase a person from logs, warehouse, ledger and exports, for good; a tombstone keeps loads from undoing it."""
    from pipelines import forget_command
    from pipelines.access import operator

    settings, clock = read_settings(home), running(ctx.obj, as_of)
    by = operator(settings.access, as_user)
    by.must("forget", "erase a person")
    if sum((bool(psid), expired, app_users is not None)) != 1:
        raise UsageError("forget needs one of: a PSID, --expired, or --app-users FILE.csv.")
    if app_users is not None:
        known = forget_command.keep_app_users(settings, app_users, clock())
        words.print(f"{known:,} app-scoped ids are known now.")
    elif expired:
        counts = forget_command.forget_expired(settings, clock)
        _answer({"erased": counts}, as_json=as_json)
        words.print(f"Too old and erased: {forget_command.erased_words(counts)}.", markup=False)
    else:
        done = forget_command.forget_person(settings, psid, page, by.name, clock, words)
        _answer(done.as_json(), as_json=as_json)
        forget_command.say_forgotten(done, words)


def _answer(told: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told))
