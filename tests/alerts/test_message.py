"""What a message says: all of it as words, whatever a topic is called, with a link to the view."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.alerts.kinds import TITLES
from pipelines.alerts.message import digest, trial
from pipelines.ledger.alerts import Alert
from tests.alerts.raised import BASE, NOW

NASTY = '<!channel> <https://evil.example|here> & "quotes"\r\nBcc: all@shop.example\r\n\r\n<script>alert(1)</script>'


def alert(number: int = 1, kind: str = "tokens_die", says: str = "60 tokens die.", path: str = "/rules") -> Alert:
    """Return an open alert."""
    return Alert(number, kind, "1084", "boots", "", says, "Write `now`.", path, NOW, None, None, None)


class Reader(HTMLParser):
    """Gathers the tags, the addresses and the words of a mail."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and where it leads."""
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "background"}]

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words += data


def read(text: str) -> Reader:
    """Read a mail in HTML."""
    reader = Reader()
    reader.feed(text)
    return reader


def test_foreign_words_stay_words_in_slack() -> None:
    """No mention, no link, no formatting that is not ours."""
    message = digest([alert(says=NASTY)], BASE, NOW)

    (section,) = [block for block in message.slack["blocks"] if block["type"] == "section"]
    links = re.findall(r"<([^>]*)>", section["text"]["text"])
    assert links == [f"{BASE}/rules|Look at it"]
    assert "&lt;!channel&gt;" in section["text"]["text"]
    assert section["text"]["verbatim"] is True
    assert message.slack["text"] == "Clear to Send: Tokens are about to die"


def test_foreign_words_stay_words_in_a_mail() -> None:
    """Nothing of them becomes a tag or a header; nothing is fetched from anywhere."""
    message = digest([alert(says=NASTY)], BASE, NOW)

    mail = read(message.html)
    assert "script" not in mail.tags
    assert not mail.tags & {"img", "link", "iframe"}
    assert "<script>alert(1)</script>" in mail.words
    assert mail.addresses == [f"{BASE}/rules", f"{BASE}/alerts"]
    assert NASTY in message.text
    assert message.subject.isprintable()


def test_the_most_urgent_comes_first_and_a_crowd_is_counted() -> None:
    """A message stays within what Slack takes; the page has them all."""
    crowd = [alert(number) for number in range(70)] + [alert(99, "blocked", "Meta stopped it.")]
    message = digest(crowd, BASE, NOW)

    sections = [block for block in message.slack["blocks"] if block["type"] == "section"]
    assert message.subject == "Clear to Send: 71 alerts"
    assert sections[0]["text"]["text"].startswith("*Meta blocks the Page*")
    assert len(message.slack["blocks"]) <= 50
    assert "And 51 more." in message.text
    assert "And 51 more." in str(message.slack)


@settings(max_examples=40)
@given(st.sampled_from(list(TITLES)), st.text(max_size=4000), st.text(max_size=300))
def test_any_words_fit(kind: str, says: str, path: str) -> None:
    """Slack's limits hold, and what stands in the mail is what was said."""
    message = digest([alert(kind=kind, says=says, path=f"/{path}")], BASE, NOW)

    sections = [block["text"]["text"] for block in message.slack["blocks"] if block["type"] == "section"]
    assert all(len(each) <= 3000 or len(path) > 50 for each in sections)
    assert html.escape(says) in message.html


@pytest.mark.parametrize("by", ["Mei", ""])
def test_a_test_message_says_who_sent_it(by: str) -> None:
    """And leads to the page."""
    message = trial(by, BASE, NOW)

    assert message.text.startswith(by or "Somebody")
    assert f"{BASE}/alerts" in message.text
    assert read(message.html).addresses == [f"{BASE}/alerts"]
