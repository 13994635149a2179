"""Who may do what: four roles, and what each allows. Asked where something is done or read, not where it is offered."""

from dataclasses import dataclass
from typing import Literal, get_args

from pipelines.errors import Refused

Role = Literal["viewer", "growth", "reviewer", "admin"]
Right = Literal[
    "see",  # the pages, people under pseudonyms
    "see_ids",  # people by their page-scoped ids, and what a log line says of them
    "export",  # rows as a file
    "write",  # campaigns: new, edit, check, copy
    "send",  # campaigns: launch what is approved, resume, cancel
    "pause",  # stop one campaign, or all
    "approve",  # let a campaign pass, settle what is unconfirmed
    "review",  # decide about findings
    "audit",  # the trail, and evidence as a file
    "forget",  # erase a person
    "operate",  # loads, retention, release after a stop of everything
]
ROLES: tuple[Role, ...] = get_args(Role)
_SEES: frozenset[Right] = frozenset({"see", "export"})
_MAY: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"see"}),
    "growth": _SEES | {"write", "send", "pause"},
    "reviewer": _SEES | {"see_ids", "pause", "approve", "review", "audit"},
    "admin": frozenset(get_args(Right)),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who is at work here: the name that is written down, and the role; None may do nothing."""

    name: str
    role: Role | None

    def may(self, right: Right) -> bool:
        """Say whether the role allows it."""
        return self.role is not None and right in _MAY[self.role]

    def must(self, right: Right, to_do: str) -> None:
        """Raise Refused unless the role allows it; `to_do` says what is refused, as in "approve a campaign"."""
        if self.may(right):
            return
        allowed = ", ".join(role for role in ROLES if right in _MAY[role])
        theirs = f"is {self.role}" if self.role else "has no role here"
        raise Refused(f"{self.name or 'Nobody'} {theirs}, and may not {to_do}. That needs one of the roles {allowed}.")
