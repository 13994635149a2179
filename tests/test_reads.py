"""The only door to data: every answer counted again, another way, from the same rows."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import duckdb
import pandas as pd
import pytest

from dashboard import reads
from dashboard.buckets import AGE, LEFT, counts
from dashboard.scope import Bounds, Lanes, Scope, end_of_day, week_before
from pipelines.warehouse import Warehouse
from tests.synthetic import MOMENT, OTHER_PAGE, PAGE

LANES = Lanes(window_hours=24, human_agent_days=7)
PAST = end_of_day((MOMENT - timedelta(days=70)).date())
SCOPES = [Scope(MOMENT), Scope(MOMENT, PAGE), Scope(PAST), Scope(PAST, OTHER_PAGE), Scope(MOMENT + timedelta(days=45))]
FILTERED = [
    Scope(MOMENT, topics=("launch:winter",)),
    Scope(MOMENT, kinds=("marketing",), states=("available", "expired")),
]


class Span(NamedTuple):
    """One row of token_spans, beside what its token says."""

    token_key: str
    page_id: str
    kind: str
    topic: str
    person: int
    state: str
    from_at: datetime
    to_at: datetime
    opted_in_at: datetime
    expires_at: datetime
    token: str
    psid: str


@pytest.fixture(scope="module")
def spans(warehouse: Warehouse) -> list[Span]:
    """Return every stretch of every token, in plain Python."""
    rows = warehouse.cursor().execute(
        "SELECT s.* EXCLUDE (opted_in_at, ends_at), t.opted_in_at, effective_expires_at, token, psid"
        " FROM token_spans s JOIN tokens t USING (token_key)"
    )
    return [Span(*row) for row in rows.fetchall()]


def held(spans: list[Span], scope: Scope) -> list[Span]:
    """Return the stretches that a scope sees at its moment: for each token the last one begun."""
    last: dict[str, Span] = {}
    for span in sorted(spans, key=lambda each: each.from_at):
        if span.from_at <= scope.as_of:
            last[span.token_key] = span
    return [
        each
        for each in last.values()
        if scope.page_id in (None, each.page_id)
        and (not scope.topics or each.topic in scope.topics)
        and (not scope.kinds or each.kind in scope.kinds)
        and (not scope.states or each.state in scope.states)
    ]


def windows(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> list[tuple[int, datetime, datetime]]:
    """Return (person, opened_at, closes_at) of the windows of a scope that have opened."""
    rows = cursor.execute("SELECT page_id, contact_key, opened_at, closes_at FROM windows").fetchall()
    return [row[1:] for row in rows if scope.page_id in (None, row[0]) and row[2] <= scope.as_of]


@pytest.mark.parametrize("scope", SCOPES + FILTERED, ids=str)
def test_the_stock_is_every_tokens_last_state(
    cursor: duckdb.DuckDBPyConnection, spans: list[Span], scope: Scope
) -> None:
    """At any moment, of any filter: days summed up plus a part of a day give what the stretches say one by one."""
    found = reads.stock(cursor, scope)

    expected = Counter((each.topic, each.kind, each.state) for each in held(spans, scope))

    assert dict(expected) == {(row.topic, row.kind, row.state): row.count_tokens for row in found.itertuples()}


@pytest.mark.parametrize("scope", SCOPES + FILTERED, ids=str)
def test_the_stock_by_day_ends_with_the_stock_now(
    cursor: duckdb.DuckDBPyConnection, spans: list[Span], scope: Scope
) -> None:
    """Each of the last days has the stock at its end, and the last row that of the moment."""
    by_day = reads.with_now(reads.stock_by_day(cursor, scope, 30), reads.stock(cursor, scope), scope.as_of)

    for days_ago in (0, 1, 7, 30):
        day = (scope.as_of - timedelta(days=days_ago)).date()
        at = scope.as_of if days_ago == 0 else end_of_day(day)
        expected = Counter(each.state for each in held(spans, replace(scope, as_of=at)))
        rows = by_day[by_day["day"] == pd.Timestamp(day)]
        assert dict(expected) == {row.state: row.count_tokens for row in rows.itertuples() if row.count_tokens}


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_every_person_has_one_best_lane(cursor: duckdb.DuckDBPyConnection, spans: list[Span], scope: Scope) -> None:
    """Window before token before human agent; whoever has none is out of reach, and all add up to the contacts."""
    found = reads.reach(cursor, scope, LANES)

    seen = windows(cursor, scope)
    in_window = {person for person, _, closes_at in seen if closes_at > scope.as_of}
    holders = {each.person for each in held(spans, scope) if each.state == "available"} - in_window
    last_wrote = {
        person for person, _, closes_at in seen if scope.as_of - (closes_at - timedelta(hours=24)) < timedelta(days=7)
    }
    contacts = cursor.execute(
        "SELECT page_id, contact_key FROM contacts WHERE first_seen_at <= ?", [scope.as_of]
    ).fetchall()
    known = {person for page, person in contacts if scope.page_id in (None, page)}
    agents = last_wrote - in_window - holders

    assert (len(known), len(in_window), len(holders), len(agents)) == (
        found.contacts,
        found.window,
        found.token,
        found.human_agent,
    )
    assert found.contacts == found.reachable + found.human_agent + found.none


@pytest.mark.parametrize("page_id", [None, PAGE, OTHER_PAGE])
def test_the_reach_ahead_is_the_reach_at_each_later_minute(
    cursor: duckdb.DuckDBPyConnection, page_id: str | None
) -> None:
    """Until the next load windows only close and tokens only expire, so one answer holds for two days."""
    ahead = reads.reach_ahead(cursor, Scope(MOMENT, page_id), LANES)

    assert reads.known_to(cursor, Scope(MOMENT)) == MOMENT
    for minutes in range(0, 48 * 60 + 1, 97):
        later = MOMENT + timedelta(minutes=minutes)
        assert ahead.covers(later)
        assert ahead.at(later) == reads.reach(cursor, Scope(later, page_id), LANES)
    assert not ahead.covers(MOMENT + timedelta(hours=49))
    assert not ahead.covers(MOMENT - timedelta(minutes=1))


@pytest.mark.parametrize("lane", ["window", "token", "human_agent", "none"])
@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_the_people_of_a_lane_are_as_many_as_its_bar(
    cursor: duckdb.DuckDBPyConnection, scope: Scope, lane: str
) -> None:
    """Behind every bar stand exactly its people, each once, under a pseudonym."""
    found = reads.people(cursor, scope, LANES, lane, "key")

    assert getattr(reads.reach(cursor, scope, LANES), lane) == len(found)
    assert found["person"].is_unique
    assert found["person"].str.fullmatch(r"person-[0-9a-f]{10}").all()
    assert scope.page_id is None or set(found["page_id"]) <= {scope.page_id}


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_windows_are_counted_now_by_day_and_by_hour(cursor: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """A window counts from its opening up to, and not at, its close."""
    seen = windows(cursor, scope)
    closing = [closes_at for _, _, closes_at in seen if closes_at > scope.as_of]
    soon = [each for each in closing if each <= scope.as_of + timedelta(hours=reads.SOON_HOURS)]

    by_day = reads.windows_by_day(cursor, scope)
    by_hour = reads.windows_closing(cursor, scope)

    assert (len(closing), len(soon)) == reads.windows_open(cursor, scope)
    assert Counter(each.replace(minute=0, second=0, microsecond=0) for each in closing) == dict(
        zip(by_hour["hour"].dt.to_pydatetime(), by_hour["count_windows"], strict=True)
    )
    for row in by_day.itertuples():
        end = end_of_day(row.day.date())
        assert sum(opened_at <= end < closes_at for _, opened_at, closes_at in seen) == row.count_open


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_flows_count_each_day_back_from_the_moment(
    cursor: duckdb.DuckDBPyConnection, spans: list[Span], scope: Scope
) -> None:
    """Day 0 is the last 24 hours. Lost is expired, revoked or stranded; spent stands apart."""
    found = reads.flows(cursor, scope)

    mine = [each for each in spans if scope.page_id in (None, each.page_id) and each.from_at <= scope.as_of]
    entered = Counter((each.state, (scope.as_of - each.from_at).days) for each in mine)
    opted_in = Counter((scope.as_of - each.opted_in_at).days for each in mine if each.from_at == each.opted_in_at)

    for row in found.itertuples():
        assert opted_in[row.days_ago] == row.count_opted_in
        assert entered["spent", row.days_ago] == row.count_spent
        assert sum(entered[state, row.days_ago] for state in ("expired", "revoked", "stranded")) == row.count_lost


@pytest.mark.parametrize("scope", SCOPES + FILTERED[:1], ids=str)
def test_the_run_off_is_every_available_token_on_its_last_day(
    cursor: duckdb.DuckDBPyConnection, spans: list[Span], scope: Scope
) -> None:
    """Also on a past day, where later uses and stops are known by now but were not then."""
    found = reads.runoff(cursor, scope)

    available = [each for each in held(spans, scope) if each.state == "available"]
    soon = [each.topic for each in available if (each.expires_at.date() - scope.as_of.date()).days < 30]

    assert Counter(each.expires_at.date() for each in available) == {day.date(): n for day, n in found.by_day.items()}
    assert Counter(soon) == dict(found.soon_by_topic())
    assert sum(found.ahead(30)) == len(soon)


@pytest.mark.parametrize(
    ("bounds", "fits"),
    [
        (Bounds(), lambda _age, _left: True),
        (Bounds(left_from=7, left_to=30), lambda _age, left: 7 <= left < 30),
        (Bounds(age_from=90), lambda age, _left: age >= 90),
        (Bounds(age_to=90, left_from=180), lambda age, left: age < 90 and left >= 180),
    ],
)
@pytest.mark.parametrize("scope", SCOPES[:3] + FILTERED, ids=str)
def test_tokens_fit_the_filters_and_are_masked(
    cursor: duckdb.DuckDBPyConnection,
    spans: list[Span],
    scope: Scope,
    bounds: Bounds,
    fits: Callable[[int, int], bool],
) -> None:
    """Filters and bounds choose the rows; of a token only its end is shown, of a person a pseudonym."""
    found = reads.tokens(cursor, scope, bounds, "key")

    today = scope.as_of.date()
    fitting = [
        each
        for each in held(spans, scope)
        if fits((today - each.opted_in_at.date()).days, (each.expires_at.date() - today).days)
    ]

    assert sorted((f"…{each.token[-4:]}", each.state, each.topic) for each in fitting) == sorted(
        zip(found["token"], found["state"], found["topic"], strict=True)
    )
    assert len(fitting) == reads.count_tokens(cursor, scope, bounds)


def test_buckets_of_time_split_all_available_tokens(cursor: duckdb.DuckDBPyConnection, spans: list[Span]) -> None:
    """No token falls between two bars, and a bar has as many tokens as the rows that a click on it shows."""
    scope = Scope(MOMENT, states=("available",))
    ends, ages = reads.runoff(cursor, scope).frame, reads.ages(cursor, scope)
    left = counts((ends["expires_on"] - pd.Timestamp(MOMENT.date())).dt.days, ends["count_tokens"], LEFT)
    age = counts(ages["age_days"], ages["count_tokens"], AGE)

    for of, sums, names in ((LEFT, left, ("left_from", "left_to")), (AGE, age, ("age_from", "age_to"))):
        behind = [Bounds(**dict(zip(names, (each.first, each.end), strict=True))) for each in of.values()]
        assert [reads.count_tokens(cursor, scope, bounds) for bounds in behind] == sums
        assert sum(sums) == len(held(spans, scope))


def test_a_week_before_is_the_end_of_a_day() -> None:
    """Every change "in a week" compares with the end of the same day."""
    assert week_before(Scope(MOMENT)).as_of == datetime.fromisoformat("2026-11-15T23:59:59.999999")
