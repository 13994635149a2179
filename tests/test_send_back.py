"""Sending a checked campaign back: by a second person, with a reason that its author reads, and never unseen."""

import json
from pathlib import Path

import pytest

from pipelines.campaign_home import CampaignHome
from pipelines.errors import Refused
from pipelines.ledger import approvals, campaigns, chain
from pipelines.rights import Person, Role
from tests.audit.staging import LAUNCH, SUMMARY, approved, written
from tests.commands import run_command

RITA, ANA = Person("rita", "reviewer"), Person("ana", "admin")
WHY = "Say which size."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with a campaign that Ana wrote, had approved and checked again: it waits for a reviewer."""
    folder = tmp_path / "home"
    folder.mkdir()
    with CampaignHome.open(folder, LAUNCH) as here:
        approved(here.ledger, "shoes")
        checked(here)
    return folder


def checked(here: CampaignHome) -> int:
    """Check it, and return the number of the plan."""
    return approvals.freeze(
        here.ledger, "shoes", "ana", LAUNCH, plan_hash="c3" * 32, content_hash="d4" * 32, verdict="pass",
        summary=SUMMARY,
    )  # fmt: skip


def last(here: CampaignHome) -> tuple[str, str, dict[str, object]]:
    """Return who did what last, and the detail."""
    with here.ledger.connect() as connection:
        *_, entry = chain.entries(connection, "shoes")
    return entry.actor, entry.action, json.loads(entry.detail)


def test_its_author_gets_it_back_with_the_reason(home: Path) -> None:
    """It is a draft again, no approval stands any more, and the trail has the reason."""
    with CampaignHome.open(home, LAUNCH) as here:
        here.send_back("shoes", RITA, f" {WHY} ")
        told = here.told("shoes", ANA)
        (short,) = here.every(ANA)

        assert (told["status"], told["by"], told["why"], told["author"]) == ("draft", "rita", WHY, "ana")
        assert told["was_sent_back"]
        assert short["was_sent_back"]
        assert [each["voided_why"] for each in told["approvals"]] == ["sent back"]
        actor, action, detail = last(here)
        assert (actor, action, detail["reason"], detail["author"]) == ("rita", "campaign_sent_back", WHY, "ana")
        assert detail["approvals_voided"] == 1


def test_a_draft_of_its_author_was_not_sent_back(home: Path) -> None:
    """Nor is one that was checked again after it was."""
    with CampaignHome.open(home, LAUNCH) as here:
        written(here.ledger, "other")
        here.send_back("shoes", RITA, WHY)
        assert [each["was_sent_back"] for each in here.every(ANA)] == [False, True]
        checked(here)
        assert not here.told("shoes", ANA)["was_sent_back"]


@pytest.mark.parametrize(
    ("by", "reason", "why"),
    [
        (ANA, WHY, "ana wrote shoes: edit it instead"),
        (RITA, "  ", "Say what is to be mended"),
    ],
    ids=["author", "no reason"],
)
def test_a_refusal_is_written_down(home: Path, by: Person, reason: str, why: str) -> None:
    """Never by its author, never without a reason; the campaign stays where it is."""
    with CampaignHome.open(home, LAUNCH) as here:
        with pytest.raises(Refused, match=why):
            here.send_back("shoes", by, reason)
        assert last(here)[:2] == (by.name, "send_back_refused")
        assert here.told("shoes", ANA)["status"] == "checked"


@pytest.mark.parametrize("role", ["viewer", "growth", None])
def test_it_takes_the_right_to_approve(home: Path, role: Role | None) -> None:
    """Whoever may not approve may not send back."""
    with CampaignHome.open(home, LAUNCH) as here, pytest.raises(Refused, match="may not send a campaign back"):
        here.send_back("shoes", Person("kim", role), WHY)


def test_nothing_is_decided_about_a_plan_that_was_not_seen(home: Path) -> None:
    """Checked again meanwhile, it is neither approved nor sent back; with the plan that was seen it is."""
    with CampaignHome.open(home, LAUNCH) as here:
        seen = here.told("shoes", RITA)["plan_id"]
        newest = checked(here)
        for act in (here.approve, here.send_back):
            with pytest.raises(Refused, match="was checked again since you looked at it"):
                act("shoes", RITA, WHY, seen)
        here.approve("shoes", RITA, WHY, newest)
        with pytest.raises(Refused, match=r"is approved\. Only a checked one can be sent back"):
            here.send_back("shoes", RITA, WHY)
        assert campaigns.get(here.ledger, "shoes").state == "approved"


def test_the_command_sends_back(home: Path) -> None:
    """As `campaign send-back`, under the name that is given."""
    code, out, err = run_command(
        "campaign", "send-back", "shoes", "--reason", WHY, "--as-user", "rita", "--json", "--home", str(home),
        "--as-of", LAUNCH.isoformat(),
    )  # fmt: skip

    assert code == 0, err
    assert (json.loads(out)["status"], json.loads(out)["why"]) == ("draft", WHY)
