"""What `clear-to-send dispatch` does, apart from its options: sends what is launched, and says what came of it."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from pipelines import DATA
from pipelines.dispatch.dispatcher import Dispatcher
from pipelines.dispatch.graph_api import GraphApi
from pipelines.dispatch.outcomes import load_errors
from pipelines.dispatch.pace import rate_of
from pipelines.dispatch_words import Progress, say_outcome
from pipelines.errors import LedgerUnreachable, Refused
from pipelines.ledger import campaigns, chain
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.policy import Policy, load_policy
from pipelines.settings import LOOPBACK, Settings


def run_dispatch(settings: Settings, clock: Callable[[], datetime], words: Console, *, until_empty: bool) -> bool:
    """Send until stopped or, if asked, until nothing is left; return whether nothing waits for a person.

    Raises UsageError for a rate above the ceiling, LedgerUnreachable where the ledger goes away meanwhile.
    """
    check(settings, load_policy(DATA / "policy"), clock())
    ledger = open_ledger(ledger_url(settings.home, settings.ledger_url))
    try:
        before = {each.campaign_id for each in campaigns.every(ledger, ["sending"])}
        dispatcher = make_dispatcher(settings, ledger, clock)
        words.print(f"Sending through {settings.graph_url} - stop with Ctrl+C; what is on its way is waited for.")
        asyncio.run(_serve(dispatcher, settings, Progress(ledger, clock, words), until_empty=until_empty))
        return say_outcome(ledger, before, words)
    except (OperationalError, InterfaceError) as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise LedgerUnreachable(
            f"The ledger went away: {reason}. Nothing more goes out. "
            "Start dispatch again once it is back: what was on its way counts as unconfirmed, and is settled then."
        ) from None
    finally:
        with suppress(OperationalError, InterfaceError):  # the error above says it
            chain.keep_head(ledger, settings.heads_path)
        ledger.dispose()


def check(settings: Settings, policy: Policy, now: datetime) -> None:
    """Raise where nothing could be sent as it is set: Refused, PolicyUnknown, UsageError."""
    check_version(policy, settings.graph_version, now)
    rate_of(policy, now, settings.messages_per_second)


def make_dispatcher(settings: Settings, ledger: Engine, clock: Callable[[], datetime]) -> Dispatcher:
    """Return a dispatcher for a home's open ledger. Raises what `check` raises."""
    policy = load_policy(DATA / "policy")
    check(settings, policy, clock())
    return Dispatcher(
        ledger, policy, load_errors(DATA / "errors.toml"), clock,
        logs=settings.logs_path, settle_after=timedelta(seconds=settings.settle_after_seconds),
        messages_per_second=settings.messages_per_second,
    )  # fmt: skip


def make_api(settings: Settings) -> GraphApi:
    """Return the way to the Graph API.

    Each Page's access token is handed over when the Page is taken: a bad one then stops that Page alone.
    """
    return GraphApi(settings.graph_url, settings.graph_version, {}, settings.app_secret)


def token_of(settings: Settings, page_id: str) -> SecretStr | None:
    """Return a Page's access token; a sandbox on this machine takes a made-up one."""
    known = settings.access_tokens.get(page_id)
    if known is None and urlsplit(settings.graph_url).hostname in LOOPBACK:
        return SecretStr(f"sandbox-{page_id}")
    return known


def check_version(policy: Policy, version: str, now: datetime) -> None:
    """Raise Refused for a version of the Graph API that has ended, PolicyUnknown for one nobody knows."""
    rule = policy.rule(f"graph.{version.replace('.', '_')}", now)
    if rule.value == "block":
        raise Refused(f"{rule.words} Set graph_version in settings.toml to one that may be called.")


async def _serve(dispatcher: Dispatcher, settings: Settings, progress: Progress, *, until_empty: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, dispatcher.stop)
    api = make_api(settings)
    telling = asyncio.create_task(progress.tell())
    try:
        await dispatcher.run(api, lambda page_id: token_of(settings, page_id), until_empty=until_empty)
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
