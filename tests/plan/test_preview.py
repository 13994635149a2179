"""What a form would do is seen while it is typed: the numbers of a check, real people's messages, what it costs."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import composing
from pipelines.campaign_home import CampaignHome
from pipelines.composing import Preview
from pipelines.dispatch.payload import metadata_of
from pipelines.errors import Refused
from pipelines.ledger import campaigns, chain
from pipelines.lint.linter import Linter
from pipelines.policy import Policy
from pipelines.preview import Runway
from pipelines.pseudonyms import pseudonym, pseudonym_key
from pipelines.rights import Person
from tests.conftest import NOW, Home
from tests.deliveries import PAGE, Item, echo, message, otn
from tests.plan.desks import FORM, desk
from tests.plan.worlds import DAY, HOUR, TEXT, open_world

MEI, ADA, VIC = Person("mei", "growth"), Person("ada", "admin"), Person("vic", "viewer")
PEOPLE = [f"2400000000000{number:04}" for number in range(40)]
HOLDERS, SPENDERS, WRITERS = PEOPLE[:4], PEOPLE[4:7], PEOPLE[10:]


def logs() -> Iterator[Item]:
    """Give the opt-ins of four holders (the second's and the third's end soon), three spends, thirty open windows."""
    for number, (psid, days) in enumerate(zip(HOLDERS, (200, 350, 345, 200), strict=True)):
        yield otn(psid, NOW - days * DAY, f"held-{number}")
    for number, psid in enumerate(SPENDERS):
        token, at = f"spent-{number}", NOW - (3 + number) * DAY
        yield otn(psid, NOW - 100 * DAY, token)
        yield echo(psid, at, f"m_echo_{number}", metadata=metadata_of(str(number), "otn", token))
    for number, psid in enumerate(WRITERS):
        yield message(psid, NOW - HOUR, f"m_{number}")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, policy: Policy, linter: Linter) -> Iterator[CampaignHome]:
    """Return a home with all of them, at NOW; another campaign has reserved the fourth holder's token."""
    world = open_world(Home(tmp_path_factory.mktemp("preview") / "home", policy))
    world.load(*logs())
    world.reserve(HOLDERS[3], "held-3")
    with desk(world, linter) as opened:
        yield opened
    world.ledger.dispose()


def seen(here: CampaignHome, by: Person = MEI, **changed: Any) -> Preview:
    """Return the preview of a form that differs in this from the usual one; it is one without faults."""
    found = composing.preview(here, FORM | changed, by)
    assert found.faults == ()
    return found


def listed(folder: Path, *rows: str) -> dict[str, str]:
    """Write a list of people, and return the audience of it."""
    (folder / "people.csv").write_text("\n".join(["psid,first_name", *rows]), encoding="utf-8")
    return {"csv": str(folder / "people.csv")}


def test_it_says_what_a_check_would_find_and_writes_nothing(here: CampaignHome) -> None:
    """Counts by lane, who is left out and why, findings; no campaign, no plan, no entry."""
    before = [each.campaign_id for each in campaigns.every(here.ledger)]
    with here.ledger.connect() as connection:
        head = chain.head(connection)
    checked = seen(here).checked
    assert checked is not None
    with here.ledger.connect() as connection:
        assert chain.head(connection) == head
    assert [each.campaign_id for each in campaigns.every(here.ledger)] == before
    assert composing.drafts(here, MEI) == []
    assert not here.settings.plans_path.exists()

    told = here.told(composing.submit(here, composing.begin(here, MEI, FORM), MEI), MEI)["checked"]
    assert told == checked.summary()
    assert {each["lane"]: each["people"] for each in told["lanes"]} == {"standard_window": len(WRITERS), "otn": 3}
    assert {each["reason"]: each["words"] for each in checked.left_out} == {
        "token_spent": "whose token on this topic is spent",
        "token_reserved": "whose token another campaign has reserved",
    }


def test_a_form_with_faults_says_only_them(here: CampaignHome) -> None:
    """As one that was just begun has many."""
    found = composing.preview(here, {"page_id": PAGE, "audience": {"window": "open"}}, MEI)

    assert {fault.key for fault in found.faults} == {"name", "purpose", "text"}
    assert (found.campaign, found.checked, found.examples, found.runways) == (None, None, [], [])


def test_a_list_that_breaks_off_is_a_fault(here: CampaignHome, tmp_path: Path) -> None:
    """Its first line was fine; the field that names it says so."""
    people = listed(tmp_path, f"{HOLDERS[0]},Mei", '1,"Ben')

    for key, audience in (("audience.csv", people), ("audience.exclude_csv", {"exclude_csv": people["csv"]})):
        (fault,) = composing.preview(here, FORM | {"audience": audience}, MEI).faults
        assert fault.key == key
        assert "cannot be read as a CSV" in fault.message


