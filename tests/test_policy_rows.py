"""The rule book as rows: what SQL joins, and where people live."""

from collections.abc import Iterator
from datetime import datetime
from importlib import resources

import duckdb
import pytest

from pipelines.policy import Policy
from pipelines.rulebook import FOREVER

OPENS = """
SELECT coalesce(bool_and(r.opens), false) FROM openers AS r
WHERE r.kind = $kind AND $at >= r.since AND $at < r.until
    AND (r.object = '' OR r.object = $object)
    AND CASE WHEN r.equals_path = '' THEN true ELSE coalesce($item::JSON ->> r.equals_path = r.equals_value, false) END
    AND CASE WHEN r.present_path = '' THEN true ELSE coalesce($item::JSON ->> r.present_path, '') <> '' END
    AND CASE WHEN r.absent_path = '' THEN true ELSE coalesce($item::JSON ->> r.absent_path, '') = '' END
"""


@pytest.fixture(scope="module")
def rules(policy: Policy) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database that holds the openers, as the warehouse makes it."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE openers (kind VARCHAR, object VARCHAR, equals_path VARCHAR, equals_value VARCHAR,"
        " present_path VARCHAR, absent_path VARCHAR, opens BOOLEAN, since TIMESTAMP, until TIMESTAMP, rule_id VARCHAR)"
    )
    connection.executemany("INSERT INTO openers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", policy.window_openers())
    yield connection
    connection.close()


def opens(rules: duckdb.DuckDBPyConnection, kind: str, item: str, thing: str = "page", day: str = "2026-11-22") -> bool:
    """Ask the rows, through SQL alone, whether an event opens the window."""
    moment = datetime.fromisoformat(day)
    row = rules.execute(OPENS, {"kind": kind, "item": item, "object": thing, "at": moment}).fetchone()
    return row is not None and bool(row[0])


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("message", '{"message":{"mid":"m","text":"hi"}}'),
        ("message", '{"message":{"mid":"m","text":"hi","referral":{"source":"ADS"}}}'),
        ("message", '{"message":{"mid":"m","is_deleted":false,"text":"hi"}}'),
        ("postback", '{"postback":{"payload":"GET_STARTED"}}'),
        ("postback", '{"postback":{"title":"Get started","referral":{"source":"ADS"}}}'),
        ("reaction", '{"reaction":{"action":"react","mid":"m"}}'),
        ("referral", '{"referral":{"source":"SHORTLINK","ref":"spring"}}'),
        ("optin", '{"optin":{"ref":"checkout"}}'),
        ("optin", '{"optin":{"user_ref":"u-1"}}'),
        ("optin", '{"optin":{"ref":"checkout","user_ref":"u-1"}}'),
        ("optin", '{"optin":{"ref":"checkout","type":null}}'),
    ],
)
def test_what_opens_the_window(rules: duckdb.DuckDBPyConnection, kind: str, item: str) -> None:
    """Meta names what the person did; of the time before the policy of 2020-03-04 nothing is known."""
    assert opens(rules, kind, item)
    assert opens(rules, kind, item, day="2020-03-04T00:00:00")
    assert not opens(rules, kind, item, day="2020-03-03T23:59:59.999999")


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("reaction", '{"reaction":{"action":"unreact","mid":"m"}}'),
        ("reaction", '{"reaction":{"mid":"m"}}'),
        ("referral", '{"referral":{"source":"SHORTLINK"}}'),
        ("referral", '{"referral":{"source":"SHORTLINK","ref":null}}'),
        ("referral", '{"referral":{"source":"SHORTLINK","ref":""}}'),
        ("referral", '{"referral":{"source":"ADS","ref":"spring","ad_id":"1"}}'),
        ("referral", '{"referral":{"source":"CUSTOMER_CHAT_PLUGIN","ref":"spring"}}'),
        ("optin", '{"optin":{"type":"notification_messages","notification_messages_token":"t"}}'),
        ("optin", '{"optin":{"type":"notification_messages","ref":"checkout"}}'),
        ("optin", '{"optin":{"type":"one_time_notif_req","one_time_notif_token":"t","payload":"p"}}'),
        ("optin", '{"optin":{"type":"of_the_future","ref":"checkout"}}'),
        ("optin", '{"optin":{"login_id":"1"}}'),
        ("message_deleted", '{"message":{"mid":"m","is_deleted":true}}'),
        ("message_edit", '{"message_edit":{"mid":"m","text":"x"}}'),
        ("message_echo", '{"message":{"mid":"m","is_echo":true}}'),
        ("delivery", '{"delivery":{"watermark":1}}'),
        ("read", '{"read":{"watermark":1}}'),
        ("messaging_feedback", '{"messaging_feedback":{"feedback_screens":[]}}'),
        ("account_linking", '{"account_linking":{"status":"linked"}}'),
        ("change:feed", '{"field":"feed","value":{"item":"comment"}}'),
        ("policy_enforcement", '{"policy_enforcement":{"action":"block"}}'),
        ("pass_thread_control", '{"pass_thread_control":{}}'),
        ("unknown", '{"something":"new"}'),
    ],
)
def test_what_does_not_open_the_window(rules: duckdb.DuckDBPyConnection, kind: str, item: str) -> None:
    """Neither what Meta says does not count, nor what it does not mention, opens the window."""
    assert not opens(rules, kind, item)


