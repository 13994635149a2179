"""The CSV files of a campaign, line by line, as a spreadsheet writes them: commas, and quotes where they are needed."""

import csv
import difflib
import json
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from pipelines.errors import Refused
from pipelines.plan.campaign import Campaign
from pipelines.plan.fields import clean

Line = tuple[int, str, str, str | None]
"""(number, psid, tags as they stand there, the values that the texts use as JSON)."""


def names_of(campaign: Campaign) -> tuple[str, ...]:
    """Return the fields of all wordings, each once: no other column of a CSV is kept."""
    return tuple(dict.fromkeys(name for variant in campaign.variants for name in campaign.field_names(variant.name)))


def unknown_fields(campaign: Campaign) -> list[dict[str, str]]:
    """Say of every field that no column can fill what that means for those who get the text."""
    path = campaign.audience.people_csv
    columns = _columns_of(path) if path else []
    demanded = {name for variant in campaign.variants for name in campaign.demanded_names(variant.name)}
    told = []
    for name in names_of(campaign):
        if name in columns:
            continue
        near = difflib.get_close_matches(name, columns, n=1)
        where = f"is no column of {Path(path).name}" if path else "is no column, for the audience names no CSV file"
        means = "whoever would get a text with it is left out" if name in demanded else "everybody reads its fallback"
        hint = f" Did you mean {near[0]}?" if near else ""
        told.append({"name": name, "words": f"The field {name} {where}: {means}.{hint}"})
    return told


def _columns_of(path: str) -> list[str]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file, strict=True), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, 1, error) from None


def batches_of_lines(path: str, names: Collection[str], size: int) -> Iterator[list[Line]]:
    """
    Give the lines of a CSV that are about somebody, some at a time. `names` are the columns to keep as values.

    What is not there, or empty, is no value. Raises Refused, with the line, where the file cannot be read.
    """
    rows = None
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            columns = {name: place for place, name in reversed(list(enumerate(next(rows, []))))}
            wanted = [(name, columns[name]) for name in names if name in columns]
            psid_at, tags_at = columns["psid"], columns.get("tags")
            lines = (
                (rows.line_num, psid, _cell(row, tags_at), _values(row, wanted) if wanted else None)
                for row in rows
                if (psid := _cell(row, psid_at).strip())
            )
            while batch := list(islice(lines, size)):
                yield batch
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, rows.line_num if rows else 0, error) from None


def _cell(row: list[str], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _values(row: list[str], wanted: list[tuple[str, int]]) -> str:
    values = {name: value for name, place in wanted if (value := clean(_cell(row, place)))}
    return json.dumps(values, ensure_ascii=False)


def _unreadable(path: str, line: int, error: Exception) -> Refused:
    reason = error.strerror if isinstance(error, OSError) else f"after line {line}: {error}"
    return Refused(f"{path} cannot be read as a CSV in UTF-8 ({reason}). Mend it, and edit the campaign.")
