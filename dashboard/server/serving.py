"""Puts the app together: Streamlit's pages, our routes, and what every request passes on its way."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware

from dashboard.access import auth_secrets
from dashboard.app import say_failed
from dashboard.server.guard import Guard
from dashboard.server.headers import SecurityHeaders
from dashboard.server.limits import RateLimits
from dashboard.server.live_app import LiveApp
from dashboard.server.origins import SameOrigin
from dashboard.server.webhook_ahead import WebhookAhead
from pipelines import DATA
from pipelines.policy import load_policy
from pipelines.privacy.retention import check_retention
from pipelines.settings import Settings

Clock = Callable[[], datetime]


def make_app(settings: Settings, clock: Clock, wall_clock: Clock, address: str) -> st.App:
    """
    Return the app of a home that listens at `address`; sessions last by the machine's own clock.

    Raises UsageError, LedgerUnreachable.
    """
    secrets = auth_secrets(settings)
    policy = load_policy(DATA / "policy")
    check_retention(settings.retention_days, policy)
    live = LiveApp(settings, policy, clock, address)
    provider = urlsplit(settings.access.metadata_url)
    origin = f"{provider.scheme}://{provider.netloc}" if provider.netloc else ""
    limits = partial(RateLimits, clock=time.monotonic, on_limited=live.limited)
    return st.App(
        Path(__file__).parent.parent / "navigation.py",
        secrets=secrets,
        routes=live.routes,
        middleware=[
            Middleware(WebhookAhead, receiver=limits(live.receiver)),
            Middleware(SecurityHeaders, public_url=settings.public_url, sign_in_origin=origin),
            Middleware(limits),
            Middleware(SameOrigin, public_url=settings.public_url),
            Middleware(Guard, settings=settings, clock=wall_clock),
        ],
        lifespan=live.lifespan,
        on_script_error=say_failed,
    )
