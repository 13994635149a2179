"""The Overview as the scheduled report tells it: the page's own numbers and sentences, without a page."""

import re
from datetime import datetime

from dashboard import reads
from dashboard.figures import overview_figures, reach_at
from dashboard.home import open_warehouse
from dashboard.language import say
from dashboard.parts import Figure
from dashboard.scope import Scope
from dashboard.view import View
from dashboard.words import grouped, reach_answer, signed
from pipelines.alerts import report
from pipelines.alerts.report import Overview
from pipelines.rights import Person
from pipelines.settings import Settings

_TOPICS = 10
"""No more topics than this stand in a report; the page has them all."""


def overview_at(settings: Settings, now: datetime) -> Overview | None:
    """Return what the Overview says at a moment (naive UTC); None where nothing is loaded. Raises ClearToSendError."""
    warehouse = open_warehouse(settings.warehouse_path)
    if warehouse is None:
        return None
    with warehouse.cursor() as cursor:
        fresh = reads.freshness(cursor, Scope(now))
    if not fresh.count_files:
        return None
    minute = now.replace(second=0, microsecond=0)
    at = min(max(minute, fresh.last_event_at or minute), now)
    view = View(
        warehouse, settings.home, at, Scope(at), "UTC", fresh, settings.demo, settings.access.is_on, _reader
    )  # fmt: skip
    reach, runoff = reach_at(view), view.read(reads.runoff, view.scope)
    soon = runoff.soon_by_topic()
    return Overview(
        at,
        say("How many people may we still message?"),
        unmarked(reach_answer(reach, soon, at, today=True)),
        tuple(_plain(each) for each in overview_figures(view, reach, runoff)),
        tuple((str(topic), int(count)) for topic, count in soon.head(_TOPICS).items()),
        say("Tokens that expire unused within {days} days, by topic", days=reads.SOON_DAYS),
    )


def unmarked(markdown: str) -> str:
    """Return a sentence of the pages as plain words: without its marks, and with what was escaped as it was."""
    return re.sub(r"\\(.)|\*+", lambda found: found[1] or "", markdown)


def _plain(figure: Figure) -> report.Figure:
    change = "" if figure.change is None else f"{signed(figure.change)} {figure.since}".strip()
    return report.Figure(figure.label, grouped(figure.value), change)


def _reader() -> Person:
    """Whoever gets the report reads what any viewer sees: nobody is named in it."""
    return Person("scheduled report", "viewer")
