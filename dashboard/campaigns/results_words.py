"""What is said of the results of a campaign: numbers in, sentences and tables out; no Streamlit here."""

from datetime import datetime

import pandas as pd

from dashboard.compose.words import lane_label, moment
from dashboard.language import noted, plural, say
from dashboard.words import escaped, grouped, joined
from pipelines.audit.intervals import Difference, Share
from pipelines.audit.results import SOON_DAYS, Baseline, Comparison, Cost, Measure, Results
from pipelines.audit.sends import REPLY_DAYS

LABELS: dict[Measure, str] = {
    "delivered": noted("Delivered"),
    "read": noted("Read"),
    "replied": noted("Replied"),
    "opted_in": noted("Opted in again"),
}
_MORE: dict[Measure, str] = {
    "delivered": noted("**{one}** was delivered more often than **{other}**: {by}."),
    "read": noted("**{one}** was read more often than **{other}**: {by}."),
    "replied": noted("**{one}** was replied to more often than **{other}**: {by}."),
    "opted_in": noted("After **{one}** more people opted in again than after **{other}**: {by}."),
}
_SAME: dict[Measure, str] = {
    "delivered": noted("Deliveries: no difference between **{one}** and **{other}** can be told{yet} ({by})."),
    "read": noted("Reads: no difference between **{one}** and **{other}** can be told{yet} ({by})."),
    "replied": noted("Replies: no difference between **{one}** and **{other}** can be told{yet} ({by})."),
    "opted_in": noted("New opt-ins: no difference between **{one}** and **{other}** can be told{yet} ({by})."),
}
_HELD: dict[Measure, str] = {
    "replied": noted("Of those it was meant for **{sent}** replied, of those held out {held}"),
    "opted_in": noted("Of those it was meant for **{sent}** opted in again, of those held out {held}"),
}


def percent(share: Share) -> str:
    """Return "7.3 %"; "-" of nobody."""
    return "-" if share.part is None else say("{number} %", number=f"{100 * share.part:.1f}")


def with_interval(share: Share) -> str:
    """Return "7.3 % (5.9 to 9.0)"; "-" of nobody."""
    if share.part is None:
        return "-"
    low, high = f"{100 * share.low:.1f}", f"{100 * share.high:.1f}"
    return say("{share} ({low} to {high})", share=percent(share), low=low, high=high)


def _aside(share: Share) -> str:
    """Return "5.9 %, 4.7 to 6.9", to stand in brackets."""
    low, high = f"{100 * share.low:.1f}", f"{100 * share.high:.1f}"
    return say("{share}, {low} to {high}", share=percent(share), low=low, high=high)


def points(of: Difference) -> str:
    """Return "+1.2 points, 0.3 to 2.1"."""
    value, low, high = (f"{100 * each:+.1f}" for each in (of.value, of.low, of.high))
    return say("{value} points, {low} to {high}", value=value, low=low.lstrip("+"), high=high.lstrip("+"))


def answer(of: Results) -> str:
    """Answer "What came of it?"."""
    reached = of.total("delivered").of
    if not reached:
        return say("**Nobody** got it, so nothing came of it.")
    first = plural(
        "**1** of {planned} got it.", "**{count}** of {planned} got it.", reached, planned=grouped(of.planned)
    )
    read, replied, opted = of.total("read"), of.total("replied"), of.total("opted_in")
    second = say(
        "{read} read it, **{replied} replied** ({share}) and **{opted} opted in again** ({opted_share}).",
        read=grouped(read.count),
        replied=grouped(replied.count),
        share=_aside(replied),
        opted=grouped(opted.count),
        opted_share=_aside(opted),
    )
    return joined(first, second, _brought(of), _spent(of.costs))


def span_line(of: Results, zone: str) -> str:
    """Say how far the counts reach, and whether more is to come."""
    if of.logs_until is None:
        return say("No webhooks of this Page have been loaded, so nothing is known but what went out.")
    until = say("Counted as far as the logs reach: into the hour from {moment}.", moment=moment(of.logs_until, zone))
    if of.complete_at is None:
        return until
    if of.is_complete:
        return joined(say("The {days} days after the last message are over.", days=REPLY_DAYS), until)
    more = say("Replies and opt-ins count for {days} days: more may come until {moment}.",
               days=REPLY_DAYS, moment=moment(of.complete_at, zone))  # fmt: skip
    return joined(more, until)


