"""Whom a campaign means: each condition of its audience, and the CSV files, as spreadsheets write them."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import Refused
from pipelines.plan.campaign import Audience
from tests.conftest import NOW
from tests.deliveries import ANNA, BEN, marketing, message, otn
from tests.plan.worlds import DAY, HOUR, SHOES, World, campaign, people_csv

CLEO, DORA = "24000000000000003", "24000000000000004"
NAMED = "Hi {{first_name|there}}, they are back."


@pytest.fixture
def shop(world: World) -> World:
    """Return a world: Anna asked for the shoes and wrote, Ben asked long ago, Cleo subscribed, Dora only wrote."""
    world.load(
        otn(ANNA, NOW - 10 * DAY, "t1"),
        message(ANNA, NOW - HOUR, "m_1"),
        otn(BEN, NOW - 400 * DAY, "t2"),
        marketing(CLEO, NOW - 20 * DAY, "s1", title="New arrivals"),
        message(DORA, NOW - 40 * DAY, "m_2"),
    )
    return world


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({}, {ANNA, BEN, CLEO, DORA}),
        ({"topics": (SHOES,)}, {ANNA, BEN}),
        ({"topics": (SHOES, "New arrivals")}, {ANNA, BEN, CLEO}),
        ({"window": "open"}, {ANNA}),
        ({"window": "closed"}, {BEN, CLEO, DORA}),
        ({"token_kinds": ("otn",)}, {ANNA}),
        ({"token_kinds": ("otn", "marketing")}, {ANNA, CLEO}),
        ({"last_seen_within": DAY}, {ANNA}),
        ({"last_seen_within": 40 * DAY}, {ANNA, DORA}),
        ({"not_seen_within": DAY}, {BEN, CLEO, DORA}),
        ({"not_seen_within": 40 * DAY}, {BEN, CLEO}),
        ({"last_seen_within": 60 * DAY, "not_seen_within": DAY}, {DORA}),
        ({"last_seen_within": 9999 * 365 * DAY}, {ANNA, DORA}),
    ],
)
def test_each_condition_narrows_the_audience(shop: World, asked: dict[str, Any], meant: set[str]) -> None:
    """Alone, and two together. Only what opens a window counts as seen: neither opt-in does."""
    assert {*shop.outcomes(campaign(audience=Audience(**asked)))} == meant


def test_who_is_left_out_by_topic_name_and_file_is_counted_once(shop: World, tmp_path: Path) -> None:
    """And stays in the audience, so that the numbers say so."""
    file = people_csv(tmp_path, f"psid\n{ANNA}\n{ANNA}\n{DORA}\n999\n", "exclude.csv")
    left_out = Audience(exclude_psids=(ANNA, ANNA), exclude_topics=("New arrivals",), **file)

    assert shop.outcomes(campaign(audience=left_out)) == {
        ANNA: "excluded", BEN: "token_expired", CLEO: "excluded", DORA: "excluded",
    }  # fmt: skip


def test_tags_are_a_column_of_the_file(shop: World, tmp_path: Path) -> None:
    """One of them is enough; the letters and the space between count, the space around does not."""
    file = people_csv(tmp_path, f"psid,tags\n{ANNA},vip; new \n{BEN},VIP\n{CLEO},\n{DORA},old;vip\n")

    assert {*shop.outcomes(campaign(audience=Audience(tags=("vip",), **file)))} == {ANNA, DORA}
    assert {*shop.outcomes(campaign(audience=Audience(tags=("new", "VIP"), **file)))} == {ANNA, BEN}
    assert {*shop.outcomes(campaign(audience=Audience(**file)))} == {ANNA, BEN, CLEO, DORA}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('psid,first_name\n{0},"Ann ""the"" one, two"\n', 'Ann "the" one, two'),
        ("\ufeffpsid,first_name\r\n{0},Mei\r\n", "Mei"),
        ("first_name,psid\nMei, {0} \n", "Mei"),
        ('psid,first_name\n{0},"two\nlines"\n', "two lines"),
        ("psid,first_name\n{0},'it''s'\n", "'it''s'"),
        ("psid,email,first_name\n\n{0},ann@example.com,Ann;Mei\n", "Ann;Mei"),
        ("psid,first_name\n{0},First\n{0},Second\n", "First"),
        ("psid,first_name,\n,Nobody,\n{0},Mei,,,\n", "Mei"),
        ("psid,First_Name,first_name\n{0},Loud,small\n", "small"),
        ("psid,first_name\n{0},=1+1\n", "=1+1"),
        ("psid,first_name\n{0},Zoë 🎉\n", "Zoë 🎉"),
    ],
)
def test_a_file_is_read_as_a_spreadsheet_wrote_it(shop: World, tmp_path: Path, content: str, name: str) -> None:
    """Quotes, the mark of Windows, columns in any order, blank lines; the first line of a person counts."""
    file = people_csv(tmp_path, content.format(ANNA))
    found = shop.plan(campaign(NAMED, audience=Audience(**file)))

    assert {*found} == {ANNA}
    assert json.loads(found[ANNA].fields or "") == {"first_name": name}


@pytest.mark.parametrize("cell", ["", "  ", "\x07", '""'])
def test_an_empty_cell_is_no_value(shop: World, tmp_path: Path, cell: str) -> None:
    """Whoever has one reads the fallback, or gets nothing where there is none."""
    audience = Audience(**people_csv(tmp_path, f"psid,first_name\n{ANNA},{cell}\n"))

    assert shop.plan(campaign(NAMED, audience=audience))[ANNA].fields == "{}"
    assert shop.outcomes(campaign("Hi {{first_name}}", audience=audience)) == {ANNA: "field_missing"}


def test_a_short_line_lacks_values_and_the_rest_of_the_file_counts(shop: World, tmp_path: Path) -> None:
    """As does a file of nobody."""
    file = people_csv(tmp_path, f"psid,first_name,size\n{ANNA}\n{BEN},Ben,41,more\n")
    assert {*shop.outcomes(campaign(NAMED, audience=Audience(**file)))} == {ANNA, BEN}
    assert shop.outcomes(campaign(audience=Audience(**people_csv(tmp_path, "psid\n")))) == {}


def test_no_column_is_kept_that_no_text_uses(shop: World, tmp_path: Path) -> None:
    """What is not needed is not laid beside the tokens."""
    file = people_csv(tmp_path, f"psid,email,first_name\n{ANNA},ann@example.com,Ann\n")

    assert shop.plan(campaign(NAMED, audience=Audience(**file)))[ANNA].fields == '{"first_name": "Ann"}'
    assert shop.plan(campaign("All the same.", audience=Audience(**file)))[ANNA].fields is None


def test_strangers_are_counted_and_written_to_by_nobody(shop: World, tmp_path: Path) -> None:
    """Each once."""
    file = people_csv(tmp_path, f"psid\n{ANNA}\n999\n999\n998\n")
    counts = shop.counts(campaign(audience=Audience(**file)))

    assert (counts.audience, counts.strangers) == (1, 2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"psid,first_name\n1,Mei\n2,caf\xe9\n", "UTF-8"),
        (b'psid,first_name\n1,Mei\n2,"never ends\n', "line 3"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_with_the_place(
    shop: World, tmp_path: Path, content: bytes, says: str
) -> None:
    """Nobody is written to by half of a file."""
    for which in ("people.csv", "exclude.csv"):
        with pytest.raises(Refused, match=f"{which} cannot be read as a CSV.*{says}"):
            shop.plan(campaign(audience=Audience(**people_csv(tmp_path, content, which))))


def test_a_file_that_was_changed_or_is_gone_is_refused(shop: World, tmp_path: Path) -> None:
    """The campaign is for what it held when it was written."""
    meant = campaign(audience=Audience(**people_csv(tmp_path, f"psid\n{ANNA}\n")))
    (tmp_path / "people.csv").write_text(f"psid\n{BEN}\n")
    with pytest.raises(Refused, match=r"people.csv is not what it was .* campaign edit"):
        shop.plan(meant)
    (tmp_path / "people.csv").unlink()
    with pytest.raises(Refused, match=r"people.csv cannot be read \(No such file"):
        shop.plan(meant)
