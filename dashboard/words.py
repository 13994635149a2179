"""The sentences of the pages: numbers in, Markdown out, in the viewer's language."""

from datetime import date, datetime, timedelta

import pandas as pd
from babel.dates import format_date
from babel.numbers import format_decimal

from dashboard.language import language, noted, plural, say
from dashboard.reach import Reach
from dashboard.reads import SOON_DAYS, Balance, Freshness


def grouped(number: int) -> str:
    """Return 41203 as 41,203."""
    return format_decimal(number, locale=language())


def signed(number: int) -> str | int:
    """Return a change with its sign, as st.metric wants it; 0 stays a number, which it draws without an arrow."""
    return f"{'+' if number > 0 else '-'}{grouped(abs(number))}" if number else 0


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 file", "2 files": to stand as a whole in a sentence. The catalogue knows it as "1 file"."""
    return plural(f"1 {one}", f"{{count}} {many or one + 's'}", number)


def share(part: float, whole: float) -> str:
    """Return a percentage no more precise than it is worth: "0.2 %", "37 %"; "-" of nothing."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return say("< 0.1 %")
    return say("{number} %", number=f"{percent:.1f}" if percent < 10 and part else f"{percent:.0f}")


def day(moment: date | datetime) -> str:
    """Return "22 Nov 2026"."""
    return format_date(moment, say("d MMM y"), locale=language())


def day_in_full(moment: date | datetime) -> str:
    """Return "22 November 2026"."""
    return format_date(moment, say("d MMMM y"), locale=language())


def ago(then: datetime, now: datetime) -> str:
    """Return how long before `now` something was: "5 min ago", "3 h ago", "12 days ago"."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return say("just now") if passed > timedelta(minutes=-1) else say("on {day}", day=day(then))
    if passed < timedelta(hours=1):
        return say("{count} min ago", count=passed // timedelta(minutes=1))
    if passed < timedelta(days=2):
        return say("{count} h ago", count=passed // timedelta(hours=1))
    return plural("1 day ago", "{count} days ago", passed.days)


def span(passed: timedelta) -> str:
    """Return a stretch of time: "1 minute", "95 minutes", "3 hours", "12 days"."""
    if passed >= timedelta(days=2):
        return counted(passed.days, "day")
    if passed >= timedelta(hours=2):
        return counted(passed // timedelta(hours=1), "hour")
    return counted(max(passed // timedelta(minutes=1), 0), "minute")


def escaped(text: str) -> str:
    """Return text from the logs so that Markdown shows it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-!|<>$~:" else letter for letter in text)


def titled(title: str, text: str) -> str:
    """Return a text under a title of its own."""
    return f"**{title}**  \n{text}"


def joined(*sentences: str) -> str:
    """Return sentences as one text; those that say nothing are left out."""
    return " ".join(each for each in sentences if each).replace("。 ", "。")  # that stop has its space within


def reach_answer(reach: Reach, soon: pd.Series, as_of: datetime, *, today: bool) -> str:
    """Answer "How many people may we still message?". `soon` counts expiring tokens by topic, the most first."""
    if not reach.contacts:
        return say("Nobody has written yet, so there is nobody to message.")
    counts = {
        "people": counted(reach.reachable, "person", "people"),
        "window": grouped(reach.window),
        "token": grouped(reach.token),
    }
    if today:
        first = say(
            "You may message **{people}** today: {window} in an open window and {token} more with a token.", **counts
        )
    else:
        first = say(
            "You could message **{people}** on {day}: {window} in an open window and {token} more with a token.",
            day=day(as_of),
            **counts,
        )
    return joined(first, _expiring(soon, today=today))


def _expiring(soon: pd.Series, *, today: bool) -> str:
    """Say how many tokens expire unused, and on which topic most of them."""
    if not soon.sum():
        return say("No token expires within {days} days.", days=SOON_DAYS)
    topic, most = escaped(str(soon.index[0])), int(soon.iloc[0])
    if len(soon) > 1:
        mostly = say("{count} of them for *{topic}*", count=grouped(most), topic=topic)
    else:
        mostly = say("all for *{topic}*", topic=topic)
    tokens = counted(int(soon.sum()), "token")
    if today:
        return say(
            "**{tokens}** expire unused within {days} days, {mostly}.", tokens=tokens, days=SOON_DAYS, mostly=mostly
        )
    return say(
        "**{tokens}** were to expire unused within {days} days, {mostly}.", tokens=tokens, days=SOON_DAYS, mostly=mostly
    )


def inventory_answer(stock: pd.DataFrame, as_of: datetime, *, today: bool) -> str:
    """Answer "Which permissions do we hold?". Columns: topic, state, count_tokens."""
    by_state = stock.groupby("state")["count_tokens"].sum()
    given = int(by_state.sum())
    if not given:
        return say("No permission fits these filters.")
    held = stock[stock["state"] == "available"].groupby("topic")["count_tokens"].sum().sort_values(ascending=False)
    permissions = counted(int(held.sum()), "available permission")
    first = (
        say("You hold **{permissions}**", permissions=permissions)
        if today
        else say("On {day} you held **{permissions}**", day=day(as_of), permissions=permissions)
    )
    if len(held):
        topic, most = escaped(str(held.index[0])), grouped(int(held.iloc[0]))
        topics = counted(len(held), "topic")
        first = say(
            "{held} for {topics}; *{topic}* has the most ({most})", held=first, topics=topics, topic=topic, most=most
        )
    spent = int(by_state.get("spent", 0))
    lost = int(by_state.reindex(["expired", "revoked", "stranded"]).sum())
    return say(
        "{held}. Of {given} ever given, {spent} were spent and {lost} were lost unused.",
        held=first,
        given=grouped(given),
        spent=share(spent, given),
        lost=share(lost, given),
    )


def trust_answer(errors: pd.DataFrame, count_origins: int) -> str:
    """Answer "Can this forecast be trusted?". Rows are measures (gained, spent), columns mase and mase_naive."""
    known = errors.dropna()
    if known.empty:
        return say("The history is too short to tell: past forecasts are judged once there are ten weeks of it.")
    parts = [
        say(
            _JUDGED[str(measure)],
            share=share(row["mase"], row["mase_naive"]),
            mase=f"{row['mase']:.2f}",
            naive=f"{row['mase_naive']:.2f}",
        )
        for measure, row in known.iterrows()
        if row["mase_naive"] > 0
    ]
    if not parts:
        return say("Nothing moved on the days that could be judged.")
    return say(
        "Forecast again from {days}, knowing only what was known then, and compared with what came on each of the "
        "next 28 days: {parts}.",
        days=counted(count_origins, "past day"),
        parts=say("; ").join(parts),
    )


_JUDGED = {
    "gained": noted('for opt-ins it misses by {share} of what "as a week ago" does (MASE {mase} against {naive})'),
    "spent": noted('for sends it misses by {share} of what "as a week ago" does (MASE {mase} against {naive})'),
}


def topics_line(stock: pd.DataFrame, most: int) -> str:
    """Say which topics a chart of at most `most` shows."""
    count = stock["topic"].nunique()
    if count <= most:
        return say("Tokens by topic and state.")
    return say("The {most} topics with the most tokens, of {count}.", most=most, count=count)


def health_answer(balance: Balance, count_gaps: int, count_silent_hours: int) -> str:
    """Answer "Can these numbers be trusted?"."""
    sheet = say(
        "{lines} = {with_events} with events + {duplicate} duplicate + {rejected} rejected, in {files}.",
        lines=counted(balance.lines, "line"),
        with_events=grouped(balance.event_lines),
        duplicate=grouped(balance.duplicate_lines),
        rejected=grouped(balance.reject_lines),
        files=counted(balance.count_files, "file"),
    )
    if balance.count_unbalanced:
        first = plural("**1 file does not add up.**", "**{count} files do not add up.**", balance.count_unbalanced)
    else:
        first = say("**Every line is accounted for:**")
    return joined(f"{first} {sheet}", _gaps(count_gaps, count_silent_hours))


def _gaps(count: int, count_hours: int) -> str:
    if not count:
        return say("No gaps in the last four weeks.")
    gaps, hours = counted(count, "gap"), counted(count_hours, "silent hour")
    return say("{gaps} of {hours} in the last four weeks.", gaps=gaps, hours=hours)


def freshness_line(fresh: Freshness, now: datetime) -> str:
    """Say how fresh the data is."""
    if fresh.last_event_at is None or fresh.last_loaded_at is None:
        return say("Nothing is loaded yet.")
    return say(
        "Last event {event} · loaded {loaded}",
        event=ago(fresh.last_event_at, now),
        loaded=ago(fresh.last_loaded_at, now),
    )


def rows_line(shown: int, count: int, what: str, order: str) -> str:
    """Say how many rows stand below, out of how many, and in which order."""
    if not count:
        return say("No {what} fit.", what=what)
    if shown < count:
        first = {"shown": grouped(shown), "count": grouped(count)}
        return say(
            "The first {shown} of {count} {what}, {order}. The export has all of them.", **first, what=what, order=order
        )
    if count == 1:
        return say("1 of these {what}.", what=what)
    return say("All {count} {what}, {order}.", count=grouped(count), what=what, order=order)
