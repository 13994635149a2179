"""Which pages there are, in the menu's order; the first is home."""

from dataclasses import dataclass

from pipelines.rights import Right


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page: its file in dashboard/views, title, icon, address, and the right that it asks for."""

    file: str
    title: str
    icon: str
    address: str
    right: Right = "see"


PAGES = (
    PageEntry("overview", "Overview", "groups", "overview"),
    PageEntry("inventory", "Token inventory", "confirmation_number", "inventory"),
    PageEntry("forecast", "Expiry forecast", "trending_down", "forecast"),
    PageEntry("compliance", "Compliance", "policy", "compliance"),
    PageEntry("draft", "Check a draft", "rate_review", "draft"),
    PageEntry("rules", "Rule book", "menu_book", "rules"),
    PageEntry("health", "Data health", "monitor_heart", "data-health"),  # at /health the app says whether it lives
    PageEntry("privacy", "Privacy", "person_remove", "privacy", "forget"),
)
