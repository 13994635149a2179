"""Asks Meta whether it still sends the webhooks of each Page: after an hour of failures it ends the subscription."""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pipelines import DATA
from pipelines.dispatch.graph_api import Answer, GraphApi
from pipelines.dispatch.outcomes import ErrorTable, load_errors
from pipelines.dispatch_command import token_of
from pipelines.errors import ClearToSendError, UsageError
from pipelines.ledger import subscriptions
from pipelines.ledger.chain import kept_head
from pipelines.ledger.subscriptions import Look
from pipelines.policy import Policy, load_policy
from pipelines.settings import Settings

CONNECTIONS = 4
TIMEOUT_S = 10.0
_FIELD = re.compile(r"[a-z][a-z0-9_]*")

_log = logging.getLogger(__name__)


def needed_fields(policy: Policy, now: datetime) -> tuple[str, ...]:
    """Return the webhook fields without which Clear to Send does not know what happens. Raises PolicyUnknown."""
    return tuple(policy.rule("webhook.fields.needed", now).value)


def how_to_subscribe(settings: Settings, policy: Policy, page_ids: Collection[str], now: datetime) -> str:
    """Say what somebody has to do so that the webhooks of these Pages come (again)."""
    page = next(iter(page_ids)) if len(page_ids) == 1 else "PAGE"
    permissions = " and ".join(policy.rule("webhook.fields.permissions", now).value)
    return (
        f"Subscribe the application to these fields in Meta's app dashboard (Messenger, Webhooks), and then the Page: "
        f"POST {settings.graph_url}/{settings.graph_version}/{page}/subscribed_apps"
        f"?subscribed_fields={','.join(needed_fields(policy, now))} with the Page's access token, which needs "
        f"{permissions}."
    )


async def check_subscriptions(
    settings: Settings, api: GraphApi, ledger: Engine, pages: Iterable[str], now: datetime
) -> list[Look]:
    """
    Ask for every Page that has an access token, write down what was answered, and in the trail what has changed.

    Raises LedgerUnreachable, PolicyError; what goes wrong with one Page is that Page's answer.
    """
    looks = await ask(settings, api, pages, needed_fields(load_policy(DATA / "policy"), now))
    await asyncio.to_thread(_record, settings, ledger, looks, now)
    return looks


async def ask(settings: Settings, api: GraphApi, pages: Iterable[str], needed: Collection[str]) -> list[Look]:
    """Ask for every Page that has an access token, some at a time; `pages` are those known beside the settings'."""
    table = load_errors(DATA / "errors.toml")
    named = sorted({*settings.access_tokens, *pages})
    asked = [page_id for page_id in named if token_of(settings, page_id) is not None]
    return list(await asyncio.gather(*(_look(settings, api, page_id, needed, table) for page_id in asked)))


class SubscriptionWatch:
    """Checks the subscriptions again and again for as long as an app runs. Nothing that goes wrong ends it."""

    def __init__(
        self,
        settings: Settings,
        ledger: Engine,
        pages: Callable[[], Collection[str]],
        clock: Callable[[], datetime],
        every: timedelta,
    ) -> None:
        """`pages` returns the Pages known beside those with an access token; it is called from another thread."""
        self._settings = settings
        self._ledger = ledger
        self._pages = pages
        self._clock = clock
        self._every = every
        self.failure = ""
        """The sentence of what went wrong with the last check as a whole; "" if nothing did."""

    async def run(self) -> None:
        """Check now and after each stretch of time, until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(self._every.total_seconds())

    async def check(self) -> list[Look]:
        """Check once. What goes wrong is kept in `failure`, and logged when it begins."""
        failure, looks = "", []
        try:
            pages = await asyncio.to_thread(self._pages)
            async with connection(self._settings) as api:
                looks = await check_subscriptions(self._settings, api, self._ledger, pages, self._clock())
        except ClearToSendError as error:
            failure = str(error)
        except Exception as error:  # noqa: BLE001  the app goes on, whatever happens to its watch
            failure = f"The subscriptions could not be looked at ({type(error).__name__})."
        if failure and failure != self.failure:
            _log.warning("subscription check: %s", failure)
        self.failure = failure
        return looks


def connection(settings: Settings) -> GraphApi:
    """Return the connections of one check. Raises UsageError for an address that is none."""
    return GraphApi(
        settings.graph_url, settings.graph_version, {}, settings.app_secret, timeout_s=TIMEOUT_S,
        connections=CONNECTIONS,
    )  # fmt: skip


def _record(settings: Settings, ledger: Engine, looks: Iterable[Look], now: datetime) -> None:
    with kept_head(ledger, settings.heads_path), ledger.begin() as transaction:
        for look in looks:
            subscriptions.record(transaction, look, now)


async def _look(settings: Settings, api: GraphApi, page_id: str, needed: Collection[str], table: ErrorTable) -> Look:
    token = token_of(settings, page_id)
    try:
        if token is not None:
            api.admit(page_id, token)
        answer = await api.read(page_id, "subscribed_apps")
    except UsageError as error:
        return Look(page_id, None, (), str(error))
    apps = answer.body.get("data")
    if answer.status != 200 or not isinstance(apps, list):
        return Look(page_id, None, (), _why_not(answer, table))
    fields = _fields(apps)
    missing = sorted(set(needed) - set(fields))
    if not fields:
        return Look(page_id, False, (), "The application is not subscribed to the Page: Meta delivers nothing of it.")
    if missing:
        return Look(page_id, True, fields, f"Subscribed, but not to {', '.join(missing)}: these never arrive.")
    return Look(page_id, True, fields, f"Subscribed to all {len(needed)} fields that are needed.")


def _fields(apps: list[object]) -> tuple[str, ...]:
    """Return the fields that are surely ours: where several applications are listed, what all of them get."""
    listed = [app.get("subscribed_fields") for app in apps if isinstance(app, dict)]
    named = [{str(name) for name in each if _FIELD.fullmatch(str(name))} for each in listed if isinstance(each, list)]
    return tuple(sorted(set.intersection(*named))) if named and len(named) == len(apps) else ()


def _why_not(answer: Answer, table: ErrorTable) -> str:
    """Say why nobody knows. Never in Meta's words: those of a malformed access token quote it."""
    if answer.failure:
        return f"Meta did not answer: {answer.failure_words}"
    error = answer.body.get("error")
    code, subcode = (error.get("code"), error.get("error_subcode")) if isinstance(error, dict) else (None, None)
    if not isinstance(code, int):
        return f"Meta did not answer: what came was HTTP {answer.status} and no list of applications."
    key = f"{code}/{subcode}" if isinstance(subcode, int) else f"{code}"
    entry = table.find(code, subcode if isinstance(subcode, int) else None, "")
    return f"Meta refused to tell (error {key}). {entry.meaning if entry else 'Look at the access token of the Page.'}"
