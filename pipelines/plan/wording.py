"""A campaign's variant and a person's values → the words that this person reads, never longer than fits."""

from collections.abc import Mapping

from pipelines.plan.campaign import Campaign, Room
from pipelines.plan.fields import TooLong, render


def text_for(campaign: Campaign, variant_name: str, values: Mapping[str, str]) -> str:
    """Return the text for one person. Raises MissingField, and TooLong where their values leave no room."""
    text = render(campaign.variant(variant_name).text, values).strip()
    if campaign.image and text:
        card_of(text, campaign.room)
    elif len(text) > campaign.room.text:
        raise TooLong(f"The text has {len(text)} characters, and {campaign.room.text} fit. Shorten it.")
    return text


def card_of(text: str, room: Room) -> tuple[str, str]:
    """Return a text as the title and the subtitle of the card below a picture. Raises TooLong.

    The title is the first line; a text of one line breaks between two words, or, where it has no space, anywhere.
    """
    title, _, subtitle = text.partition("\n")
    if not subtitle and len(text) > room.card_title:
        last_space = text.rfind(" ", 0, room.card_title + 1)
        at = last_space if last_space > 0 else room.card_title
        title, subtitle = text[:at], text[at:]
    title, subtitle = title.strip(), subtitle.strip()
    if len(title) > room.card_title or len(subtitle) > room.card_subtitle:
        raise TooLong(
            "A text with a picture goes out as a card, and this one is too long for it: "
            f"{room.card_title} characters in the first line, {room.card_subtitle} after it. "
            "Shorten it, or leave the picture out."
        )
    return title, subtitle