def test_an_instagram_link_opens_the_window_and_an_ad_does_not(rules: duckdb.DuckDBPyConnection) -> None:
    """On Instagram an ig.me link needs no ref; on a Page the same event would open nothing."""
    assert opens(rules, "referral", '{"referral":{"source":"IGME"}}', "instagram")
    assert not opens(rules, "referral", '{"referral":{"source":"IGME"}}', "page")
    assert not opens(rules, "referral", '{"referral":{"source":"ADS"}}', "instagram")


def test_a_window_lasts_24_hours(policy: Policy) -> None:
    """There is one length, from the day the policy began, without an end."""
    assert [(24.0, datetime(2020, 3, 4), FOREVER, "window.standard.hours")] == policy.window_lengths()


def test_the_marketing_lane_closed_everywhere_but_in_five_regions(policy: Policy) -> None:
    """From 2026-02-10 on every region has its row, "unknown" with a reason of its own; the five have none."""
    closed = {row[1]: row[2:] for row in policy.lane_closures() if row[0] == "marketing"}
    regions = {region for _, region in policy.regions()}

    assert {"AU", "EU", "JP", "KR", "UK"} == regions - set(closed)
    assert set(closed) - regions == {"unknown"}
    assert {(datetime(2026, 2, 10), FOREVER)} == {row[:2] for row in closed.values()}
    assert closed["unknown"][2:] == (FOREVER, "lane.marketing.open.unknown")
    assert closed["US"][2:] == (datetime(2026, 2, 10), "lane.marketing.open")


def test_the_one_time_lane_was_closed_for_a_while_in_europe_and_japan(policy: Policy) -> None:
    """It reopened on the day after the last closed day."""
    closed = {row[1]: row[2:4] for row in policy.lane_closures() if row[0] == "otn"}
    reopened = datetime(2021, 8, 10)
    europe = (datetime(2020, 12, 16), reopened)

    assert {"EU": europe, "EEA": europe, "JP": (datetime(2021, 3, 30), reopened)} == closed


def test_how_long_tokens_live(policy: Policy) -> None:
    """A one-time token counts as dead a day early; a marketing token's months depend on its frequency."""
    lives = {row[:2]: row[2:4] for row in policy.token_lifetimes()}

    assert lives == {
        ("otn", ""): (0, 364),
        ("marketing", "DAILY"): (6, 0),
        ("marketing", "WEEKLY"): (9, 0),
        ("marketing", "MONTHLY"): (12, 0),
        ("marketing", ""): (None, None),
    }


def test_no_region_is_closed_twice_nor_a_lifetime_doubled(policy: Policy) -> None:
    """At any moment SQL finds at most one closure for a lane in a region, and one lifetime for a kind and frequency."""
    closures, lifetimes = policy.lane_closures(), policy.token_lifetimes()

    for moment in {row[2] for row in closures} | {row[4] for row in lifetimes}:
        closed = [row[:2] for row in closures if row[2] <= moment < row[3]]
        living = [row[:2] for row in lifetimes if row[4] <= moment < row[5]]
        assert len(closed) == len(set(closed))
        assert len(living) == len(set(living))


