"""Opens a page as its address would, and reads what stands on it."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.home import close_warehouses
from dashboard.pages import PAGES
from pipelines.rights import Role
from tests.synthetic import MOMENT

ENTRY = Path(dashboard.__file__).with_name("navigation.py")
VIEWS = ENTRY.parent / "views"
_BY_ANOTHER_NAME = {page.file for page in PAGES if page.file != page.address}
"""Pages whose address is not their file's name: they are found only once the menu was drawn."""


def opened(
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    view: str = "overview",
    *,
    close: bool = True,
    moment: datetime = MOMENT,
    role: Role = "admin",
    **query: Any,
) -> AppTest:
    """Run a page on a home, as if its address had been typed in; `close` lets go of the warehouse again."""
    monkeypatch.setenv("CLEAR_TO_SEND_HOME", str(home))
    monkeypatch.setenv("CLEAR_TO_SEND_AS_OF", f"{moment.isoformat()}Z")
    page = AppTest.from_file(ENTRY, default_timeout=30)
    page.session_state["role"] = role
    for key, value in query.items():
        page.query_params[key] = value
    if view in _BY_ANOTHER_NAME:
        page.run()
    if view != PAGES[0].file:
        page.switch_page(str(VIEWS / f"{view}.py"))
    page.run()
    if close:
        close_warehouses()
    return page


def number(page: AppTest, label: str) -> int:
    """Return the value of a figure on top."""
    return int(next(each.value for each in page.metric if each.label == label).replace(",", ""))


def change(page: AppTest, label: str) -> int:
    """Return the change of a figure on top."""
    return int(next(each.delta for each in page.metric if each.label == label).replace(",", ""))


def words(page: AppTest) -> str:
    """Return all that is written on a page."""
    return "\n".join([each.value for each in [*page.title, *page.markdown, *page.caption, *page.error]])


def plain(values: Any) -> Any:
    """Return what plotly packs into base64 as a list."""
    if not isinstance(values, dict) or "bdata" not in values:
        return values
    return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist()


def bars(page: AppTest, key: str) -> list[dict[str, Any]]:
    """Return the traces of a chart."""
    chart = next(each for each in page.get("plotly_chart") if each.key == key)
    return [{name: plain(value) for name, value in trace.items()} for trace in json.loads(chart.proto.spec)["data"]]
