"""The fields of a campaign's form: each is named by its path, filled once, and saved as soon as it changes.

What somebody types is never written over by a redraw: a field is filled from the form when it first appears, and
from then on the browser's own text counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

import streamlit as st

from dashboard.compose.form import find, put
from dashboard.compose.words import local_of, span_label, utc_of
from dashboard.language import say
from dashboard.words import escaped
from pipelines.plan.form import Fault, Form

_SPANS = ("1d", "2d", "3d", "7d", "14d", "30d", "60d", "90d", "180d", "365d")
_LIVE = "500ms"
"""After such a pause in a short field what was typed is taken over; a long text is when one leaves its field."""


@dataclass
class _Field:
    """What a field showed when it was last drawn or read, and how the form takes up what stands in it."""

    shown: Any
    take: Callable[[Form, Any], None]


@dataclass
class Sheet:
    """A draft as this browser session holds it. `edition` counts how often its fields had to be filled anew."""

    form: Form
    saved_at: datetime
    saved_by: str
    campaign_id: str | None
    problem: str = ""
    edition: int = 0
    fields: dict[str, _Field] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether its fields stand on the page: something may be typed into them."""
        return any(key in st.session_state for key in self.fields)

    def let_go(self) -> None:
        """Forget what is typed here: what the ledger has is shown next."""
        self.fields.clear()
        self.problem = ""

    def take_up(self) -> bool:
        """Take into the form whatever was changed in the fields of this edition; say whether anything was.

        A browser may tell of a text and of a click in one go, in any order: the text belongs to the rows as they were
        before the click.
        """
        state = st.session_state  # without the fields that are not drawn any more
        changed = [(key, each) for key, each in self.fields.items() if key in state and state[key] != each.shown]
        for key, each in changed:
            each.shown = state[key]
            each.take(self.form, each.shown)
        return bool(changed)


