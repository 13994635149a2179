"""Several alerts in one message: Slack's blocks, and a mail as text and as HTML. Foreign words stay words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from pipelines.alerts.kinds import TITLES
from pipelines.ledger.alerts import Alert

_MOST = 20
"""A message names no more alerts than this; the page has them all."""
_LONGEST = 2_900  # characters: a section of Slack's holds 3,000

INK, QUIET, LINE, ACCENT = "#1B2730", "#5C6368", "#D8DEE3", "#0E7490"
"""The colours of a mail: text, small print, rules, what can be clicked."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out `at` a moment (naive UTC): `slack` to a webhook, the rest as a mail.

    The subject holds no foreign words.
    """

    at: datetime
    subject: str
    text: str
    html: str
    slack: dict[str, Any]


def digest(alerts: Sequence[Alert], base: str, now: datetime) -> Message:
    """Return one message about these alerts; `base` is the app's address."""
    shown = sorted(alerts, key=lambda each: list(TITLES).index(each.kind))[:_MOST]
    more = len(alerts) - len(shown)
    rest = f"And {more:,} more. " if more else ""
    single = TITLES[shown[0].kind] if len(alerts) == 1 else ""
    subject = f"Clear to Send: {single or f'{len(alerts):,} alerts'}"
    paragraphs = [
        f"{TITLES[each.kind]}\n{each.says}\n{plain(each.to_do)}\n{base}{each.path}" for each in shown
    ]  # fmt: skip
    ending = f"{rest}All alerts: {base}/alerts"
    return Message(
        now,
        subject,
        "\n\n".join([*paragraphs, ending]) + "\n",
        framed(subject, "".join(in_html(each, base) for each in shown) + _ending(rest, base)),
        _blocks(subject, [_section(each, base) for each in shown], f"{rest}<{base}/alerts|All alerts>"),
    )


def trial(by: str, base: str, now: datetime) -> Message:
    """Return a message that only shows that messages arrive; `by` is who sends it."""
    subject = "Clear to Send: test message"
    says = f"{by or 'Somebody'} sent this to see whether alerts arrive here. They do."
    body = f'<p style="margin:0 0 12px">{escape(says)}</p>'
    return Message(
        now,
        subject,
        f"{says}\n\nAll alerts: {base}/alerts\n",
        framed(subject, body + _ending("", base)),
        _blocks(subject, [_words(slack_escaped(says))], f"<{base}/alerts|All alerts>"),
    )


def plain(words: str) -> str:
    """Return a sentence of ours without the backticks around what one types."""
    return words.replace("`", "")


def slack_escaped(words: str) -> str:
    """Return words so that Slack shows them as they are: none of them is a mention, a link or an address."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def in_html(alert: Alert, base: str) -> str:
    """Return one alert as it stands in a mail."""
    typed = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(alert.to_do))
    return (
        f'<div style="border-left:3px solid {ACCENT};padding:2px 0 2px 12px;margin:0 0 18px">'
        f'<p style="margin:0 0 4px;font-weight:600">{escape(TITLES[alert.kind])}</p>'
        f'<p style="margin:0 0 4px">{escape(alert.says)}</p>'
        f'<p style="margin:0 0 4px;color:{QUIET}">{typed}</p>'
        f'<a style="color:{ACCENT}" href="{escape(base + alert.path)}">Look at it</a></div>'
    )


def framed(title: str, body: str) -> str:
    """Return a whole mail in HTML: one narrow column, nothing that is fetched from anywhere."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title></head>"
        f'<body style="margin:0;padding:24px 16px;background:#FFFFFF;color:{INK};'
        'font:15px/1.5 -apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif">'
        f'<div style="max-width:600px;margin:0 auto"><h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">'
        f"{escape(title)}</h1>{body}</div></body></html>\n"
    )


def _ending(rest: str, base: str) -> str:
    return (
        f'<p style="margin:0;padding-top:12px;border-top:1px solid {LINE};color:{QUIET}">{rest}'
        f'<a style="color:{ACCENT}" href="{escape(base)}/alerts">All alerts</a></p>'
    )


def _section(alert: Alert, base: str) -> dict[str, Any]:
    says = slack_escaped(f"{alert.says}\n{plain(alert.to_do)}")[:_LONGEST]
    link = f"{base}{alert.path}".replace("|", "%7C")
    return _words(f"*{TITLES[alert.kind]}*\n{says}\n<{slack_escaped(link)}|Look at it>")


def _words(text: str) -> dict[str, Any]:
    # Verbatim: what looks like an address or a channel in a topic's name is not made into one.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _blocks(subject: str, sections: list[dict[str, Any]], ending: str) -> dict[str, Any]:
    header = {"type": "header", "text": {"type": "plain_text", "text": subject}}
    footer = {"type": "context", "elements": [{"type": "mrkdwn", "text": ending, "verbatim": True}]}
    return {"text": subject, "blocks": [header, *sections, footer]}
