"""What an answer of the Graph API means: accepted, try again, give up, halt, or settle first.

Codes are looked up in data/errors.toml, which says what each action is. What this file decides is the rest: an answer
that is no Graph error at all, and what is done about an answer nobody has described.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.dispatch.graph_api import Answer
from pipelines.errors import PolicyError

ACTIONS = ("retry", "give_up_person", "give_up_token", "give_up_message", "halt_campaign", "halt_page", "settle")
SCOPES = ("person", "thread", "token", "message", "campaign", "page", "app")
_MARKS = {"A", "A'", "B", "C", "R", "X", "L"}
_STANDS_ON_EVERY_LANE = {"halt_campaign", "halt_page", "settle"}
_NEVER_AGAIN = {  # a retry that Meta says is useless, by its scope
    "person": "give_up_person",
    "thread": "give_up_person",
    "token": "give_up_token",
    "message": "give_up_message",
    "campaign": "halt_campaign",
    "page": "halt_page",
    "app": "halt_page",
}


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One entry of the table. No subcode: any; no lane: every lane."""

    code: int
    meaning: str
    scope: str
    action: str
    mark: str
    verified_on: date
    subcode: int | None = None
    lane: str = ""
    throttle: bool = False


def _is_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


_KEYS: dict[str, tuple[Callable[[object], bool], str]] = {
    "code": (_is_code, "must be a whole number"),
    "meaning": (lambda value: _is_text(value) and str(value).endswith("."), "must be a sentence"),
    "scope": (lambda value: value in SCOPES, f"must be one of {', '.join(SCOPES)}"),
    "action": (lambda value: value in ACTIONS, f"must be one of {', '.join(ACTIONS)}"),
    "mark": (
        lambda value: isinstance(value, str) and set(value.split("/")) <= _MARKS,
        f"must be of {', '.join(sorted(_MARKS))}, joined by / where there are several",
    ),
    "verified_on": (
        lambda value: isinstance(value, date) and not isinstance(value, datetime),
        "must be a day, as in 2026-11-22",
    ),
    "subcode": (_is_code, "must be a whole number"),
    "lane": (_is_text, "must name a lane"),
    "throttle": (lambda value: value is True, "must be true, or not be there"),
}
_OPTIONAL = {"subcode", "lane", "throttle"}


