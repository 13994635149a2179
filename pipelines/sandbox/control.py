"""/sandbox/…: the numbers, and the people, faults and habits that a test or a demo sets while it runs."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipelines.errors import UsageError
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.faults import FAULTS, HABITS, check_rates
from pipelines.sandbox.graph import Graph
from pipelines.sandbox.moments import in_ms, read_time
from pipelines.sandbox.state import Item
from pipelines.sandbox.subscriptions import checked

_PERSON = {
    "page_id", "psid", "wrote_at", "otn_token", "topic", "opted_in_at", "expires_at", "marketing_token", "timezone",
    "frequency", "stopped", "comment_id", "commented_at", "user_ref", "phone_number", "blocked",
}  # fmt: skip


class Control:
    """What may be asked of the sandbox itself. It listens on this machine only, so nobody signs in."""

    def __init__(self, graph: Graph, clock: Callable[[], datetime]) -> None:
        self._graph = graph
        self._clock = clock

    def routes(self) -> list[Route]:
        """Return the routes under /sandbox."""
        return [
            Route("/stats", self.stats),
            Route("/people", self.people, methods=["POST"]),
            Route("/faults", self.faults, methods=["GET", "POST"]),
            Route("/habits", self.habits, methods=["GET", "POST"]),
            Route("/subscriptions", self.subscriptions, methods=["GET", "POST"]),
        ]

    async def stats(self, _: Request) -> JSONResponse:
        """Answer what was asked and answered so far, and the webhooks that are still to come."""
        return JSONResponse({**self._graph.stats.as_json(), "webhooks": self._graph.webhooks.as_json()})

    async def faults(self, request: Request) -> JSONResponse:
        """Set faults by name, {"transient": 0.1}; those not named stay, and 0 ends one."""
        return await self._set(request, "fault", self._graph.faults.rates, FAULTS)

    async def habits(self, request: Request) -> JSONResponse:
        """Set what people do, {"replies": 0.5}; those not named stay."""
        return await self._set(request, "habit", self._graph.habits, HABITS)

    async def subscriptions(self, request: Request) -> JSONResponse:
        """Set what Pages are subscribed to, {"1": ["messages"], "2": []}; no field is what an hour of failures does."""
        pages = self._graph.state.pages
        try:
            given = await _json(request) if request.method == "POST" else {}
            if not isinstance(given, dict) or not all(isinstance(each, list) for each in given.values()):
                raise UsageError('Give an object of Pages and fields, as in {"1": ["messages"]}.')
            if unknown := given.keys() - pages.keys():
                raise UsageError(f"{', '.join(sorted(unknown))}: is no Page that is known here.")
            wanted = {
                page_id: checked(map(str, names), self._graph.book) if names else set()
                for page_id, names in given.items()
            }
        except (UsageError, GraphError) as error:
            return JSONResponse({"error": str(error)}, 400)
        for page_id, fields in wanted.items():
            pages[page_id].subscribed_fields = fields
        shown = {
            page_id: {"fields": sorted(page.subscribed_fields), "failing_since": page.failing_since or None}
            for page_id, page in pages.items()
        }
        return JSONResponse(shown)

    async def people(self, request: Request) -> JSONResponse:
        """Add a person, or a list of them, with windows, tokens and comments."""
        try:
            given = await _json(request)
            people = given if isinstance(given, list) else [given]
            for person in people:
                self._add(_checked(person))
        except UsageError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"success": True, "people": len(people)})

    async def _set(
        self, request: Request, option: str, rates: dict[str, float], known: Mapping[str, object]
    ) -> JSONResponse:
        try:
            if request.method == "POST":
                given = await _json(request)
                if not isinstance(given, dict):
                    raise UsageError('Give an object of names and rates, as in {"latency": 0.2}.')
                rates |= check_rates(option, given, known)
        except UsageError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(rates)

    def _add(self, given: Mapping[str, Any]) -> None:
        state, now = self._graph.state, in_ms(self._clock())
        page = state.page(str(given["page_id"]))
        psid = str(given["psid"])
        person = page.person(psid)
        if "blocked" in given:
            person.blocked = bool(given["blocked"])
        for kind in ("user_ref", "phone_number"):
            if kind in given:
                page.aliases[kind, str(given[kind])] = psid
        if wrote_at := _moment(given, "wrote_at", 0):
            self._tell(page.page_id, psid, wrote_at, now, message={"mid": f"m_{wrote_at}", "text": "Hello"})
        for optin in _opt_ins(given):
            self._tell(page.page_id, psid, _moment(given, "opted_in_at", now), now, optin=optin)
        if name := given.get("comment_id"):
            made_at = _moment(given, "commented_at", now)
            value = {
                "item": "comment",
                "comment_id": name,
                "from": {"id": psid},
                "created_time": made_at,
                "verb": "add",
            }
            entry = {"id": page.page_id, "time": made_at, "changes": [{"field": "feed", "value": value}]}
            state.learn({"object": "page", "entry": [entry]}, now)

    def _tell(self, page_id: str, psid: str, at: int, now: int, **body: Any) -> None:
        item: Item = {"sender": {"id": psid}, "recipient": {"id": page_id}, "timestamp": at, **body}
        self._graph.state.learn({"object": "page", "entry": [{"id": page_id, "time": at, "messaging": [item]}]}, now)


def _opt_ins(given: Mapping[str, Any]) -> list[Item]:
    topic = str(given.get("topic") or "sandbox")
    made = []
    if token := given.get("otn_token"):
        made.append({"type": "one_time_notif_req", "payload": topic, "one_time_notif_token": str(token)})
    if token := given.get("marketing_token"):
        optin = {"type": "notification_messages", "payload": topic, "title": topic}
        optin["notification_messages_token"] = str(token)
        for name, field in (
            ("timezone", "notification_messages_timezone"),
            ("frequency", "notification_messages_frequency"),
        ):
            if name in given:
                optin[field] = given[name]
        if "expires_at" in given:
            optin["token_expiry_timestamp"] = str(_moment(given, "expires_at", 0))
        made.append(optin)
        if given.get("stopped"):
            made.append({**optin, "notification_messages_status": "STOP NOTIFICATIONS"})
    return made


def _checked(person: object) -> Mapping[str, Any]:
    if not isinstance(person, dict) or not person.get("page_id") or not person.get("psid"):
        raise UsageError('A person needs a page_id and a psid, as in {"page_id": "1", "psid": "2"}.')
    if unknown := person.keys() - _PERSON:
        raise UsageError(f"{', '.join(sorted(unknown))}: is not known. There are: {', '.join(sorted(_PERSON))}.")
    return person


def _moment(given: Mapping[str, Any], name: str, otherwise: int) -> int:
    """Return a moment that is given as ISO 8601, seconds or milliseconds."""
    value = given.get(name)
    if value is None:
        return otherwise
    if at := read_time(value):
        return at
    try:
        return in_ms(datetime.fromisoformat(str(value)))
    except ValueError:
        raise UsageError(f"{name} {value}: is not a moment. Write it like 2026-11-22T08:30:00Z.") from None


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError:
        raise UsageError("The body is not JSON.") from None
