"""Which pages exist, and the sidebar they share. Streamlit runs this file for every view of a page."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import reads
from dashboard.app import home, is_demo, now
from dashboard.home import close_warehouses, open_warehouse
from dashboard.scope import Scope, end_of_day
from dashboard.view import View, hand_over
from dashboard.words import freshness_line
from pipelines.errors import ClearToSendError, HomeMissing
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse

_VIEWS = Path(__file__).parent / "views"
_EVERY_PAGE = "All Pages"


def pages() -> list[st.Page]:
    """Return the pages in the order of the menu."""
    return [
        st.Page(_VIEWS / "overview.py", title="Overview", icon=":material/groups:", default=True),
        st.Page(_VIEWS / "inventory.py", title="Token inventory", icon=":material/confirmation_number:"),
        st.Page(_VIEWS / "forecast.py", title="Expiry forecast", icon=":material/trending_down:"),
        st.Page(_VIEWS / "compliance.py", title="Compliance", icon=":material/policy:"),
        st.Page(_VIEWS / "draft.py", title="Check a draft", icon=":material/rate_review:"),
        st.Page(_VIEWS / "rules.py", title="Rule book", icon=":material/menu_book:"),
        st.Page(_VIEWS / "health.py", title="Data health", icon=":material/monitor_heart:"),
    ]


def main() -> None:
    """Draw the menu and the sidebar, then the chosen page; or say why there is nothing to show."""
    st.set_page_config(page_title="Clear to Send", page_icon=":material/mark_chat_read:", layout="wide")
    page = st.navigation({"Clear to Send": pages()})
    try:
        settings = read_settings(home())
        warehouse = open_warehouse(settings.warehouse_path)
        if warehouse is None:
            raise HomeMissing
        with warehouse.cursor() as cursor:
            fresh = reads.freshness(cursor, Scope(now()))
        if not fresh.count_files:
            close_warehouses()  # so that a load can begin
            raise HomeMissing
    except HomeMissing:
        first_start(home())
    except ClearToSendError as error:
        failed(error)
    else:
        hand_over(sidebar(warehouse, settings.home, fresh))
        page.run()


def sidebar(warehouse: Warehouse, folder: Path, fresh: reads.Freshness) -> View:
    """Draw what all pages share, and return what it says."""
    moment = now()
    with warehouse.cursor() as cursor:
        known = reads.pages(cursor, Scope(moment))
    first = fresh.first_event_at or moment
    with st.sidebar:
        page_id = st.selectbox("Page", [_EVERY_PAGE, *known], key="page", bind="query-params")
        day = st.date_input(
            "As of the end of",
            value=None,
            min_value=min(first, moment).date(),
            max_value=moment.date(),
            key="as_of",
            bind="query-params",
            format="YYYY-MM-DD",
            help="A day in UTC. Empty: now.",
        )
        st.caption(freshness_line(fresh, moment))
    scope = Scope(_as_of(day, moment), None if page_id == _EVERY_PAGE else page_id)
    return View(warehouse, folder, moment, scope, _zone(), fresh, is_demo())


def first_start(folder: Path) -> None:
    """Explain what to do with an empty home."""
    st.title("Nothing is loaded yet", anchor=False)
    st.markdown(
        "Clear to Send shows how many people your Page may still message, out of the webhook logs that Meta sent you. "
        f"There are none in `{folder}` so far."
    )
    own, sample = st.columns(2, border=True)
    own.markdown("**Load your own logs**")
    own.caption(
        "A file, a folder or a pattern: JSON Lines, plain, .gz or .zst, as received or wrapped by a log shipper."
    )
    own.code(f"clear-to-send load PATH --home {folder}", language="shell", wrap_lines=True)
    sample.markdown("**Or look around first**")
    sample.caption("Makes logs of two Pages over 14 months, loads them, and opens these pages on them.")
    sample.code("clear-to-send demo", language="shell", wrap_lines=True)
    if st.button("Look again", icon=":material/refresh:"):
        st.rerun()


def failed(error: ClearToSendError) -> None:
    """Say what is wrong and what to do, in the error's own words."""
    st.title("The warehouse cannot be shown", anchor=False)
    st.error(str(error), icon=":material/error:")
    st.caption(
        "Nothing is lost: all of it can be loaded again from the logs. `clear-to-send doctor` checks the surroundings."
    )
    if st.button("Try again", icon=":material/refresh:"):
        st.rerun()


def _as_of(day: date | None, moment: datetime) -> datetime:
    return moment if day is None or day >= moment.date() else end_of_day(day)


def _zone() -> str:
    name = st.context.timezone or "UTC"
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        return "UTC"


main()
