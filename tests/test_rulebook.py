"""Reading a rule book: what is refused, and how dated values follow one another."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import PolicyError, PolicyUnknown
from pipelines.policy import load_policy

RULE = """
[[rule]]
id = "test.limit.hours"
words = "A limit."
value = 24
unit = "hours"
since = 2020-03-04
source = ["S01"]
verified_on = 2026-11-22
confidence = "high"
"""
SOURCES = '[S01]\ntitle = "A page"\npage_date = "2026-09-28"\naddress = "https://example.com/"\n'
REGIONS = '[region]\nUK = ["GB"]\n[country]\nGB = ["Europe/London"]\nFR = ["Europe/Paris"]\n'


def book(folder: Path, rules: str = RULE, sources: str = SOURCES, regions: str = REGIONS) -> Path:
    """Write a small rule book."""
    folder.mkdir(exist_ok=True)
    for name, text in (("rules", rules), ("sources", sources), ("regions", regions)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def at(day: str) -> datetime:
    """Return noon of a day, UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def test_no_rule_is_a_refusal_that_names_the_nearest_dates(tmp_path: Path) -> None:
    """Asked for a moment between two values, the rule book says when the one ended and the other begins."""
    first = RULE + "until = 2020-12-31\n"
    second = RULE.replace("2020-03-04", "2022-01-01")
    policy = load_policy(book(tmp_path, first + second))

    with pytest.raises(
        PolicyUnknown, match=r"on 2021-06-01: the last one before ended on 2020-12-31; the next begins on 2022-01-01"
    ):
        policy.rule("test.limit.hours", at("2021-06-01"))
    with pytest.raises(PolicyUnknown, match=r"on 2019-01-01: the next begins on 2020-03-04\.$"):
        policy.rule("test.limit.hours", at("2019-01-01"))


