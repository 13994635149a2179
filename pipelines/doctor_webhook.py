"""What the doctor looks at of the webhooks: whether Meta still sends them, Page by Page."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from pipelines import DATA
from pipelines.dispatch.subscription import ask, check_subscriptions, connection, how_to_subscribe, needed_fields
from pipelines.doctor_check import Check
from pipelines.errors import ClearToSendError
from pipelines.ledger import subscriptions
from pipelines.ledger.store import ledger_of
from pipelines.ledger.subscriptions import Look
from pipelines.policy import Policy, load_policy
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse
from pipelines.webhook_health import known_pages

_MOST = 3


def examine_webhook(settings: Settings, as_of: datetime) -> list[Check]:
    """Ask for the subscription of each Page; a demo, or a home without access tokens, asks nobody."""
    if not settings.access_tokens and ("graph_url" not in settings.model_fields_set or settings.demo):
        return []
    try:
        policy = load_policy(DATA / "policy")
        looks = _looks(settings, policy, as_of)
        return [_verdict(settings, policy, looks, as_of)] if looks else []
    except ClearToSendError as error:
        return [Check("webhook", str(error), error.exit_code)]


def _looks(settings: Settings, policy: Policy, as_of: datetime) -> list[Look]:
    """Ask, and write down what was answered where there is a ledger: a doctor makes none."""
    if not settings.ledger_url and not (settings.home / "ledger.sqlite").exists():
        return asyncio.run(_asked(settings, None, _pages(settings), policy, as_of))
    with ledger_of(settings.home, settings.ledger_url) as ledger:
        known = {each.page_id for each in subscriptions.every(ledger)} | _pages(settings)
        return asyncio.run(_asked(settings, ledger, known, policy, as_of))


async def _asked(
    settings: Settings, ledger: Engine | None, pages: Iterable[str], policy: Policy, as_of: datetime
) -> list[Look]:
    async with connection(settings) as api:
        if ledger is None:
            return await ask(settings, api, pages, needed_fields(policy, as_of))
        return await check_subscriptions(settings, api, ledger, pages, as_of)


def _pages(settings: Settings) -> set[str]:
    """Return the Pages of the warehouse; none where it is not there, or in the hands of a running app."""
    if not settings.warehouse_path.exists():
        return set()
    try:
        with Warehouse.open(settings.warehouse_path) as warehouse:
            return set(known_pages(warehouse.cursor()))
    except ClearToSendError:
        return set()


def _verdict(settings: Settings, policy: Policy, looks: Sequence[Look], as_of: datetime) -> Check:
    needed = set(needed_fields(policy, as_of))
    silent = [look for look in looks if look.is_subscribed is None]
    lacking = [look for look in looks if look.is_subscribed is not None and needed - set(look.fields)]
    if not silent and not lacking:
        pages = "the Page" if len(looks) == 1 else f"all {len(looks):,} Pages"
        return Check("webhook", f"the application is subscribed to all {len(needed)} fields it needs at {pages}")
    words = [f"{look.page_id}: {look.says}" for look in [*lacking, *silent][:_MOST]]
    if (more := len(lacking) + len(silent) - _MOST) > 0:
        words.append(f"And {more:,} more Page{'' if more == 1 else 's'} with such an answer.")
    if lacking:
        words.append(how_to_subscribe(settings, policy, [look.page_id for look in lacking], as_of))
    return Check("webhook", " ".join(words), 1)
