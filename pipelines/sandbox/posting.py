"""Posts webhooks to an address, signed, some at a time; those of one person stay in order."""

import hashlib
import hmac
import queue
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit
from zlib import crc32

from pipelines.errors import UsageError

_THREADS = 4
_TRIES = 5
_PAUSE = 0.2  # seconds before the second try; twice that before the next
_TIMEOUT = 20

_Line = queue.Queue[tuple[str, bytes] | None]


class Poster:
    """Threads that post what is put in line. `failed` counts the webhooks that were given up.

    `outcomes` holds, for each attempt, the Page and whether the webhook arrived.
    """

    def __init__(self, url: str, secret: str) -> None:
        self._url = urlsplit(url)
        if self._url.scheme not in {"http", "https"} or not self._url.hostname:
            raise UsageError(f"--webhook-url {url}: give an address, as in http://127.0.0.1:8501/webhook.")
        self._secret = secret.encode()
        self._queues: list[_Line] = [queue.Queue() for _ in range(_THREADS)]
        self.outcomes: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
        self.failed = 0
        self._threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in self._queues]
        for thread in self._threads:
            thread.start()

    def put(self, body: bytes, page_id: str, person: str) -> None:
        """Put a webhook of a Page in line."""
        self._queues[crc32(person.encode()) % _THREADS].put((page_id, body))

    def waiting(self) -> int:
        """Return how many are in line or on their way."""
        return sum(each.unfinished_tasks for each in self._queues)

    def close(self) -> None:
        """Post what is in line, and end."""
        for each in self._queues:
            each.put(None)
        for thread in self._threads:
            thread.join(_TIMEOUT)

    def _work(self, line: "_Line") -> None:
        connection = self._connection()
        while (job := line.get()) is not None:
            if not self._deliver(connection, *job):
                self.failed += 1
            line.task_done()
        connection.close()
        line.task_done()

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT)

    def _deliver(self, connection: HTTPConnection, page_id: str, body: bytes) -> bool:
        """Post a webhook, a few times if need be; whether it arrived."""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE * 2 ** (attempt - 1))
            has_arrived = self._post(connection, body)
            self.outcomes.put((page_id, has_arrived))
            if has_arrived:
                return True
        return False

    def _post(self, connection: HTTPConnection, body: bytes) -> bool:
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        try:
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            connection.close()
            return False
        return answer.status == 200
