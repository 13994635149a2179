"""Which pages exist, and the sidebar they share. Streamlit runs this file for every view of a page."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import reads
from dashboard.alerts.board import alerts_line
from dashboard.app import clock, home, now, wall_clock
from dashboard.connect.first_start import first_start
from dashboard.contrast import write_on_buttons
from dashboard.home import close_warehouses, follower_of, open_warehouse
from dashboard.language import noted, say, worded
from dashboard.language_choice import settle_language
from dashboard.live import keep_live, timed_run
from dashboard.pages import PAGES
from dashboard.scope import Scope, end_of_day
from dashboard.sign_in import Visitor, identity, no_role_page, sign_in_page, visitor
from dashboard.view import View, hand_over
from dashboard.words import freshness_line
from pipelines.errors import ClearToSendError, HomeMissing
from pipelines.priority import step_back
from pipelines.rights import Person
from pipelines.settings import read_settings
from pipelines.warehouse import Warehouse

_VIEWS = Path(__file__).parent / "views"
_ICON = str(Path(__file__).with_name("icon.png"))  # a named icon would be fetched from elsewhere
_EVERY_PAGE = noted("All Pages")


def main() -> None:
    """Draw the page that was asked for, for those who may see it; for all others the way to sign in."""
    step_back()  # a webhook is acknowledged first
    settle_language()
    folder = home().expanduser().absolute()
    looking = visitor(folder, wall_clock)
    person = looking.person()
    if person is None:
        closed(say("Sign in"), lambda: sign_in_page(looking))
    elif not person.may("see"):
        closed(say("No role"), lambda: no_role_page(person))
    else:
        st.set_page_config(page_title="Clear to Send", page_icon=_ICON, layout="wide")
        write_on_buttons()
        show(st.navigation(pages(person)), looking, person)


def pages(person: Person) -> dict[str, list[st.Page]]:
    """Return the pages that a person may see, by the section of the menu."""
    sections: dict[str, list[st.Page]] = {}
    for each in PAGES:
        if person.may(each.right):
            sections.setdefault(say(each.section), []).append(
                st.Page(
                    _VIEWS / f"{each.file}.py",
                    title=say(each.title),
                    icon=f":material/{each.icon}:",
                    url_path=each.address,
                    default=each == PAGES[0],
                )
            )
    return sections


def closed(title: str, draw: Callable[[], None]) -> None:
    """Show one page under every address, and no menu."""
    st.set_page_config(
        page_title=title,
        page_icon=_ICON,
        layout="centered",
        initial_sidebar_state="collapsed",  # of a page that was open until now, an empty one can remain
    )
    shown = [st.Page(draw, title=title, url_path=each.address, default=each == PAGES[0]) for each in PAGES]
    st.navigation(shown, position="hidden").run()


def show(page: st.Page, looking: Visitor, person: Person) -> None:
    """Draw the sidebar, then the page; or say why there is nothing to show."""
    try:
        settings = read_settings(looking.home)
        warehouse = open_warehouse(settings.warehouse_path)
        fresh = _freshness(warehouse) if warehouse else None
    except HomeMissing:
        warehouse, fresh = None, None
    except ClearToSendError as error:
        with st.sidebar:
            identity(looking, person)
        failed(error)
        return
    if warehouse is not None and fresh is not None and fresh.count_files:
        hand_over(sidebar(warehouse, looking, person, fresh, is_demo=settings.demo))
        with timed_run():
            page.run()
        return
    close_warehouses()  # where no app owns it, a load can begin
    with st.sidebar:
        if warehouse is not None and follower_of(warehouse.path):
            keep_live(warehouse, is_today=True)
        identity(looking, person)
    first_start(looking.home)


def sidebar(warehouse: Warehouse, looking: Visitor, person: Person, fresh: reads.Freshness, *, is_demo: bool) -> View:
    """Draw what all pages share, and return what it says."""
    # What has arrived within this minute counts already.
    moment = min(max(now(), fresh.last_event_at or now()), clock())
    first = fresh.first_event_at or moment
    with st.sidebar:
        page = st.empty()
        day = st.date_input(
            say("As of the end of"),
            value=None,
            min_value=min(first, moment).date(),
            max_value=moment.date(),
            key="as_of",
            bind="query-params",
            format="YYYY-MM-DD",
            help=say("A day in UTC. Empty: now."),
        )
        as_of = _as_of(day, moment)
        keep_live(warehouse, is_today=as_of == moment, still_in=lambda: looking.person() == person)
        with warehouse.cursor() as cursor:  # what is read from here on is at least as new as what keep_live has seen
            known, fresh = reads.pages(cursor, Scope(moment)), reads.freshness(cursor, Scope(moment))
        page_id = page.selectbox(
            say("Page"),
            [_EVERY_PAGE, *known],
            key="page",
            bind="query-params",
            format_func=worded({each: each for each in (_EVERY_PAGE, *known)}),
        )
        st.caption(freshness_line(fresh, moment))
        identity(looking, person)
    scope = Scope(as_of, None if page_id == _EVERY_PAGE else page_id)
    view = View(warehouse, looking.home, moment, scope, _zone(), fresh, is_demo, looking.has_sign_in, looking.who)
    with st.sidebar:
        alerts_line(view)
    return view


def _freshness(warehouse: Warehouse) -> reads.Freshness:
    with warehouse.cursor() as cursor:
        return reads.freshness(cursor, Scope(now()))


def failed(error: ClearToSendError) -> None:
    """Say what is wrong and what to do, in the error's own words."""
    st.title(say("The warehouse cannot be shown"), anchor=False)
    st.error(str(error), icon=":material/error:")
    st.caption(
        say(
            "Nothing is lost: all of it can be loaded again from the logs. "
            "`clear-to-send doctor` checks the surroundings."
        )
    )
    if st.button(say("Try again"), icon=":material/refresh:"):
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
