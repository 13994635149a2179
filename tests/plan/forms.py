"""Forms of any shape that are campaigns, for tests that hold for all of them."""

from datetime import datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from pipelines.plan.campaign import PURPOSES
from tests.plan.campaigns import FIELDS, PLAIN

LATEST = datetime(2030, 1, 1)
_WORDS = PLAIN.filter(str.strip)
_SHORT = _WORDS.map(lambda words: words.strip()[:20].strip())
_TEXTS = st.builds("{} {}".format, _WORDS, FIELDS)
_CARDS = st.builds("{}\n{}".format, _WORDS, _WORDS)
_ADDRESSES = st.sampled_from(["https://example.com/shoes", "https://example.com/{{size|all}}?to={{first_name}}"])
_DURATIONS = st.builds("{}{}".format, st.integers(1, 99_999), st.sampled_from("wdhm"))
_HOURS = st.one_of(st.times(), st.times().map(lambda at: at.replace(second=0, microsecond=0)))
_LANES = st.sampled_from(["standard_window", "otn", "marketing", "tag:ACCOUNT_UPDATE"])
_ZONES = st.sampled_from(["Z", "", "+08:00"])
_BUTTONS = st.one_of(
    st.fixed_dictionaries({"title": _SHORT, "url": _ADDRESSES}),
    st.fixed_dictionaries({"title": _SHORT, "payload": _TEXTS}),
    st.fixed_dictionaries({"title": _SHORT, "phone": st.just("+886227208889")}),
)
_REPLIES = st.fixed_dictionaries(
    {"title": _SHORT, "payload": _TEXTS}, optional={"image_url": st.just("https://example.com/no.png")}
)
_UTILITY = st.fixed_dictionaries(
    {"template": _WORDS, "language": st.just("en")}, optional={"parameters": st.lists(_TEXTS, min_size=1, max_size=3)}
)


def _moment(earliest: datetime, latest: datetime) -> st.SearchStrategy[str]:
    return st.builds(lambda at, zone: at.isoformat() + zone, st.datetimes(earliest, latest), _ZONES)


@st.composite
def forms(draw: st.DrawFn, now: datetime, people: dict[str, Any]) -> dict[str, Any]:
    """Return a form that is a campaign at `now`; `people` is what its audience says of a list of people."""
    form: dict[str, Any] = {
        "name": draw(_WORDS),
        "page_id": draw(st.from_regex(r"[0-9]{5,16}", fullmatch=True)),
        "purpose": draw(st.sampled_from(PURPOSES)),
        "topic": draw(_WORDS),
        "audience": draw(_audiences(people)),
        "start_at": draw(_moment(LATEST - timedelta(days=900), LATEST)),
        "not_after": draw(_moment(LATEST + timedelta(days=2), LATEST + timedelta(days=900))),
        "event_at": draw(_moment(now - timedelta(days=9), now)),
        "event_ends_at": draw(_moment(now + timedelta(days=2), LATEST)),
        "button": draw(st.lists(_BUTTONS, max_size=3)),
        "quick_reply": draw(st.lists(_REPLIES, max_size=3)),
        "lanes": draw(st.lists(_LANES, unique=True)),
        "quiet_hours": {"from": draw(_HOURS).isoformat(), "to": time(5, 5, 5, 5).isoformat(), "zone": "Asia/Taipei"},
        "frequency_cap": {"messages": draw(st.integers(1, 99)), "within": draw(_DURATIONS)},
        "split": {"holdout": draw(st.floats(0, 0.99))},
    }  # fmt: skip
    texts = _TEXTS
    if draw(st.booleans()):
        form["image"], texts = {"url": "https://example.com/a.png"}, _CARDS
    if draw(st.booleans()):
        form["utility"] = draw(_UTILITY)
        form["lanes"] += ["utility"] if form["lanes"] else []
    form |= draw(_wordings(texts))
    dropped = draw(st.sets(st.sampled_from(["start_at", "not_after", "event_ends_at", "quiet_hours", "frequency_cap"])))
    return {key: value for key, value in form.items() if key not in dropped}


@st.composite
def _wordings(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> dict[str, Any]:
    """One text, or up to three variants with shares, or without, which are the same for all then."""
    if draw(st.booleans()):
        return {"text": draw(texts)}
    weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    variants: list[dict[str, Any]] = [
        {"name": name, "text": draw(texts)} for name, _ in zip("ABC", weights, strict=False)
    ]
    if draw(st.booleans()):
        for variant, weight in zip(variants, weights, strict=True):
            variant["share"] = weight / sum(weights)
    return {"variant": variants}


@st.composite
def _audiences(draw: st.DrawFn, people: dict[str, Any]) -> dict[str, Any]:
    """Conditions that somebody can meet, with and without the list."""
    topics = draw(st.lists(_WORDS.map(str.strip), unique=True, max_size=4))
    named = {"topics": topics[:2], "exclude_topics": topics[2:], "exclude_psids": draw(st.sampled_from([[], ["77"]]))}
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "window": st.sampled_from(["open", "closed", ""]),
                "token_kinds": st.sampled_from([[], ["otn"], ["otn", "marketing"]]),
                "last_seen_within": _DURATIONS,
                "not_messaged_within": _DURATIONS,
            },
        )
    )
    return {**named, **more, **(people if draw(st.booleans()) else {})}
