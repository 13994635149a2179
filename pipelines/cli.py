"""The commands. Besides dashboard/app.py the only reader of the clock."""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines import DATA, backup_commands, forget_commands, sending_commands, serving_commands
from pipelines.after_load import check_history, foresee, open_warehouse
from pipelines.alerts_command import alerts
from pipelines.audit_commands import audit
from pipelines.campaign_commands import campaigns
from pipelines.doctor import examine
from pipelines.errors import ClearToSendError, UsageError
from pipelines.inventory import STATES, token_inventory
from pipelines.load.sources import find_sources
from pipelines.load_command import LoadedByApp, load_files, load_json, say_load
from pipelines.options import DEFAULT_HOME, AsJson, AsOf, Home, words
from pipelines.policy import load_policy
from pipelines.samples import write_logs
from pipelines.settings import read_settings
from pipelines.waiting_sends import held_by_campaigns, recheck_queued

app = typer.Typer(
    name="clear-to-send",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(campaigns)
app.add_typer(audit)
app.add_typer(alerts)
app.command()(sending_commands.dispatch)
app.command()(sending_commands.sandbox)
for command in (serving_commands.demo, serving_commands.serve, serving_commands.receive):
    app.command()(command)
app.command()(forget_commands.forget)
app.command()(backup_commands.backup)
app.command()(backup_commands.restore)


@app.callback()
def give_clock(ctx: typer.Context) -> None:
    """Say who may be messaged today, under which permission and until when; and message them."""
    ctx.obj = moment


def main() -> None:
    """Run a command. An expected failure is a sentence on stderr and an exit code: 1 refusal, 2 usage, 3 machine."""
    os.umask(0o077)  # logs, ledger, plans and exports hold people's ids and tokens: they are for this user alone
    try:
        app()
    except ClearToSendError as error:
        words.print(str(error), markup=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        words.print("Stopped. What was done stays; the same command goes on from there.")
        sys.exit(130)
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        words.print(f"The system refused{place}: {error.strerror or error}. Mend that, and do it again.", markup=False)
        sys.exit(3)


def moment(as_of: str) -> datetime:
    """Read --as-of, or the clock. Naive UTC."""
    if not as_of:
        return datetime.now(UTC).replace(tzinfo=None)
    try:
        given = datetime.fromisoformat(as_of)
    except ValueError:
        raise UsageError(
            f"--as-of {as_of}: is not a moment. Write it like 2026-11-22 or 2026-11-22T08:30:00Z."
        ) from None
    return given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given


@app.command()
def load(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Log files, folders, globs, or - for standard input.")
    ],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
    as_of: AsOf = "",
) -> None:
    """Load webhook logs into the warehouse. Doing it twice changes nothing."""
    now = moment(as_of)
    files = find_sources(paths)
    settings = read_settings(home, create=True)
    summary = load_files(settings, files, now, words)
    for problem in summary.problems:
        words.print(problem, markup=False)
    if summary.events and not isinstance(summary, LoadedByApp):  # the app does all that itself
        recheck_queued(settings, now, words)
        check_history(home, now, as_json=None if as_json else False)
        foresee(home, now, say=not as_json)
    if as_json:
        typer.echo(json.dumps(load_json(summary)))
    else:
        say_load(summary, words)
    if summary.problems:
        raise typer.Exit(3)


@app.command()
def tokens(home: Home = DEFAULT_HOME, as_json: AsJson = False, as_of: AsOf = "") -> None:
    """Show the token inventory by Page, kind, topic and state."""
    now = moment(as_of)
    with open_warehouse(home) as warehouse:
        inventory = token_inventory(warehouse.cursor(), now, held_by_campaigns(read_settings(home), now))
    if as_json:
        typer.echo(json.dumps(inventory))
        return
    table = Table("Page", "Kind", "Topic", "State", title=f"Tokens at {now:%Y-%m-%d %H:%M} UTC", title_justify="left")
    table.add_column("Tokens", justify="right")
    for row in inventory["rows"]:
        table.add_row(row["page_id"], row["kind"], row["topic"], row["state"], f"{row['tokens']:,}")
    Console().print(table)
    words.print(", ".join(f"{inventory['totals'][state]:,} {state}" for state in STATES))


@app.command()
def forecast(home: Home = DEFAULT_HOME, as_json: AsJson = False, as_of: AsOf = "") -> None:
    """Foresee what will be held, what dies unused, and which topics run dry; made anew where data or day changed."""
    from pipelines import forecast_command

    now = moment(as_of)
    with open_warehouse(home) as warehouse:
        state = forecast_command.forecast_home(warehouse, load_policy(DATA / "policy"), now)
        with warehouse.cursor() as cursor:
            if as_json:
                typer.echo(json.dumps(forecast_command.as_json(cursor, state)))
            else:
                forecast_command.show(cursor, state, Console(highlight=False))


@app.command()
def doctor(home: Home = DEFAULT_HOME, as_json: AsJson = False, as_of: AsOf = "") -> None:
    """Check the home, the warehouse and the rule book, and say what to do about what is wrong."""
    checks = examine(home, moment(as_of))
    if as_json:
        rows = [{"name": each.name, "ok": each.is_well, "says": each.says} for each in checks]
        typer.echo(json.dumps({"checks": rows}))
    else:
        for each in checks:
            mark = "[green]well  [/green]" if each.is_well else "[red]mend  [/red]"
            words.print(mark, end="")
            words.print(f"{each.name}: {each.says}", markup=False)
    raise typer.Exit(max(each.exit_code for each in checks))


@app.command()
def lint(
    text: Annotated[str, typer.Argument(help="The message. Without it: JSON lines on standard input.")] = "",
    file: Annotated[Path | None, typer.Option("--file", help="A file that holds one message.")] = None,
    lane: Annotated[str, typer.Option("--lane", help="standard_window, otn, utility, tag:NAME, optin_prompt ...")] = "",
    topic: Annotated[str, typer.Option("--topic", help="What the token's holder agreed to hear about.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="What the message is for, in your words.")] = "",
    event_at: Annotated[str, typer.Option("--event-at", metavar="ISO8601", help="When the event begins.")] = "",
    event_ends_at: Annotated[str, typer.Option("--event-ends-at", metavar="ISO8601", help="When it ends.")] = "",
    sent_at: Annotated[str, typer.Option("--sent-at", metavar="ISO8601", help="When it goes out; else now.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Judge all that went out, for the Compliance page.")
    ] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
    as_of: AsOf = "",
) -> None:
    """Judge a message, many, or all that went out, by the rules of their own day."""
    from pipelines import lint_command

    now = moment(as_of)
    if history:
        check_history(home, now, as_json=as_json)
        return
    if file is not None:
        text = lint_command.read_text(file)
    if text:
        fields = {
            "text": text, "lane": lane, "topic": topic, "purpose": purpose, "event_at": event_at,
            "event_ends_at": event_ends_at, "sent_at": sent_at,
        }  # fmt: skip
        is_clear = lint_command.lint_message(
            fields, now, Console(highlight=False, soft_wrap=True), as_json_line=as_json
        )
        raise typer.Exit(0 if is_clear else 1)
    count, found, failed = lint_command.lint_lines(lint_command.standard_input(), now, lane or None, sys.stdout)
    words.print(f"{count:,} messages, {found:,} with findings; {failed:,} lines could not be read.")
    raise typer.Exit(2 if count == failed else 1 if found or failed else 0)


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Folder to write log segments into.")],
    events: Annotated[int, typer.Option(min=1, help="About how many events.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same logs.")] = 7,
    as_of: AsOf = "",
) -> None:
    """Write sample logs: two Pages over 14 months, ending now."""
    started = time.perf_counter()
    written = write_logs(folder, events=events, seed=seed, ends_at=moment(as_of))
    seconds = time.perf_counter() - started
    words.print(
        f"{written.events:,} events in {written.lines:,} lines ({len(written.files)} files) in {seconds:.1f} s; "
        f"{written.torn_lines:,} torn lines and {written.duplicates:,} events delivered twice among them."
    )
