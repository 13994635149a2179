"""A campaign's life as people meet it: what may be done when, by whom, and what they are told where it may not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from pipelines.errors import Refused, UsageError
from pipelines.ledger import approvals, campaigns, sends
from tests.ledger.broadcasts import AUTHOR, CONTENT, NOW, OTHER, approved, check, draft, last_entry, state, written


def test_a_campaign_is_read_back_as_it_was_written(ledger: Engine) -> None:
    """In any script, with its author."""
    campaigns.create(ledger, "shoes", draft("補貨 สินค้า"), AUTHOR, NOW)
    read = campaigns.get(ledger, "shoes")

    assert (read.state, read.name, read.created_by, read.created_at) == ("draft", "補貨 สินค้า", AUTHOR, NOW)
    assert (read.plan_id, read.launched_at, read.state_by) == (None, None, AUTHOR)
    assert campaigns.every(ledger) == campaigns.every(ledger, ["draft"]) == [read]
    assert campaigns.every(ledger, ["sending"]) == []
    assert last_entry(ledger)[:2] == (AUTHOR, "campaign_written")


def test_an_id_is_given_once(ledger: Engine) -> None:
    """The first stays as it is."""
    first = written(ledger)

    with pytest.raises(UsageError, match=r"a campaign shoes already\. Give another id"):
        campaigns.create(ledger, "shoes", draft("Boots"), OTHER, NOW)
    assert campaigns.get(ledger, "shoes") == first


ACTS: dict[str, Callable[[Engine, str], Any]] = {
    "get": campaigns.get,
    "edit": lambda ledger, which: campaigns.edit(ledger, which, draft(), AUTHOR, NOW),
    "pause": lambda ledger, which: campaigns.change(ledger, which, "paused", AUTHOR, NOW, "", "campaign_paused"),
}


def test_an_unknown_id_names_the_near_one(ledger: Engine) -> None:
    """Whatever is asked of it; where none is near, the command that lists them."""
    written(ledger, "trail-shoes")
    for act in ACTS.values():
        with pytest.raises(UsageError, match=r"no campaign trail-shoe\. Near it: trail-shoes\."):
            act(ledger, "trail-shoe")
        with pytest.raises(UsageError, match=r"no campaign 42\. `clear-to-send campaign list`"):
            act(ledger, "42")


def test_an_act_is_signed(ledger: Engine) -> None:
    """Nobody is nobody."""
    approved(ledger)
    acts: list[Callable[[], Any]] = [
        lambda: campaigns.create(ledger, "boots", draft(), " ", NOW),
        lambda: campaigns.edit(ledger, "shoes", draft(), "", NOW),
        lambda: campaigns.change(ledger, "shoes", "parked", "", NOW, "late", "campaign_parked"),
        lambda: campaigns.stop_all(ledger, "", NOW, "x"),
        lambda: campaigns.release_all(ledger, "", NOW, "x"),
    ]
    for act in acts:
        with pytest.raises(UsageError, match="--as-user NAME"):
            act()
    assert state(ledger) == "approved"


@pytest.mark.parametrize(
    ("by", "verdict", "reason", "told"),
    [
        (AUTHOR, "pass", "It is fine.", "wrote shoes: a second person approves it"),
        (OTHER, "block", "It is fine.", "no reason lets it pass. Mend the text or the lanes, edit, and check again"),
        (OTHER, "warn", "  ", "--reason TEXT"),
    ],
)
def test_an_approval_is_refused_and_written_down(
    ledger: Engine, by: str, verdict: approvals.Verdict, reason: str, told: str
) -> None:
    """The author's own, a blocked one, a warning without a reason: the trail keeps the attempt."""
    campaign = written(ledger)
    plan = check(ledger, "shoes", verdict)

    with pytest.raises(Refused) as caught:
        approvals.approve(ledger, campaign, plan, by, NOW, reason)

    assert told in str(caught.value)
    assert state(ledger) == "checked"
    assert last_entry(ledger) == (by, "approval_refused", {"why": str(caught.value)})


