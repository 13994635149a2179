"""The pages as those see them who read Chinese, and how a page finds out which language that is."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.home import close_warehouses
from dashboard.pages import PAGES
from tests.opened_page import VIEWS, bars, opened, words
from tests.page_by_role import Desk, page_of
from tests.synthetic import MOMENT, make_home

QUESTION = {"en": "How many people may we still message?", "zh_Hant": "我們還可以傳訊給多少人？"}  # noqa: RUF001  Chinese marks


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a home with the synthetic warehouse."""
    yield make_home(tmp_path_factory.mktemp("home"))
    close_warehouses()


def is_chinese(text: str) -> bool:
    """Say whether a text holds a Chinese character."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.parametrize("view", [page.file for page in PAGES])
def test_each_page_is_drawn_in_chinese(home: Path, view: str) -> None:
    """Its question stands on top, and nothing breaks on the way."""
    page = page_of(home, view, Desk("admin"), language="zh_Hant")

    assert not page.exception
    assert is_chinese(page.title[0].value)


def test_menu_and_sidebar_are_drawn_in_chinese(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around every page."""
    page = opened(monkeypatch, home, lang="zh_Hant")

    assert not page.exception
    assert all(is_chinese(each.label) for each in [*page.sidebar.selectbox, *page.sidebar.date_input])
    assert all(is_chinese(each.value) for each in page.sidebar.caption)


def script() -> None:
    """Say the name of a page, in the language that is settled on."""
    import streamlit as st  # Streamlit takes these lines out of the file, and runs them alone

    from dashboard.language import say
    from dashboard.language_choice import language_chooser, settle_language

    settle_language()
    language_chooser()
    st.title(say("Overview"))


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("zh-TW", "總覽"),
        ("zh-Hant-HK", "總覽"),
        ("zh_MO", "總覽"),
        ("zh-CN", "Overview"),
        ("de", "Overview"),
        ("", "Overview"),
    ],
)
def test_a_page_speaks_as_the_browser_prefers(locale: str, said: str) -> None:
    """Where nobody has chosen; the address stays as it is, and one that names a language wins."""
    page, named = (AppTest.from_function(script) for _ in range(2))
    page.context = named.context = {"locale": locale} if locale else {}
    named.query_params["lang"] = "en"

    assert (page.run().title[0].value, named.run().title[0].value) == (said, "Overview")
    assert "lang" not in page.query_params


def test_a_choice_of_language_lasts_and_changes_no_other_choice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds on the next page and stands in the address, which names the filters in the new words."""
    page = opened(monkeypatch, home, lane="Token held", close=False)
    page.selectbox(key="language").set_value("zh_Hant").run()

    assert page.title[0].value == QUESTION["zh_Hant"]
    assert (page.query_params["lang"], page.query_params["lane"]) == ("zh_Hant", "持有權杖")
    assert page.session_state["lane"] == "token"

    page.switch_page(str(VIEWS / "inventory.py")).run()
    assert is_chinese(page.title[0].value)

    page.selectbox(key="language").set_value("en").run()
    assert page.title[0].value == "Which permissions do we hold, and until when?"
    close_warehouses()


def test_an_address_in_another_language_shows_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links go between readers."""
    theirs = opened(monkeypatch, home, "inventory", lang="zh_Hant", state=["stranded", "available"])
    ours = opened(monkeypatch, home, "inventory", lang="en", state=["擱淺", "可用"])

    assert len(theirs.metric) == len(ours.metric) == 2
    assert [each.value for each in theirs.metric] == [each.value for each in ours.metric]


def test_numbers_days_and_codes_are_written_as_chinese_readers_write_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In sentences, in charts and in tables."""
    day = (MOMENT - timedelta(days=100)).date()
    past = words(opened(monkeypatch, home, lang="zh_Hant", as_of=day.isoformat()))
    page = opened(monkeypatch, home, "inventory", lang="zh_Hant")

    assert f"您在{day.year}年{day.month}月{day.day}日可以傳訊給" in past
    assert "可用" in {trace["name"] for trace in bars(page, "stock")}
    assert set(page.dataframe[0].value["state"]) <= {"可用", "已保留", "已使用", "已到期", "已撤銷", "擱淺"}
    assert "%" in words(page)
    assert " %" not in words(page)
