"""What follows a load: what went out is judged, and the day's first forecast made."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import typer

from pipelines import DATA
from pipelines.errors import HomeMissing
from pipelines.options import words
from pipelines.policy import load_policy
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse


def open_warehouse(home: Path) -> Warehouse:
    """Open the warehouse of a home that has one. Raises HomeMissing."""
    settings = read_settings(home)
    if not settings.warehouse_path.exists():
        raise HomeMissing(
            f"{settings.home} holds no warehouse yet. Load logs: clear-to-send load PATH --home {settings.home}"
        )
    return Warehouse.open(settings.warehouse_path)


def check_history(home: Path, now: datetime, *, as_json: bool | None) -> None:
    """Judge what went out since the last time, and say so: in words, as JSON, or (None) not at all."""
    from pipelines.lint_command import lint_history

    with open_warehouse(home) as warehouse:
        found = lint_history(warehouse, load_policy(DATA / "policy"), now)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    elif as_json is False:
        words.print(
            f"{found.messages:,} messages that went out are judged ({found.texts:,} texts anew): "
            f"{found.findings:,} findings, {found.blocks:,} of them break a rule. They stand on the page Compliance."
        )


def foresee(home: Path, now: datetime, *, say: bool = True) -> None:
    """Make the day's first forecast; later ones are made when somebody looks, so that a small load stays fast."""
    from pipelines.forecast.store import is_of_today, refresh_forecast

    with open_warehouse(home) as warehouse:
        if is_of_today(warehouse.cursor(), now):
            return
        made = refresh_forecast(warehouse, load_policy(DATA / "policy"), now)
    if made and say:
        words.print(f"{made.count_topics:,} topics are forecast from {made.count_days:,} days: page Expiry forecast.")
