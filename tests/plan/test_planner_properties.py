"""In any small world the planner chooses as a plain one does that looks at one person at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert

from pipelines.ledger.schema import sends
from pipelines.plan import planner
from pipelines.plan.campaign import Audience, Campaign, Cap
from pipelines.policy import Policy
from pipelines.warehouse import Warehouse
from tests.conftest import IS_DEEP, NOW, Home
from tests.deliveries import PAGE
from tests.plan.brute_force import Person, Send, Token, choose, window_until
from tests.plan.worlds import DAY, HOUR, SHOES, campaign, choices, key, open_world

OTHER, OTHER_PAGE = "launch:spring", "999"
FAR = datetime(9999, 12, 31)
_HOURS = st.sampled_from([-1, 0, 1, 23, 24, 25, 47, 48, 49, 24 * 7, 24 * 30])
_AGO = _HOURS.map(lambda hours: NOW - hours * HOUR)
_SPANS = st.none() | st.sampled_from([HOUR, DAY, 2 * DAY, 30 * DAY])
_TOPICS = st.lists(st.sampled_from([SHOES, OTHER]), unique=True, max_size=2).map(tuple)
_AUDIENCES = st.builds(
    Audience, topics=_TOPICS, exclude_topics=st.sampled_from([(), (), (OTHER,)]),
    window=st.sampled_from(["", "", "open", "closed"]),
    token_kinds=st.sampled_from([(), (), ("otn",), ("marketing",), ("otn", "marketing")]), last_seen_within=_SPANS,
    not_seen_within=st.none() | st.just(HOUR), not_messaged_within=_SPANS,
    exclude_psids=st.sampled_from([(), (), ("70",)]),
)  # fmt: skip
_LANES = st.lists(
    st.sampled_from(["standard_window", "otn", "marketing", "utility", "tag:ACCOUNT_UPDATE"]), unique=True
).map(tuple)
_CAMPAIGNS = st.builds(
    campaign, audience=_AUDIENCES, lanes=_LANES, cap=st.none() | st.builds(Cap, st.integers(1, 3), st.just(7 * DAY))
)


@st.composite
def _people(draw: st.DrawFn) -> list[Person]:
    return [draw(_person(f"7{number}")) for number in range(draw(st.integers(1, 4)))]


@st.composite
def _person(draw: st.DrawFn, psid: str) -> Person:
    tokens = []
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["otn", "marketing"]))
        given_at = draw(_AGO)
        ends = max(given_at + HOUR, NOW + draw(st.sampled_from([-1, 0, 1, 2])) * HOUR)
        then = draw(st.sampled_from(["spent", "expired", "stranded", "revoked", "reserved"]))
        region, topic = draw(st.sampled_from(["EU", "TW", "unknown"])), draw(st.sampled_from([SHOES, SHOES, OTHER]))
        tokens.append(Token(f"{psid}-{number}", kind, topic, given_at, ends, then, region))
    opened = tuple(sorted(draw(st.sets(_AGO, max_size=2))))
    return Person(
        psid, draw(_AGO), opened, tuple(tokens), tuple(draw(st.lists(_AGO, max_size=2))), draw(_sends(tokens))
    )


@st.composite
def _sends(draw: st.DrawFn, tokens: list[Token]) -> tuple[Send, ...]:
    """At most one for each token, as the ledger's own index sees to, and one by the window."""
    made = []
    for token in [*tokens, None]:
        if draw(st.booleans()):
            state = draw(st.sampled_from(["queued", "sending", "unconfirmed", "accepted", "refused", "cancelled"]))
            at = draw(_AGO.filter(lambda at: at <= NOW))
            made.append(Send(token.kind if token else "standard_window", token.name if token else None, state, at))
    return tuple(made)


