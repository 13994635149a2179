"""What the compose page says and writes down, asked without a browser: the form, sentences, findings, the waterfall."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard.compose import charts as compose_charts
from dashboard.compose import findings as compose_findings
from dashboard.compose import form as compose_form
from dashboard.compose import options as compose_options
from dashboard.compose import words as compose_words
from dashboard.linting import linter
from pipelines import composing
from pipelines.campaign_home import CampaignHome
from pipelines.composing import Preview, Runway
from pipelines.plan.form import read_form
from pipelines.policy import Policy
from pipelines.rights import Person
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, BEN, PAGE, delivery, message, otn, write_lines
from tests.plan.worlds import DAY, HOUR, SHOES, open_world

KIM = Person("kim@example.com", "growth")
FORM = {"name": "Shoes", "page_id": PAGE, "purpose": "promotional", "topic": SHOES, "text": "The shoes are back."}
TAG = "tag:POST_PURCHASE_UPDATE"
SALE = "Your order has been sent. Buy now with 50% OFF everything, today only!"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[CampaignHome]:
    """Return a home with one token, one open window, and one person out of reach."""
    folder = tmp_path_factory.mktemp("compose")
    home = Home(folder / "home", policy)
    items = [otn(ANNA, NOW - DAY, "t1"), message(BEN, NOW - HOUR, "m_1"), message("5", NOW - 9 * DAY, "m_2")]
    home.load(write_lines(folder / "log.jsonl", *map(delivery, items)))
    ledger: Engine = open_world(home).ledger
    settings_ = read_settings(home.folder)
    with (
        Warehouse.open(settings_.warehouse_path) as warehouse,
        CampaignHome.beside(settings_, ledger, warehouse, linter, NOW) as opened,
    ):
        yield opened
    ledger.dispose()


def preview(here: CampaignHome, **changed: Any) -> Preview:
    """Return what the form would do, changed like this."""
    return composing.preview(here, FORM | changed, KIM)


PATHS = st.sampled_from(["name", "audience.window", "split.holdout", "button[1].title", "button[2].url"])


@settings(max_examples=50)
@given(st.lists(st.tuples(PATHS, st.sampled_from(["", "x", "yz"])), max_size=12))
def test_a_form_holds_what_was_last_written_and_no_empty_table(writes: list[tuple[str, str]]) -> None:
    """Rows stay, though nothing is in them: somebody has added them."""
    form: dict[str, Any] = {"button": [{}, {}]}
    for path, value in writes:
        compose_form.put(form, path, value)

    for path, value in dict(writes).items():
        assert compose_form.find(form, path) == (value or None)
    assert len(form["button"]) == 2
    assert {} not in (form.get("audience", 1), form.get("split", 1))


def test_texts_come_and_go_with_their_shares() -> None:
    """One text stands at the top, more are variants that make 100 % together."""
    form: dict[str, Any] = {"text": "One"}
    compose_form.add_wording(form)
    compose_form.add_wording(form)

    assert [each["name"] for each in form["variant"]] == ["A", "B", "C"]
    assert [each["share"] for each in form["variant"]] == [0.34, 0.33, 0.33]
    compose_form.drop_wording(form, 2)
    compose_form.give_share(form, 1, 70)
    assert [(each["name"], each["share"]) for each in form["variant"]] == [("A", 0.7), ("C", 0.3)]
    compose_form.drop_wording(form, 2)
    assert form == {"text": "One"}


def test_a_button_that_turns_forgets_what_it_did(policy: Policy) -> None:
    """And the fault that says what to write stands at its new field."""
    form: dict[str, Any] = FORM | {"button": [{"title": "Go", "url": "https://example.com/"}]}
    compose_form.turn_button(form["button"][0], "phone")
    compose_form.put(form, "button[1].phone", "", keep_empty=True)

    assert compose_form.button_kind(form["button"][0]) == "phone"
    assert [each.key for each in read_form(form, policy, NOW)[1]] == ["button[1].phone"]


def test_the_answer_names_people_lanes_and_tokens(here: CampaignHome) -> None:
    """And says so where there is nobody."""
    checked = preview(here).checked
    assert checked is not None
    assert compose_words.answer(checked) == (
        "**2 people** would get it, of 3 meant: 1 by one\\-time token, 1 by open window. It spends **1 token**."
    )
    nobody = preview(here, audience={"topics": ["a topic of nobody"]}).checked
    assert nobody is not None
    assert compose_words.answer(nobody).startswith("**Nobody** fits this audience")
    unreached = preview(here, topic="other", lanes=["otn"]).checked
    assert unreached is not None
    assert compose_words.answer(unreached).startswith("**Nobody** of the 3 people whom it means")


def test_the_waterfall_ends_at_nobody_and_its_table_has_the_same(here: CampaignHome) -> None:
    """Who is meant falls out for a reason or gets it by a lane."""
    checked = preview(here).checked
    assert checked is not None
    steps = compose_charts.steps(checked.counts)

    assert [(each.label, each.people, each.begins) for each in steps] == [
        ("Meant", 3, 0), ("No window, no token", 1, 2), ("By one-time token", 1, 1), ("By open window", 1, 0),
    ]  # fmt: skip
    assert list(compose_charts.table(checked.counts)["People"]) == [3, 1, 1, 1]
    assert len(compose_charts.waterfall(checked.counts).data[0].x) == 4


def test_a_runway_says_what_is_spent_what_stays_and_for_how_long() -> None:
    """A stock that does not fall has no end to be told."""
    falling = Runway(SHOES, 100, 40, 60, 20.0, 5.0, 3.0, 10, 4)

    assert compose_words.runway(falling) == (
        "*restock\\:trail\\-shoes*: **40** of 100 tokens held are spent (40 %), 60 stay. At 20 a week, as over the "
        "last 4 weeks, they last **3.0 weeks** instead of 5.0. 10 would die unused within 30 days; this uses 6 of them."
    )
    assert "they do not run out" in compose_words.runway(Runway(SHOES, 9, 4, 5, -1.0, None, None, 0, 0))


def test_a_finding_is_told_once_for_all_its_lanes(here: CampaignHome) -> None:
    """With the span that it is about."""
    checked = preview(here, purpose="purchase_update", text=SALE, lanes=[TAG, "tag:ACCOUNT_UPDATE"]).checked
    assert checked is not None
    found = compose_findings.told(checked.judgement.findings)

    assert len({(each.rule, each.reason, each.severity) for each in found}) == len(found)
    assert {each.severity for each in found[:2]} == {"block"}
    (promotion,) = [each for each in found if each.rule == "tag.post_purchase_update.disallows.promotion"]
    assert promotion.span
    assert promotion.text[slice(*promotion.span)] == "Buy now"
    assert compose_findings.about(promotion, count_variants=1) == "message tag POST\\_PURCHASE\\_UPDATE"
    assert "https://" in promotion.source


@pytest.mark.parametrize(
    ("lanes", "says", "to_take"),
    [
        ([TAG, "standard_window"], "Without message tag POST\\_PURCHASE\\_UPDATE it may go as it is worded: 1 by open",
         ("standard_window",)),
        ([TAG], "By other lanes it may go as it is worded", ()),
        (["standard_window"], "", None),
    ],
)  # fmt: skip
def test_lanes_that_would_carry_it_are_named_with_their_people(
    here: CampaignHome, lanes: list[str], says: str, to_take: tuple[str, ...] | None
) -> None:
    """What can be taken over is taken over by one click."""
    asked = preview(here, purpose="purchase_update", text=SALE, lanes=lanes)
    way = compose_findings.way_out(asked, preview(here, purpose="purchase_update", text=SALE))

    assert (way.words if way else "").startswith(says)
    assert (way.lanes if way else None) == to_take


def test_words_are_read_before_the_form_is_a_campaign() -> None:
    """Each text, for each lane that is named."""
    form = {"lanes": [TAG], "purpose": "purchase_update", "variant": [{"name": "A", "text": SALE}, {"name": "B"}]}
    found = compose_findings.of_words(form, linter(), NOW)

    assert any(each.rule == "tag.post_purchase_update.disallows.promotion" for each in found)
    assert all(each.variants == ("A",) for each in found)
    assert compose_findings.of_words({}, linter(), NOW) == []


def test_a_lane_that_has_closed_says_so(policy: Policy) -> None:
    """On the day shown."""
    after, before = (compose_options.lanes_on(policy, at) for at in (NOW, datetime(2026, 1, 1)))

    assert after[TAG] == "message tag POST_PURCHASE_UPDATE (closed)"
    assert before[TAG] == "message tag POST_PURCHASE_UPDATE"
    assert compose_options.limits_on(policy, NOW) == {"button": 3, "quick_reply": 13}


@given(st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 20)), st.sampled_from(["Asia/Taipei", "UTC"]))
def test_a_moment_by_the_viewers_clock_is_the_same_moment(at: datetime, zone: str) -> None:
    """The form holds it in UTC."""
    assert compose_words.utc_of(compose_words.local_of(at, zone), zone) == at


@pytest.mark.parametrize(
    ("span", "label"),
    [("1d", "1 day"), ("7d", "7 days"), ("36h", "36 hours"), ("2w", "2 weeks"), ("30m", "30 minutes"), ("?", "?")],
)
def test_a_span_is_read_as_words(span: str, label: str) -> None:
    """Whatever unit it is written in."""
    assert compose_words.span_label(span) == label
