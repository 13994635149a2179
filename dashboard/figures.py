"""The numbers on top of each page: the value, its change, and the days behind it."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd

from dashboard import reads, theme
from dashboard.language import listed, noted, say
from dashboard.parts import Figure
from dashboard.reach import Reach
from dashboard.scope import Scope, week_before
from dashboard.view import View
from dashboard.words import counted, grouped, share
from pipelines.lint.risk import Exposure

_STOCK, _FLOW = noted("in a week"), noted("vs last week")


def reach_at(view: View) -> Reach:
    """Return the reach at the moment shown; while nothing is loaded, later minutes cost nothing."""
    known_to = view.read(reads.known_to, Scope(view.fresh.last_loaded_at or view.moment))
    start = known_to.replace(second=0, microsecond=0) + timedelta(minutes=1) if known_to else None
    if start and view.scope.as_of >= start:
        ahead = view.read(reads.reach_ahead, replace(view.scope, as_of=start), view.lanes)
        if ahead.covers(view.scope.as_of):
            return ahead.at(view.scope.as_of)
    return view.read(reads.reach, view.scope, view.lanes)


def overview_figures(view: View, reach: Reach, runoff: reads.Runoff) -> list[Figure]:
    """What is held, who can be reached, and what came and went."""
    ago = week_before(view.scope)
    held = _held(view)
    before = view.read(reads.reach, ago, view.lanes)
    return [
        Figure(
            say("Permissions held"),
            held[-1],
            held[-1] - held[-8],
            say(_STOCK),
            held,
            note=say("Available tokens: not reserved, spent, expired, revoked or stranded."),
        ),
        Figure(
            say("People reachable"),
            reach.reachable,
            reach.reachable - before.reachable,
            say(_STOCK),
            note=say("With an open window or an available token. A person counts once per Page."),
        ),
        _windows_figure(view, before),
        *_flow_figures(view.read(reads.flows, view.scope)),
        Figure(
            say("Expiring in {days} days", days=reads.SOON_DAYS),
            int(runoff.soon_by_topic().sum()),
            series=runoff.ahead(),
            note=say(
                "Tokens held now that die within {days} days unless they are spent. The line shows the days to come.",
                days=reads.SOON_DAYS,
            ),
        ),
    ]


def _windows_figure(view: View, before: Reach) -> Figure:
    count_open, closing = view.read(reads.windows_open, view.scope)
    opened = [int(count) for count in view.read(reads.windows_by_day, view.scope)["count_open"]]
    windows = counted(closing, "window")
    return Figure(
        say("Windows open"),
        count_open,
        count_open - before.window,
        say(_STOCK),
        [*opened, count_open],
        note=say("{windows} of them close within {hours} hours.", windows=windows, hours=reads.SOON_HOURS),
    )


def _held(view: View) -> list[int]:
    """Available tokens at the end of each of the last 30 days, and at the moment shown."""
    scope = replace(view.scope, states=("available",))
    stock = view.read(reads.stock, view.scope)  # of all states, as the page reads it for the stranded ones too
    now = stock[stock["state"] == "available"]
    by_day = reads.with_now(view.read(reads.stock_by_day, scope, reads.SOON_DAYS), now, scope.as_of)
    days = pd.date_range(end=pd.Timestamp(scope.as_of.date()), periods=reads.SOON_DAYS + 1)
    return [int(count) for count in by_day.set_index("day")["count_tokens"].reindex(days, fill_value=0)]


def _flow_figures(flows: pd.DataFrame) -> list[Figure]:
    this = flows[flows["days_ago"] < 7].sum()
    last = flows[flows["days_ago"].between(7, 13)].sum()
    daily = flows.sort_values("days_ago", ascending=False)

    def figure(label: str, column: str, *, good: bool, note: str) -> Figure:
        value = int(this[column])
        return Figure(
            label,
            value,
            value - int(last[column]),
            say(_FLOW),
            [int(count) for count in daily[column]],
            good=good,
            note=note,
        )

    causes = listed(
        say("{count} {state}", count=grouped(int(this[f"count_{cause}"])), state=theme.STATES[cause].says)
        for cause in ("expired", "revoked", "stranded")
    )
    return [
        figure(
            say("Opted in, 7 days"),
            "count_opted_in",
            good=True,
            note=say("New tokens; the line shows the last 14 days."),
        ),
        figure(
            say("Lost, 7 days"),
            "count_lost",
            good=False,
            note=say(
                "{causes}. Spent, and so not lost: {spent}.", causes=causes, spent=grouped(int(this["count_spent"]))
            ),
        ),
    ]


def inventory_figures(view: View, stock: pd.DataFrame) -> list[Figure]:
    """One figure for each state that holds, or lately held, a token."""
    stock_by_day = reads.with_now(view.read(reads.stock_by_day, view.scope, reads.SOON_DAYS), stock, view.scope.as_of)
    shown = []
    for state, ink in theme.STATES.items():
        counts = [int(count) for count in stock_by_day.loc[stock_by_day["state"] == state, "count_tokens"]]
        if any(counts):
            # A state that first came up within the week has no day to compare with: there were none.
            change = counts[-1] - (counts[-8] if len(counts) >= 8 else 0)
            good = {"available": True, "reserved": None, "spent": None}.get(state, False)
            shown.append(
                Figure(
                    ink.says.capitalize(),
                    counts[-1],
                    change,
                    say(_STOCK),
                    counts,
                    good=good,
                    note=say(_STATE_NOTES[state]),
                )
            )
    return shown


def health_figures(view: View, balance: reads.Balance) -> list[Figure]:
    """What came in a week, and how much of all that was loaded is no new event."""
    hours = view.read(reads.events_by_time, view.scope, view.scope.as_of - timedelta(days=14), "hour")
    days_ago = (view.scope.as_of - hours["bucket"]).dt.days
    daily = hours.groupby(days_ago)[["count_events", "count_late"]].sum().reindex(range(14), fill_value=0)

    def figure(label: str, column: str, *, good: bool | None, note: str) -> Figure:
        counts = [int(count) for count in daily[column]]
        return Figure(
            label, sum(counts[:7]), sum(counts[:7]) - sum(counts[7:]), say(_FLOW), counts[::-1], good=good, note=note
        )

    return [
        figure(
            say("Events, 7 days"),
            "count_events",
            good=None,
            note=say("Of {events} loaded over all time.", events=counted(balance.events, "event")),
        ),
        figure(
            say("Delivered late, 7 days"),
            "count_late",
            good=False,
            note=say("More than a minute after they happened."),
        ),
        *_file_figures(view, balance),
    ]


def _file_figures(view: View, balance: reads.Balance) -> list[Figure]:
    files = view.read(reads.sources, view.scope)[::-1]  # in the order in which they were loaded
    again = share(balance.duplicates, balance.events + balance.duplicates)
    return [
        Figure(
            say("Duplicates"),
            balance.duplicates,
            series=_of_files(files, "duplicates"),
            note=say(
                "{share} of what came was sent again; an event counts once. The line goes from file to file.",
                share=again,
            ),
        ),
        Figure(
            say("Rejected lines"),
            balance.reject_lines,
            series=_of_files(files, "reject_lines"),
            note=say("Lines that hold no event; they stand below with the reason. The line goes from file to file."),
        ),
    ]


def exposure_figures(weeks: pd.DataFrame, found: Exposure, score: int) -> list[Figure]:
    """What was checked, what was found in it, and the score that it makes; `weeks` has a row a week."""
    series = {name: [int(count) for count in weeks[name]] for name in ("count_messages", "block", "warn")}
    return [
        Figure(say("Messages checked"), found.messages, series=series["count_messages"], good=None),
        Figure(
            say("Break a rule"), found.blocking, series=series["block"], note=say("Meta may refuse or punish these.")
        ),
        Figure(say("Want a look"), found.warned, series=series["warn"], note=say("Only a reader can tell.")),
        Figure(
            say("Not reviewed"),
            found.unreviewed,
            note=say("Messages that break a rule, with no decision on them."),
        ),
        Figure(
            say("Risk score"),
            score,
            note=say("0 to 100; its parts are below. Meta publishes no threshold: ours are."),
        ),
    ]


def _of_files(files: pd.DataFrame, column: str) -> list[int]:
    return [int(count) for count in files[column].tail(60)] if len(files) > 1 else []


_STATE_NOTES = {
    "available": noted("May be used for one message on its topic."),
    "reserved": noted("Set aside for a campaign that has not sent yet."),
    "spent": noted("Used: a message went out under it."),
    "expired": noted("Died of age before it was used."),
    "revoked": noted("The person stopped the notifications, or blocked the Page."),
    "stranded": noted("Its lane was retired before it was used."),
}
