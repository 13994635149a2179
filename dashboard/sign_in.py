"""Who looks at the pages in this run, the pages for those who may not, and what the sidebar says of those who may."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.access import asks, can_ask, person_of
from dashboard.language import noted, say
from dashboard.language_choice import language_chooser
from dashboard.words import joined
from pipelines.access import Claims
from pipelines.rights import ROLES, Person, Role

_ROLE = "role"
_FIRST: Role = "admin"
_MEANS: dict[Role, str] = {
    "viewer": noted("sees the pages"),
    "growth": noted("writes and sends"),
    "reviewer": noted("approves and audits"),
    "admin": noted("may do everything"),
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
            st.markdown(
                say("Sign-in was set up after this app began. Whoever runs it has to stop it and start it again.")
            )
            return
        has_ended = looking.claims.get("is_logged_in")
        asked = say("Sign in to see whom your Page may message.")
        st.markdown(say("Your session has ended. Sign in again to go on.") if has_ended else asked, width="content")
        st.button(say("Sign in"), type="primary", icon=":material/login:", on_click=st.login)
    _languages()


def no_role_page(person: Person) -> None:
    """Say to somebody who is signed in, and may see nothing, whom to ask."""
    with _middle():
        st.title(say("You have no role here"), anchor=False, width="content")
        name = _quoted(person.name)
        who = say("You are signed in as {name}.", name=name)
        if not person.name:
            who = say("You are signed in under no name that can be trusted.")
        ask = say("Ask whoever runs Clear to Send to give you a role, then look again.")
        st.markdown(joined(who, ask), width="content")
        with st.container(horizontal=True, width="content"):
            st.button(say("Look again"), type="primary", icon=":material/refresh:")
            _sign_out()
    _languages()


def identity(looking: Visitor, person: Person) -> None:
    """Say who is here and as what; without sign-in, let the role be chosen. The language is chosen by everybody."""
    if looking.has_sign_in:
        st.caption(f":material/person: {_quoted(person.name)} · {say(person.role or '')}")
        _sign_out()
    else:
        _role_chooser()
    language_chooser()


def _role_chooser() -> None:
    labels = {role: say("{role}: {means}", role=say(role), means=say(means)) for role, means in _MEANS.items()}
    st.selectbox(
        say("No sign-in: look as"),
        ROLES,
        index=ROLES.index(_FIRST),
        key=_ROLE,
        format_func=lambda role: labels[role],
        help=say("Nobody signs in here, so only this machine may look. Choose a role to see what it sees."),
    )


def _quoted(name: str) -> str:
    """Return a name so that Markdown shows it as it is; an address would become a link."""
    return f"`{name.replace('`', ' ')}`"


def _middle() -> DeltaGenerator:
    return st.container(horizontal_alignment="center", vertical_alignment="center", height=420, border=False)


def _languages() -> None:
    with st.container(horizontal_alignment="center"):
        language_chooser(width=180)


def _sign_out() -> None:
    st.button(say("Sign out"), icon=":material/logout:", on_click=st.logout)
