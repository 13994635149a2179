"""The truth file: one JSON line for each message that a person really received, on disk before the call is answered.

The sandbox reads it back when it starts, so that no restart lets a spent token be spent again.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.errors import SurroundingsError
from pipelines.sandbox.moments import in_ms, written
from pipelines.sandbox.rules import Grant
from pipelines.sandbox.state import Page, State, md5

_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Truth:
    """An append-only file of accepted messages."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._path = path
            self._file = path.open("ab", buffering=0)
            with path.open("rb") as earlier:
                size = earlier.seek(0, 2)
                earlier.seek(max(0, size - 1))
                if earlier.read() not in {b"", b"\n"}:
                    self._file.write(b"\n")  # a line torn by a kill: it was never answered
        except OSError as error:
            raise SurroundingsError(
                f"The truth file {path} cannot be written: {error.strerror}. Name another with --truth."
            ) from None

    def remember(self, state: State) -> int:
        """Tell the state what earlier runs accepted, and return how many messages that were."""
        count = 0
        with self._path.open("rb") as earlier:
            for line in earlier:
                try:
                    message = json.loads(line)
                    _remember(state.page(message["page_id"]), message)
                except (ValueError, KeyError, TypeError):
                    continue
                count += 1
        return count

    def append(self, page: Page, grant: Grant, recipient: tuple[str, str], message: dict[str, Any], at: int) -> None:
        """Write what one person received: mid, metadata and text are in `message`."""
        line = {
            "psid": grant.person.psid,
            "page_id": page.page_id,
            "metadata": message["metadata"],
            "mid": message["mid"],
            "lane": grant.lane,
            "token": grant.token.token if grant.token else None,
            "at": written(at),
            "text": message["text"],
            "recipient": {recipient[0]: recipient[1]},
        }
        self._file.write(_as_json(line).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _remember(page: Page, message: dict[str, Any]) -> None:
    at = in_ms(datetime.fromisoformat(message["at"]))
    token, recipient = str(message["token"]), message.get("recipient") or {}
    page.person(message["psid"])
    if message["lane"] == "otn":
        page.spent.add(md5(token))
    if message["lane"] == "marketing":
        page.note_marketing(message["psid"], at)
        if token in page.tokens:
            page.tokens[token].sent_at = max(page.tokens[token].sent_at, at)
            page.tokens[token].follow_ups += 1
    name = recipient.get("comment_id") or recipient.get("post_id")
    if name in page.comments:
        page.comments[name].is_answered = True