def test_the_fingerprint_tells_a_changed_rule_from_a_changed_word(tmp_path: Path) -> None:
    """What can change a number changes the fingerprint; words, dates of verification and file names do not."""
    first = load_policy(book(tmp_path / "a")).fingerprint
    prose = RULE.replace("A limit.", "The limit.").replace("2026-11-22", "2026-12-01").replace("high", "low")
    book(tmp_path / "b", prose)
    (tmp_path / "b" / "rules.toml").rename(tmp_path / "b" / "another.toml")

    assert first == load_policy(tmp_path / "b").fingerprint
    for old, new in (("24", "25"), ("hours", "days"), ("2020-03-04", "2020-03-05"), ("test.limit", "test.cap")):
        assert first != load_policy(book(tmp_path / "c", RULE.replace(old, new))).fingerprint
    assert first != load_policy(book(tmp_path / "d", regions=REGIONS.replace("UK", "GB"))).fingerprint


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('source = ["S01"]', "", "rules.toml: test.limit.hours: source: missing; it must name at least one source"),
        ('source = ["S01"]', "source = []", "rules.toml: test.limit.hours: source: must name at least one source"),
        ('["S01"]', '["S99"]', "rules.toml: test.limit.hours: source: S99 is not in sources.toml"),
        ('unit = "hours"', "", "rules.toml: test.limit.hours: unit: a number needs one of seconds, minutes, hours"),
        ('unit = "hours"', 'unit = "fortnights"', "rules.toml: test.limit.hours: unit: must be one of"),
        ("value = 24", "value = true", "rules.toml: test.limit.hours: unit: only a number has one"),
        ("value = 24", "value = [24]", "rules.toml: test.limit.hours: value: must be true, false, a number, text"),
        ("value = 24", "", "rules.toml: test.limit.hours: value: missing"),
        ("value = 24", "value = 24\nlimit = 1", "rules.toml: test.limit.hours: limit: unknown key; allowed are id,"),
        ("since = 2020-03-04", 'since = "2020-03-04"', "rules.toml: test.limit.hours: since: must be a day"),
        ("since = 2020-03-04", "since = 2020-03-04T00:00:00", "rules.toml: test.limit.hours: since: must be a day"),
        (
            "since = 2020-03-04",
            "since = 2020-03-04\nuntil = 2020-03-03",
            "until: 2020-03-03 is before since, 2020-03-04",
        ),
        ('confidence = "high"', 'confidence = "sure"', "confidence: must be one of high, medium, low, limit"),
        ('id = "test.limit.hours"', 'id = "Limit"', "rules.toml: Limit: id: must be lower-case words joined by dots"),
        ('words = "A limit."', 'words = " "', "rules.toml: test.limit.hours: words: must be a sentence"),
        ('id = "test.limit.hours"', "", "rules.toml: rule 1: id: missing"),
        (
            "value = 24",
            'value = 24\napplies = { kind = "otn" }',
            "unknown key kind; allowed here are except_regions, regions",
        ),
        (
            "value = 24",
            'value = 24\napplies = { regions = ["XX"] }',
            "applies: regions: XX is no region of regions.toml",
        ),
        ("since = 2020-03-04", 'since = "once"', 'since: must be a day, as in 2020-03-04, or "unrecorded"'),
        ("[[rule]]", "[rule]", "rules.toml: rule: must be tables, each under [[rule]]"),
        ("[[rule]]", "[[rules]]", "rules.toml: rules: unknown key"),
        ("value = 24", "value = ", "rules.toml: cannot be read"),
    ],
)
def test_a_faulty_entry_is_refused_with_file_and_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    """An entry that cannot be trusted stops the load, and the sentence says where to look."""
    assert old in RULE

    with pytest.raises(PolicyError) as refusal:
        load_policy(book(tmp_path, RULE.replace(old, new)))

    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("rule_id", "value", "applies", "complaint"),
    [
        ("token.x.lifetime", '"unlimited"', "", "applies: kind is missing"),
        ("token.x.lifetime", "true", '{ kind = "x" }', 'value must be "unlimited", or a number of days or months'),
        ("lane.x.open", "false", '{ kind = "x", regions = ["UK"], given = "later" }', 'given can only be "before"'),
        ("replacement.x", '"otn"', '{ lane = "otn" }', "applies: kind is missing"),
        ("replacement.x", '"otn"', "", "applies: kind is missing"),
        ("lane.x.open", "false", '{ kind = "x" }', "applies: a closed lane names its regions"),
        ("lane.x.open", "false", '{ kind = "x", regions = ["XX"] }', "applies: regions: XX is no region"),
        ("lane.x.open", "true", '{ kind = "x", regions = ["UK"] }', "applies: a closed lane names its regions"),
        ("lane.x.open", "false", '{ kind = "x", regions = "UK" }', "applies: regions must be text"),
        ("lane.x.open", '"no"', '{ kind = "x" }', "applies: value must be true (open) or false (closed)"),
        ("window.opener.x", '"no"', '{ kind = "x" }', "applies: value must be true (opens) or false"),
        ("window.opener.x", "true", '{ equals_path = "$.a", equals_value = "b" }', "applies: kind is missing"),
        ("window.opener.x", "true", '{ kind = "x", equals_path = "$.a" }', "equals_path and equals_value go together"),
        ("window.opener.x", "true", '{ kind = "x", present_path = "a" }', "applies: present_path must begin with $."),
    ],
)
def test_a_condition_that_sql_could_not_join_is_refused(
    tmp_path: Path, rule_id: str, value: str, applies: str, complaint: str
) -> None:
    """Openers, lanes and lifetimes have shapes of their own, checked when the rule book is read."""
    entry = (
        RULE.replace("test.limit.hours", rule_id)
        .replace('unit = "hours"\n', "")
        .replace("value = 24", f"value = {value}")
    )

    with pytest.raises(PolicyError) as refusal:
        load_policy(book(tmp_path, entry + (f"applies = {applies}\n" if applies else "")))

    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("sources", "regions", "complaint"),
    [
        ("", REGIONS, "S01 is not in sources.toml"),
        (SOURCES + "mood = 1\n", REGIONS, "sources.toml: S01: must hold exactly address, page_date, title, all text"),
        (SOURCES, REGIONS.replace('["GB"]', '["GB", "XX"]'), "regions.toml: region UK: XX is no country of this file"),
        (SOURCES, REGIONS.replace("[country]", 'EU = ["GB"]\n[country]'), "region EU: GB is in UK too"),
        (SOURCES, REGIONS + 'DE = ["Europe/Paris"]\n', "regions.toml: country DE: Europe/Paris is listed twice"),
        (SOURCES, "country = 1\n", "regions.toml: country: must hold a list of names for each code"),
    ],
)
def test_faulty_sources_and_regions_are_refused(tmp_path: Path, sources: str, regions: str, complaint: str) -> None:
    """The two lists that the rules lean on are checked like the rules."""
    with pytest.raises(PolicyError) as refusal:
        load_policy(book(tmp_path, sources=sources, regions=regions))

    assert complaint in str(refusal.value)


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    """Whoever mends the rule book sees every fault in one go, in every file."""
    book(tmp_path, RULE.replace('unit = "hours"\n', "").replace('"high"', '"sure"'))
    (tmp_path / "more.toml").write_text(RULE.replace('["S01"]', '["S99"]'), encoding="utf-8")

    with pytest.raises(PolicyError) as refusal:
        load_policy(tmp_path)

    assert all(
        fault in str(refusal.value) for fault in ("confidence: must", "more.toml: test.limit.hours: source: S99")
    )


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    """No rule book is not an empty rule book."""
    with pytest.raises(PolicyError, match="There is no rule book in"):
        load_policy(tmp_path)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6, unique=True), st.integers(-2, 62), st.booleans())
