"""The sentences of the pages: numbers in, Markdown out."""

from datetime import datetime, timedelta

import pandas as pd

from dashboard.reach import Reach
from dashboard.reads import SOON_DAYS, Balance, Freshness


def grouped(number: int) -> str:
    """Return 41203 as 41,203."""
    return f"{number:,}"


def signed(number: int) -> str | int:
    """Return a change with its sign, as st.metric wants it; 0 stays a number, which it draws without an arrow."""
    return f"{number:+,}" if number else 0


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 file", "2 files"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def share(part: float, whole: float) -> str:
    """Return a percentage no more precise than it is worth: "0.2 %", "37 %"; "-" of nothing."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.1f} %" if percent < 10 and part else f"{percent:.0f} %"


def day(moment: datetime) -> str:
    """Return "22 Nov 2026"."""
    return f"{moment.day} {moment:%b %Y}"


def ago(then: datetime, now: datetime) -> str:
    """Return how long before `now` something was: "5 min ago", "3 h ago", "12 days ago"."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return "just now" if passed > timedelta(minutes=-1) else f"on {day(then)}"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    if passed < timedelta(days=2):
        return f"{passed // timedelta(hours=1)} h ago"
    return f"{counted(passed.days, 'day')} ago"


def escaped(text: str) -> str:
    """Return text from the logs so that Markdown shows it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-!|<>$~:" else letter for letter in text)


def reach_answer(reach: Reach, soon: pd.Series, as_of: datetime, *, today: bool) -> str:
    """Answer "How many people may we still message?". `soon` counts expiring tokens by topic, the most first."""
    if not reach.contacts:
        return "Nobody has written yet, so there is nobody to message."
    when, may = ("today", "You may message") if today else (f"on {day(as_of)}", "You could message")
    reachable = counted(reach.reachable, "person", "people")
    first = (
        f"{may} **{reachable}** {when}: {grouped(reach.window)} in an open window "
        f"and {grouped(reach.token)} more with a token."
    )
    if not soon.sum():
        return f"{first} No token expires within {SOON_DAYS} days."
    topic, most = escaped(str(soon.index[0])), int(soon.iloc[0])
    mostly = f"{grouped(most)} of them for *{topic}*" if len(soon) > 1 else f"all for *{topic}*"
    verb = "expire" if today else "were to expire"
    return f"{first} **{counted(int(soon.sum()), 'token')}** {verb} unused within {SOON_DAYS} days, {mostly}."


def inventory_answer(stock: pd.DataFrame, as_of: datetime, *, today: bool) -> str:
    """Answer "Which permissions do we hold?". Columns: topic, state, count_tokens."""
    by_state = stock.groupby("state")["count_tokens"].sum()
    given = int(by_state.sum())
    if not given:
        return "No permission fits these filters."
    held = stock[stock["state"] == "available"].groupby("topic")["count_tokens"].sum().sort_values(ascending=False)
    first = (
        f"{'You hold' if today else f'On {day(as_of)} you held'} **{counted(int(held.sum()), 'available permission')}**"
    )
    if len(held):
        topic, most = escaped(str(held.index[0])), grouped(int(held.iloc[0]))
        first += f" for {counted(len(held), 'topic')}; *{topic}* has the most ({most})"
    spent = int(by_state.get("spent", 0))
    lost = int(by_state.reindex(["expired", "revoked", "stranded"]).sum())
    used = f"{share(spent, given)} were spent and {share(lost, given)} were lost unused"
    return f"{first}. Of {grouped(given)} ever given, {used}."


def trust_answer(errors: pd.DataFrame, count_origins: int) -> str:
    """Answer "Can this forecast be trusted?". Rows are measures (gained, spent), columns mase and mase_naive."""
    known = errors.dropna()
    if known.empty:
        return "The history is too short to tell: past forecasts are judged once there are ten weeks of it."
    parts = [
        f'{_JUDGED[str(measure)]} it misses by {share(row["mase"], row["mase_naive"])} of what "as a week ago" does '
        f"(MASE {row['mase']:.2f} against {row['mase_naive']:.2f})"
        for measure, row in known.iterrows()
        if row["mase_naive"] > 0
    ]
    if not parts:
        return "Nothing moved on the days that could be judged."
    return (
        f"Forecast again from {counted(count_origins, 'past day')}, knowing only what was known then, and compared "
        f"with what came on each of the next 28 days: {'; '.join(parts)}."
    )


_JUDGED = {"gained": "for opt-ins", "spent": "for sends"}


def topics_line(stock: pd.DataFrame, most: int) -> str:
    """Say which topics a chart of at most `most` shows."""
    count = stock["topic"].nunique()
    return f"The {most} topics with the most tokens, of {count}." if count > most else "Tokens by topic and state."


def health_answer(balance: Balance, count_gaps: int, count_silent_hours: int) -> str:
    """Answer "Can these numbers be trusted?"."""
    sheet = (
        f"{counted(balance.lines, 'line')} = {grouped(balance.event_lines)} with events + "
        f"{grouped(balance.duplicate_lines)} duplicate + {grouped(balance.reject_lines)} rejected, "
        f"in {counted(balance.count_files, 'file')}."
    )
    if balance.count_unbalanced:
        first = f"**{counted(balance.count_unbalanced, 'file does', 'files do')} not add up.** {sheet}"
    else:
        first = f"**Every line is accounted for:** {sheet}"
    gaps = (
        f"{counted(count_gaps, 'gap')} of {counted(count_silent_hours, 'silent hour')} in the last four weeks."
        if count_gaps
        else "No gaps in the last four weeks."
    )
    return f"{first} {gaps}"


def freshness_line(fresh: Freshness, now: datetime) -> str:
    """Say how fresh the data is."""
    if fresh.last_event_at is None or fresh.last_loaded_at is None:
        return "Nothing is loaded yet."
    return f"Last event {ago(fresh.last_event_at, now)} · loaded {ago(fresh.last_loaded_at, now)}"


def rows_line(shown: int, count: int, what: str, order: str) -> str:
    """Say how many rows stand below, out of how many, and in which order."""
    if not count:
        return f"No {what} fit."
    if shown < count:
        return f"The first {grouped(shown)} of {grouped(count)} {what}, {order}. The export has all of them."
    return f"All {grouped(count)} {what}, {order}." if count > 1 else f"1 of these {what}."