def test_examples_are_of_every_lane_and_always_the_same(here: CampaignHome) -> None:
    """Few hold a token among many with an open window: each lane is shown, twenty people at most."""
    examples = seen(here).examples
    again = seen(here, text=f"Hello. {TEXT}").examples

    assert len(examples) == 20
    assert [each.lane for each in examples].count("otn") == 3
    assert [(each.person, each.lane) for each in again] == [(each.person, each.lane) for each in examples]
    assert {each.text for each in again} == {f"Hello. {TEXT}"}


def test_people_have_the_name_that_the_pages_give_them(here: CampaignHome, tmp_path: Path) -> None:
    """Whoever may not see ids sees none, in whatever the message makes of it; others see what is sent."""
    form = {
        "text": f"Hi {{{{first_name}}}} ({{{{psid}}}}). {TEXT}",
        "button": [{"title": "See", "url": "https://example.com/{{psid}}"}, {"title": "Ask", "payload": "{{psid}}"}],
        "quick_reply": [{"title": "No", "payload": "no {{psid}}"}],
        "audience": listed(tmp_path, f"{HOLDERS[0]},Mei"),
    }  # fmt: skip
    (masked,), (plain,) = seen(here, MEI, **form).examples, seen(here, ADA, **form).examples
    name = pseudonym(pseudonym_key(here.settings.home), PAGE, HOLDERS[0])

    assert (plain.person, plain.text) == (HOLDERS[0], f"Hi Mei ({HOLDERS[0]}). {TEXT}")
    assert plain.buttons[0] == {"type": "web_url", "title": "See", "url": f"https://example.com/{HOLDERS[0]}"}
    assert plain.quick_replies[0] == {"content_type": "text", "title": "No", "payload": f"no {HOLDERS[0]}"}
    assert (masked.person, masked.text) == (name, f"Hi Mei ({name}). {TEXT}")
    assert HOLDERS[0] not in repr(masked)
    assert repr(plain).replace(HOLDERS[0], name) == repr(masked)


def test_a_picture_with_a_text_is_the_card_that_is_sent(here: CampaignHome) -> None:
    """With its buttons; a picture alone has neither."""
    url = "https://example.com/a.png"
    button = {"title": "See", "url": "https://example.com"}
    card = seen(here, text="Shoes\nare back", image={"url": url}, button=[button]).examples[0]
    alone = seen(here, text=None, image={"attachment_id": "123"}).examples[0]

    assert (card.text, card.image, card.buttons[0]["title"]) == ("Shoes\nare back", url, "See")
    assert card.message["attachment"]["payload"]["elements"][0]["subtitle"] == "are back"
    assert (alone.text, alone.image, alone.buttons) == ("", "123", ())


def test_whose_values_leave_no_room_gets_nothing_and_it_says_why(here: CampaignHome, tmp_path: Path) -> None:
    """The others do."""
    people = listed(tmp_path, f"{WRITERS[0]},{'Mei ' * 60}", f"{WRITERS[1]},Mei")
    card = {"text": f"Hi {{{{first_name}}}}\n{TEXT}", "image": {"url": "https://example.com/a.png"}}
    long, short = seen(here, audience=people, lanes=["standard_window"], **card).examples

    assert "too long for it: 80 characters in the first line" in long.fault
    assert long.message == {}
    assert (short.text, short.fault) == (f"Hi Mei\n{TEXT}", "")


def test_a_utility_message_is_its_template(here: CampaignHome) -> None:
    """The words of it are Meta's, and stand nowhere here."""
    utility = {"template": "order_ready", "language": "en", "parameters": ["{{first_name|customer}}"]}
    found = seen(here, purpose="account_update", lanes=["utility"], topic="", utility=utility)

    assert found.examples[0].text == ""
    assert found.examples[0].message["template"]["components"][0]["parameters"][0]["text"] == "customer"
    assert found.runways == []


def test_it_says_what_it_does_to_the_stock_of_tokens(here: CampaignHome) -> None:
    """Three can be spent, of which two end soon; one of those stays. Three were spent in four weeks, none was given."""
    (runway,) = seen(here, audience={"exclude_psids": [HOLDERS[2]]}).runways

    assert runway == Runway(FORM["topic"], 3, 2, 1, 0.75, 4.0, pytest.approx(4 / 3), 2, 1)


def test_a_stock_that_does_not_fall_has_no_end(here: CampaignHome) -> None:
    """At a start that lies ahead, tokens that end before it are not held; the pace is that of the last weeks."""
    start = NOW + timedelta(days=60)
    (runway,) = seen(here, start_at=start.isoformat(), lanes=["otn"]).runways
    assert (runway.held, runway.spent, runway.die_30_before) == (1, 1, 0)

    assert seen(here, lanes=["standard_window"]).runways == []


def test_whoever_may_see_the_pages_may_look(here: CampaignHome) -> None:
    """A reviewer reads the message of real people too; nobody without a role does."""
    assert seen(here, VIC).examples == seen(here, MEI).examples
    with pytest.raises(Refused):
        composing.preview(here, FORM, Person("nobody", None))