def test_the_value_in_force_is_the_one_whose_days_hold_the_day(
    tmp_path_factory: pytest.TempPathFactory, starts: list[int], day: int, has_gaps: bool
) -> None:
    """For any dated values of one rule and any day: the last one that began holds, unless it has ended."""
    first = date(2024, 1, 1)
    starts.sort()
    ends = [start if has_gaps else following - 1 for start, following in zip(starts, [*starts[1:], 1000], strict=True)]
    entries = [
        RULE.replace("2020-03-04", str(first + timedelta(start))).replace("value = 24", f"value = {start}")
        + f"until = {first + timedelta(end)}\n"
        for start, end in zip(starts, ends, strict=True)
    ]
    policy = load_policy(book(tmp_path_factory.mktemp("book"), "".join(reversed(entries))))
    expected = [start for start, end in zip(starts, ends, strict=True) if start <= day <= end]

    try:
        found = [policy.rule("test.limit.hours", at(str(first + timedelta(day)))).value]
    except PolicyUnknown:
        found = []

    assert expected == found


@pytest.mark.parametrize(("until", "is_refused"), [("2020-12-31", False), ("2021-01-01", True), (None, True)])
def test_two_values_of_one_rule_may_not_share_a_day(tmp_path: Path, until: str | None, is_refused: bool) -> None:
    """The earlier value must have ended on the day before the later one begins, or sooner."""
    earlier = RULE + (f"until = {until}\n" if until else "")
    folder = book(tmp_path, RULE.replace("2020-03-04", "2021-01-01") + earlier)

    if is_refused:
        with pytest.raises(PolicyError, match=r"rules\.toml: test\.limit\.hours: since: the value since 2021-01-01"):
            load_policy(folder)
    else:
        assert len(load_policy(folder).rules) == 2


def test_a_rule_without_a_recorded_beginning_holds_as_far_back_as_anyone_asks(tmp_path: Path) -> None:
    """Its end is dated all the same, and a later value must begin after it."""
    old = RULE.replace("2020-03-04", '"unrecorded"') + "until = 2020-03-03\n"
    policy = load_policy(book(tmp_path, old.replace("= 24", "= 23") + RULE))

    assert [policy.rule("test.limit.hours", at(day)).value for day in ("0001-01-01", "2020-03-03", "2020-03-04")] == [
        23, 23, 24,
    ]  # fmt: skip
    with pytest.raises(PolicyError, match="begins before"):
        load_policy(book(tmp_path, old.replace("2020-03-03", "2020-03-04") + RULE))


def test_a_rule_may_hold_a_list_of_texts(tmp_path: Path) -> None:
    """It comes as a tuple, so that a rule cannot be changed by those who read it."""
    entry = RULE.replace("value = 24", 'value = ["US", "VN"]').replace('unit = "hours"\n', "")

    assert load_policy(book(tmp_path, entry)).rules[0].value == ("US", "VN")


def test_two_files_that_disagree_are_both_named(tmp_path: Path) -> None:
    """A rule that stands in two files at once is found where it was added."""
    book(tmp_path)
    (tmp_path / "more.toml").write_text(RULE.replace("2020-03-04", "2021-01-01"), encoding="utf-8")

    with pytest.raises(PolicyError, match=r"more\.toml: test\.limit\.hours: since: .* ends, in rules\.toml"):
        load_policy(tmp_path)
