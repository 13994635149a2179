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


class Poster:
    """Threads that post what is put in line. `failed` counts the webhooks that were given up."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = urlsplit(url)
        if self._url.scheme not in {"http", "https"} or not self._url.hostname:
            raise UsageError(f"--webhook-url {url}: give an address, as in http://127.0.0.1:8501/webhook.")
        self._secret = secret.encode()
        self._queues: list[queue.Queue[bytes | None]] = [queue.Queue() for _ in range(_THREADS)]
        self.failed = 0
        self._threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in self._queues]
        for thread in self._threads:
            thread.start()

    def put(self, body: bytes, person: str) -> None:
        """Put a webhook in line."""
        self._queues[crc32(person.encode()) % _THREADS].put(body)

    def waiting(self) -> int:
        """Return how many are in line or on their way."""
        return sum(each.unfinished_tasks for each in self._queues)

    def close(self) -> None:
        """Post what is in line, and end."""
        for each in self._queues:
            each.put(None)
        for thread in self._threads:
            thread.join(_TIMEOUT)

    def _work(self, line: "queue.Queue[bytes | None]") -> None:
        connection = self._connection()
        while (body := line.get()) is not None:
            if not self._post(connection, body):
                self.failed += 1
            line.task_done()
        connection.close()
        line.task_done()

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT)

    def _post(self, connection: HTTPConnection, body: bytes) -> bool:
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE * 2 ** (attempt - 1))
            try:
                connection.request("POST", target, body, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException):
                connection.close()
                continue
            if answer.status == 200:
                return True
        return False
