"""The fields of by which permission, to whom and when: lanes, audience, schedule."""

from collections.abc import Mapping
from pathlib import PurePath
from zoneinfo import available_timezones

import streamlit as st

from dashboard.compose.form import find, put
from dashboard.compose.pen import Pen
from dashboard.compose.words import lane_label
from dashboard.language import listed, noted, plural, say
from dashboard.words import escaped
from pipelines.plan.campaign import TOKEN_LANES
from pipelines.plan.form import Form

_FILES = {
    "csv": noted("Only people of the file {file} are meant."),
    "exclude_csv": noted("People of the file {file} are left out."),
}


def permission(pen: Pen, topics: Mapping[str, str], lanes: Mapping[str, str]) -> None:
    """Draw topic, lanes, and what some of them need; `lanes` maps each to how it is called now."""
    form = pen.sheet.form
    pen.one(
        "topic",
        say("Topic"),
        {"": say("none: no token is spent")} | dict(topics),
        help=say("What people asked to hear about. Only tokens for this topic are spent."),
    )
    pen.many(
        "lanes",
        say("Lanes"),
        lanes,
        placeholder=say("Any that the content qualifies for"),
        help=say("In no order: an open window comes first, as it costs no token."),
    )
    named = find(form, "lanes") or []
    if form.get("purpose") == "event_update" or form.get("event_at"):
        begins, ends = st.columns(2)
        with begins:
            pen.moment("event_at", say("The event begins"))
        with ends:
            pen.moment("event_ends_at", say("The event ends"))
    if form.get("purpose") not in (None, "promotional") or "utility" in named or form.get("utility"):
        _template(pen)


def _template(pen: Pen) -> None:
    help_ = say("A utility template that Meta has approved goes to people for whom nothing else is open.")
    if not pen.switch("utility", say("Send by an approved template"), {"language": "en"}, help=help_):
        pen.tell("utility", say("Template"))
        return
    name, language = st.columns([2, 1])
    with name:
        pen.text("utility.template", say("Template"), placeholder="order_ready")
    with language:
        pen.text("utility.language", say("Its language"), placeholder="en")
    pen.lines("utility.parameters", say("What fills its {{1}}, {{2}} …, one a line"), height=80)
    pen.tell("utility", say("Template"))


def audience(pen: Pen, topics: Mapping[str, str], *, sees_ids: bool) -> None:
    """Draw who is meant and who is left out."""
    st.caption(say("Everybody who has written to the Page is meant; each line narrows it."))
    pen.many("audience.topics", say("Asked to hear about"), topics, placeholder=say("Anything"))
    window, kinds = st.columns(2)
    with window:
        choices = {"": say("open or not"), "open": say("open now"), "closed": say("closed now")}
        pen.one("audience.window", say("Window"), choices)
    with kinds:
        held = {each: lane_label(each) for each in TOKEN_LANES}
        pen.many("audience.token_kinds", say("Hold a token"), held, placeholder=say("or none"))
    seen, unseen, unwritten = st.columns(3)
    with seen:
        pen.span("audience.last_seen_within", say("Seen within"))
    with unseen:
        pen.span("audience.not_seen_within", say("Not seen within"))
    with unwritten:
        pen.span("audience.not_messaged_within", say("Not written to within"))
    placeholder = say("Nobody")
    pen.many("audience.exclude_topics", say("But not who asked to hear about"), topics, placeholder=placeholder)
    _by_id(pen, sees_ids=sees_ids)
    for key in _FILES:
        _file(pen, key)


def _by_id(pen: Pen, *, sees_ids: bool) -> None:
    left_out = pen.find("audience.exclude_psids") or []
    label = say("But not these page-scoped ids, one a line")
    if sees_ids:
        pen.lines("audience.exclude_psids", label, height=80)
    elif left_out:
        st.caption(plural("1 person is left out by id.", "{count} people are left out by id.", len(left_out)))
        pen.tell("audience.exclude_psids", label)


def _file(pen: Pen, key: str) -> None:
    """Say of a file of people that a copied campaign brought along what it does, and let it be taken out."""
    named = pen.find(f"audience.{key}")
    if not named:
        return

    def drop(form: Form) -> None:
        for each in (key, f"{key}_sha256", *(["tags"] if key == "csv" else [])):
            put(form, f"audience.{each}", None)

    tags = pen.find("audience.tags") if key == "csv" else None
    st.caption(say(_FILES[key], file=escaped(PurePath(named).name)))
    if tags:
        st.caption(say("Of them those with one of the tags {tags}.", tags=escaped(listed(tags))))
    pen.tell(f"audience.{key}", say("File"))
    pen.button(f"drop-{key}", say("Take the file out"), drop, icon=":material/delete:")


def schedule(pen: Pen) -> None:
    """Draw when it goes out, when it does not, and to whom not so soon again."""
    st.caption(say("Times are by your clock ({zone}).", zone=pen.zone))
    starts, ends = st.columns(2)
    with starts:
        pen.moment("start_at", say("Starts"), help=say("Empty: as soon as somebody launches it."))
    with ends:
        pen.moment("not_after", say("Not after"), help=say("What has not gone out by then never does."))
    hours = {"from": "21:00", "to": "09:00", "zone": pen.zone}
    help_ = say("By each person's own clock. Whoever is in them gets it after them.")
    if pen.switch("quiet_hours", say("Keep quiet hours"), hours, help=help_):
        begins, until, zone = st.columns([1, 1, 2])
        with begins:
            pen.clock("quiet_hours.from", say("From"))
        with until:
            pen.clock("quiet_hours.to", say("To"))
        with zone:
            zones = {each: each for each in sorted(available_timezones())}
            pen.one("quiet_hours.zone", say("Where a person's zone is not known"), zones)
    if pen.switch("frequency_cap", say("Cap how often a person is written to"), {"messages": 2, "within": "7d"}):
        most, within = st.columns(2)
        with most:
            pen.number("frequency_cap.messages", say("Messages, this one among them"), min_value=1)
        with within:
            pen.span("frequency_cap.within", say("Within"), may_be_none=False)
    pen.percent(
        "split.holdout",
        say("Held out, in %"),
        placeholder="0",
        help=say("This share gets nothing, so that you see what the message changed."),
    )