class Store:
    """The warehouse and the ledger of all worlds, one after the other, with a campaign for each send of a person."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, ledger: Engine, policy: Policy) -> None:
        self.cursor, self.ledger, self.policy = cursor, ledger, policy


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[Store]:
    """Return an empty store."""
    world = open_world(Home(tmp_path_factory.mktemp("world") / "home", policy))
    for number in range(4):
        world.write(campaign(), f"other-{number}")
    with Warehouse.open(world.home.folder / "warehouse.duckdb") as warehouse, warehouse.cursor() as cursor:
        yield Store(cursor, world.ledger, policy)
    world.ledger.dispose()


def _fill(cursor: duckdb.DuckDBPyConnection, ledger: Engine, people: list[Person]) -> None:
    for table in ("contacts", "windows", "tokens", "token_spans", "events"):
        cursor.execute(f"DELETE FROM {table}")
    for page in (PAGE, OTHER_PAGE):  # the same people of another Page must not matter
        for person in people:
            _write(cursor, person, page)
    rows = [
        {"campaign_id": f"other-{number}", "page_id": PAGE, "psid": person.psid, "lane": send.lane, "variant": "A",
         "token_key": send.token and key(send.token), "state": send.state, "state_at": send.at}
        for person in people
        for number, send in enumerate(person.sends)
    ]  # fmt: skip
    with ledger.begin() as connection:
        connection.execute(delete(sends))
        if rows:
            connection.execute(insert(sends), rows)


def _write(cursor: duckdb.DuckDBPyConnection, person: Person, page: str) -> None:
    psid = person.psid
    cursor.execute("INSERT INTO contacts VALUES ($1, $2, $3, hash($1, $2))", [page, psid, person.seen])
    stretches: list[list[datetime]] = []
    for at in person.opened:
        if stretches and at <= stretches[-1][1]:
            stretches[-1][1] = at + DAY
        else:
            stretches.append([at, at + DAY])
    for opened, closes in stretches:
        cursor.execute("INSERT INTO windows VALUES ($1, $2, $3, $4, 'm', hash($1, $2))", [page, psid, opened, closes])
    for token in person.tokens:
        both = [key(token.name), page, token.kind, token.topic, psid, token.given]
        cursor.execute(
            "INSERT INTO tokens BY NAME SELECT $1::UUID AS token_key, $2 AS page_id, $3 AS kind, $4 AS topic, "
            "$5 AS psid, $6 AS opted_in_at, $7 AS region, $8 AS token",
            [*both, token.region, token.name],
        )
        for state, begins, ends in (("available", token.given, token.ends), (token.then, token.ends, FAR)):
            cursor.execute(
                "INSERT INTO token_spans VALUES ($1, $2, $3, $4, hash($2, $5), $7, $8, $9, $6, $10)",
                [*both, state, begins, ends, token.ends],
            )
    for at in person.echoes:
        cursor.execute(
            "INSERT INTO events BY NAME SELECT uuid() AS event_id, $1 AS page_id, $2 AS psid, "
            "'message_echo' AS kind, $3::TIMESTAMP AS occurred_at, '{}' AS payload",
            [page, psid, at],
        )


@settings(max_examples=40 if IS_DEEP else 5)
@given(people=_people(), meant=_CAMPAIGNS)
def test_everybody_gets_what_a_plain_planner_gives_them(store: Store, people: list[Person], meant: Campaign) -> None:
    """The same lane or reason, a token that ends first, and no token twice."""
    _fill(store.cursor, store.ledger, people)
    counts = planner.plan(store.cursor, store.ledger, store.policy, "shoes", meant, meant.lanes, NOW)
    found = choices(store.cursor)

    expected = {person.psid: chosen for person in people if (chosen := choose(person, meant, meant.lanes))}
    outcomes = {psid: lane for psid, (lane, _) in expected.items()}
    assert {psid: choice.outcome for psid, choice in found.items()} == outcomes
    assert counts.audience == len(expected)
    taken = [choice.token_key for choice in found.values() if choice.token_key]
    assert len(taken) == len(set(taken))
    for person in people:
        choice = found.get(person.psid)
        if choice and choice.token_key:
            assert choice.token_key in {key(name) for name in expected[person.psid][1]}
        if choice and choice.lane == "standard_window":
            assert choice.permission_ends_at == window_until_of_stretch(person)


def window_until_of_stretch(person: Person) -> datetime | None:
    """Return when the window closes, with what the logs know of later openings in the same stretch."""
    until = window_until(person)
    for at in person.opened:
        if until and NOW < at <= until:
            until = at + timedelta(hours=24)
    return until
