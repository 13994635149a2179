"""A campaign's whole life in the ledger, and the logs that go with it. Times are naive UTC."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from pipelines.ledger import approvals, campaigns, queue, sends
from pipelines.ledger.campaigns import Draft
from pipelines.ledger.queue import Result
from pipelines.plan.campaign import Audience, Button, Campaign, Room, Variant
from tests.deliveries import ANNA, BEN, NOON, PAGE, Item, delivery, echo, item, message, ms, otn, write_lines

CLEO = "24000000000000003"
DORA = "24000000000000004"
ANNAS = "otn-token-of-anna-that-nobody-may-read"
DORAS = "otn-token-of-dora-that-nobody-may-read"
LAUNCH = NOON
CONTENT = Campaign(
    name="Trail shoes <are> back",
    page_id=PAGE,
    purpose="promotional",
    topic="restock:trail-shoes",
    variants=(
        Variant("plain", "Hi {{first_name|there}}, the trail shoes are back & waiting.", 0.5),
        Variant("=eager", "They are back, {{first_name|friend}}! <b>Today</b> only.", 0.5),
    ),
    room=Room(1999, 80, 80, 1000),
    lanes=("standard_window", "otn"),
    buttons=(Button("web_url", "See the shoes", "https://example.com/shoes"),),
    audience=Audience(
        topics=("restock:trail-shoes",), not_messaged_within=timedelta(days=7), exclude_psids=("24000000000000099",)
    ),
    holdout=0.05,
)
SUMMARY: dict[str, Any] = {
    "as_of": NOON.isoformat(),
    "lanes": [{"lane": "otn", "people": 2, "tokens": 2}, {"lane": "standard_window", "people": 2, "tokens": 0}],
    "topics": [{"topic": "restock:trail-shoes", "lane": "otn", "people": 2}],
    "variants": [{"variant": "plain", "people": 2}, {"variant": "=eager", "people": 2}],
    "left_out": [{"reason": "no_permission", "words": "They hold no permission that is open.", "people": 3}],
    "audience": 8,
    "holdout": 1,
    "cost_in_tokens": 2,
    "findings": [
        {
            "lane": "otn", "variant": "=eager", "rule": "otn.topic", "severity": "warn",
            "reason": "The text says 'today only', which nobody asked to hear.", "source": "S1",
            "advice": "Say only what was asked for.", "span": [38, 50], "text": CONTENT.variants[1].text,
        }
    ],
    "unproven": [{"lane": "otn", "words": "No message has gone out by it in 30 days."}],
}  # fmt: skip


def md5(token: str) -> str:
    """The key by which the ledger and the warehouse know a token."""
    return hashlib.md5(token.encode(), usedforsecurity=False).hexdigest()


def written(ledger: Engine, campaign_id: str, page_id: str = PAGE) -> None:
    """Write a campaign down."""
    draft = Draft(page_id, CONTENT.name, CONTENT.to_json(), CONTENT.fingerprint, None, None)
    campaigns.create(ledger, campaign_id, draft, "ana", LAUNCH - timedelta(hours=3))


def approved(ledger: Engine, campaign_id: str, page_id: str = PAGE) -> None:
    """Write a campaign down, check it with a warning, and let a second person approve it."""
    written(ledger, campaign_id, page_id)
    approvals.freeze(
        ledger, campaign_id, "ana", LAUNCH - timedelta(hours=2),
        plan_hash="a1" * 32, content_hash="b2" * 32, verdict="warn", summary=SUMMARY,
    )  # fmt: skip
    plan = approvals.plan_of(ledger, campaign_id)
    assert plan is not None
    campaign = campaigns.get(ledger, campaign_id)
    approvals.approve(ledger, campaign, plan, "bo", LAUNCH - timedelta(hours=1), "The shop is open today only.")


def row(psid: str, lane: str = "standard_window", variant: str = "plain", token: str | None = None) -> tuple[Any, ...]:
    """A row to reserve."""
    ends = LAUNCH + timedelta(days=2)
    fields = '{"first_name": "Ann"}'
    return (psid, lane, variant, "restock:trail-shoes", token and md5(token), token, fields, "Asia/Taipei", ends)


FOUR = (row(ANNA, "otn", "plain", ANNAS), row(BEN), row(CLEO, variant="=eager"), row(DORA, "otn", "=eager", DORAS))
"""Anna and Dora by token, Ben and Cleo in their windows: sends 1 to 4 of a fresh ledger, in order of their variants."""


def launched(
    ledger: Engine, campaign_id: str, rows: Sequence[tuple[Any, ...]] = FOUR, page_id: str = PAGE
) -> dict[str, int]:
    """Launch an approved campaign. Returns the number of each person's send."""
    approved(ledger, campaign_id, page_id)
    sends.launch(ledger, campaigns.get(ledger, campaign_id), [rows], "bo", LAUNCH, {"lanes": SUMMARY["lanes"]})
    with ledger.connect() as connection:
        lanes = {each[1] for each in rows}
        due = [queue.due(connection, campaign_id, lane, LAUNCH, quiet=(), limit=10_000) for lane in lanes]
    return {send.psid: send.send_id for sent in due for send in sent}


