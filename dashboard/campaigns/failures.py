"""Why sends of a campaign did not go out, in words, with what to do about each reason."""

from dataclasses import dataclass

from dashboard.language import noted, say
from dashboard.words import escaped
from pipelines.audit.watching import Detail, Group
from pipelines.ledger.sends import DEAD

_STATES = {
    "refused": noted("Refused by Meta"),
    "failed": noted("Given up"),
    "cancelled": noted("Cancelled"),
    "queued": noted("To be tried again"),
}
"""The states of sends that did not go out, or not yet."""
_WHY = {
    "permission_ended": noted("The permission ended before its turn came; no call was made."),
    "too_late": noted("The campaign's last moment had passed; no call was made."),
    "cancelled": noted("The campaign was cancelled, or put aside, before its turn came."),
    "window_not_used": noted("The person wrote meanwhile, and this campaign may not use the open window."),
    "token_revoked": noted("The person stopped the notifications meanwhile."),
    "token_expired": noted("The token expired meanwhile."),
    "token_stranded": noted("The lane of the token closed meanwhile."),
    "token_spent": noted("The token was used meanwhile."),
}
"""Reasons of our own; of all others the ledger holds the words."""
_TO_DO = {
    "permission_ended": noted("Launch earlier next time. Whoever writes again can be written to again."),
    "too_late": noted("Write a new campaign for them, if it is still news."),
    "cancelled": noted("Nothing: their tokens are free again. A copy of the campaign can go to them."),
    "window_not_used": noted("Nothing: their token is free. Allow the open window in the next campaign."),
    "text_does_not_fit": noted("Shorten the text, or the values of its fields, before the next campaign."),
    "no_message": noted("Mend the text or the picture in a new campaign; this one cannot be sent as it is."),
    "not_sent": noted("Check the connection to the Graph API. It is tried again by itself."),
    "give_up_person": noted("Nothing: these people cannot be reached now. Their tokens were not used."),
    "give_up_token": noted(
        "If it is most of them, send one one-time notification by hand first: the lane itself may not work."
    ),
    "give_up_message": noted("Look at text, buttons and picture: Meta does not take the message as it is."),
    "halt_campaign": noted("Mend what it names, then resume: these people are still in the queue."),
    "halt_page": noted("Mend it for the whole Page, then resume: these people are still in the queue."),
    "retry": noted("Nothing: it is tried again by itself while the campaign sends, later and later."),
    "settle": noted("Settle them below: they may have arrived."),
}
"""What to do, by reason, or by what the table of errors says of a code."""
_DEAD_TOKEN = noted(
    "Nothing: these tokens count as invalid from now on, and no plan takes them again. "
    "If it is most of them, send one by hand first."
)
_TRIED_ENOUGH = noted("It was tried for a quarter of an hour. Write to them again in a later campaign.")
_GONE_MEANWHILE = noted("Nothing: they must not be written to by this token any more.")
_UNKNOWN = noted("Look the code up in Meta's list of error codes before more goes out.")
_NO_CODE = noted("Check the setting graph_url: it was not the Graph API that answered.")


@dataclass(frozen=True, slots=True)
class Trouble:
    """People who did not get it for one reason. All texts are in the viewer's language, as Markdown."""

    state: str
    why: str
    to_do: str
    people: int
    is_over: bool


def troubles(seen: Detail) -> list[Trouble]:
    """Return why people did not get it, or not yet; most people first."""
    groups: dict[tuple[str, str], list[Group]] = {}
    for each in seen.groups:
        if each.state in _STATES and each.reason and each.reason != "settled":
            groups.setdefault((each.state, each.reason), []).append(each)
    found = [_trouble(state, alike) for (state, _), alike in groups.items()]
    return sorted(found, key=lambda each: (-each.people, each.state, each.why))


def _trouble(state: str, alike: list[Group]) -> Trouble:
    first = alike[0]
    reason = first.reason or ""
    why = say(_WHY[reason]) if reason in _WHY else escaped(first.words or reason)
    return Trouble(say(_STATES[state]), why, _to_do(first), sum(each.sends for each in alike), state != "queued")


def _to_do(of: Group) -> str:
    reason = of.reason or ""
    if reason.startswith(DEAD):
        return say(_DEAD_TOKEN)
    if of.state == "failed" and (of.action == "retry" or reason == "not_sent"):
        return say(_TRIED_ENOUGH)
    if of.state == "failed" and reason.startswith("token_"):
        return say(_GONE_MEANWHILE)
    if reason.startswith("http_"):
        return say(_NO_CODE)
    known = _TO_DO.get(reason) or _TO_DO.get(of.action)
    return say(known or _UNKNOWN)
