"""Draws the page on which a campaign is written, without the menu and the sign-in around it."""

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import reads
from dashboard.compose import page as compose
from dashboard.home import open_warehouse
from dashboard.scope import Scope
from dashboard.view import View, hand_over
from pipelines.rights import Role
from tests.conftest import NOW
from tests.page_by_role import Desk


def draw(home: Path, desk: Desk) -> None:
    """Do what the page of campaigns does with ?draft=; without it draw nothing."""
    warehouse = open_warehouse(home / "warehouse.duckdb")
    assert warehouse is not None
    with warehouse.cursor() as cursor:
        fresh = reads.freshness(cursor, Scope(NOW))
    view = View(warehouse, home, NOW, Scope(NOW), "Asia/Taipei", fresh, False, True, desk.who)
    hand_over(view)
    if "draft" in st.query_params:
        compose.show(view, st.query_params["draft"])


def opened(home: Path, draft_id: str, role: Role = "growth") -> AppTest:
    """Open the page of a draft, by a clock in Taipei."""

    def script(home: object, desk: object) -> None:
        from tests.composed_page import draw  # Streamlit takes these lines out of the file, and runs them alone

        draw(home, desk)  # type: ignore[arg-type]

    page = AppTest.from_function(script, default_timeout=60, kwargs={"home": home, "desk": Desk(role)})
    page.query_params["draft"] = draft_id
    return page.run()


def field(page: AppTest, label: str) -> Any:
    """Return the field of that label."""
    kinds = (page.text_input, page.text_area, page.selectbox, page.multiselect, page.number_input, page.toggle)
    return next(each for kind in kinds for each in kind if each.label == label)


def press(page: AppTest, label: str) -> AppTest:
    """Click the button of that label."""
    return next(each for each in page.button if each.label == label).click().run()