# Old names whose zone now follows the clock of another country's; the database links them across the border.
ACROSS_THE_BORDER = {
    "Iceland": "IS", "Africa/Timbuktu": "ML", "Africa/Asmera": "ER", "America/Coral_Harbour": "CA",
    "America/Virgin": "VI",
    "Atlantic/Jan_Mayen": "SJ", "Antarctica/South_Pole": "AQ", "Pacific/Johnston": "UM", "Pacific/Yap": "FM",
    "Pacific/Truk": "FM", "Pacific/Ponape": "FM",
}  # fmt: skip
CLOCKS_OF_NO_COUNTRY = {
    "CET", "CST6CDT", "EET", "EST", "EST5EDT", "Factory", "GMT", "GMT+0", "GMT-0", "GMT0", "Greenwich", "HST", "MET",
    "MST", "MST7MDT", "PST8PDT", "UCT", "UTC", "Universal", "WET", "Zulu",
}  # fmt: skip


def country_of_zone() -> dict[str, str]:
    """Read each zone's country from the IANA database itself, old names through their links."""
    zoneinfo = resources.files("tzdata") / "zoneinfo"
    table = [line.split("\t") for line in (zoneinfo / "zone.tab").read_text("utf-8").splitlines() if line[:1] != "#"]
    countries = {zone: code for code, _, zone, *_ in table}
    links = [line.split() for line in (zoneinfo / "tzdata.zi").read_text("utf-8").splitlines() if line.startswith("L ")]
    for _, target, alias in links:
        if target in countries and alias not in CLOCKS_OF_NO_COUNTRY:
            countries.setdefault(alias, countries[target])
    return countries | ACROSS_THE_BORDER


def test_every_time_zone_of_a_country_has_its_region(policy: Policy) -> None:
    """The list agrees with the IANA database, zone by zone; clocks of no country are left unknown."""
    named = {"GB": "UK", "IS": "EEA", "LI": "EEA", "NO": "EEA"}
    listed = dict(policy.regions())
    expected = country_of_zone()
    differing = {
        zone: (listed[zone], code)
        for zone, code in expected.items()
        if listed[zone] not in {named.get(code, code), "EU"}
    }
    every = set((resources.files("tzdata") / "zones").read_text("utf-8").split())

    assert differing == {}
    assert set(listed) == set(expected)
    assert {zone for zone in every - set(listed) if not zone.startswith("Etc/")} == CLOCKS_OF_NO_COUNTRY


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("Europe/Berlin", "EU"), ("Europe/Dublin", "EU"), ("Eire", "EU"), ("Atlantic/Canary", "EU"),
        ("Asia/Nicosia", "EU"), ("America/Martinique", "EU"),
        ("Indian/Reunion", "EU"), ("Europe/Oslo", "EEA"), ("Atlantic/Reykjavik", "EEA"),
        ("Iceland", "EEA"), ("Europe/Vaduz", "EEA"), ("Europe/London", "UK"), ("GB", "UK"),
        ("Europe/Belfast", "UK"),
        ("Europe/Jersey", "JE"), ("Europe/Zurich", "CH"), ("Europe/Istanbul", "TR"), ("America/Nuuk", "GL"),
        ("Australia/Sydney", "AU"), ("Australia/ACT", "AU"), ("Asia/Tokyo", "JP"), ("Japan", "JP"),
        ("Asia/Seoul", "KR"),
        ("ROK", "KR"), ("America/New_York", "US"), ("US/Pacific", "US"), ("Asia/Saigon", "VN"), ("Asia/Kolkata", "IN"),
    ],
)  # fmt: skip
def test_the_region_of_a_zone(policy: Policy, zone: str, region: str) -> None:
    """The regions that Meta's notices name are told apart from their neighbours."""
    assert region == dict(policy.regions())[zone]


def test_the_european_union_has_27_members(policy: Policy) -> None:
    """Each member's capital lies in the region EU."""
    capitals = (
        *("Amsterdam", "Athens", "Berlin", "Bratislava", "Brussels", "Bucharest", "Budapest", "Copenhagen", "Dublin"),
        *("Helsinki", "Lisbon", "Ljubljana", "Luxembourg", "Madrid", "Malta", "Nicosia", "Paris", "Prague", "Riga"),
        *("Rome", "Sofia", "Stockholm", "Tallinn", "Vienna", "Vilnius", "Warsaw", "Zagreb"),
    )

    assert len(capitals) == 27
    assert {"EU"} == {dict(policy.regions())[f"Europe/{capital}"] for capital in capitals}
