"""Acts on campaigns by who may: done in a real ledger, under the person's name, and told without ids."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import audit_command
from pipelines.campaign_home import CampaignHome
from pipelines.errors import HomeMissing, Refused
from pipelines.ledger import approvals, campaigns
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.pseudonyms import pseudonym, pseudonym_key
from pipelines.rights import Person, Role
from pipelines.settings import read_settings
from tests.audit.staging import CLEO, DORA, LAUNCH, SUMMARY, run, written
from tests.deliveries import ANNA, BEN, PAGE

FILE = Path(__file__).parent.parent / "data" / "samples" / "campaign.toml"
WRITERS: tuple[Role, ...] = ("growth", "admin")
JUDGES: tuple[Role, ...] = ("reviewer", "admin")
Act = Callable[[CampaignHome, Person], object]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home without a warehouse: a draft, a checked campaign, and one that sends; Dora's is unconfirmed."""
    home = tmp_path_factory.mktemp("staged") / "home"
    home.mkdir()
    ledger = open_ledger(ledger_url(home, ""))
    written(ledger, "draft")
    written(ledger, "checked")
    approvals.freeze(
        ledger, "checked", "ana", LAUNCH, plan_hash="c3" * 32, content_hash="d4" * 32, verdict="pass", summary=SUMMARY
    )
    run(ledger, "sent")
    ledger.dispose()
    return home


def after(staged: Path, copy: Path, act: Act, by: Person) -> dict[str, tuple[str, str]]:
    """Act in a copy of the home. Returns the state of each campaign, and who brought it there."""
    shutil.copytree(staged, copy)
    with CampaignHome.open(copy, LAUNCH) as here:
        act(here, by)
        return {each.campaign_id: (each.state, each.state_by) for each in campaigns.every(here.ledger)}


@pytest.mark.parametrize(
    ("roles", "act", "campaign_id", "state"),
    [
        (WRITERS, lambda here, by: here.write(FILE, by, "new"), "new", "draft"),
        (WRITERS, lambda here, by: here.rewrite("checked", FILE, by), "checked", "draft"),
        (WRITERS, lambda here, by: here.cancel("sent", by, ""), "sent", "cancelled"),
        (JUDGES, lambda here, by: here.approve("checked", by, "fine"), "checked", "approved"),
        ((*WRITERS, "reviewer"), lambda here, by: here.pause("sent", by, ""), "sent", "paused"),
        ((*WRITERS, "reviewer"), lambda here, by: here.pause_all(by, ""), "sent", "paused"),
    ],
    ids=["write", "rewrite", "cancel", "approve", "pause", "pause_all"],
)
def test_who_may_does_it_under_their_name(
    staged: Path, tmp_path: Path, roles: tuple[Role, ...], act: Act, campaign_id: str, state: str
) -> None:
    """Each role that may, and the ledger says who it was."""
    for role in roles:
        by = Person(f"{role}@example.com", role)
        assert after(staged, tmp_path / role, act, by)[campaign_id] == (state, by.name)


def test_a_send_is_settled_by_who_may_approve(staged: Path, tmp_path: Path) -> None:
    """It is then accepted; and whoever stopped everything needs an admin to let it start again."""
    home = Path(shutil.copytree(staged, tmp_path / "home"))
    admin, reviewer = Person("ada", "admin"), Person("rita", "reviewer")

    with CampaignHome.open(home, LAUNCH) as here:
        assert here.settle("sent", [], arrived=True, by=reviewer, why="She answered it.") == 1
        assert here.told("sent", reviewer)["counts"] == {"accepted": 3, "refused": 1}
        here.pause_all(reviewer, "fire")
        with pytest.raises(Refused, match="rita is reviewer, and may not let campaigns start again"):
            here.release_all(reviewer, "out")
        here.release_all(admin, "out")


@pytest.mark.parametrize("role", ["viewer", "reviewer", None])
def test_a_refusal_comes_before_the_warehouse_is_looked_for(staged: Path, role: Role | None) -> None:
    """Who may not check or launch is told so, not that there is no warehouse; who may is told that."""
    with CampaignHome.open(staged, LAUNCH) as here:
        for act in (here.check, here.launch):
            with pytest.raises(Refused, match="That needs one of the roles growth, admin"):
                act("draft", Person("kim", role))
            with pytest.raises(HomeMissing, match="holds no warehouse yet"):
                act("draft", Person("gus", "growth"))


def test_nobody_stands_by_id_for_who_may_not_see_ids(staged: Path) -> None:
    """A pseudonym does, the same as on the pages; reviewers and admins see the id."""
    shown = {}
    with CampaignHome.open(staged, LAUNCH) as here:
        for role in ("viewer", "growth", "reviewer", "admin"):
            told = here.told("sent", Person(role, role))
            everything = f"{told}{here.outcome('sent', Person(role, role))}{here.every(Person(role, role))}"
            shown[role] = told["unconfirmed"][0]["person"]
            if role in ("viewer", "growth"):
                assert not [psid for psid in (ANNA, BEN, CLEO, DORA) if psid in everything]

    hidden = pseudonym(pseudonym_key(staged), PAGE, DORA)
    assert shown == {"viewer": hidden, "growth": hidden, "reviewer": DORA, "admin": DORA}


def test_evidence_is_made_by_who_may_audit(staged: Path, tmp_path: Path) -> None:
    """The export bears their name; a send can be followed with its id."""
    home = Path(shutil.copytree(staged, tmp_path / "home"))
    settings, rita = read_settings(home), Person("rita", "reviewer")

    told = audit_command.export(settings, "sent", tmp_path / "out", LAUNCH, rita)
    assert Path(told["file"]).exists()
    assert audit_command.trace(settings, 1, rita, show_ids=True).row.psid == ANNA
    with pytest.raises(Refused, match="gus is growth, and may not export a campaign"):
        audit_command.export(settings, "sent", tmp_path / "none", LAUNCH, Person("gus", "growth"))
    assert not (tmp_path / "none").exists()
