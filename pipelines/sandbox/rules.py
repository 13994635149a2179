"""Who may be sent to now, and by which lane; or the error with which the platform refuses."""

from dataclasses import dataclass

from pipelines.sandbox import errors
from pipelines.sandbox.book import Book
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.messages import Send
from pipelines.sandbox.moments import DAY, HOUR, MINUTE, later_by_months
from pipelines.sandbox.state import Comment, Page, Person, Token, md5
from pipelines.sandbox.utility import check_utility

_NEWS = "NON_PROMOTIONAL_SUBSCRIPTION"
_FEEDBACK = "CUSTOMER_FEEDBACK"


@dataclass(frozen=True, slots=True)
class Grant:
    """One message may go: to whom, by which lane, and what it uses up."""

    person: Person
    lane: str
    token: Token | None = None
    comment: Comment | None = None
    text: str = ""
    """What a utility template says once filled in."""

    def use(self, page: Page, send: Send, at: int) -> None:
        """Spend what the message spends; called once it is accepted."""
        if self.token and self.lane == "otn":
            page.spent.add(md5(self.token.token))
        if self.token and self.lane == "marketing":
            self.token.sent_at = self.person.marketing_at = at
            self.token.follow_ups += 1
        if self.comment:
            self.comment.is_answered = True
        if send.template_type == "notification_messages":
            self.person.asked[send.request["title"]] = at


def grant(page: Page, send: Send, book: Book, at: int) -> Grant:
    """Return the permission under which a message goes. Raises GraphError."""
    tag = _checked_tag(send, book, at)
    kind, value = send.recipient
    if kind == "one_time_notif_token":
        return _by_one_time_token(page, send, value, book, at)
    if kind == "notification_messages_token":
        return _by_marketing_token(page, value, book, at)
    if kind in {"comment_id", "post_id"}:
        return _by_comment(page, value, book, at)
    person = find_person(page, kind, value)
    if send.messaging_type == "UTILITY" or send.template_type == "utility":
        return Grant(person, "utility", text=check_utility(page, person, send, book, at))
    if tag:
        _check_tag_window(person, send, book, at)
        return Grant(person, "human_agent" if tag == "HUMAN_AGENT" else f"tag:{tag}")
    if not person.acted_at <= at < person.window_closes_at:
        raise GraphError(errors.OUTSIDE_WINDOW, "This message is sent outside of the allowed window.")
    if send.template_type == "notification_messages":
        _check_asked(person, send, book, at)
    return Grant(person, "standard_window")


def find_person(page: Page, kind: str, value: str) -> Person:
    """Return the person whom a recipient names. Raises GraphError for nobody."""
    psid = value if kind == "id" else page.aliases.get((kind, value), "")
    if psid not in page.people:
        raise GraphError(errors.NO_USER, "No matching user found")
    return page.people[psid]


def check_reachable(person: Person, *, by_token: bool) -> None:
    """Refuse a person who blocked the Page. Sends by token have been answered with another code as well."""
    if person.blocked:
        forbidden = by_token and int(person.psid[-1:] or "0", 36) % 2 == 1
        kind = errors.NOT_AVAILABLE_FORBIDDEN if forbidden else errors.NOT_AVAILABLE
        raise GraphError(kind, "This person isn't available right now.")


def _checked_tag(send: Send, book: Book, at: int) -> str:
    """Return the tag that a message claims. A retired one is refused, whatever else would allow the message."""
    if not send.tag:
        if send.messaging_type == book.value("send.messaging_type.tag", at):
            raise GraphError(errors.BAD_PARAMETER, "The parameter tag is required with messaging_type MESSAGE_TAG")
        return ""
    verdict = book.tag(send.tag, at)
    if verdict == "block" and book.knows(f"tag.{send.tag.lower()}.days"):
        raise GraphError(errors.TAG_RETIRED, f"Invalid parameter: the message tag {send.tag} is deprecated")
    if verdict not in {"allow", "warn"}:
        raise GraphError(errors.BAD_PARAMETER, f"Param tag must be a message tag; {send.tag} is none")
    return send.tag