def compared(of: Comparison, *, is_complete: bool) -> str:
    """Say which of two variants did better, or that nobody can say; "" where one of them reached nobody."""
    if of.difference is None:
        return ""
    names = {"one": escaped(of.variant), "other": escaped(of.against)}
    if not of.difference.is_told:
        yet = "" if is_complete else say(" yet")
        return say(_SAME[of.measure], yet=yet, by=points(of.difference), **names)
    if of.difference.value > 0:
        return say(_MORE[of.measure], by=points(of.difference), **names)
    turned = Difference(-of.difference.value, -of.difference.high, -of.difference.low)
    return say(_MORE[of.measure], by=points(turned), one=names["other"], other=names["one"])


def against_held(of: Baseline) -> str:
    """Say what the campaign brought beside what would have come without it."""
    first = say(_HELD[of.measure], sent=with_interval(of.sent), held=with_interval(of.held))
    if of.uplift is None:
        return f"{first}."
    if not of.uplift.is_told:
        return say("{first}: no difference can be told from chance ({by}).", first=first, by=points(of.uplift))
    moved = round(abs(of.uplift.value) * of.sent.of)
    if of.uplift.value > 0:
        people = plural("That is about 1 person more.", "That is about {count} people more.", moved)
    else:
        people = plural("That is about 1 person fewer.", "That is about {count} people fewer.", moved)
    return joined(say("{first}: {by}.", first=first, by=points(of.uplift)), people)


def costs(of: tuple[Cost, ...]) -> pd.DataFrame:
    """Return a row for each topic whose tokens it used."""
    rows = [(each.topic or "-", lane_label(each.lane), each.used, each.written_off, each.reserved) for each in of]
    return pd.DataFrame(
        rows, columns=[say("Topic"), say("Lane"), say("Used"), say("Refused for good"), say("Still reserved")]
    )


def saved(of: Results) -> list[str]:
    """Say which tokens it did not have to spend, and which it used before they died."""
    told = []
    if of.by_window:
        told.append(
            plural(
                "**1 token saved**: its holder's window was open, so the message went by that.",
                "**{count} tokens saved**: their holders' windows were open, so the messages went by those.",
                of.by_window,
            )
        )
    if of.in_time:
        told.append(
            plural(
                "**1 token used in time**: it would have ended within {days} days.",
                "**{count} tokens used in time**: they would have ended within {days} days.",
                of.in_time,
                days=SOON_DAYS,
            )
        )
    return told


def by_group(of: Results) -> pd.DataFrame:
    """Return a row for each lane and variant, and of all: counts, and shares with their intervals."""
    rows = [
        [lane_label(row.lane), row.variant, row.planned, row.accepted, *_cells(list(row.shares.values()))]
        for row in of.rows
    ]
    if len(of.rows) > 1:
        shares = [of.total(measure) for measure in LABELS]
        rows.append([say("All"), "", of.planned, shares[0].of, *_cells(shares)])
    shown = [name for label in LABELS.values() for name in (say(label), say("{what}, share", what=say(label)))]
    return pd.DataFrame(rows, columns=[say("Lane"), say("Variant"), say("Planned"), say("Accepted"), *shown])


def held_table(of: tuple[Baseline, ...]) -> pd.DataFrame:
    """Return a row for each thing that people can do, in both parts of the audience."""
    rows = [
        [say(LABELS[each.measure]), each.sent.count, with_interval(each.sent), each.held.count,
         with_interval(each.held), points(each.uplift) if each.uplift else "-"]
        for each in of
    ]  # fmt: skip
    heads = (
        say("What"), say("Meant for"), say("Meant for, share"), say("Held out"), say("Held out, share"),
        say("Difference"),
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(heads))


def file_name(campaign_id: str, at: datetime | None) -> str:
    """Return what an export is called."""
    return f"results-{campaign_id}" + (f"-{at:%Y-%m-%d}" if at else "")


def _cells(shares: list[Share]) -> list[int | str]:
    return [cell for share in shares for cell in (share.count, with_interval(share))]


def _brought(of: Results) -> str:
    """Say in a few words what the held-out show of replies; "" where nobody was held out."""
    replied = next((each for each in of.baseline or () if each.measure == "replied"), None)
    if replied is None or replied.uplift is None:
        return ""
    if not replied.uplift.is_told:
        return say("Against those held out no difference in replies can be told.")
    if replied.uplift.value > 0:
        return say("That is more than among those held out ({by}).", by=points(replied.uplift))
    return say("That is less than among those held out ({by}).", by=points(replied.uplift))


def _spent(costs: tuple[Cost, ...]) -> str:
    spent = sum(each.used for each in costs if each.lane == "otn")
    if not spent:
        return say("It spent no one-time token.")
    return plural("It spent 1 one-time token.", "It spent {count} one-time tokens.", spent)