def answered(ledger: Engine, *results: Result) -> None:
    """Call for these sends, and write down what came."""
    with ledger.begin() as connection:
        queue.start(connection, [result.send_id for result in results], LAUNCH)
        queue.record(connection, results)


def run(ledger: Engine, campaign_id: str) -> dict[str, int]:
    """Launch FOUR: Anna's and Ben's are accepted, Cleo's is refused, Dora's answer was lost."""
    numbers = launched(ledger, campaign_id)
    at = LAUNCH + timedelta(seconds=2)
    answered(
        ledger,
        Result(numbers[ANNA], "accepted", at, mid="m_anna", trace="AbCdEf"),
        Result(numbers[BEN], "accepted", at, mid="m_ben"),
        Result(numbers[CLEO], "refused", at, "551", "=This person isn't available right now.", trace="XyZ"),
        Result(numbers[DORA], "unconfirmed", at, "no_answer", "The message left, and no answer came."),
    )
    return numbers


def receipt(psid: str, moment: datetime, kind: str, watermark: datetime, mids: Sequence[str] = ()) -> Item:
    """A delivery or a read, up to a watermark."""
    body: Item = {"watermark": ms(watermark)}
    return item(psid, moment, **{kind: body | {"mids": list(mids)} if mids else body})


def logs(folder: Path, numbers: dict[str, int]) -> Path:
    """The webhooks of `run`: opt-ins and messages before it, echoes, deliveries, reads and an answer after it."""
    sent = LAUNCH + timedelta(seconds=1)
    day = timedelta(days=1)

    def ours(psid: str, mid: str, lane: str) -> Item:
        return echo(psid, sent, mid, metadata=f"clear-to-send/1 send={numbers[psid]} lane={lane}")

    return write_lines(
        folder / "log.jsonl",
        delivery(otn(ANNA, LAUNCH - 20 * day, ANNAS), otn(DORA, LAUNCH - 5 * day, DORAS)),
        delivery(message(BEN, LAUNCH - timedelta(hours=30), "m_1"), message(BEN, LAUNCH - timedelta(hours=7), "m_2")),
        delivery(message(CLEO, LAUNCH - timedelta(hours=2), "m_3")),
        delivery(
            echo(ANNA, sent, "m_anna", metadata=f"clear-to-send/1 send={numbers[ANNA]} lane=otn token={md5(ANNAS)}"),
            ours(BEN, "m_ben", "standard_window"),
        ),
        delivery(
            receipt(ANNA, sent + timedelta(seconds=5), "delivery", sent + timedelta(seconds=1), ["m_anna"]),
            receipt(BEN, sent + timedelta(seconds=6), "delivery", sent + timedelta(seconds=1)),
            receipt(BEN, sent + timedelta(hours=1), "read", sent),
            message(BEN, sent + timedelta(hours=2), "m_4"),
        ),
    )
