"""One call on one edge → its answer, or the GraphError that refuses it."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from pipelines.sandbox import errors, subscriptions
from pipelines.sandbox.book import Book
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.faults import Faults
from pipelines.sandbox.messages import ACTIONS, FILES, Fields, Send, check_url, read_send, recipient_of
from pipelines.sandbox.moments import DAY, SECOND, written
from pipelines.sandbox.people import APP_ID, Planned, aftermath
from pipelines.sandbox.rules import Grant, check_reachable, find_person, grant
from pipelines.sandbox.state import Item, Page, State
from pipelines.sandbox.stats import Stats
from pipelines.sandbox.truth import Truth
from pipelines.sandbox.utility import make_template
from pipelines.sandbox.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Graph:
    """The platform: what it knows, what it does with a call, and what it tells of it."""

    book: Book
    state: State
    truth: Truth
    webhooks: Webhooks
    faults: Faults
    stats: Stats
    habits: dict[str, float]
    seed: int
    run: str
    """Names this run, so that no message of another run has the same mid."""

    def call(self, method: str, page: Page, edge: str, fields: Fields, at: int) -> Fields:
        """Answer a call other than a message. Raises GraphError."""
        if method == "POST" and edge == "message_attachments":
            return self._save_attachment(page, fields, at)
        if method == "POST" and edge == "message_templates":
            return self._make_template(page, fields, at)
        if edge == "subscribed_apps":
            return subscriptions.answer(method, page, fields, self.book)
        if method == "GET" and edge == "message_templates":
            return _listed(fields, page.templates.values())
        if method == "GET" and edge == "notification_message_tokens":
            return self._marketing_tokens(page, at)
        if method == "GET" and edge == "":
            return {"id": page.page_id, "name": f"Sandbox Page {page.page_id}"}
        raise GraphError(errors.UNKNOWN_PATH, f"Unknown path components: /{edge}")

    def message(self, page: Page, fields: Fields, at: int) -> Fields:
        """Accept a message, or show a sender's action. Raises GraphError; then nothing went out."""
        if fields.get("sender_action"):
            return self._act(page, fields, at)
        send = read_send(fields, self.book, at)
        if saved := _saved_attachment(send):
            self._check_saved(page, saved, at)
        granted = grant(page, send, self.book, at)
        by_token = send.recipient[0] in {"one_time_notif_token", "notification_messages_token"}
        check_reachable(granted.person, by_token=by_token)
        self.faults.refuse(granted.person.psid)
        return self._accept(page, send, granted, at)

    def _accept(self, page: Page, send: Send, granted: Grant, at: int) -> Fields:
        mid = self._mid(page, granted.person.psid)
        content = {"mid": mid, "metadata": send.metadata or None, "text": granted.text or send.text}
        self.truth.append(page, granted, send.recipient, content, at)  # before anything is answered
        granted.use(page, send, at)
        stats = self.stats.page(page.page_id)
        stats.accepted += 1
        stats.lanes[granted.lane] += 1
        echo = {
            "sender": {"id": page.page_id},
            "recipient": {"id": granted.person.psid},
            "timestamp": at,
            "message": _echoed(send, content),
        }
        self.webhooks.plan(page, aftermath(self.habits, self.seed, page, granted, send, echo), at)
        answer = {"recipient_id": granted.person.psid, "message_id": mid}
        if send.recipient[0] in {"user_ref", "phone_number"} and not self.book.value("send.answer.recipient_id", at):
            del answer["recipient_id"]
        if send.is_reusable:
            answer["attachment_id"] = self._keep_attachment(page, at)
        return answer

    def _mid(self, page: Page, psid: str) -> str:
        number = self.stats.page(page.page_id).accepted
        name = f"{self.run} {self.seed} {page.page_id} {psid} {number}".encode()
        return "m_" + base64.urlsafe_b64encode(hashlib.blake2b(name, digest_size=30).digest()).decode()

    def _act(self, page: Page, fields: Fields, at: int) -> Fields:
        if fields["sender_action"] not in ACTIONS:
            raise GraphError(errors.BAD_PARAMETER, f"Param sender_action must be one of {{{', '.join(ACTIONS)}}}")
        person = find_person(page, *recipient_of(fields, self.book, at))
        check_reachable(person, by_token=False)
        return {"recipient_id": person.psid}

    def _save_attachment(self, page: Page, fields: Fields, at: int) -> Fields:
        message = fields.get("message")
        attachment = message.get("attachment") if isinstance(message, dict) else None
        payload = attachment.get("payload") if isinstance(attachment, dict) else None
        if not isinstance(attachment, dict) or not isinstance(payload, dict) or attachment.get("type") not in FILES:
            raise GraphError(
                errors.BAD_PARAMETER, "Param message[attachment] must have a type and a payload with a url"
            )
        check_url(str(payload.get("url") or ""), str(attachment["type"]), self.book, at)
        return {"attachment_id": self._keep_attachment(page, at)}

    def _keep_attachment(self, page: Page, at: int) -> str:
        attachment_id = str(at * 1000 + len(page.attachments) % 1000)
        page.attachments[attachment_id] = at
        return attachment_id

    def _check_saved(self, page: Page, attachment_id: str, at: int) -> None:
        saved_at = page.attachments.get(attachment_id)
        if saved_at is None or at >= saved_at + self.book.value("send.attachment_id.days", at) * DAY:
            raise GraphError(errors.ATTACHMENT_UNKNOWN, "The attachment id is invalid, expired or not the Page's own")

    def _make_template(self, page: Page, fields: Fields, at: int) -> Fields:
        made = make_template(page, fields, self.book, at)
        value = {
            "event": made["status"],
            "message_template_id": made["id"],
            "message_template_name": made["name"],
            "message_template_language": made["language"],
            "reason": "NONE",
        }
        change: Item = {"field": "message_template_status_update", "value": value}
        self.webhooks.plan(page, [Planned(at + SECOND, change, "changes")], at)
        return {name: made[name] for name in ("id", "status", "category")}

    def _marketing_tokens(self, page: Page, at: int) -> Fields:
        tokens = [each for each in page.tokens.values() if each.kind == "marketing" and each.given_at <= at]
        listed = [
            {
                "notification_messages_token": each.token,
                "recipient_id": each.psid,
                "creation_timestamp": each.given_at // SECOND,
                "token_expiry_timestamp": each.expires_at,
                "user_token_status": "NOT_REFRESHED",
                "topic_title": each.title,
                "is_stopped": each.stopped,
                "created_time": written(each.given_at),
            }
            for each in tokens
        ]
        return {"data": listed}


def _saved_attachment(send: Send) -> str:
    attachment = send.message.get("attachment")
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    return str(payload.get("attachment_id") or "") if isinstance(payload, dict) and not payload.get("url") else ""


def _echoed(send: Send, content: Fields) -> Item:
    message: Item = {"mid": content["mid"], "is_echo": True, "app_id": int(APP_ID)}
    if send.metadata:
        message["metadata"] = send.metadata
    if attachment := send.message.get("attachment"):
        message["attachments"] = [attachment]
    else:
        message["text"] = content["text"]
    return message


def _listed(fields: Fields, templates: Any) -> Fields:
    name = fields.get("name")
    return {"data": [each for each in templates if not name or each["name"] == name]}