@dataclass
class Pen:
    """Draws fields of a sheet. Whoever may not write sees them, and cannot change them."""

    draft_id: str
    sheet: Sheet
    faults: tuple[Fault, ...]
    zone: str
    is_locked: bool
    save: Callable[[], None]
    labels: dict[str, str] = field(default_factory=dict)
    """What the fields drawn so far are called, by their paths."""

    def find(self, path: str) -> Any:
        """Return what the form holds at a path."""
        return find(self.sheet.form, path)

    def text(self, path: str, label: str, *, keep_empty: bool = False, **options: Any) -> None:
        """Draw a line of text."""
        bound = self._bound(path, _text, str.strip, keep_empty=keep_empty)
        st.text_input(label, live=_LIVE, **bound, **options)
        self.tell(path, label)

    def area(self, path: str, label: str, **options: Any) -> None:
        """Draw a text of several lines."""
        st.text_area(label, **self._bound(path, _text, _same), **options)
        self.tell(path, label)

    def lines(self, path: str, label: str, **options: Any) -> None:
        """Draw a list, one of it a line."""
        st.text_area(label, **self._bound(path, _joined, _split), **options)
        self.tell(path, label)

    def one(self, path: str, label: str, options: Mapping[str, str], **more: Any) -> None:
        """Draw a choice of one; `options` maps what is written down to what is read, '' stands for none."""
        now = self.find(path) or ""
        known = [*options, *([] if now in options else [now])]
        bound = self._bound(path, _text, _same)
        st.selectbox(label, known, format_func=lambda each: options.get(each, each), **bound, **more)
        self.tell(path, label)

    def many(self, path: str, label: str, options: Mapping[str, str], **more: Any) -> None:
        """Draw a choice of several."""
        known = [*options, *(each for each in self.find(path) or [] if each not in options)]
        bound = self._bound(path, _list, list)
        st.multiselect(label, known, format_func=lambda each: options.get(each, each), **bound, **more)
        self.tell(path, label)

    def number(self, path: str, label: str, **more: Any) -> None:
        """Draw a whole number."""
        st.number_input(label, step=1, **self._bound(path, _same, _same), **more)
        self.tell(path, label)

    def percent(self, path: str, label: str, do: Callable[[Form, Any], None] | None = None, **more: Any) -> None:
        """Draw a share in percent; `do` writes it into the form where more changes with it than this share."""
        take = do or (lambda form, percent: put(form, path, percent / 100 if percent else None))
        st.number_input(label, 0, 99, step=1, **self._field(path, _percent(self.find(path)), take), **more)
        self.tell(path, label)

    def turn(
        self, path: str, label: str, options: Mapping[str, str], now: str, do: Callable[[Form, str], None]
    ) -> None:
        """Draw a choice that is no value of the form itself: `do` writes down what it means."""
        st.selectbox(label, list(options), format_func=lambda each: options[each], **self._field(path, now, do))

    def span(self, path: str, label: str, *, may_be_none: bool = True, **more: Any) -> None:
        """Draw a span of time."""
        spans = {each: span_label(each) for each in _SPANS}
        self.one(path, label, ({"": say("any time")} if may_be_none else {}) | spans, **more)

    def moment(self, path: str, label: str, **more: Any) -> None:
        """Draw a moment by the viewer's clock; the form holds it in UTC."""
        st.datetime_input(label, None, format="YYYY-MM-DD", **self._bound(path, self._local, self._utc), **more)
        self.tell(path, label)

    def clock(self, path: str, label: str) -> None:
        """Draw a time of day."""
        st.time_input(label, None, **self._bound(path, _to_time, _of_time))
        self.tell(path, label)

    def switch(self, path: str, label: str, values: Form, **more: Any) -> bool:
        """Draw a switch that puts a table with these values into the form, or takes it out; return how it stands."""
        bound = self._bound(path, bool, lambda is_on: dict(values) if is_on else None)
        return st.toggle(label, **bound, **more)

    def button(self, name: str, label: str, do: Callable[[Form], None], **more: Any) -> None:
        """Draw a button that changes the form as a whole: its fields are filled anew after that."""
        if not self.is_locked:
            st.button(label, key=f"compose-{self.draft_id}-do-{name}", on_click=self._do, args=(do,), **more)

    def tell(self, path: str, label: str) -> None:
        """Say below a field what is wrong with it."""
        self.labels[path] = label
        for fault in self.faults:
            if fault.key == path:
                st.markdown(f":red[:material/error: {sentence(label, fault)}]")

    def _bound(
        self, path: str, fill: Callable[[Any], Any], take: Callable[[Any], Any], *, keep_empty: bool = False
    ) -> dict[str, Any]:
        """Return what ties a field to its path: `fill` turns what the form holds into what it shows, `take` back."""

        def into(form: Form, shown: Any) -> None:
            put(form, path, take(shown), keep_empty=keep_empty)

        return self._field(path, fill(self.find(path)), into)

    def _field(self, path: str, now: Any, take: Callable[[Form, Any], None]) -> dict[str, Any]:
        """Fill a field if it is new, and return how it is drawn."""
        key = f"compose-{self.draft_id}-{self.sheet.edition}-{path}"
        if key not in st.session_state:
            st.session_state[key] = now
        self.sheet.fields[key] = _Field(st.session_state[key], take)
        return {"key": key, "on_change": self._changed, "disabled": self.is_locked}

    def _changed(self) -> None:
        if self.sheet.take_up():
            self.save()

    def _do(self, do: Callable[[Form], None]) -> None:
        self.sheet.take_up()
        do(self.sheet.form)
        self.sheet.edition += 1
        self.save()

    def _local(self, value: str | None) -> datetime | None:
        try:
            at = datetime.fromisoformat(value) if value else None
        except ValueError:
            return None
        if at is not None and at.tzinfo:
            at = at.astimezone(UTC).replace(tzinfo=None)
        return local_of(at, self.zone) if at else None

    def _utc(self, local: datetime | None) -> str | None:
        return f"{utc_of(local, self.zone).isoformat()}Z" if local else None


def sentence(label: str, fault: Fault) -> str:
    """Return a fault as a sentence about the field of that label, as Markdown."""
    return escaped(f"{label}: {fault.message}")


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _list(value: Any) -> list[str]:
    return list(value or [])


def _joined(value: Any) -> str:
    return "\n".join(value or [])


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(part for line in text.replace(",", "\n").splitlines() if (part := line.strip())))


def _percent(value: Any) -> int | None:
    return None if value is None else round(100 * value)


def _to_time(value: Any) -> time | None:
    try:
        return time.fromisoformat(value) if value else None
    except ValueError:
        return None


def _of_time(value: time | None) -> str | None:
    return f"{value:%H:%M}" if value else None
