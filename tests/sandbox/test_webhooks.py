"""What the sandbox tells of its messages: echoes, receipts, answers; in log segments or posted and signed."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.conftest import Home
from tests.sandbox.conftest import QUIET
from tests.sandbox.serving import START, Clock, Sandbox, sandbox
from tests.sandbox.test_window import ANNA, PAGE, hours_ago, refusal

ALL = ["delivers=1", "reads=1", "reacts=1", "replies=1", "opts_in=1", "stops=0", "blocks=0"]
ASK = {
    "attachment": {
        "type": "template",
        "payload": {"template_type": "one_time_notif_req", "title": "Back in stock", "payload": "restock:shoes"},
    }
}


def kinds(items: list[dict[str, Any]]) -> list[str]:
    """Return each event's kind."""
    names = ("message", "delivery", "read", "reaction", "optin")
    return ["echo" if item.get("message", {}).get("is_echo") else next(n for n in names if n in item) for item in items]


def test_an_echo_has_the_mid_and_the_metadata(box: Sandbox) -> None:
    """By it a lost answer is settled."""
    box.add(PAGE, ANNA, wrote_at=hours_ago(1))
    message = {"text": "Caf\u00e9", "metadata": "clear-to-send/1 send=7 lane=standard_window"}

    answer = box.send(PAGE, {"id": ANNA}, message=message)

    (echo,) = box.webhooks()
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (PAGE, ANNA)
    assert echo["message"]["mid"] == answer.json()["message_id"]
    assert echo["message"]["metadata"] == message["metadata"]
    assert echo["message"]["app_id"]


def test_people_do_what_they_do(tmp_path: Path) -> None:
    """Deliver, read, react, answer; the answer opens the window again."""
    clock = Clock()
    with sandbox(tmp_path / "home", clock=clock, people=ALL) as box:
        box.add(PAGE, ANNA, wrote_at=hours_ago(23))
        box.send(PAGE, {"id": ANNA})

        items = box.webhooks()
        clock.advance(hours=23)

        assert kinds(items) == ["echo", "delivery", "read", "reaction", "message"]
        assert [item["timestamp"] for item in items] == sorted(item["timestamp"] for item in items)
        assert box.send(PAGE, {"id": ANNA}).status_code == 200


def test_a_request_brings_a_token_that_works(tmp_path: Path) -> None:
    """The opt-in comes as a webhook, in Meta's shape."""
    clock = Clock()
    with sandbox(tmp_path / "home", clock=clock, people=[*ALL, "replies=0", "reacts=0"]) as box:
        box.add(PAGE, ANNA, wrote_at=hours_ago(1))
        box.send(PAGE, {"id": ANNA}, message=ASK)
        optin = box.webhooks()[-1]["optin"]
        clock.advance(days=30)

        assert optin.keys() == {"type", "payload", "one_time_notif_token"}
        assert optin["payload"] == "restock:shoes"
        recipient = {"one_time_notif_token": optin["one_time_notif_token"]}
        assert [box.send(PAGE, recipient).status_code for _ in range(2)] == [200, 400]


def test_people_stop_and_block(tmp_path: Path) -> None:
    """A stop is told, a block is not."""
    with sandbox(tmp_path / "home", people=[*ALL, "replies=0", "reacts=0", "stops=1", "blocks=1"]) as box:
        box.add(PAGE, ANNA, marketing_token="M1", timezone="Europe/Rome", wrote_at=hours_ago(1))
        assert box.send(PAGE, {"notification_messages_token": "M1"}).status_code == 200

        assert box.webhooks()[-1]["optin"]["notification_messages_status"] == "STOP NOTIFICATIONS"
        assert refusal(box.send(PAGE, {"id": ANNA})) == (551, 1545041)
        box.add(PAGE, ANNA, blocked=False)
        assert refusal(box.send(PAGE, {"notification_messages_token": "M1"})) == (10, 1893015)


def test_the_same_seed_tells_the_same_story(tmp_path: Path) -> None:
    """Whoever answers does so again; another seed has other people answer."""

    def story(name: str, seed: int) -> list[str]:
        with sandbox(tmp_path / name, seed=seed, people=["reads=0.5", "replies=0.5", "blocks=0"]) as box:
            for number in range(30):
                box.add(PAGE, str(1000 + number), wrote_at=hours_ago(1))
                box.send(PAGE, {"id": str(1000 + number)})
            return sorted(f"{kind} {item['sender']['id']}" for item in box.webhooks() for kind in kinds([item]))

    assert story("a", 1) == story("b", 1) != story("c", 2)


