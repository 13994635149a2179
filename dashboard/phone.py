"""A message as a person sees it in Messenger: HTML with every word escaped, for light and dark grounds.

Nothing is loaded from elsewhere, so a picture is a frame with its address in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from dashboard.language import say

_INK, _FAINT, _RIM = "light-dark(#050505,#e4e6eb)", "light-dark(#5f6369,#b0b3b8)", "light-dark(#d0d3d9,#4b4f55)"
_BUBBLE, _LINK = "light-dark(#eceef1,#303236)", "light-dark(#0a5bc4,#7db7ff)"
_SCREEN = (
    "max-width:20rem;margin:0 auto;padding:0.9rem 0.8rem;border-radius:1.4rem;box-sizing:border-box;"
    f"border:1px solid {_RIM};background:light-dark(#ffffff,#18191a);color:{_INK};"
    "font-size:0.95rem;line-height:1.35;overflow-wrap:anywhere"
)
_TALK = "display:flex;flex-direction:column;gap:0.4rem;align-items:flex-start"
_SAID = f"background:{_BUBBLE};padding:0.5rem 0.75rem;max-width:92%;white-space:pre-wrap"
_CARD = f"width:92%;border-radius:1.1rem;overflow:hidden;background:{_BUBBLE}"
_PICTURE = (
    f"display:flex;flex-direction:column;justify-content:center;align-items:center;min-height:7.5rem;padding:0.6rem;"
    f"text-align:center;font-size:0.8rem;color:{_FAINT};background:light-dark(#dfe2e7,#3a3d42);box-sizing:border-box"
)
_PRESS = (
    f"padding:0.45rem 0.75rem;text-align:center;font-weight:600;color:{_LINK};"
    f"border-top:1px solid {_RIM};white-space:pre-wrap"
)
_REPLY = f"padding:0.3rem 0.75rem;border:1px solid {_LINK};border-radius:1rem;color:{_LINK};font-weight:600"


@dataclass(frozen=True, slots=True)
class Press:
    """Something to tap: what is written on it, and what it does."""

    title: str
    does: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it arrives. With a picture and a text it is a card, whose text is `text` and `subtitle`."""

    text: str = ""
    subtitle: str = ""
    picture: str = ""
    buttons: tuple[Press, ...] = ()
    quick_replies: tuple[Press, ...] = ()


def shown_of(message: Mapping[str, Any]) -> Shown:
    """Return how a message of the Send API arrives."""
    if "template" in message:
        return Shown(_template_words(message["template"]))
    payload = message.get("attachment", {}).get("payload", {})
    card = payload.get("elements", [payload])[0]
    return Shown(
        text=message.get("text") or card.get("text") or card.get("title") or "",
        subtitle=card.get("subtitle", ""),
        picture=card.get("image_url") or card.get("url") or card.get("attachment_id") or "",
        buttons=tuple(Press(each["title"], each.get("url") or each["payload"]) for each in card.get("buttons", ())),
        quick_replies=tuple(Press(each["title"], each["payload"]) for each in message.get("quick_replies", ())),
    )


def phone(shown: Shown, sender: str) -> str:
    """Return the HTML of a phone with this message from `sender` on it."""
    about = _in("div", escape(sender), f"font-size:0.8rem;color:{_FAINT};text-align:center;margin-bottom:0.5rem")
    talk = "".join((_message(shown), _replies(shown.quick_replies)))
    named = escape(say("The message as Messenger shows it"), quote=True)
    return f'<div role="group" aria-label="{named}" style="{_SCREEN}">{about}<div style="{_TALK}">{talk}</div></div>'


def _template_words(template: Mapping[str, Any]) -> str:
    """Name a template that Meta keeps, and what fills it: its own words are not known here."""
    name = say(
        "The approved template {name} ({language})", name=template["name"], language=template["language"]["code"]
    )
    filled = [each["text"] for part in template.get("components", ()) for each in part["parameters"]]
    return "\n".join([name, *(f"{{{{{number}}}}}: {text}" for number, text in enumerate(filled, start=1))])


def _message(shown: Shown) -> str:
    presses = "".join(_press(each) for each in shown.buttons)
    if shown.picture:
        words = [_in("div", escape(shown.text), "font-weight:600;white-space:pre-wrap")] if shown.text else []
        words += [_in("div", escape(shown.subtitle), f"color:{_FAINT};white-space:pre-wrap")] if shown.subtitle else []
        below = _in("div", "".join(words), "padding:0.5rem 0.75rem") if words else ""
        return _in("div", _picture(shown.picture) + below + presses, _CARD)
    if not shown.text:
        nothing = say("Nothing is written yet.")
        return _in("div", escape(nothing), f"{_SAID};border-radius:1.1rem;color:{_FAINT};font-style:italic")
    if presses:
        return _in("div", _in("div", escape(shown.text), f"{_SAID};max-width:none") + presses, _CARD)
    return _in("div", escape(shown.text), f"{_SAID};border-radius:1.1rem")


def _picture(address: str) -> str:
    where = escape(address if len(address) <= 80 else f"{address[:79]}…")
    return _in("div", f"<span>{escape(say('Picture'))}</span><span>{where}</span>", _PICTURE)


def _press(press: Press) -> str:
    does = f'<div style="font-size:0.75rem;font-weight:400;color:{_FAINT}">{escape(press.does)}</div>'
    return _in("div", escape(press.title) + (does if press.does else ""), _PRESS)


def _replies(replies: tuple[Press, ...]) -> str:
    if not replies:
        return ""
    pills = "".join(f'<span style="{_REPLY}">{escape(each.title)}</span>' for each in replies)
    return _in("div", pills, "display:flex;flex-wrap:wrap;gap:0.35rem;justify-content:flex-end;width:100%")


def _in(tag: str, inside: str, style: str) -> str:
    return f'<{tag} style="{style}">{inside}</{tag}>'
