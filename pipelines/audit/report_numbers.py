"""The part of a report that counts: what was planned and why people were left out, the findings, what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.audit import words
from pipelines.audit.markup import Html, bars, bullets, joined, paragraph, section, shown, table
from pipelines.audit.outcome import Funnel, Outcome
from pipelines.audit.sends import REPLY_DAYS
from pipelines.plan.reasons import lane_words
from pipelines.policy import Policy

_SEVERITIES = {"block": "Blocks", "warn": "Warns", "note": "Note"}


def plan_section(summary: Mapping[str, Any]) -> Html:
    """Return who was to get it by which permission, who was left out, and what is not proven."""
    if not summary:
        return section("Plan", paragraph("It was never checked: there is no plan.", "none"))
    parts = [_heads(summary)]
    for title, key, heads, columns in (
        ("By lane", "lanes", ("Lane", "People", "Tokens"), ("lane", "people", "tokens")),
        ("By topic", "topics", ("Topic", "Lane", "People"), ("topic", "lane", "people")),
        ("By variant", "variants", ("Variant", "People"), ("variant", "people")),
        ("Left out", "left_out", ("Why", "People", "Key"), ("words", "people", "reason")),
    ):
        rows = _rows(summary, key)
        if rows or key in ("lanes", "left_out"):
            parts += [Html(f"<h3>{title}</h3>"), table(heads, [[_cell(row, name) for name in columns] for row in rows])]
    unproven = [f"{lane_words(_text(x, 'lane'))}: {_text(x, 'words')}" for x in _rows(summary, "unproven")]
    if unproven:
        parts += [Html("<h3>Not proven before the launch</h3>"), bullets(unproven)]
    return section("Plan: who gets it, by which permission", *parts)


def findings_section(summary: Mapping[str, Any], policy: Policy) -> Html:
    """Return each finding of the check, with its rule and where that is written."""
    found = _rows(summary, "findings")
    note = "What the check found in text and lanes. A finding that blocks cannot go out; one that warns needs a reason."
    if not found:
        return section("Findings", paragraph("None.", "none"), note=note)
    return section("Findings", *(_finding(each, policy) for each in found), note=note)


def outcome_section(told: Outcome) -> Html:
    """Return how far the sends came, and why some did not."""
    if not told.funnel:
        return section("Outcome", paragraph("Nothing was reserved to be sent.", "none"))
    answers = f"Replied, stopped: within {REPLY_DAYS} days of the message."
    logs = (
        f"Deliveries, reads and answers are from the Page's logs, which reach into the hour of "
        f"{words.moment(told.logs_until)}. "
        if told.logs_until
        else "The Page's logs were not at hand: what people received and read is not known here. "
    )
    totals = [("Planned", "planned"), ("Accepted", "accepted"), ("Delivered", "delivered"), ("Read", "read"),
              ("Replied", "replied")]  # fmt: skip
    return section(
        "Outcome",
        bars([(name, total(told.funnel, key)) for name, key in totals]),
        Html("<h3>By lane and variant</h3>"),
        _funnel_tables(told.funnel),
        Html("<h3>What did not go out, and what nobody knows of</h3>"),
        table(
            ("State", "Why", "People", "Key"),
            [(each.state, each.words or each.reason, each.sends, each.reason) for each in told.failures],
        ),
        _unconfirmed(told),
        note=logs + answers,
    )


def total(funnel: Sequence[Funnel], name: str) -> int | None:
    """Return the sum of one column; None where it is not known."""
    values = [getattr(row, name) for row in funnel]
    return None if None in values else sum(values)


def _funnel_tables(funnel: Sequence[Funnel]) -> Html:
    named = [(lane_words(row.lane), row.variant, row) for row in funnel]
    came = ("planned", "accepted", "delivered", "read", "replied", "stopped")
    other = ("refused", "failed", "unconfirmed", "cancelled", "waiting")
    return joined(
        table(
            ("Lane", "Variant", *(key.capitalize() for key in keys)),
            [(lane, variant, *(getattr(row, key) for key in keys)) for lane, variant, row in named],
        )
        for keys in (came, other)
    )


def _unconfirmed(told: Outcome) -> Html:
    still = total(told.funnel, "unconfirmed")
    opening = f"Still unconfirmed: {still:,}." if still else "None is unconfirmed any more."
    rows = [(_settler(each.settled_by), each.state, each.words or "-", each.sends) for each in told.settled]
    return joined([
        Html("<h3>Sends whose answer was lost, and how they were settled</h3>"),
        paragraph(opening),
        *([table(("Settled by", "As", "Why", "People"), rows)] if rows else []),
    ])  # fmt: skip


def _settler(name: str) -> str:
    known = {"echo": "the echo of the message, in the logs", "token": "its single-use token, which was spent already"}
    return known.get(name, name)


def _finding(found: Mapping[str, Any], policy: Policy) -> Html:
    severity = _text(found, "severity")
    place = lane_words(_text(found, "lane"))
    if found.get("variant"):
        place += f" · variant {found['variant']}"
    quoted = _quoted(found)
    return Html(
        f'<div class="finding {shown(severity)}"><p><strong>{shown(_SEVERITIES.get(severity, severity))}</strong> '
        f"<code>{shown(_text(found, 'rule'))}</code> {shown(place)}</p>{quoted}"
        f"<p>{shown(_text(found, 'reason'))}</p><p>To do: {shown(_text(found, 'advice') or 'nothing')}</p>"
        f"{joined(_source(name, policy) for name in _text(found, 'source').split(', ') if name)}</div>"
    )


def _quoted(found: Mapping[str, Any]) -> str:
    """Return the words that a finding points at."""
    text, span = found.get("text"), found.get("span")
    if not isinstance(text, str) or not text:
        return ""
    if isinstance(span, list) and len(span) == 2:
        text = text[span[0] : span[1]] or text
    return f'<blockquote dir="auto">“{shown(text)}”</blockquote>'


def _source(name: str, policy: Policy) -> Html:
    source = policy.sources.get(name)
    if source is None:
        return paragraph(f"Written in: {name}", "note")
    link = f'<a href="{shown(source.address)}">{shown(source.address)}</a>'
    return Html(f'<p class="note">Written in: {shown(source.title)}, {shown(source.page_date)}, {link}</p>')


def _heads(summary: Mapping[str, Any]) -> Html:
    audience, tokens, held = summary.get("audience"), summary.get("cost_in_tokens"), summary.get("holdout")
    told = [
        f"{audience:,} people fit the audience" if isinstance(audience, int) else "",
        f"{held:,} of them were held out for comparison" if isinstance(held, int) and held else "",
        f"it costs {tokens:,} tokens" if isinstance(tokens, int) else "",
    ]
    sentence = "; ".join(part for part in told if part)
    return paragraph(f"{sentence[:1].upper()}{sentence[1:]}." if sentence else "", "lead")


def _rows(summary: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = summary.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _cell(row: Mapping[str, Any], name: str) -> str | int | None:
    value = row.get(name)
    if name == "lane" and value:
        return lane_words(str(value))
    return value if isinstance(value, int) or value is None else str(value)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)
