"""What came of a campaign: who read, replied and opted in again, against the other variants and those held out."""

from functools import partial

import duckdb
import pandas as pd
import streamlit as st

from dashboard.campaigns import results_words as words
from dashboard.campaigns.kept import results_of, standing_of
from dashboard.charts_campaign import held_against, shares_by_group
from dashboard.guidance import hint
from dashboard.language import say
from dashboard.parts import card, choice, plot, table
from dashboard.view import View
from dashboard.words import grouped
from pipelines.audit.results import Results
from pipelines.audit.sends import REPLY_DAYS
from pipelines.audit.watching import Standing
from pipelines.spreadsheet import harmless


def show(view: View, campaign_id: str) -> None:
    """Draw the part: nothing before a launch."""
    at, _ = standing_of(view, campaign_id)
    if not at.planned:
        return
    st.subheader(say("What came of it?"), anchor=False)
    found = _results(view, at)
    if found is None:
        return
    st.markdown(words.answer(found))
    st.caption(words.span_line(found, view.zone))
    if not found.total("delivered").of:
        return
    _by_group(view, found)
    _compared(found)
    _against_held(view, found)
    _tokens(view, found)


def _results(view: View, at: Standing) -> Results | None:
    """Count, at once where that is quick, else when somebody asks for it."""
    with st.spinner(say("Counting")):
        found = results_of(view, at)
    if found:
        return found
    count = grouped(at.planned)
    st.info(say("For {count} sends the logs must be read: that takes a minute or so.", count=count))
    if not st.button(say("Count now"), icon=":material/calculate:", key="count_results"):
        return None
    with st.spinner(say("Counting")):
        return results_of(view, at, is_asked=True)


def _by_group(view: View, found: Results) -> None:
    note = say(
        "The line through a dot is where the truth lies in 95 cases of 100: where two lines lie well apart, "
        "the difference is real. Replies and opt-ins count for {days} days after the message.",
        days=REPLY_DAYS,
    )
    with card(say("By lane and variant"), note):
        measure = choice(say("Measure"), words.LABELS, "replied", "outcome")
        plot(shares_by_group(found, measure), "results-groups", say("Shares by lane and variant, with intervals"))
        frame = words.by_group(found)
        table(view, frame, "results-groups")
        _download(view, frame, words.file_name(found.record.campaign_id, found.logs_until), "results-groups")


def _compared(found: Results) -> None:
    sentences = [words.compared(each, is_complete=found.is_complete) for each in found.comparisons]
    if not any(sentences):
        return
    note = say("All lanes together; in points of a hundred, with the span in which the difference lies.")
    with card(say("Which variant did better?"), note):
        st.markdown("\n".join(f"- {each}" for each in sentences if each))


def _against_held(view: View, found: Results) -> None:
    if found.baseline is None:
        st.caption(say("Who was held out cannot be told any more: the frozen plan is gone."))
    if not found.baseline:
        return
    note = say(
        "Chance alone decided who was held out. Both parts are counted for {days} days from the launch, whether the "
        "message arrived or not: so nothing but the campaign can make the difference.",
        days=REPLY_DAYS,
    )
    with card(say("What would have come without it?"), note):
        st.markdown("\n".join(f"- {words.against_held(each)}" for each in found.baseline))
        hint(view, "campaign.holdout")
        plot(held_against(found.baseline), "results-held", say("Shares of those meant and those held out"))
        table(view, words.held_table(found.baseline), "results-held")


def _tokens(view: View, found: Results) -> None:
    sentences = words.saved(found)
    if not found.costs and not sentences:
        return
    note = say("A one-time token is spent by its message; a marketing token can be used again.")
    with card(say("What it cost and saved in tokens"), note):
        if sentences:
            st.markdown("\n".join(f"- {each}" for each in sentences))
        if found.costs:
            table(view, words.costs(found.costs), "results-costs")


def _download(view: View, frame: pd.DataFrame, file: str, key: str) -> None:
    if view.who().may("export"):
        st.download_button(
            "CSV", partial(exported, view, frame), file_name=f"{file}.csv", mime="text/csv", key=f"{key}-csv",
            icon=":material/download:", on_click="ignore", help=say("Counts only: no people stand in it."),
        )  # fmt: skip


def exported(view: View, frame: pd.DataFrame) -> bytes:
    """Return a table as a CSV file in which no text begins as a formula does. Raises Refused."""
    view.who().must("export", "download rows")
    with duckdb.connect() as bench:
        return str(harmless(bench.from_df(frame)).df().to_csv(index=False)).encode()
