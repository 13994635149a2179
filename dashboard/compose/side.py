"""What stands beside a campaign's form: who gets it, the phone, the findings, who falls out, what it costs."""

from datetime import datetime

import streamlit as st

from dashboard.compose.charts import table as steps_table
from dashboard.compose.charts import waterfall
from dashboard.compose.findings import WayOut, of_words, told, verdict, way_out
from dashboard.compose.findings_drawn import draw_findings, verdict_box
from dashboard.compose.form import put, wordings
from dashboard.compose.pen import Pen, sentence
from dashboard.compose.preview import example_label, preview_of, shown_of_form, unbound_preview
from dashboard.compose.words import REASONS, answer, notes, runway, when
from dashboard.guidance import hint, of_reason
from dashboard.language import plural, say
from dashboard.linting import linter
from dashboard.parts import card, plot, table
from dashboard.phone import Shown, phone, shown_of
from dashboard.view import View
from dashboard.words import escaped
from pipelines.composing import Preview
from pipelines.errors import ClearToSendError
from pipelines.plan.checking import Checked
from pipelines.plan.form import Fault

_FIRST = 2
"""Findings that are shown at once; the others are a click away."""


def _to_mend(pen: Pen, faults: tuple[Fault, ...]) -> None:
    """List what keeps the form from being a campaign, each by the name of its field."""
    head = plural(
        "Before people can be counted, 1 thing is to be mended:",
        "Before people can be counted, {count} things are to be mended:",
        len(faults),
    )
    lines = [f"- {sentence(pen.labels.get(each.key, each.key), each)}" for each in faults]
    st.info("\n".join([head, "", *lines]), icon=":material/edit_note:")


def _phone_of_form(pen: Pen) -> None:
    """Draw the phone for a form that is no campaign yet, as somebody reads it of whom nothing is known."""
    texts = wordings(pen.sheet.form)
    number = 0
    if len(texts) > 1:
        names = {place: say("Text {name}", name=each.name) for place, each in enumerate(texts)}
        key = f"compose-{pen.draft_id}-text"
        number = st.selectbox(say("Shown"), list(names), format_func=lambda each: names.get(each, ""), key=key)
    _draw(shown_of_form(pen.sheet.form, number or 0), pen)
    st.caption(say("As somebody reads it of whom nothing is known."))


def _phone_of_one(pen: Pen, preview: Preview) -> None:
    """Draw the phone of one who would get it, chosen among some of them."""
    campaign = preview.campaign
    if campaign is None or not preview.examples:
        _phone_of_form(pen)
        return
    examples = preview.examples
    several = len(campaign.variants) > 1
    labels = [example_label(each, with_variant=several) for each in examples]
    chosen = st.selectbox(
        say("As this person gets it"),
        range(len(examples)),
        format_func=lambda number: labels[number] if number < len(labels) else "",
        key=f"compose-{pen.draft_id}-example",
    )
    example = examples[min(chosen or 0, len(examples) - 1)]
    if example.fault:
        st.warning(say("This person gets nothing: {why}", why=escaped(example.fault)), icon=":material/person_off:")
    else:
        _draw(shown_of(example.message), pen)


def _draw(shown: Shown, pen: Pen) -> None:
    st.html(phone(shown, say("Page {page}", page=pen.find("page_id") or "…")))


def _verdict(pen: Pen, checked: Checked, way: WayOut | None) -> None:
    """Say what lint decided, and where other lanes would carry it, which."""
    decided = checked.judgement.verdict
    verdict_box(decided, verdict(checked))
    if way is None:
        return
    st.markdown(f":material/alt_route: {way.words}")
    if way.lanes is not None:
        _take(pen, way.lanes)


def _take(pen: Pen, lanes: tuple[str, ...]) -> None:
    label = say("Keep to those lanes") if lanes else say("Leave the lane open")
    pen.button("lanes", label, lambda form: put(form, "lanes", list(lanes)), icon=":material/check:")


def _who(view: View, checked: Checked, now_words: str) -> None:
    """Draw who falls out and why, and who gets it by which lane, with its table."""
    counts = checked.counts
    if not counts.audience:
        return
    with card(say("Who gets it, and why others do not"), now_words):
        plot(waterfall(counts), "compose-waterfall", say("People meant, left out by reason, and reached by lane"))
        with st.expander(say("As a table")):
            table(view, steps_table(counts), "compose-steps", most=20)
        with st.container(horizontal=True, gap="xsmall"):
            for each in counts.left_out:
                hint(view, of_reason(each["reason"]), say(REASONS.get(each["reason"], each["reason"])))
        for note in notes(checked):
            st.caption(note)


def _cost(preview: Preview) -> None:
    """Say what it does to the stock of tokens."""
    if not preview.runways:
        return
    with card(say("What it costs in tokens"), say("A token is spent once it is sent; others wait for the next one.")):
        for each in preview.runways:
            st.markdown(runway(each))


def beside(view: View, pen: Pen, now: datetime) -> None:
    """Draw all of it: of a form that is no campaign yet, what is to be mended, and what its words alone tell."""
    if pen.faults:
        _to_mend(pen, pen.faults)
        draw_findings(of_words(pen.sheet.form, linter(), now), len(wordings(pen.sheet.form)), _FIRST)
        _phone_of_form(pen)
        return
    try:
        with st.spinner(say("Counting"), show_time=False):
            preview = preview_of(view, pen.sheet.form)
            is_stopped = preview.checked is not None and preview.checked.judgement.verdict == "block"
            unbound = unbound_preview(view, pen.sheet.form) if is_stopped else None
    except ClearToSendError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        _phone_of_form(pen)
        return
    if preview.checked is None:
        _to_mend(pen, preview.faults)
        _phone_of_form(pen)
        return
    st.markdown(answer(preview.checked))
    _verdict(pen, preview.checked, way_out(preview, unbound))
    draw_findings(told(preview.checked.judgement.findings), len(wordings(pen.sheet.form)), _FIRST)
    _phone_of_one(pen, preview)
    start_at = preview.campaign.start_at if preview.campaign else None
    _who(view, preview.checked, when(preview.checked.at, start_at, pen.zone))
    _cost(preview)
