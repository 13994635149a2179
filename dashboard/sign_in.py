"""Who looks at the pages in this run, the pages for those who may not, and what the sidebar says of those who may."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.access import asks, can_ask, person_of
from pipelines.access import Claims
from pipelines.rights import ROLES, Person, Role

_ROLE = "role"
_FIRST: Role = "admin"
_MEANS: dict[Role, str] = {
    "viewer": "sees the pages",
    "growth": "writes and sends",
    "reviewer": "approves and audits",
    "admin": "may do everything",
}
_NOBODY = Person("", None)


@dataclass(frozen=True, slots=True)
class Visitor:
    """
    Whoever looks: what their sign-in said of them, or, where nobody signs in, the role that they chose.

    Asked anew for each answer: a role can be taken away, and a session end, after a page was drawn.
    """

    home: Path
    clock: Callable[[], datetime]
    claims: Claims
    chosen: Role | None

    @property
    def has_sign_in(self) -> bool:
        """Whether people have to sign in."""
        return self.chosen is None

    def person(self) -> Person | None:
        """Return who it is now; None who has to sign in."""
        if self.chosen is not None and not asks(self.home):
            return Person(f"you ({self.chosen})", self.chosen)
        return person_of(self.home, self.claims, self.clock())

    def who(self) -> Person:
        """Return who it is now; somebody who may do nothing if they have to sign in."""
        return self.person() or _NOBODY


def visitor(home: Path, clock: Callable[[], datetime]) -> Visitor:
    """Return who looks at this run of a page. Only where nobody signs in can a role be chosen."""
    if asks(home):
        return Visitor(home, clock, st.user.to_dict(), None)
    chosen = st.session_state.get(_ROLE)
    return Visitor(home, clock, {}, chosen if chosen in ROLES else _FIRST)


def sign_in_page(looking: Visitor) -> None:
    """Ask to sign in, and show nothing else."""
    with _middle():
        st.title("Clear to Send", anchor=False, width="content")
        if not can_ask(looking.home):
            st.markdown("Sign-in was set up after this app began. Whoever runs it has to stop it and start it again.")
            return
        ended = "Your session has ended. Sign in again to go on."
        asked = "Sign in to see whom your Page may message."
        st.markdown(ended if looking.claims.get("is_logged_in") else asked, width="content")
        st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)


def no_role_page(person: Person) -> None:
    """Say to somebody who is signed in, and may see nothing, whom to ask."""
    with _middle():
        st.title("You have no role here", anchor=False, width="content")
        name = f"as {_quoted(person.name)}" if person.name else "under no name that can be trusted"
        st.markdown(
            f"You are signed in {name}. Ask whoever runs Clear to Send to give you a role, then look again.",
            width="content",
        )
        with st.container(horizontal=True, width="content"):
            st.button("Look again", type="primary", icon=":material/refresh:")
            _sign_out()


def identity(looking: Visitor, person: Person) -> None:
    """Say who is here and as what; without sign-in, let the role be chosen."""
    if looking.has_sign_in:
        st.caption(f":material/person: {_quoted(person.name)} · {person.role}")
        _sign_out()
        return
    st.selectbox(
        "No sign-in: look as",
        ROLES,
        index=ROLES.index(_FIRST),
        key=_ROLE,
        format_func=lambda role: f"{role}: {_MEANS[role]}",
        help="Nobody signs in here, so only this machine may look. Choose a role to see what it sees.",
    )


def _quoted(name: str) -> str:
    """Return a name so that Markdown shows it as it is; an address would become a link."""
    return f"`{name.replace('`', ' ')}`"


def _middle() -> DeltaGenerator:
    return st.container(horizontal_alignment="center", vertical_alignment="center", height=420, border=False)


def _sign_out() -> None:
    st.button("Sign out", icon=":material/logout:", on_click=st.logout)
