"""What the benchmark of dispatch runs, each in a process of its own: the bare loop, and the dispatcher."""

import asyncio
import json
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import httpx

from pipelines import DATA
from pipelines.dispatch.dispatcher import Dispatcher
from pipelines.dispatch.graph_api import GraphApi
from pipelines.dispatch.outcomes import load_errors
from pipelines.dispatch_command import token_of
from pipelines.ledger import approvals, campaigns, sends
from pipelines.ledger.campaigns import Draft
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.plan.campaign import Campaign, Room, Variant
from pipelines.policy import load_policy
from pipelines.settings import read_settings
from tests.benchmarks.dispatching import MOMENT, RATE, people

_POOLS, _CONNECTIONS = 4, 10


def loop(url: str) -> None:
    """Send to everyone, as many at once as the dispatcher, and no more than that: no ledger, no pace."""
    asyncio.run(_loop(url))


def dispatch(home: Path, url: str) -> int:
    """Send to everyone by the dispatcher; return the most messages to one Page that the sandbox saw in a second."""
    settings = read_settings(home).model_copy(update={"graph_url": url})
    dispatcher = Dispatcher(
        open_ledger(ledger_url(home, "")), load_policy(DATA / "policy"), load_errors(DATA / "errors.toml"),
        lambda: MOMENT, logs=settings.logs_path, settle_after=timedelta(seconds=5), messages_per_second=RATE,
    )  # fmt: skip
    api = GraphApi(url, settings.graph_version, {})
    asyncio.run(dispatcher.run(api, lambda page_id: token_of(settings, page_id), until_empty=True))
    pages = httpx.get(f"{url}/sandbox/stats").json()["pages"]
    return max(int(page["highest_in_a_second"]) for page in pages.values())


def launch(home: Path) -> None:
    """Launch one campaign a Page, for all of its people."""
    ledger = open_ledger(ledger_url(home, ""))
    for page_id, everyone in groupby(people(), key=lambda each: each[0]):
        campaign = Campaign(
            f"news {page_id}", page_id, "promotional", (Variant("A", "Hello", 1.0),), Room(1999, 80, 80, 999)
        )
        campaign_id = f"news-{page_id}"
        campaigns.create(
            ledger, campaign_id, Draft(page_id, campaign.name, campaign.to_json(), "f" * 64, None, None), "ann", MOMENT
        )
        approvals.freeze(
            ledger, campaign_id, "ann", MOMENT, plan_hash="e" * 64, content_hash="c" * 64, verdict="pass", summary={}
        )
        plan = approvals.plan_of(ledger, campaign_id)
        assert plan is not None
        approvals.approve(ledger, campaigns.get(ledger, campaign_id), plan, "ben", MOMENT, "")
        until = MOMENT + timedelta(hours=20)
        rows = [(psid, "standard_window", "A", None, None, None, None, None, until) for _, psid in everyone]
        sends.launch(ledger, campaigns.get(ledger, campaign_id), [rows], "ann", MOMENT, {})
    ledger.dispose()


async def _loop(url: str) -> None:
    everyone = iter(list(people()))
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    clients = [httpx.AsyncClient(limits=limits) for _ in range(_POOLS)]

    async def one_after_another(client: httpx.AsyncClient) -> None:
        for page_id, psid in everyone:
            body = {"recipient": {"id": psid}, "messaging_type": "UPDATE", "message": {"text": "Hello"}}
            answer = await client.post(
                f"{url}/v26.0/{page_id}/messages", content=json.dumps(body),
                headers={"Authorization": f"Bearer sandbox-{page_id}", "Content-Type": "application/json"},
            )  # fmt: skip
            answer.raise_for_status()

    await asyncio.gather(*(one_after_another(client) for client in clients for _ in range(_CONNECTIONS)))
    for client in clients:
        await client.aclose()
