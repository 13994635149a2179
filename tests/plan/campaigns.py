"""Campaigns of any shape, for tests that hold for all of them."""

from datetime import datetime, time, timedelta

from hypothesis import strategies as st

from pipelines.plan.campaign import (
    LANES,
    PURPOSES,
    Audience,
    Button,
    Campaign,
    Cap,
    Image,
    QuickReply,
    QuietHours,
    Room,
    Utility,
    Variant,
)

NAMES = st.sampled_from(["first_name", "size", "town"])
PLAIN = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
FIELDS = st.one_of(NAMES.map(lambda name: f"{{{{{name}}}}}"), st.builds("{{{{{}|{}}}}}".format, NAMES, PLAIN))
TEXTS = st.lists(st.one_of(PLAIN, FIELDS), min_size=1, max_size=4).map("".join).filter(str.strip)
VALUES = st.dictionaries(NAMES, st.text(max_size=120))
_SPANS = st.timedeltas(timedelta(minutes=1), timedelta(days=3000))
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
_BUTTONS = st.one_of(
    st.builds(Button, st.just("web_url"), PLAIN, st.builds("https://example.com/{}".format, TEXTS)),
    st.builds(Button, st.just("postback"), PLAIN, TEXTS),
    st.builds(Button, st.just("phone_number"), PLAIN, st.just("+886227208889")),
)
_AUDIENCES = st.builds(
    Audience,
    topics=st.lists(PLAIN, max_size=2).map(tuple),
    window=st.sampled_from(["", "open", "closed"]),
    token_kinds=st.sampled_from([(), ("otn",), ("otn", "marketing")]),
    last_seen_within=st.none() | _SPANS,
    not_messaged_within=st.none() | _SPANS,
    tags=st.lists(PLAIN, max_size=2).map(tuple),
    people_csv=PLAIN,
)
_VARIANTS = st.lists(TEXTS, min_size=1, max_size=3).map(
    lambda texts: tuple(Variant(name, text, 1 / len(texts)) for name, text in zip("ABC", texts, strict=False))
)
CAMPAIGNS = st.builds(
    Campaign,
    name=PLAIN,
    page_id=st.from_regex(r"[0-9]{5,16}", fullmatch=True),
    purpose=st.sampled_from(PURPOSES),
    variants=_VARIANTS,
    room=st.builds(Room, st.integers(60, 200), st.integers(20, 80), st.integers(20, 80), st.just(200)),
    topic=PLAIN,
    lanes=st.lists(st.sampled_from([*LANES, "tag:ACCOUNT_UPDATE"]), unique=True).map(tuple),
    buttons=st.lists(_BUTTONS, max_size=3).map(tuple),
    quick_replies=st.lists(st.builds(QuickReply, PLAIN, TEXTS, st.just("")), max_size=3).map(tuple),
    image=st.none() | st.builds(Image, url=st.just("https://example.com/a.png")),
    audience=_AUDIENCES,
    start_at=st.none() | _MOMENTS,
    not_after=st.none() | _MOMENTS,
    quiet_hours=st.none() | st.builds(QuietHours, st.just(time(21)), st.times(), st.just("Asia/Taipei")),
    cap=st.none() | st.builds(Cap, st.integers(1, 9), _SPANS),
    holdout=st.floats(0, 0.99),
    event_at=st.none() | _MOMENTS,
    utility=st.builds(Utility, PLAIN, st.just("en"), st.lists(TEXTS, max_size=2).map(tuple)),
)
