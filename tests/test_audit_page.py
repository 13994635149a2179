"""The page Audit: whether the chain holds, what was done by whom, a campaign's story, a message's way, and evidence."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from dashboard.audit import check as audit_check
from dashboard.audit import trail as audit_trail
from dashboard.audit.address import Looked
from dashboard.audit.words import _ENTRIES, sentence
from dashboard.home import close_warehouses, open_warehouse
from dashboard.ledger import ledger_at
from pipelines.audit.entries import Sought
from pipelines.audit.export import manifest_sha256, verify_export
from pipelines.audit.pdf import why_no_pdf
from pipelines.audit.story import told
from pipelines.errors import Refused, UsageError
from pipelines.ledger import campaigns, chain
from pipelines.policy import Policy
from pipelines.rights import Person
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse
from tests.audit.staging import ANNA, BEN, LAUNCH, logs, run, written
from tests.conftest import NOW, Home
from tests.opened_page import words
from tests.page_by_role import Desk

CY = Person("cy", "reviewer")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[Path]:
    """Return a home in which one campaign ran and was paused, and another was checked again and again."""
    home = Home(tmp_path_factory.mktemp("audit") / "home", policy)
    read_settings(home.folder, create=True)
    ledger = ledger_at(home.folder)
    home.load(logs(home.folder.parent, run(ledger, "shoes")))
    for minute, accepted in ((1, 998), (2, 7)):
        with ledger.begin() as connection:
            at, detail = LAUNCH + minute * HOUR / 60, {"answers": {"accepted": accepted, "551": 1}}
            campaigns.tell(connection, "shoes", "sends_recorded", "dispatcher", at, detail)
    campaigns.stop_all(ledger, "kim@example.com", LAUNCH + HOUR, "a customer called")
    written(ledger, "coats")
    for hour in range(60):
        with ledger.begin() as connection:
            detail = {"verdict": "pass", "lanes": [{"lane": "otn", "people": 12}], "left_out": []}
            campaigns.tell(connection, "coats", "campaign_checked", "ana", LAUNCH + hour * HOUR, detail)
    chain.keep_head(ledger, read_settings(home.folder).heads_path)
    yield home.folder
    close_warehouses()
    ledger.dispose()


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Iterator[Path]:
    """Return a copy of that home, to write into."""
    close_warehouses()
    shutil.copytree(home, tmp_path / "copy")
    yield tmp_path / "copy"
    close_warehouses()
    ledger_at(tmp_path / "copy").dispose()


def warehouse_of(home: Path) -> Warehouse:
    """Return a home's warehouse, as the app has it open."""
    opened = open_warehouse(home / "warehouse.duckdb")
    assert opened is not None
    return opened


def page(home: Path, desk: Desk, **address: str) -> AppTest:
    """Draw the page for whoever sits at the desk, under an address."""

    def script(home: object, desk: object) -> None:
        from tests.page_by_role import draw

        draw(home, "audit", desk, has_sign_in=True)  # type: ignore[arg-type]

    drawn = AppTest.from_function(script, default_timeout=60, kwargs={"home": home, "desk": desk})
    for name, value in address.items():
        drawn.query_params[name] = value
    return drawn.run()


def steps(drawn: AppTest) -> str:
    """Return the lines under which entries stand, one below the other."""
    return "\n".join(each.label for each in drawn.expander)


def test_entries_are_found_by_person_act_campaign_and_day(home: Path) -> None:
    """Each filter alone and together, by the ledger; who and what there is to choose is told."""
    day = LAUNCH.date()

    def numbers(looked: Looked) -> list[int]:
        sought = looked.sought(None)
        found = audit_trail.found(home, sought, None, CY).entries
        assert audit_trail.count(home, sought, CY) == len(found)
        return [entry.entry_id for entry in found]

    assert numbers(Looked(who="bo")) == [4, 3]
    assert numbers(Looked(act="everything_stopped")) == [7]
    assert numbers(Looked(campaign="shoes", who="ana")) == [2, 1]
    assert numbers(Looked(campaign="shoes", act="sends_recorded", since=day, until=day)) == [6, 5]
    assert numbers(Looked(campaign="shoes", until=day - timedelta(days=1))) == []
    named = audit_trail.named(home, CY)
    assert named.actors == ("ana", "bo", "dispatcher", "kim@example.com")
    assert "campaign_launched" in named.actions
    assert Sought(since=LAUNCH, before=LAUNCH + HOUR).fits(
        audit_trail.found(home, Sought(actor="bo"), None, CY).entries[0]
    )


