"""What if: sliders, and what becomes of the tokens with them."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard import charts_forecast as charts
from dashboard.forecast.parts import labels_of
from dashboard.language import noted, say
from dashboard.parts import plot
from dashboard.view import View
from dashboard.words import grouped
from pipelines.forecast import read, whatif
from pipelines.forecast.read import Narrowed
from pipelines.forecast.store import ForecastState
from pipelines.forecast.whatif import Question

_WHATIF_DAYS = 91
_TOLD = {
    "died": noted("Die unused, {days} days"),
    "spent": noted("Sent, {days} days"),
    "held": noted("Held then, {days} days"),
}
_CHARTS = {"held": noted("What if: Held then"), "died": noted("What if: Die unused")}


@st.fragment
def what_if(view: View, to: Narrowed, state: ForecastState) -> None:
    """Draw sliders, and what becomes of the tokens with them."""
    topics = view.read(read.topics, to)
    usable = topics[topics["pace"].notna() & (topics["count_held"] > 0)]
    if usable.empty:
        st.caption(say("Nothing is sent from these tokens, so there is nothing to change."))
        return
    labels = labels_of(usable)
    picked, slide, pace = st.columns([2, 2, 2])
    chosen = picked.selectbox(say("Topic"), labels, key="whatif_topic")
    row = usable.iloc[labels.index(chosen)]
    expected = round(float(row["spent_week"]))
    most = max(50, round(2 * max(expected, int(row["pace"]), row["count_held"] / 13)))
    sends = slide.slider(
        say("Sends a week"),
        0,
        most,
        min(expected, most),
        key=f"whatif_sends_{chosen}",
        help=say("Now: about {count}.", count=grouped(expected)),
    )
    optins = pace.slider(say("Opt-ins, against now"), 0.0, 3.0, 1.0, 0.1, format=say("%.1f x"), key="whatif_optins")
    today = state.starts_at.date()
    on, size = _campaign(today)
    plain = Question(str(row["page_id"]), str(row["kind"]), str(row["topic"]))
    asked = replace(
        plain,
        sends_a_week=None if sends == min(expected, most) else sends,
        optins=optins,
        campaign_on=(on - today).days if on else None,
        campaign_share=size / 100 if on else 0.0,
    )
    _answer(view, plain, asked, today)


def _campaign(today: date) -> tuple[date | None, int]:
    """Ask for the day of a campaign, and for the percentage of the tokens to which it goes."""
    when, share = st.columns([2, 4])
    on = when.date_input(
        say("A campaign on"),
        None,
        min_value=today,
        max_value=today + timedelta(days=180),
        key="whatif_on",
        format="YYYY-MM-DD",
    )
    size = share.slider(
        say("It goes to"), 0, 100, 50, 5, format=say("%d %%"), key="whatif_share", help=say("Of the tokens then held.")
    )
    return on if isinstance(on, date) else None, size


def _answer(view: View, plain: Question, asked: Question, today: date) -> None:
    answers = [view.read(whatif.ask, each) for each in (plain, asked)]
    if None in answers:
        st.caption(say("The forecast holds no such topic any more. Load the page again."))
        return
    tables = [_dated(each.bands, today) for each in answers if each]
    sums = [table[table["days_ahead"] == _WHATIF_DAYS].set_index("measure")["middle"] for table in tables]
    for column, (measure, words) in zip(st.columns(3), _TOLD.items(), strict=True):
        value, before = round(sums[1][measure]), round(sums[0][measure])
        column.metric(
            say(words, days=_WHATIF_DAYS),
            grouped(value),
            value - before if value != before else None,
            delta_color="inverse" if measure == "died" else "normal",
            delta_description=say("vs as foreseen") if value != before else None,
            border=True,
        )
    for column, measure in zip(st.columns(2), ("held", "died"), strict=True):
        with column:
            before, after = (table[table["measure"] == measure] for table in tables)
            plot(charts.compared(before, after, measure), f"whatif-{measure}", say(_CHARTS[measure]))


def _dated(bands: pd.DataFrame, today: date) -> pd.DataFrame:
    return bands.assign(day=pd.Timestamp(today) + pd.to_timedelta(bands["days_ahead"] - 1, unit="D"))
