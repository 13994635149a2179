"""The phone shows a message as it is sent, escapes every word, and loads nothing."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.phone import Press, Shown, phone, shown_of
from pipelines.dispatch.payload import send_body
from pipelines.plan.campaign import Button, Campaign, Image, QuickReply, Utility
from tests.plan.worlds import campaign

BUTTONS = (Button("web_url", "See", "https://example.com/{{size}}"), Button("phone_number", "Call", "+886227208889"))
REPLIES = (QuickReply("Not mine", "other"),)


class Read(HTMLParser):
    """Reads the text and the tags of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with its attributes."""
        self.tags.add(tag)
        self.names.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.words.append(data)


def sent(meant: Campaign, lane: str = "standard_window") -> Shown:
    """Return how a campaign arrives at somebody who wears size 42."""
    body = send_body(meant, "A", lane, psid="1", token=None, values={"size": "42"}, metadata="m")
    return shown_of(body["message"])


def test_a_text_stands_alone_or_over_its_buttons() -> None:
    """With the address as this person gets it, and the replies below."""
    assert sent(campaign("Back in {{size}}.")) == Shown("Back in 42.")
    assert sent(campaign("Back in {{size}}.", buttons=BUTTONS, quick_replies=REPLIES)) == Shown(
        "Back in 42.",
        buttons=(Press("See", "https://example.com/42"), Press("Call", "+886227208889")),
        quick_replies=(Press("Not mine", "other"),),
    )


def test_a_picture_with_a_text_is_a_card() -> None:
    """Of two lines; without a text it stands alone, and one that Meta has saved by its id."""
    image = Image("https://example.com/shoe.jpg")

    assert sent(campaign("Back\nin {{size}}", image=image)) == Shown("Back", "in 42", "https://example.com/shoe.jpg")
    assert sent(campaign("", image=image)) == Shown(picture="https://example.com/shoe.jpg")
    assert sent(campaign("", image=Image(attachment_id="77"))) == Shown(picture="77")


def test_a_template_is_named_with_what_fills_it() -> None:
    """Its words are Meta's copy, which nobody has here."""
    meant = campaign(utility=Utility("order_ready", "en", ("{{size}}", "today")))

    assert sent(meant, "utility").text == "The approved template order_ready (en)\n{{1}}: 42\n{{2}}: today"


def test_nothing_is_loaded_from_elsewhere() -> None:
    """A picture is its address."""
    html = phone(Shown("Back", "now", "https://example.com/shoe.jpg"), "Page 5")

    assert not re.search(r"<img|url\(|src=|href=", html)
    assert {"Page 5", "Picture", "https://example.com/shoe.jpg", "Back", "now"} <= set(Read(html).words)


@pytest.mark.parametrize("shown", [Shown(), Shown(buttons=(Press("See"),))])
def test_nothing_written_is_said_so(shown: Shown) -> None:
    """An empty phone would look broken."""
    assert "Nothing is written yet." in Read(phone(shown, "Page 5")).words


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_every_word_is_shown_as_it_is(text: str) -> None:
    """Whatever it holds, it is no tag."""
    shown = Shown(text, text, text, (Press(text, text),), (Press(text, text),))
    read = Read(phone(shown, text))

    assert read.tags == {"div", "span"}
    assert read.names == {"role", "aria-label", "style"}
    assert read.words.count(text) >= 6
