"""The page Privacy: what is held is named before it goes, and only who may erase gets that far."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.home import close_warehouses
from dashboard.privacy import forgetting
from pipelines.errors import Refused
from pipelines.ledger import deletions
from pipelines.privacy.requests import ask_by_meta
from pipelines.rights import Person
from tests.conftest import NOW, Home
from tests.deliveries import ANNA, NOON, PAGE, delivery, echo, message, write_lines
from tests.privacy.homes import forget, ledger_of
from tests.privacy.loading import load

USER = "10220000000000001"
_SCRIPT = """
import runpy
from datetime import datetime
from pathlib import Path
import dashboard
from dashboard import reads
from dashboard.home import open_warehouse
from dashboard.scope import Scope
from dashboard.view import View, hand_over
from pipelines.rights import Person

home, now = Path({home!r}), datetime.fromisoformat({now!r})
warehouse = open_warehouse(home / "warehouse.duckdb")
with warehouse.cursor() as cursor:
    fresh = reads.freshness(cursor, Scope(now))
hand_over(View(warehouse, home, now, Scope(now, None), "UTC", fresh, False, True, lambda: Person("Mei", {role!r})))
runpy.run_path(str(Path(dashboard.__file__).parent / "views" / "privacy.py"))
"""


@pytest.fixture
def seen(new_home: Callable[[], Home]) -> Iterator[Home]:
    """Return a home in which Anna wrote and was written to."""
    home = new_home()
    write_lines(home.folder / "logs" / "a.jsonl", delivery(message(ANNA, NOON, "m"), echo(ANNA, NOON, "e")))
    load(home, home.folder / "logs")
    yield home
    close_warehouses()


def page(folder: Path, role: str = "admin") -> AppTest:
    """Open the page."""
    script = _SCRIPT.format(home=str(folder), now=NOW.isoformat(), role=role)
    return AppTest.from_string(script, default_timeout=30).run()


def test_what_is_held_is_named_before_it_is_asked_for(seen: Home) -> None:
    """Then the app has a request; the page itself erases nothing."""
    opened = page(seen.folder)
    assert not opened.exception

    opened.text_input[0].set_value(ANNA)
    opened.button[0].click().run()

    assert any("2 events (1 message, 1 message_echo)" in each.value for each in opened.markdown)
    assert any(each.label == "Erase for good" for each in opened.button)
    forgetting.forget(seen.folder, ANNA, None, Person("Mei", "admin"), NOW, [PAGE])  # as that button does
    ledger = ledger_of(seen)
    with ledger.connect() as connection:
        (asked,) = deletions.in_states(connection, ["asked"])
    ledger.dispose()
    assert (asked.psid, asked.asked_by) == (ANNA, "Mei")


def test_an_admin_says_whom_meta_means(seen: Home) -> None:
    """And the history names what was erased, and nobody."""
    ledger = ledger_of(seen)
    ask_by_meta(ledger, USER, NOW)
    close_warehouses()
    forget(seen)
    opened = page(seen.folder)

    next(each for each in opened.text_input if each.label == "Page").set_value(PAGE)
    opened.text_input[-1].set_value(ANNA).run()
    next(each for each in opened.button if each.label == "Erase this person").click().run()

    assert not opened.exception
    with ledger.connect() as connection:
        assert deletions.people_of(connection, USER) == [(PAGE, ANNA)]
    ledger.dispose()
    assert "1 message" in str(opened.dataframe[-1].value)
    assert ANNA not in str([each.value for each in opened.dataframe])


@pytest.mark.parametrize("role", ["viewer", "growth", "reviewer"])
def test_others_may_not(seen: Home, role: str) -> None:
    """Neither on the page nor past it."""
    opened = page(seen.folder, role)
    assert "may not erase a person" in opened.error[0].value

    someone = Person("Bo", role)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        forgetting.forget(seen.folder, ANNA, None, someone, NOW, [PAGE])
    with pytest.raises(Refused):
        forgetting.history(seen.folder, someone)
