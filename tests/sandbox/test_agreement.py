"""The sandbox and the warehouse read the same logs each in its own way, and agree on who may be written to."""

from datetime import datetime
from pathlib import Path
from shutil import copytree

from pipelines import DATA
from pipelines.sandbox.errors import GraphError
from pipelines.sandbox.messages import read_send
from pipelines.sandbox.moments import in_ms
from pipelines.sandbox.rules import grant
from pipelines.sandbox_command import lay_out
from pipelines.settings import read_settings
from tests.conftest import Home

MOMENT = datetime(2026, 11, 20, 1)
KINDS = {"otn": "one_time_notif_token", "marketing": "notification_messages_token"}


def test_both_agree_on_every_token_and_every_window(tmp_path: Path, home: Home) -> None:
    """At the end of the sample logs: what the warehouse calls available, the sandbox accepts."""
    home.load(DATA / "samples" / "logs", now=MOMENT)
    tokens = {
        (page, KINDS[kind], token): state == "available"
        for page, kind, token, state in home.rows(
            "SELECT page_id, kind, token, state FROM tokens WHERE state IS NOT NULL"
        )
    }
    people = home.rows(
        "SELECT c.page_id, c.psid, max(coalesce(w.opened_at <= $at AND w.closes_at > $at, false)) FROM contacts AS c "
        "LEFT JOIN windows AS w USING (page_id, psid) WHERE c.first_seen_at <= $at GROUP BY ALL",
        {"at": MOMENT},
    )
    windows = {(page, "id", psid): is_open for page, psid, is_open in people}
    copytree(DATA / "samples" / "logs", tmp_path / "box" / "logs")
    graph = lay_out(read_settings(tmp_path / "box"), started_at=MOMENT)
    at = in_ms(MOMENT)

    def accepts(page: str, kind: str, value: str) -> bool:
        send = read_send({"recipient": {kind: value}, "message": {"text": "Hello"}}, graph.book, at)
        try:
            grant(graph.state.page(page), send, graph.book, at)
        except GraphError as error:
            return error.name == "4/2018354"  # the pace of marketing messages is no state of a token
        return True

    graph.truth.close()
    expected = {key: bool(may) for key, may in (tokens | windows).items()}
    assert {key: accepts(*key) for key in expected} == expected
    assert 0 < sum(expected.values()) < len(expected)