def _check_tag_window(person: Person, send: Send, book: Book, at: int) -> None:
    is_open = person.acted_at <= at < person.window_closes_at
    if send.tag == _NEWS and not is_open:
        raise GraphError(errors.NEWS_ONLY, "Sent outside of the allowed window by a Page that is not in the news index")
    if send.tag == _FEEDBACK and send.template_type != "customer_feedback":
        raise GraphError(errors.BAD_PARAMETER, "CUSTOMER_FEEDBACK carries the customer feedback template alone")
    days = book.value(f"tag.{send.tag.lower()}.days", at)
    if isinstance(days, int) and at >= person.acted_at + days * DAY:
        raise GraphError(errors.OUTSIDE_WINDOW, f"{send.tag} may be used within {days} days of the person's message.")


def _by_one_time_token(page: Page, send: Send, value: str, book: Book, at: int) -> Grant:
    if send.tag or send.messaging_type in {"MESSAGE_TAG", "UTILITY"}:
        raise GraphError(errors.BAD_PARAMETER, "A one-time notification carries no tag and no utility template")
    # Meta documents no code for these: 100 without a subcode is what an invalid parameter gets anywhere else.
    token = page.tokens.get(value)
    if token is None or token.kind != "otn":
        raise GraphError(errors.BAD_PARAMETER, "The one_time_notif_token is invalid (code undocumented)")
    if md5(value) in page.spent:
        raise GraphError(errors.BAD_PARAMETER, "The one_time_notif_token was used already (code undocumented)")
    if not token.given_at <= at < token.expires_at:
        raise GraphError(errors.BAD_PARAMETER, "The one_time_notif_token has expired (code undocumented)")
    if page.object != "page" or book.is_closed("otn", token.region, token.given_at, at):
        raise GraphError(errors.BAD_PARAMETER, "One-time notifications are not available here (code undocumented)")
    return Grant(page.person(token.psid), "otn", token)


def _by_marketing_token(page: Page, value: str, book: Book, at: int) -> Grant:
    token = page.tokens.get(value)
    if token is None or token.kind != "marketing" or not token.given_at <= at < token.expires_at:
        raise GraphError(errors.BAD_PARAMETER, "The notification_messages_token is invalid or expired")
    if token.stopped:
        raise GraphError(errors.STOPPED, "The person stopped these marketing messages")
    if book.is_closed("marketing", token.region, token.given_at, at):
        raise GraphError(errors.BAD_PARAMETER, "Marketing messages are no longer available in the person's region")
    person = page.person(token.psid)
    _check_pace(token, person, book, at)
    return Grant(person, "marketing", token)


def _check_pace(token: Token, person: Person, book: Book, at: int) -> None:
    soon = at < token.given_at + book.value("frequency.marketing.follow_up_minutes", at) * MINUTE
    if soon and token.follow_ups < book.value("frequency.marketing.follow_ups", at):
        return
    next_at = person.marketing_at + book.value("frequency.marketing.hours", at) * HOUR if person.marketing_at else 0
    if token.sent_at and token.frequency == "WEEKLY":
        next_at = max(next_at, token.sent_at + book.value("frequency.marketing.weekly.days", at) * DAY)
    if token.sent_at and token.frequency == "MONTHLY":
        next_at = max(next_at, later_by_months(token.sent_at, book.value("frequency.marketing.monthly.months", at)))
    if at < next_at:
        raise GraphError(errors.TOO_SOON, "The minimum delay between marketing messages has not passed")


def _by_comment(page: Page, value: str, book: Book, at: int) -> Grant:
    comment = page.comments.get(value)
    if comment is None:
        raise GraphError(errors.NO_OBJECT, f"Object with ID '{value}' does not exist or cannot be answered")
    if comment.is_answered:
        raise GraphError(errors.BAD_PARAMETER, "This comment or post was answered already")
    if at >= comment.made_at + book.value("private_reply.days", at) * DAY:
        raise GraphError(errors.OUTSIDE_WINDOW, "This comment or post is too old for a private reply.")
    if comment.psid in page.people or comment.psid:
        return Grant(page.person(comment.psid), "private_reply", comment=comment)
    raise GraphError(errors.NO_USER, "No matching user found")


def _check_asked(person: Person, send: Send, book: Book, at: int) -> None:
    asked_at = person.asked.get(send.request["title"], 0)
    if asked_at and at < asked_at + book.value("frequency.marketing_request.days", at) * DAY:
        raise GraphError(errors.TOPIC_ASKED, "This opt-in was asked of this person less than a week ago")
