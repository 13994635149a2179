"""The tables of a campaign that choose people and hours: the audience, quiet hours, the cap."""

import csv
import hashlib
from pathlib import Path

from pipelines.plan.campaign import TOKEN_LANES, Audience, Cap, QuietHours
from pipelines.plan.campaign_tables import Table, near
from pipelines.plan.quiet import known_zones

_AUDIENCE_KEYS = (
    "topics", "window", "token_kinds", "last_seen_within", "not_seen_within", "not_messaged_within", "csv", "tags",
    "exclude_psids", "exclude_csv", "exclude_topics",
)  # fmt: skip
_FORM_KEYS = (*_AUDIENCE_KEYS, "csv_sha256", "exclude_csv_sha256")


def read_audience(top: Table, folder: Path | None) -> Audience:
    """Return who is meant; CSV files are looked for beside the campaign file, in `folder`.

    A form (None) names them by their whole path, and may say by their sha256 that they are to be what they were.
    """
    table = top.table("audience", _AUDIENCE_KEYS if folder else _FORM_KEYS)
    if table is None:
        return Audience()
    people_csv, people_sha256 = _csv(table, "csv", folder)
    exclude_csv, exclude_sha256 = _csv(table, "exclude_csv", folder)
    audience = Audience(
        topics=table.texts("topics"),
        window=table.choice("window", ("open", "closed")),
        token_kinds=table.texts("token_kinds"),
        last_seen_within=table.duration("last_seen_within"),
        not_seen_within=table.duration("not_seen_within"),
        not_messaged_within=table.duration("not_messaged_within"),
        people_csv=people_csv,
        tags=table.texts("tags"),
        exclude_psids=table.texts("exclude_psids"),
        exclude_csv=exclude_csv,
        exclude_topics=table.texts("exclude_topics"),
        people_sha256=people_sha256,
        exclude_sha256=exclude_sha256,
    )
    _check_audience(table, audience)
    return audience


def read_quiet_hours(top: Table) -> QuietHours | None:
    """Return the hours in which nobody is written to."""
    table = top.table("quiet_hours", ("from", "to", "zone"))
    if table is None:
        return None
    starts, ends = table.clock("from"), table.clock("to")
    zone = table.text("zone") or "UTC"
    if zone not in known_zones():
        table.fault("zone", f'"{zone}" is no time zone; write one such as "Asia/Taipei".{near(zone, known_zones())}')
    if starts is None or ends is None:
        return None
    if starts == ends:
        table.fault("to", "is the same as from: that is no hours, or all. Change one, or have no quiet hours.")
    return QuietHours(starts, ends, zone)


def read_cap(top: Table) -> Cap | None:
    """Return how many messages a person may get in which span."""
    table = top.table("frequency_cap", ("messages", "within"))
    if table is None:
        return None
    messages, within = table.count("messages"), table.duration("within", needed=True)
    return Cap(messages, within) if messages and within else None


def _check_audience(table: Table, audience: Audience) -> None:
    for kind in audience.token_kinds:
        if kind not in TOKEN_LANES:
            table.fault("token_kinds", f'"{kind}" is none of {", ".join(TOKEN_LANES)}.{near(kind, TOKEN_LANES)}')
    if audience.tags and "csv" not in table:
        table.fault("tags", "are a column of a CSV file; name the file, or remove the tags.")
    if audience.last_seen_within and audience.not_seen_within and audience.last_seen_within <= audience.not_seen_within:
        table.fault("last_seen_within", "leaves nobody beside not_seen_within; make it the longer of the two.")
    for topic in sorted({*audience.topics} & {*audience.exclude_topics}):
        table.fault("exclude_topics", f'"{topic}" is among topics too, which leaves nobody; remove it from one.')
    for psid in audience.exclude_psids:
        if not psid.isdecimal():
            table.fault("exclude_psids", f'"{psid}" is no page-scoped id; those have digits only.')


def _csv(table: Table, key: str, folder: Path | None) -> tuple[str, str]:
    """Return a CSV file's absolute path and the sha256 of what it holds, after a look at its first line."""
    name = table.text(key)
    if not name:
        return "", ""
    path = ((folder or Path("/")) / name).absolute()
    shown = table.either(str(path), path.name)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns = next(csv.reader(file), [])
    except (OSError, ValueError, csv.Error) as error:  # ValueError: no UTF-8, or a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else "it is not CSV in UTF-8"
        hint = table.either("Name a CSV file by its path from the campaign file.", "Give the list again.")
        table.fault(key, f"{shown} cannot be read: {reason}. {hint}")
        return "", ""
    if "psid" not in columns:
        table.fault(key, f"{shown} has no column psid; its first line must name the columns, psid among them.")
    for column in sorted({column for column in columns if columns.count(column) > 1}):
        table.fault(key, f'{shown} has two columns "{column}"; rename one.')
    if folder is None and table.text(f"{key}_sha256") not in ("", digest):
        table.fault(key, f"{shown} is not what it was when it was taken: it means other people. Give the list again.")
    return str(path), digest
