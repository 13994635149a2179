"""Draws a page for somebody in a role, without the menu and the sign-in around it."""

import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamlit.testing.v1 import AppTest

from dashboard import reads
from dashboard.home import open_warehouse
from dashboard.language import SLOT, Language
from dashboard.scope import Scope
from dashboard.view import View, hand_over
from pipelines.rights import Person, Role
from tests.conftest import NOW
from tests.opened_page import VIEWS, words


@dataclass
class Desk:
    """Whoever sits here: it may be somebody else once the page is drawn."""

    role: Role | None

    def who(self) -> Person:
        """Return who it is now."""
        return Person("kim@example.com", self.role)


def page_of(
    home: Path,
    name: str,
    desk: Desk,
    *,
    has_sign_in: bool = True,
    language: Language = "en",
    address: Mapping[str, str] | None = None,
) -> AppTest:
    """Draw a page for whoever sits at the desk, under an address."""

    def script(home: object, name: str, desk: object, has_sign_in: object) -> None:
        from tests.page_by_role import draw  # Streamlit takes these lines out of the file, and runs them alone

        draw(home, name, desk, has_sign_in=has_sign_in)  # type: ignore[arg-type]

    given = {"home": home, "name": name, "desk": desk, "has_sign_in": has_sign_in}
    page = AppTest.from_function(script, default_timeout=60, kwargs=given)
    page.session_state[SLOT] = language
    for key, value in (address or {}).items():
        page.query_params[key] = value
    return page.run()


def draw(home: Path, name: str, desk: Desk, *, has_sign_in: bool) -> None:
    """Do what the menu does once it knows who looks."""
    warehouse = open_warehouse(home / "warehouse.duckdb")
    assert warehouse is not None
    scope = Scope(NOW)
    with warehouse.cursor() as cursor:
        fresh = reads.freshness(cursor, scope)
    hand_over(View(warehouse, home, NOW, scope, "UTC", fresh, False, has_sign_in, desk.who))
    runpy.run_path(str(VIEWS / f"{name}.py"))


def everything(page: AppTest) -> str:
    """Return all that a page tells the browser: words, tables, charts, and the help of its buttons."""
    frames = [each.value.to_csv() for each in page.dataframe]
    kinds = ("plotly_chart", "download_button", "metric", "selectbox")
    return "\n".join([words(page), *frames, *(str(each.proto) for kind in kinds for each in page.get(kind))])
