"""Small pieces of HTML. Every text that comes in is escaped; only `Html` passes as it is."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from pipelines.audit.words import moment

Cell = str | int | None
"""What can be shown. `Html` is text too."""


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def shown(value: Cell) -> Html:
    """Return a value as HTML: a number with its thousands apart, nothing as a dash."""
    if isinstance(value, Html):
        return value
    if value is None:
        return Html("-")
    return Html(f"{value:,}") if isinstance(value, int) else Html(escape(value))


def joined(parts: Iterable[Html]) -> Html:
    """Put pieces one after the other."""
    return Html("\n".join(parts))


def section(title: str, *parts: Html, note: str = "") -> Html:
    """Return a section with its heading, and a line that explains it."""
    told = f'<p class="note">{escape(note)}</p>' if note else ""
    return Html(f"<section><h2>{escape(title)}</h2>{told}{joined(parts)}</section>")


def paragraph(text: str, kind: str = "") -> Html:
    """Return a paragraph."""
    return Html(f'<p class="{kind}">{shown(text)}</p>' if kind else f"<p>{shown(text)}</p>")


def bullets(items: Iterable[str]) -> Html:
    """Return a list."""
    return Html(f"<ul>{''.join(f'<li>{shown(item)}</li>' for item in items)}</ul>")


def code(text: str) -> Html:
    """Return a hash or an id, that may break anywhere."""
    return Html(f"<code>{escape(text)}</code>")


def when(at: datetime | None) -> Html:
    """Return a time, naive UTC, that does not break on a wide page."""
    return Html(f"<time>{escape(moment(at))}</time>")


def facts(pairs: Iterable[tuple[str, Cell]]) -> Html:
    """Return names with their values."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{shown(value)}</dd></div>" for name, value in pairs)
    return Html(f'<dl class="facts">{rows}</dl>')


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Html:
    """Return a table. A column whose cells are all numbers stands to the right; on a phone each row is a card."""
    cells = [list(row) for row in rows]
    if not cells:
        return Html('<p class="none">None.</p>')
    numeric = [all(isinstance(row[at], int | None) for row in cells) for at in range(len(heads))]
    kinds = [' class="n"' if is_number else "" for is_number in numeric]
    top = "".join(f"<th{kind}>{escape(head)}</th>" for head, kind in zip(heads, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(
            f'<td{kind} data-of="{escape(head)}">{shown(cell)}</td>'
            for head, kind, cell in zip(heads, kinds, row, strict=True)
        )
        + "</tr>"
        for row in cells
    )
    return Html(f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>')


def bars(rows: Sequence[tuple[str, int | None]]) -> Html:
    """Return bars, each as long as its part of the first."""
    whole = max(rows[0][1] or 0, 1)
    parts = []
    for name, value in rows:
        percent = 100 * (value or 0) / whole
        told = "not known" if value is None else f"{value:,} · {percent:.1f} %"
        parts.append(
            f'<div class="bar"><span>{escape(name)}</span><i><b style="width:{percent:.2f}%"></b></i>'
            f"<em>{told}</em></div>"
        )
    return Html(f'<div class="bars">{"".join(parts)}</div>')
