"""`clear-to-send backup` and `restore`: a home into one file, and one file into a home."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.options import DEFAULT_HOME, AsJson, AsOf, Home, words
from pipelines.settings import read_settings


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.tar.zst", help="The archive to write.")],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
    as_of: AsOf = "",
) -> None:
    """Write all that cannot be rebuilt into one file, while the app runs. Exit 1 where something is lacking in it."""
    from pipelines.backup import back_up

    made = back_up(read_settings(home), file, ctx.obj(as_of))
    size = sum(member["bytes"] for member in made.members.values())
    if as_json:
        told = {"file": str(made.file), "members": len(made.members), "bytes": size, "ledger": made.ledger}
        typer.echo(json.dumps(told | {"torn": made.torn, "lacks": made.lacks}))
    else:
        words.print(f"{len(made.members):,} files, {size:,} bytes: {made.file}", markup=False)
        words.print("It holds people's messages, tokens and what secrets stand in settings.toml: keep it as safe.")
    for name in made.torn:
        words.print(f"{name}: the line being written at that moment is not in it.", markup=False)
    for lack in made.lacks:
        words.print(f"The archive lacks {lack}", markup=False)
    raise typer.Exit(1 if made.lacks else 0)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar.zst", help="An archive that `backup` wrote.")],
    home: Annotated[Path, typer.Option("--home", metavar="DIR", help="An empty or a new folder.")],
    as_json: AsJson = False,
) -> None:
    """Make a home anew from a backup, and prove its audit trail. Exit 1 where the trail does not hold."""
    from pipelines.restore import restore as lay_out

    done = lay_out(file, home)
    verdict = done.verdict
    next_step = f"clear-to-send load {done.home / 'logs'} --home {done.home}"
    told: dict[str, Any] = {
        "home": str(done.home), "files": len(done.manifest["members"]), "as_of": done.manifest["as_of"],
        "ledger": done.manifest["ledger"], "audit_ok": verdict.ok if verdict else None,
        "faults": list(verdict.faults) if verdict else [], "next": next_step,
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(told))
    else:
        words.print(f"{told['files']:,} files as of {told['as_of']} are back in {done.home}.", markup=False)
        if verdict:
            words.print(f"The audit trail {'holds' if verdict.ok else 'does not hold'}: {verdict.entries:,} entries.")
        for fault in told["faults"]:
            words.print(f"- {fault}", markup=False)
        if done.manifest["ledger"] == "postgresql":
            words.print(f"The ledger: pg_restore --dbname=ADDRESS {done.home / 'ledger.pgdump'}", markup=False)
        words.print("Who was forgotten after that moment is back with it: `clear-to-send forget` them again.")
        words.print(f"The warehouse is made anew from the logs: {next_step}", markup=False)
    raise typer.Exit(1 if verdict and not verdict.ok else 0)