def test_pages_of_the_list_lead_on_and_back(home: Path) -> None:
    """Every entry stands on one page, the newest first; back one comes to the same pages."""
    whole, below, begins = [], None, []
    while True:
        found = audit_trail.found(home, Sought(), below, CY)
        assert found.newer == (below is not None)
        whole += [entry.entry_id for entry in found.entries]
        begins.append(below)
        if not found.older:
            break
        below = found.entries[-1].entry_id
    assert whole == list(range(68, 0, -1))
    for before, at in pairwise(begins):
        assert at is not None
        back = audit_trail.newer(home, Sought(), at, CY)
        assert audit_trail.found(home, Sought(), back, CY) == audit_trail.found(home, Sought(), before, CY)


def test_who_may_not_read_the_trail_gets_a_sentence(home: Path) -> None:
    """On the page, and from each function behind it; nothing is written."""
    warehouse = warehouse_of(home)
    drawn = page(home, Desk("growth"))
    assert "That needs one of the roles reviewer, admin." in words(drawn).replace("\\", "")
    assert not drawn.expander
    assert not drawn.get("download_button")
    for role in ("viewer", "growth"):
        by = Person("vera", role)
        tries: tuple[Callable[[], object], ...] = (
            lambda by=by: audit_check.begin(home, by, lambda: NOW), lambda by=by: audit_check.standing(home, by),
            lambda by=by: audit_check.head(home, by), lambda by=by: audit_trail.named(home, by),
            lambda by=by: audit_trail.campaign_names(home, by),
            lambda by=by: audit_trail.found(home, Sought(), None, by),
            lambda by=by: audit_trail.newer(home, Sought(), 9, by), lambda by=by: audit_trail.count(home, Sought(), by),
            lambda by=by: audit_trail.lately(home, NOW, by), lambda by=by: audit_trail.story_of(home, "shoes", by),
            lambda by=by: audit_trail.sends_of(home, "shoes", (), by),
            lambda by=by: audit_trail.lineage(warehouse, home, "1", by),
            lambda by=by: audit_trail.evidence(
                warehouse, home, "shoes", "a.zip", lambda: by, lambda: NOW, show_ids=False
            ),
            lambda by=by: audit_trail.report_pdf(warehouse, home, "shoes", "a.pdf", lambda: by, lambda: NOW),
        )  # fmt: skip
        for attempt in tries:
            with pytest.raises(Refused, match="vera is"):
                attempt()
    assert audit_check.head(home, CY).entries == 68


def test_the_story_is_told_in_words(home: Path) -> None:
    """From the first word to the stop of everything; results in a row are one step."""
    drawn = page(home, Desk("reviewer"), campaign="shoes")

    assert not drawn.exception
    assert "**Yes: each of 68 entries fits the one before it,**" in words(drawn)
    said = steps(drawn)
    for told_ in (
        "**ana** wrote *Trail shoes <are> back*", "There are warnings.",
        "one\\-time token: 2, open window: 2", "**bo** approved",
        "Reason: The shop is open today only.", "4 sends were reserved.",
        "accepted: 1,005, 551: 2. (2 entries)", "stopped everything. 1 campaign was paused.",
    ):  # fmt: skip
        assert told_ in said.replace("\\<", "<").replace("\\>", ">")
    assert "They are back, {{first_name|friend}}! <b>Today</b> only." in {each.value for each in drawn.text}
    assert len(drawn.get("download_button")) == 2
    assert ANNA in drawn.dataframe[-1].value.to_csv()
    with pytest.raises(UsageError, match="There is no campaign shoe"):
        audit_trail.story_of(home, "shoe", CY)


