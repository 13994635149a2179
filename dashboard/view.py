"""What a page is handed: what to look at, and a way to read that keeps answers until the data changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

import duckdb
import streamlit as st

from dashboard.language import say
from dashboard.reads import Freshness, Key
from dashboard.scope import Lanes, Scope
from pipelines import DATA
from pipelines.errors import PolicyUnknown
from pipelines.policy import Policy, load_policy
from pipelines.pseudonyms import pseudonym_key
from pipelines.rights import Person
from pipelines.warehouse import Warehouse

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
Read = Callable[Concatenate[duckdb.DuckDBPyConnection, _Arguments], _Answer]
_SLOT = "_view"


@dataclass(frozen=True)
class View:
    """
    One run of one page. Times are naive UTC; zone is the viewer's IANA zone.

    `who` tells who is asking, anew at each call: an export or a decision happens after the page was drawn.
    """

    warehouse: Warehouse
    home: Path
    moment: datetime
    scope: Scope
    zone: str
    fresh: Freshness
    is_demo: bool
    has_sign_in: bool
    who: Callable[[], Person]

    @property
    def is_today(self) -> bool:
        """Whether the page shows the present, not a past day."""
        return self.scope.as_of == self.moment

    @property
    def lanes(self) -> Lanes:
        """The policy's figures at the page's moment; without a rule for human agents, their lane is the window."""
        book = rule_book()
        hours = int(book.rule("window.standard.hours", self.scope.as_of).value)
        try:
            days = int(book.rule("tag.human_agent.days", self.scope.as_of).value)
        except PolicyUnknown:
            days = 0
        return Lanes(hours, max(days, hours // 24))

    @property
    def policy_marks(self) -> list[tuple[date, str]]:
        """The days on which the lane of a shown kind of token was closed, somewhere, for charts over time."""
        closed = {
            (rule.since, rule.applies["kind"])
            for rule in rule_book().rules
            if rule.id.startswith("lane.") and rule.value is False
        }
        shown = self.scope.kinds
        return [
            (day, say("{kind} lane closes", kind=say(kind)))
            for day, kind in sorted(closed)
            if not shown or kind in shown
        ]

    @property
    def key(self) -> Key:
        """How people are shown to whoever is asking: by the home's secret, or, as None, under their ids."""
        return None if self.who().may("see_ids") else self.secret

    @property
    def masked(self) -> str:
        """What is masked in the rows shown."""
        return say("tokens") if self.key is None else say("people and tokens")

    @property
    def secret(self) -> str:
        """The home's secret behind the pseudonyms."""
        return pseudonym_key(self.home)

    def read(self, read: Read[_Arguments, _Answer], *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        """Ask `read` with a cursor; the same question is asked only once until a load commits.

        What is kept serves everybody who asks the same: what differs by role goes into the question, as `key` does.
        """
        self.who().must("see", "see these pages")
        answer = _kept(str(self.home), self.warehouse.version(), read.__name__, args, kwargs, self.warehouse, read)
        return cast("_Answer", answer)


@st.cache_data(show_spinner=False, max_entries=300, ttl="1h")
def _kept(
    home: str,  # noqa: ARG001  the first three are the cache's key
    version: int,  # noqa: ARG001
    name: str,  # noqa: ARG001
    args: object,
    kwargs: object,
    _warehouse: Warehouse,
    _read: Callable[..., object],
) -> object:
    with _warehouse.cursor() as cursor:
        return _read(cursor, *args, **kwargs)  # type: ignore[misc, arg-type]


@cache
def rule_book() -> Policy:
    """Return the rule book, read once a process."""
    return load_policy(DATA / "policy")


def hand_over(view: View) -> None:
    """Keep the view for the page that runs next."""
    st.session_state[_SLOT] = view


def current() -> View:
    """Return the view of this run."""
    return cast("View", st.session_state[_SLOT])
