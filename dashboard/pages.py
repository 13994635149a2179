"""Which pages there are, in the menu's order; the first is home."""

from dataclasses import dataclass

from dashboard.language import noted
from pipelines.rights import Right


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page: its file in dashboard/views, title, icon, address, section of the menu, and the right it asks for."""

    file: str
    title: str
    icon: str
    address: str
    section: str
    right: Right = "see"


_REACH, _MESSAGES, _PROOF, _RUNNING = noted("Reach"), noted("Messages"), noted("Proof"), noted("Running it")

PAGES = (
    PageEntry("overview", noted("Overview"), "groups", "overview", _REACH),
    PageEntry("inventory", noted("Token inventory"), "confirmation_number", "inventory", _REACH),
    PageEntry("forecast", noted("Expiry forecast"), "trending_down", "forecast", _REACH),
    PageEntry("campaigns", noted("Campaigns"), "campaign", "campaigns", _MESSAGES),
    PageEntry("draft", noted("Check a draft"), "rate_review", "draft", _MESSAGES),
    PageEntry("compliance", noted("Compliance"), "policy", "compliance", _PROOF),
    PageEntry("audit", noted("Audit"), "fact_check", "audit", _PROOF),
    PageEntry("rules", noted("Rule book"), "menu_book", "rules", _PROOF),
    PageEntry("alerts", noted("Alerts"), "notifications", "alerts", _RUNNING),
    # Not at /health: there the app says whether it lives.
    PageEntry("health", noted("Data health"), "monitor_heart", "data-health", _RUNNING),
    PageEntry("connect", noted("Connect a Page"), "cable", "connect", _RUNNING),
    PageEntry("privacy", noted("Privacy"), "person_remove", "privacy", _RUNNING, "forget"),
)