def test_a_version_that_was_checked_is_kept_with_what_changed(home: Path) -> None:
    """Of the campaign that ran there is one; the other's text stands in its first step."""
    first, *_, last = audit_trail.story_of(home, "coats", CY).steps

    assert first.text is not None
    assert first.text.variants[0].text.startswith("Hi {{first_name|there}}")
    assert (last.entry.action, first.changed) == ("campaign_checked", None)


def test_a_message_is_followed_by_number_and_by_mid(home: Path) -> None:
    """Its text as the person got it, the line of the log it rests on, who let it go, what came of it."""
    warehouse = warehouse_of(home)
    card = words(page(home, Desk("reviewer"), send="m_anna")).replace("\\", "")

    number = audit_trail.lineage(warehouse, home, "m_anna", CY).row.send_id
    for told_ in (
        "restock:trail-shoes", "log.jsonl`, line 1", "By **bo**", "The shop is open today only.",
        "**accepted**", "`m_anna`", "Nothing in the logs.", ANNA,
    ):  # fmt: skip
        assert told_ in card
    assert audit_trail.lineage(warehouse, home, str(number), CY).text == "Hi Ann, the trail shoes are back & waiting."
    for wrong in ("m_nobody", "9" * 30):
        with pytest.raises(UsageError, match=f"No send has the mid {wrong}"):
            audit_trail.lineage(warehouse, home, wrong, CY)


def test_evidence_is_handed_out_and_written_down(copy: Path, tmp_path: Path) -> None:
    """The chain knows each file by its name and hash; ids only for who may see them, asked at the click."""
    warehouse = warehouse_of(copy)
    desk, name = Desk("reviewer"), audit_trail.file_name("shoes", NOW, "zip")
    before = audit_check.head(copy, CY).entries
    made = tmp_path / name
    for show_ids in (False, True):
        made.write_bytes(audit_trail.evidence(warehouse, copy, "shoes", name, desk.who, lambda: NOW, show_ids=show_ids))
        with zipfile.ZipFile(made) as zipped:
            assert (BEN in zipped.read("sends.csv").decode()) == show_ids
    pdf = audit_trail.report_pdf(warehouse, copy, "shoes", "shoes.pdf", desk.who, lambda: NOW)

    assert (verify_export(made), pdf[:5], why_no_pdf()) == ((), b"%PDF-", "")
    newest = audit_trail.found(copy, Sought(campaign_id="shoes"), None, CY).entries
    details = [told(entry) for entry in newest[:2]]
    assert details[0]["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert (details[1]["file"], details[1]["manifest_sha256"]) == (name, manifest_sha256(made))
    desk.role = "growth"
    with pytest.raises(Refused):
        audit_trail.evidence(warehouse, copy, "shoes", name, desk.who, lambda: NOW, show_ids=False)
    assert audit_check.head(copy, CY).entries == before + 3


def test_an_altered_chain_is_said_to_be_altered(copy: Path) -> None:
    """Looked at again it says so, in words, with the entry; what cannot be read any more breaks no page."""
    drawn = page(copy, Desk("reviewer"), who="bo")
    assert "**Yes" in words(drawn)
    with ledger_at(copy).begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entries_stay"))
        connection.execute(text("UPDATE audit_entries SET detail = 'no JSON' WHERE entry_id = 3"))

    drawn.button(key="audit_again").click().run()

    assert not drawn.exception
    said = words(drawn).replace("\\", "")
    assert "**No: the chain does not hold.**" in said
    assert "Entry 3 does not fit its own hash: it was changed after it was written." in said
    assert "no JSON" in "\n".join(each.value for each in drawn.code)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["why", "verdict", "lanes", "left_out", "answers", "sends", "paused", "reserved", "people"]),
        inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60)
@given(st.sampled_from([*_ENTRIES, "never_heard_of"]), _JSON)
def test_every_entry_has_a_sentence(action: str, detail: object) -> None:
    """Whatever its detail was altered to: who did it is always told."""
    entry = chain.Entry(1, datetime(2026, 1, 1), "ana", action, "shoes", None, json.dumps(detail), "", "")

    assert "ana" in sentence(entry, told(entry), {"shoes": "Shoes"})