def _faults(raw: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(raw.keys() - _KEYS.keys()):
        yield f"{key}: unknown key; allowed are {', '.join(_KEYS)}"
    for key, (fits, demand) in _KEYS.items():
        if key in raw and not fits(raw[key]):
            yield f"{key}: {demand}"
        elif key not in raw and key not in _OPTIONAL:
            yield f"{key}: missing; it {demand}"
    if "throttle" in raw and raw.get("action") != "retry":
        yield "throttle: only what may be tried again waits for a limit"


def _named(raw: Mapping[str, Any]) -> str:
    return "/".join(str(raw[key]) for key in ("code", "subcode", "lane") if key in raw)


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """All entries, by code, subcode and lane. Made by `load_errors`."""

    entries: Mapping[tuple[int, int | None, str], ErrorEntry]

    def find(self, code: int, subcode: int | None, lane: str) -> ErrorEntry | None:
        """Return the entry that speaks for an error on a lane."""
        exact = self.entries.get((code, subcode, ""))
        if exact and exact.action in _STANDS_ON_EVERY_LANE:
            return exact
        wider = ((code, subcode, lane), (code, None, lane), (code, subcode, ""), (code, None, ""))
        return next((self.entries[key] for key in wider if key in self.entries), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be done about one answer. `reason` is a stable key to count by, `words` a sentence for users."""

    action: str
    scope: str
    reason: str
    words: str
    code: int | None = None
    subcode: int | None = None
    is_throttle: bool = False
    wait_s: float | None = None
    recipient_id: str | None = None
    message_id: str | None = None
    fbtrace_id: str | None = None


def load_errors(path: Path) -> ErrorTable:
    """Read data/errors.toml. Raises PolicyError, which names every entry that is at fault."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # ValueError: broken TOML, or not UTF-8
        msg = f"{path.name} cannot be read: {error}. Install Clear to Send again."
        raise PolicyError(msg) from None
    listed = table.get("error")
    if table.keys() != {"error"} or not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        msg = f"{path.name} must hold entries, each under [[error]], and nothing else."
        raise PolicyError(msg)
    entries: dict[tuple[int, int | None, str], ErrorEntry] = {}
    problems: list[str] = []
    for number, raw in enumerate(listed, start=1):
        found = list(_faults(raw))
        key = (raw.get("code"), raw.get("subcode"), raw.get("lane", ""))
        if not found and key in entries:
            found = ["is there twice"]
        problems += [f"{path.name}: entry {number} ({_named(raw)}): {fault}" for fault in found]
        if not found:
            entry = ErrorEntry(**raw)
            entries[entry.code, entry.subcode, entry.lane] = entry
    if problems:
        raise PolicyError("\n- ".join([f"{path.name} cannot be trusted; mend these entries:", *problems]))
    return ErrorTable(entries)


def classify(answer: Answer, table: ErrorTable, lane: str) -> Outcome:
    """Say what an answer to a message on that lane means."""
    if answer.failure == "not_sent":
        words = f"The message never left: {answer.failure_words}"
        return Outcome("retry", "app", "not_sent", words)
    if answer.failure == "lost":
        words = f"The message left, and no answer came. It may have gone out: {answer.failure_words}"
        return Outcome("settle", "message", "no_answer", words)
    if 200 <= answer.status < 300:
        return _taken(answer)
    error = answer.body.get("error")
    code = _whole(error.get("code")) if isinstance(error, dict) else None
    if not isinstance(error, dict) or code is None:
        return _no_graph_error(answer)
    return _refused(answer, error, code, table, lane)


def _taken(answer: Answer) -> Outcome:
    message_id = _text(answer.body.get("message_id"))
    if message_id:
        recipient_id = _text(answer.body.get("recipient_id"))
        words = "Meta has taken the message."
        return Outcome("accepted", "message", "accepted", words, recipient_id=recipient_id, message_id=message_id)
    words = "The answer says yes but names no message. It may have gone out."
    return Outcome("settle", "message", "no_message_id", words)


def _no_graph_error(answer: Answer) -> Outcome:
    """Judge a status alone.

    What says 5xx without a Graph error may be a gateway that gave up while Meta went on, and 408 one that did: the
    message may have gone out. Any other status is a refusal, but not one that Meta makes.
    """
    reason = f"http_{answer.status}"
    if answer.status >= 500 or answer.status == 408:
        words = f"The answer was HTTP {answer.status} without a reason. The message may have gone out."
        return Outcome("settle", "message", reason, words)
    if answer.status == 429:
        words = "Something on the way to Meta says that there were too many calls."
        return _told_to_wait(Outcome("retry", "app", reason, words, is_throttle=True), answer)
    words = f"The answer was HTTP {answer.status} without a code of Meta's. A person must check the setting graph_url."
    return Outcome("halt_campaign", "campaign", reason, words)


def _refused(answer: Answer, error: Mapping[str, Any], code: int, table: ErrorTable, lane: str) -> Outcome:
    subcode = _whole(error.get("error_subcode"))
    entry = table.find(code, subcode, lane)
    key = str(code) if subcode is None else f"{code}/{subcode}"
    if entry is None:
        words = f"Meta answered with the error {key}, unknown here. A person must look at it before more goes out."
        action, scope, reason, is_throttle = "halt_campaign", "campaign", f"unknown {key}", False
    else:
        action, scope, reason, is_throttle = entry.action, entry.scope, key, entry.throttle
        words = entry.meaning
        if subcode is not None and entry.subcode is None and (code, subcode, "") not in table.entries:
            words += f" (The subcode {subcode} is not known here; the code {code} alone was judged.)"
    action, note = _heeding_transience(action, scope, error.get("is_transient"))
    outcome = Outcome(
        *(action, scope, reason, words + note, code, subcode, is_throttle),
        fbtrace_id=_text(error.get("fbtrace_id")),
    )
    return _told_to_wait(outcome, answer)


def _heeding_transience(action: str, scope: str, is_transient: object) -> tuple[str, str]:
    """Let Meta's own word win over the table, but never over settle: to send again could send twice."""
    if action == "settle" or not isinstance(is_transient, bool) or is_transient == (action == "retry"):
        return action, ""
    if is_transient:
        return "retry", " Meta says that it will pass."
    return (_NEVER_AGAIN[scope], " Meta says that it will not pass.") if action == "retry" else (action, "")


def _told_to_wait(outcome: Outcome, answer: Answer) -> Outcome:
    if outcome.action != "retry" or answer.usage.regain_s <= 0:
        return outcome
    return replace(outcome, wait_s=answer.usage.regain_s)


def _whole(value: object) -> int | None:
    """A code as a number; some libraries on the way make text of it."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,12}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
