"""The platform's errors, in the body and with the HTTP status that Graph gives them."""

from typing import Any

OUTSIDE_WINDOW = (10, 2018278)
NEWS_ONLY = (10, 2018065)
STOPPED = (10, 1893015)
PAGE_RESTRICTED = (10, 1893063)
NO_PERMISSION = (10, None)
BAD_PARAMETER = (100, None)
NO_OBJECT = (100, 33)
NO_USER = (100, 2018001)
TAG_RETIRED = (100, 1893061)
URL_UNREADABLE = (100, 2018008)
ATTACHMENT_UNKNOWN = (100, 2018074)
ATTACHMENT_TOO_LARGE = (100, 2018109)
BUTTON_MISMATCH = (100, 1893029)
TEMPLATE_REFUSED = (100, 2018416)
TOPIC_ASKED = (613, 1893016)
TOO_SOON = (4, 2018354)
NOT_AVAILABLE = (551, 1545041)
NOT_AVAILABLE_FORBIDDEN = (200, 1545041)
RATE_LIMIT = (613, None)
APP_LIMIT = (4, None)
MESSENGER_LIMIT = (80006, None)
TOKEN_INVALID = (190, None)
TOKEN_EXPIRED = (190, 463)
NO_TOKEN = (2500, None)
UNKNOWN_PATH = (2500, None)
VERSION_ENDED = (2635, None)
TRANSIENT = (2, None)
GARBLED = (1, 1357046)
UNKNOWN = (1, None)

_STATUS = {1: 500, 2: 500, 4: 403, 10: 403, 200: 403}  # every other code comes with 400
_TITLES = {
    OUTSIDE_WINDOW: "Message sent outside of the allowed window",
    TAG_RETIRED: "Deprecated message tag",
    PAGE_RESTRICTED: "Page temporarily restricted",
    NOT_AVAILABLE: "Person not available",
}

Kind = tuple[int, int | None]


class GraphError(Exception):
    """A refusal, as the platform words it: code, subcode and a message that begins with the code."""

    def __init__(self, kind: Kind, message: str, *, status: int | None = None) -> None:
        self.kind = kind
        self.code, self.subcode = kind
        self.message = message if self.code in {190, 2500} else f"(#{self.code}) {message}"
        self.status = status or _STATUS.get(self.code, 400)
        super().__init__(self.message)

    @property
    def name(self) -> str:
        """The code and subcode as one word, as in 10/2018278."""
        return str(self.code) if self.subcode is None else f"{self.code}/{self.subcode}"

    def body(self, trace: str) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.kind == TRANSIENT:
            error["is_transient"] = True
        if self.kind in _TITLES:
            error |= {"is_transient": False, "error_user_title": _TITLES[self.kind], "error_user_msg": self.message}
        return {"error": {**error, "fbtrace_id": trace}}
