"""What a dispatcher says while it sends, and at its end."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from sqlalchemy import Engine

from pipelines.ledger import brakes, campaigns, queue, sends

_EVERY_S = 5.0


class Progress:
    """Says how far the campaigns are whenever that has changed, and, once, what they wait for when it has not."""

    def __init__(self, ledger: Engine, clock: Callable[[], datetime], words: Console) -> None:
        """`words` is where it is said."""
        self._ledger = ledger
        self._clock = clock
        self._words = words
        self._counts: dict[str, dict[str, int]] = {}
        self._has_said_why = False

    async def tell(self) -> None:
        """Go on telling until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            for line in await asyncio.to_thread(self._news):
                self._words.print(line, markup=False)

    def _news(self) -> list[str]:
        counts = {each.campaign_id: counts_of(self._ledger, each.campaign_id) for each in self._sending()}
        if counts != self._counts:
            self._counts, self._has_said_why = counts, False
            return [f"{campaign_id}: {told(each)}" for campaign_id, each in counts.items()]
        if self._has_said_why or not counts:
            return []
        self._has_said_why = True
        return [self._why(record) for record in self._sending()]

    def _sending(self) -> list[campaigns.CampaignRecord]:
        return campaigns.every(self._ledger, ["sending"])

    def _why(self, record: campaigns.CampaignRecord) -> str:
        """Say what a campaign waits for that sends nothing."""
        now = self._clock()
        with self._ledger.connect() as connection:
            brake = brakes.standing(connection, record.page_id, now)
            retry = queue.next_retry(connection, record.campaign_id)
        if record.start_at and record.start_at > now:
            why = f"begins at {record.start_at:%Y-%m-%d %H:%M} UTC"
        elif brake:
            why = f"its Page is not called until {brake[0]:%H:%M:%S} UTC: {brake[1]}"
        elif retry and retry > now:
            why = f"waits until {retry:%H:%M:%S} UTC, to try again what was refused for a while"
        elif self._counts.get(record.campaign_id, {}).get("queued"):
            why = "waits for the quiet hours of its people to end, or for another dispatcher that holds its Page"
        else:
            why = "waits for echoes of messages whose answers were lost"
        return f"{record.campaign_id} {why}."


def counts_of(ledger: Engine, campaign_id: str) -> dict[str, int]:
    """Return how many sends of a campaign are in each state."""
    counts: dict[str, int] = {}
    for each in sends.tally(ledger, campaign_id):
        counts[each.state] = counts.get(each.state, 0) + each.sends
    return counts


def told(counts: dict[str, int]) -> str:
    """Return counts as words: "1,645 accepted, 1 queued"."""
    return ", ".join(f"{count:,} {state}" for state, count in counts.items())


def say_outcome(ledger: Engine, before: set[str], words: Console) -> bool:
    """Say what became of the campaigns that were being sent; return whether nothing waits for a person."""
    is_well, is_told = True, False
    for record in campaigns.every(ledger):
        counts = counts_of(ledger, record.campaign_id)
        if record.campaign_id not in before and not counts.get("unconfirmed"):
            continue
        is_told = True
        words.print(f"{record.campaign_id} is {record.state}: {told(counts)}.", markup=False)
        if record.state == "paused":
            words.print(f"  {record.state_why}", markup=False)
        if counts.get("unconfirmed"):
            words.print(
                "  Nobody knows whether the unconfirmed arrived: look into the Page's inbox, then "
                f"clear-to-send campaign settle {record.campaign_id} --arrived or --not-arrived --reason TEXT",
                markup=False,
            )
        is_well &= record.state != "paused" and not counts.get("unconfirmed")
    if not is_told:
        words.print("Nothing was to be sent: no campaign is launched.")
    return is_well