def test_clear_to_send_reads_what_the_sandbox_writes(tmp_path: Path, home: Home) -> None:
    """No line is rejected, and the warehouse knows the token as spent."""
    with sandbox(tmp_path / "box", people=ALL) as box:
        box.add(PAGE, ANNA, otn_token="T1", wrote_at=hours_ago(1))
        name = hashlib.md5(b"T1", usedforsecurity=False).hexdigest()
        metadata = f"clear-to-send/1 send=7 lane=otn token={name}"
        box.send(PAGE, {"one_time_notif_token": "T1"}, message={"text": "Hello", "metadata": metadata})
        box.send(PAGE, {"id": ANNA}, message=ASK)
        count = len(box.webhooks())

    summary = home.load(tmp_path / "box" / "logs")

    assert (summary.events, summary.rejects) == (count, 0)
    assert home.value("SELECT count(*) FROM token_events WHERE action = 'spend'") == 1
    assert home.value("SELECT count(*) FROM tokens WHERE kind = 'otn'") == 1


def test_webhooks_get_lost_doubled_and_late(tmp_path: Path) -> None:
    """At the rates that are set; what was lost the person did all the same."""
    clock = Clock()
    with sandbox(tmp_path / "home", clock=clock, people=QUIET, faults=["duplicate_webhooks=1"]) as box:
        box.add(PAGE, ANNA, wrote_at=hours_ago(1))
        box.send(PAGE, {"id": ANNA})
        assert len(box.webhooks()) == 2
        box.set("faults", duplicate_webhooks=0, lose_webhooks=1)
        box.send(PAGE, {"id": ANNA})
        assert len(box.webhooks()) == 2
        assert box.stats()["webhooks"]["lost"] == 1
        box.set("faults", lose_webhooks=0, reorder_webhooks=0.5)
        for _ in range(20):
            box.send(PAGE, {"id": ANNA})
        times = [item["timestamp"] for item in box.webhooks()[2:]]
        assert len(times) == 20
        assert times != sorted(times)


@contextmanager
def receiver(answers: list[int]) -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """Yield the address of a webhook route and what arrives there; `answers` are its first statuses, then 200."""
    arrived: list[tuple[bytes, str]] = []

    class Route(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = answers.pop(0) if answers else 200
            if status == 200:
                arrived.append((body, self.headers["X-Hub-Signature-256"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Route)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/webhook", arrived
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_posted_webhooks_are_signed_and_tried_again(tmp_path: Path) -> None:
    """The signature is over the very bytes, with every letter beyond ASCII escaped."""
    with receiver([500, 503]) as (url, arrived):
        with sandbox(tmp_path / "home", people=ALL, webhook_url=url, secret="shh") as box:
            box.add(PAGE, ANNA, wrote_at=hours_ago(1))
            box.send(PAGE, {"id": ANNA}, "Caf\u00e9")
            box.settle()
            assert box.stats()["webhooks"]["failed"] == 0
        bodies = [body for body, _ in arrived]

    assert all(
        signature == "sha256=" + hmac.new(b"shh", body, hashlib.sha256).hexdigest() for body, signature in arrived
    )
    assert all(body.isascii() for body in bodies)
    assert any(b"Caf\\u00e9" in body for body in bodies)
    items = [json.loads(body)["entry"][0]["messaging"][0] for body in bodies]
    assert kinds(items) == ["echo", "delivery", "read", "reaction", "message"]
    assert not list((tmp_path / "home" / "logs").glob("*"))


def test_what_is_in_line_is_told_before_the_end(tmp_path: Path) -> None:
    """A sandbox that stops in good order owes nobody a webhook; its segment is named after its start."""
    with sandbox(tmp_path / "home", people=ALL, clock=Clock()) as box:
        box.add(PAGE, ANNA, wrote_at=hours_ago(1))
        box.send(PAGE, {"id": ANNA})

    (segment,) = (tmp_path / "home" / "logs").iterdir()
    assert segment.name == f"sandbox-{START:%Y-%m-%dT%H-%M-%SZ}.jsonl"
    assert len(segment.read_text("ascii").splitlines()) == 5
