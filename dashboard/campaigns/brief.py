"""What a reviewer decides from, as tables and sentences: lanes, who is left out, rules of the day, what changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from dashboard.compose.words import REASONS, lane_label, moment
from dashboard.language import noted, plural, say
from dashboard.phone import Press, Shown
from dashboard.rules import rules_of
from dashboard.words import day, escaped, grouped, joined
from pipelines.plan.campaign import Campaign
from pipelines.plan.fields import MissingField, TooLong, render, with_fallbacks
from pipelines.plan.frozen import Example
from pipelines.plan.versions import FIELDS, Versions
from pipelines.plan.wording import card_of, text_for
from pipelines.policy import Policy

Summary = Mapping[str, Any]
"""What a check found, as `Checked.summary` gives it."""
NAMES = (
    noted("Name"), noted("Page"), noted("Purpose"), noted("Topic"), noted("Lanes"), noted("Text"),
    noted("Share of the people"), noted("Buttons"), noted("Quick replies"), noted("Picture"),
    noted("Utility template"), noted("Audience: asked for one of"), noted("Audience: their window is"),
    noted("Audience: hold a token of kind"), noted("Audience: wrote within"), noted("Audience: did not write within"),
    noted("Audience: got no message within"), noted("Audience: stand in the list"),
    noted("Audience: have one of the tags"), noted("Left out: asked for one of"), noted("Left out: people by their id"),
    noted("Left out: stand in the list"), noted("Held out"), noted("At most to one person"), noted("Quiet hours"),
    noted("Not before"), noted("Not after"), noted("Event"), noted("Event ends"),
)  # fmt: skip
"""What pipelines.plan.versions calls the fields; a test holds the two together."""
TOKENS = noted("Tokens")
"""What stands above the column `tokens`."""


def lanes_of(summary: Summary) -> pd.DataFrame:
    """Return a row per lane: how many get it by that lane, and what that costs."""
    rows = [(lane_label(each["lane"]), each["people"], each["tokens"]) for each in summary["lanes"]]
    return pd.DataFrame(rows, columns=["lane", "count_people", "tokens"])


def left_out(summary: Summary) -> pd.DataFrame:
    """Return a row per reason for which people are left out, the most first."""
    found = sorted(summary["left_out"], key=lambda each: -int(each["people"]))
    rows = [(say(REASONS[each["reason"]]) if each["reason"] in REASONS else each["words"], each["people"])
            for each in found]  # fmt: skip
    return pd.DataFrame(rows, columns=["reason", "count_people"])


def who(summary: Summary) -> str:
    """Say how many of those who are meant get it, and what that costs, in a sentence."""
    people, tokens = int(summary["people"]), int(summary["cost_in_tokens"])
    if not people:
        return say("**Nobody** gets it, of {count} who are meant.", count=grouped(int(summary["audience"])))
    gets = plural("**1 person** gets it", "**{count} people** get it", people)
    of = plural("of 1 who is meant", "of {count} who are meant", int(summary["audience"]))
    spends = plural("It spends **1 one-time token**.", "It spends **{count} one-time tokens**.", tokens)
    return joined(say("{gets}, {of}.", gets=gets, of=of), spends if tokens else say("It spends no token."))


def notes(summary: Summary) -> list[str]:
    """Return what else is to be known: lanes that are unproven here, quiet hours, guessed zones, unknown fields."""
    told = [escaped(each["words"]) for each in (*summary["unproven"], *summary.get("unknown_fields", ()))]
    if waiting := int(summary.get("in_quiet_hours", 0)):
        told.append(
            plural(
                "1 of them is in the quiet hours at that moment, and gets it after them.",
                "{count} of them are in the quiet hours at that moment, and get it after them.",
                waiting,
            )
        )
    if guessed := int(summary.get("zones_guessed", 0)):
        told.append(
            plural(
                "The time zone of 1 of them is not known: the campaign's own counts.",
                "The time zones of {count} of them are not known: the campaign's own counts.",
                guessed,
            )
        )
    if strangers := int(summary.get("strangers", 0)):
        told.append(
            plural(
                "1 person of the list is not in the Page's logs, and is not counted.",
                "{count} people of the list are not in the Page's logs, and are not counted.",
                strangers,
            )
        )
    return told


def rules_applied(book: Policy, summary: Summary) -> pd.DataFrame:
    """Return the rules in force on the day of the check that bear on its lanes or found something: these first."""
    at = datetime.fromisoformat(summary["as_of"])
    every = rules_of(book, at.date())
    found = {each["rule"] for each in summary["findings"]}
    begins = tuple(begin for each in summary["lanes"] for begin in _begins_of(each["lane"]))
    bears = every["rule"].isin(found) | every["rule"].str.startswith(begins) if begins else every["rule"].isin(found)
    kept = every[bears].assign(is_found=every["rule"].isin(found))
    shown = kept.sort_values(["is_found", "rule"], ascending=[False, True], ignore_index=True)
    return shown[["rule", "words", "value", "verified_on", "source"]]


def _begins_of(lane: str) -> tuple[str, ...]:
    """With what the ids of the rules about a lane begin."""
    if lane == "standard_window":
        return ("window.standard.", "window.outside", "window.promotion", "window.extra_message")
    if lane.startswith("tag:"):
        return (f"tag.{lane.removeprefix('tag:').lower()}", "tag.any.")
    of_lane = ("allows.", "disallows.", "send", "uses", "unproven")
    return (*(f"{lane}.{each}" for each in of_lane), f"lane.{lane}.", f"token.{lane}.")


def sources_of(book: Policy, rules: pd.DataFrame) -> str:
    """Return the sources of these rules as a Markdown list: id, title, date of the page, address."""
    ids = sorted({each for named in rules["source"] for each in named.replace(",", " ").split()})
    known = [book.sources[each] for each in ids if each in book.sources]
    told = [f"- {escaped(each.id)}: {escaped(each.title)}, {escaped(each.page_date)}" for each in known]
    where = [f"  \n  {escaped(each.address)}" if each.address else "" for each in known]
    return "\n".join(map("".join, zip(told, where, strict=True)))


def rules_line(rules: pd.DataFrame, summary: Summary) -> str:
    """Say which rules were applied, and when the oldest of them was last verified."""
    on = day(datetime.fromisoformat(summary["as_of"]))
    if rules.empty:
        return say("The rules of {day} were applied.", day=on)
    count = plural("1 of them bears on this campaign", "{count} of them bear on this campaign", len(rules))
    oldest = day(min(rules["verified_on"]))
    return say("The rules of {day} were applied. {count}, verified on {oldest} or later.",
               day=on, count=count, oldest=oldest)  # fmt: skip


def changed(versions: Versions | None) -> list[tuple[str, str, str]]:
    """Return all that changed since the last approved version: field, was, is; the last two as Markdown."""
    return [
        (say(FIELDS[each.field]) + (f" ({each.of})" if each.of else ""), _lines(each.was), _lines(each.is_))
        for each in (versions.changes if versions else None) or ()
    ]


def _lines(words: str) -> str:
    return escaped(words).replace("\n", "  \n") or "-"


def changed_line(versions: Versions | None, zone: str) -> str:
    """Say against what the changes are meant."""
    if versions is None:
        return say("No version of it was approved before: all of it is new.")
    by, when = escaped(versions.approved_by), moment(versions.approved_at, zone)
    if versions.changes is None:
        return say("{by} approved a version on {when}, which was not kept.", by=by, when=when)
    if not versions.changes:
        return say("Nothing changed since {by} approved it on {when}.", by=by, when=when)
    return say("Since {by} approved it on {when}:", by=by, when=when)


def shown(content: Campaign, variant: str, values: Mapping[str, str] | None) -> Shown:
    """Return a variant as one person gets it; without values, as somebody of whom nothing is known."""
    words = content.variant(variant).text
    text = with_fallbacks(words).strip()
    if values is not None:
        try:
            text = text_for(content, variant, values)
        except (MissingField, TooLong):
            values = None
    subtitle, image = "", content.image
    if image and text:
        text, subtitle = card_of(text, content.room)
    buttons = tuple(Press(each.title, _value(each.value, values)) for each in content.buttons)
    replies = tuple(Press(each.title) for each in content.quick_replies)
    return Shown(text, subtitle, (image.url or image.attachment_id) if image else "", buttons, replies)


def _value(words: str, values: Mapping[str, str] | None) -> str:
    try:
        return with_fallbacks(words) if values is None else render(words, values)
    except MissingField:
        return with_fallbacks(words)


def example_of(examples: Iterable[Example], variant: str) -> Example | None:
    """Return the person of a plan who gets a variant; None where there is none."""
    return next((each for each in examples if each.variant == variant), None)
