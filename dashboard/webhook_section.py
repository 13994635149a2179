"""Does Meta still reach us? The alarms on top of data health, and the section that answers, Page by Page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.language import listed, noted, plural, say
from dashboard.ledger import ledger_at
from dashboard.parts import table
from dashboard.view import View, rule_book
from dashboard.words import ago, counted, escaped, grouped, joined, span
from pipelines.errors import ClearToSendError
from pipelines.ledger.subscriptions import Subscription, every
from pipelines.settings import read_settings
from pipelines.webhook_health import PageHealth, Severity, WebhookHealth, read_receivers, rhythms, webhook_health

_MOST_ALARMS = 3
_URGENT: tuple[Severity, ...] = ("alarm", "warn")
_LABELS = {
    "alarm": noted("Broken"),
    "warn": noted("Wants a look"),
    "note": noted("Worth knowing"),
    "well": noted("Well"),
}
_REFUSED = {
    "bad_signature": noted("{count} with a wrong signature"),
    "too_large": noted("{count} too large"),
    "not_stored": noted("{count} that could not be stored"),
    "rate_limited": noted("{count} over the rate limit"),
    "bad_challenge": noted("{count} challenges with a wrong token"),
}


def alarms(view: View) -> WebhookHealth | None:
    """Judge the webhooks, and draw what cannot wait; None on a past day, of which the receivers know nothing."""
    if not view.is_today:
        return None
    try:
        known = _subscriptions(view.home)
    except ClearToSendError as error:
        st.warning(escaped(str(error)), icon=":material/database_off:")
        known = []
    habits = view.read(rhythms, view.moment)
    health = webhook_health(read_receivers(view.home), known, habits, rule_book(), view.moment)
    if view.scope.page_id:
        health = replace(health, pages=tuple(page for page in health.pages if page.page_id == view.scope.page_id))
    found = [(each.says, each) for each in health.findings]
    for page in health.pages:
        found += [(say("Page {page}: {says}", page=page.page_id, says=each.says), each) for each in page.findings]
    urgent = [each for severity in _URGENT for each in found if each[1].severity == severity]
    for says, each in urgent[:_MOST_ALARMS]:
        draw, icon = (st.error, ":material/link_off:") if each.severity == "alarm" else (st.warning, ":material/link:")
        draw(f"**{escaped(says)}** {each.to_do}", icon=icon)
    if (more := len(urgent) - _MOST_ALARMS) > 0:
        st.caption(say("And {count} more like these, below.", count=grouped(more)))
    return health


def reaching(view: View, health: WebhookHealth | None) -> None:
    """Draw the section: the sentence, the Pages, what was refused."""
    if health is None:
        return
    st.subheader(say("Does Meta still reach us?"), anchor=False)
    st.markdown(_answer(view, health))
    if not health.receivers:
        st.caption(
            say(
                "The app takes webhooks at its address /webhook, and `clear-to-send receive` does so as a process of "
                "its own: set app_secret and verify_token in settings.toml, then name the address in Meta's app "
                "dashboard."
            )
        )
    shared = tuple(each for each in health.findings if each.severity in _URGENT)
    pages = [
        replace(page, findings=page.findings + shared)  # what holds up all Pages holds up each
        for page in health.pages
        if health.receivers or page.subscription
    ]
    if pages:
        _table(view, pages)
    if health.receivers:
        st.caption(_counts(view, health))


def _answer(view: View, health: WebhookHealth) -> str:
    """Answer in one sentence, or two."""
    looked = [page.subscription for page in health.pages if page.subscription]
    told = _listing(looked)
    if not health.receivers:
        return joined(say("Nobody has asked it to: all data here was loaded from files."), told if looked else "")
    if shared := [each for each in health.findings if each.severity in _URGENT]:
        first = say("**No.**") if shared[0].severity == "alarm" else say("**Not at this moment.**")
    elif bad := sum(page.severity in _URGENT for page in health.pages):
        first = plural(
            "**Not as it should: 1 Page wants a look.**", "**Not as it should: {count} Pages want a look.**", bad
        )
    elif last := max((page.last_delivery_at for page in health.pages if page.last_delivery_at), default=None):
        first = say("**Yes.** The last delivery came {ago}.", ago=ago(last, view.moment))
    else:
        started = min(each.started_at for each in health.receivers)
        first = say("**Nothing has come yet.** The receiver was started {ago}.", ago=ago(started, view.moment))
    return joined(first, escaped(shared[0].says) if shared else told)


def _listing(looked: Sequence[Subscription]) -> str:
    """Say at how many Pages Meta lists the application."""
    held = sum(each.is_subscribed is True for each in looked)
    if not looked:
        return say("Meta was not asked yet whether it still sends.")
    if held < len(looked):
        of = {"held": grouped(held), "pages": counted(len(looked), "Page")}
        return say("Meta lists the application at {held} of {pages}.", **of)
    return plural("Meta lists the application at the Page.", "Meta lists the application at all {count} Pages.", held)


def _table(view: View, pages: list[PageHealth]) -> None:
    known = [page.subscription for page in pages]
    frame = pd.DataFrame(
        {
            "page_id": [page.page_id for page in pages],
            "state": [say(_LABELS[page.severity]) for page in pages],
            "last_delivery": pd.Series([page.last_delivery_at for page in pages], dtype="datetime64[us]"),
            "count_delivered": [page.accepted for page in pages],
            "subscription": [_subscribed(each) for each in known],
            "since": pd.Series([each and each.since for each in known], dtype="datetime64[us]"),
            "what_it_is": [_says(page) for page in pages],
        }
    )
    table(view, frame, "webhooks", most=6)


def _says(page: PageHealth) -> str:
    if page.findings:
        return " ".join(f"{each.says} {each.to_do}".replace("`", "") for each in page.findings)
    if page.silent_minutes is None:
        return say("No delivery yet.") if page.subscription is None else page.subscription.says
    if page.silent_minutes >= 60:
        silent = span(timedelta(minutes=page.silent_minutes))
        return say("Silent for {span}, which is usual at this hour.", span=silent)
    return say("Webhooks come as usual.")


def _subscribed(known: Subscription | None) -> str:
    if known is None:
        return say("not asked yet")
    return {True: say("subscribed"), False: say("not subscribed"), None: say("no answer")}[known.is_subscribed]


def _counts(view: View, health: WebhookHealth) -> str:
    """Say what the receivers took and refused since they were started."""
    totals = Counter[str]()
    for each in health.receivers:
        totals.update(each.totals)
    started = min(each.started_at for each in health.receivers)
    refused = [say(words, count=grouped(totals[kind])) for kind, words in _REFUSED.items() if totals[kind]]
    taken = {"taken": counted(totals["accepted"], "delivery", "deliveries"), "ago": ago(started, view.moment)}
    if not refused:
        return say("{taken} taken since the start {ago}, none refused.", **taken)
    return say("{taken} taken since the start {ago}; refused: {refused}.", **taken, refused=listed(refused))


def _subscriptions(home: Path) -> list[Subscription]:
    """Return what Meta last said. Raises ClearToSendError. A page makes no ledger."""
    has_ledger = bool(read_settings(home).ledger_url) or (home / "ledger.sqlite").exists()
    return every(ledger_at(home)) if has_ledger else []