def test_a_warning_passes_with_a_reason(ledger: Engine) -> None:
    """The reason stands in the approval and in the trail."""
    campaign = written(ledger)
    approvals.approve(ledger, campaign, check(ledger, "shoes", "warn"), OTHER, NOW, "It is a restock notice.")

    assert state(ledger) == "approved"
    assert last_entry(ledger)[:2] == (OTHER, "campaign_approved")
    assert last_entry(ledger)[2]["reason"] == "It is a restock notice."


def test_an_approval_stands_for_what_was_approved(ledger: Engine) -> None:
    """Other content has none, the same content keeps it through another check, and an edit voids it."""
    approved(ledger)
    with ledger.connect() as connection:
        standing = approvals.standing(connection, "shoes", CONTENT)
        assert standing is not None
        assert (standing.approved_by, standing.verdict, standing.voided_at) == (OTHER, "pass", None)
        assert approvals.standing(connection, "shoes", "d" * 64) is None
        assert approvals.standing(connection, "boots", CONTENT) is None
    check(ledger, "shoes")
    with ledger.connect() as connection:
        assert approvals.standing(connection, "shoes", CONTENT) == standing

    campaigns.edit(ledger, "shoes", draft("Boots"), OTHER, NOW + timedelta(hours=1))

    with ledger.connect() as connection:
        assert approvals.standing(connection, "shoes", CONTENT) is None
        (void,) = approvals.history(connection, "shoes")
    assert (void.voided_at, void.voided_why) == (NOW + timedelta(hours=1), "edited")
    edited = campaigns.get(ledger, "shoes")
    assert (edited.state, edited.created_by, edited.name, edited.plan_id) == ("draft", OTHER, "Boots", None)
    assert last_entry(ledger)[2]["approvals_voided"] == 1


def test_who_edits_is_the_author_from_then_on(ledger: Engine) -> None:
    """Two people cannot each approve the other's last word."""
    written(ledger)
    campaigns.edit(ledger, "shoes", draft("Boots"), OTHER, NOW)
    plan, campaign = check(ledger, "shoes"), campaigns.get(ledger, "shoes")

    with pytest.raises(Refused, match="a second person"):
        approvals.approve(ledger, campaign, plan, OTHER, NOW, "")
    approvals.approve(ledger, campaign, plan, AUTHOR, NOW, "")
    assert state(ledger) == "approved"


def test_what_was_edited_meanwhile_is_not_approved(ledger: Engine) -> None:
    """The reviewer looked at a version that is gone, or at an author who is not the one any more."""
    campaign = written(ledger)
    plan = check(ledger, "shoes")
    campaigns.edit(ledger, "shoes", draft("Boots"), OTHER, NOW)

    with pytest.raises(Refused, match="is draft: it cannot become approved"):
        approvals.approve(ledger, campaign, plan, OTHER, NOW, "")
    for seen in (plan, check(ledger, "shoes", content="d" * 64)):
        with pytest.raises(Refused, match="since you looked at it"):
            approvals.approve(ledger, campaign, seen, OTHER, NOW, "")
    assert state(ledger) == "checked"


def test_a_refusal_names_the_state_and_the_ways(ledger: Engine) -> None:
    """So that whoever meets it knows what to do first."""
    campaign = written(ledger)
    refused: list[tuple[str, Callable[[], Any]]] = [
        ("is draft: it cannot become paused. It can from: sending", lambda: ACTS["pause"](ledger, "shoes")),
        ("is draft: it cannot become sending. It can from: approved",
         lambda: sends.launch(ledger, campaign, [], AUTHOR, NOW, {})),
    ]  # fmt: skip
    for told, act in refused:
        with pytest.raises(Refused) as caught:
            act()
        assert f"The campaign shoes {told}" in str(caught.value)
    sends.cancel(ledger, campaign, AUTHOR, NOW, "not needed")
    with pytest.raises(Refused, match="is cancelled: it cannot become cancelled"):
        sends.cancel(ledger, campaign, AUTHOR, NOW, "once more")
