"""What keeps a campaign file from being a campaign, fault by fault."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.plan.campaign_file import read_campaign
from pipelines.policy import Policy

NOW = datetime(2026, 11, 30, 12)
HEAD = 'name = "n"\npage_id = "1084"\npurpose = "promotional"\n'
TEXT = 'text = "The shoes are back."\n'
BUTTON = '[[button]]\ntitle = "a"\nurl = "https://example.com"\n'
REPLY = '[[quick_reply]]\ntitle = "a"\npayload = "b"\n'
UTILITY = '[utility]\ntemplate = "order"\nlanguage = "en"\n'
TWO = '[[variant]]\nname = "a"\ntext = "one"\n{}[[variant]]\nname = "b"\ntext = "two"\n{}'


def refusal(folder: Path, policy: Policy, toml: str) -> str:
    """Return what is said of a file with that content."""
    path = folder / "campaign.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_campaign(path, policy, NOW)
    return str(refused.value)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (HEAD, "text: is missing"),
        (TEXT, "name: is missing"),
        (HEAD.replace("1084", "10 84"), "page_id: .* digits only"),
        (HEAD.replace("1084", "١٢"), "page_id: .* digits only"),
        (HEAD + TEXT + 'lanes = ["otn"]', "topic: is missing: the lane otn"),
        (HEAD + TEXT + 'lanes = ["marketing"]', "topic: is missing: the lane marketing"),
        (HEAD + TEXT + 'lanes = ["standart_window"]', r'"standart_window" is no lane\. Did you mean standard_window'),
        (HEAD + TEXT + 'lanes = ["tag:account_update"]', "Did you mean tag:ACCOUNT_UPDATE"),
        (HEAD + TEXT + 'lanes = ["tag:LEGACY"]', "is no lane"),
        (HEAD + TEXT + 'lanes = ["human_agent"]', "A broadcast is no human's answer"),
        (HEAD + TEXT + 'lanes = ["tag:HUMAN_AGENT"]', "A broadcast is no human's answer"),
        (HEAD + TEXT + 'lanes = ["tag:CUSTOMER_FEEDBACK"]', "Customer Feedback Template"),
        (HEAD + TEXT + 'lanes = ["tag:ONE_TIME_NOTIFICATION"]', "There is no tag ONE_TIME_NOTIFICATION"),
        (HEAD + TEXT + 'lanes = ["standard_window", "standard_window"]', "twice"),
        (HEAD + TEXT + 'lanes = "otn"', "must be a list of texts"),
        (HEAD + TEXT + 'lanes = ["utility"]', r"write \[utility\]"),
        (HEAD + TEXT + 'lanes = ["standard_window"]\n' + UTILITY, "utility: is never used"),
        (HEAD + TEXT + 'lanes = ["utility"]\n' + UTILITY + BUTTON, "button: is never sent"),
        (HEAD + TEXT + '[utility]\ntemplate = "a"', "line 5: utility.language: is missing"),
        (HEAD + TEXT + "not_after = 2026-12-01", "must be a date with its time"),
        (HEAD + TEXT + "not_after = 0001-01-01T00:00:00+05:00", "outside the years"),
        (HEAD + TEXT + "start_at = 2026-12-01T00:00:00Z\nnot_after = 2026-12-01T07:00:00+08:00", "is before start_at"),
        (HEAD + TEXT + "event_ends_at = 2026-12-01T00:00:00Z", "without event_at"),
        (HEAD + TEXT + "[split]\nholdout = 1", "no share of the people"),
        (HEAD + TEXT + "[split]\nholdout = nan", "no share of the people"),
        (HEAD + TEXT + '[split]\nholdout = "5%"', "must be a number"),
        (HEAD + TEXT + '[quiet_hours]\nfrom = "21:00"\nto = "21:00"', "the same as from"),
        (HEAD + TEXT + '[quiet_hours]\nfrom = "21:00"\nto = "24:00"', "must be a time of day"),
        (HEAD + TEXT + '[quiet_hours]\nfrom = "21:00"', "quiet_hours.to: must be a time of day"),
        (HEAD + TEXT + '[quiet_hours]\nfrom = "21:00"\nto = "09:00"\nzone = "Taipei"', 'such as "Asia/Taipei"'),
        (HEAD + TEXT + '[frequency_cap]\nmessages = true\nwithin = "7d"', "whole number"),
        (HEAD + TEXT + '[frequency_cap]\nmessages = 1\nwithin = "0d"', "is no duration"),
        (HEAD + TEXT + "[frequency_cap]\nmessages = 1", "within: is missing"),
        (HEAD + TEXT + 'audience = "all"', r"write \[audience\]"),
        (HEAD + TEXT + "[button]\ntitle = 'a'", r"write \[\[button\]\]"),
    ],
)
def test_a_fault_says_what_to_do(policy: Policy, tmp_path: Path, toml: str, said: str) -> None:
    """Whole file, lanes, times and hours."""
    assert re.search(said, refusal(tmp_path, policy, toml))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (HEAD + f'text = "{"a" * 2000}"', "has 2000 characters, and 1999 fit"),
        (HEAD + f'text = "{"a" * 641}"\n' + BUTTON, "has 641 characters, and 640 fit"),
        (HEAD + f'text = "{"a" * 161}"\n[image]\nurl = "https://example.com/a.png"', "goes out as a card"),
        (HEAD + f'text = "{"a" * 1999}{{{{b|c}}}}"', "has 2000 characters"),
        (HEAD + 'text = "{{a|}}"', "is empty for whoever"),
        (HEAD + 'text = "Hi {name}"', "{ at position 4"),
        (HEAD + TEXT + TWO.format("", ""), r"text: stands beside \[\[variant\]\]"),
        (HEAD + TWO.format("share = 0.5\n", ""), "give every variant its share"),
        (HEAD + TWO.format("share = 0.5\n", "share = 0.4\n"), "make 0.9 together"),
        (HEAD + TWO.format("share = 1.0\n", "share = 0\n"), "0 is no share"),
        (HEAD + TWO.format("", "").replace('"b"', '"a"'), "another variant too"),
        (HEAD + TEXT + BUTTON * 4, r"button\[4\]: there are 4 .* and 3 fit"),
        (HEAD + TEXT + REPLY * 14, r"quick_reply\[14\]: there are 14 .* and 13 fit"),
        (HEAD + TEXT + BUTTON + 'phone = "+886"', "exactly one of url, payload and phone"),
        (HEAD + TEXT + '[[button]]\ntitle = "a"', "exactly one of url, payload and phone"),
        (HEAD + TEXT + '[[button]]\ntitle = "a"\nphone = "0800"', "is no telephone number"),
        (HEAD + TEXT + BUTTON.replace('"a"', '"{{a}}"'), "title: cannot hold fields"),
        (HEAD + TEXT + BUTTON.replace("https", "http"), "is no https address"),
        (HEAD + TEXT + BUTTON.replace("example.com", "[::1"), "is no https address"),
        (HEAD + TEXT + BUTTON.replace("example.com", "example.com/a b"), "is no https address"),
        (HEAD + TEXT + BUTTON.replace("example.com", "{{a}}"), "only after the host"),
        (HEAD + TEXT + BUTTON.replace("example.com", "example.com{{a}}"), "only after the host"),
        (HEAD + TEXT + BUTTON.replace("example.com", "example.com/{{A}}"), "belongs to no field"),
        (HEAD + TEXT + REPLY + 'image_url = "https://example.com/{{a}}"', "cannot hold fields"),
        (HEAD + TEXT + REPLY.replace('"b"', f'"{"b" * 1001}"'), "has 1001 characters"),
        (HEAD + BUTTON + '[image]\nattachment_id = "1"', "buttons stand below a text"),
        (HEAD + TEXT + '[image]\nattachment_id = "1"', "give its url instead"),
        (HEAD + '[image]\nurl = "https://a.b/c"\nattachment_id = "1"', "only one of them"),
        (HEAD + '[image]\nurl = ""', "is empty"),
        (HEAD + UTILITY + '[image]\nattachment_id = "1"', "text: is missing"),
        (HEAD + TEXT + UTILITY + 'parameters = ["{a}"]', "belongs to no field"),
    ],
)
def test_what_people_would_see_is_checked(policy: Policy, tmp_path: Path, toml: str, said: str) -> None:
    """Texts, variants, buttons, quick replies, images and templates."""
    assert re.search(said, refusal(tmp_path, policy, toml))


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ('tags = ["a"]', "audience.tags: are a column of a CSV file"),
        ('csv = "none.csv"', r"none\.csv cannot be read: No such file"),
        ('csv = "."', "cannot be read: Is a directory"),
        ('csv = "no_psid.csv"', "has no column psid"),
        ('exclude_csv = "empty.csv"', "audience.exclude_csv: .* has no column psid"),
        ('csv = "latin.csv"', "is not CSV in UTF-8"),
        ('csv = "twice.csv"', 'has two columns "size"'),
        ('window = "opened"', "is none of open, closed. Did you mean open"),
        ('token_kinds = ["onetime"]', "is none of otn, marketing"),
        ('topics = ["a"]\nexclude_topics = ["a"]', "which leaves nobody"),
        ('last_seen_within = "7d"\nnot_seen_within = "1w"', "leaves nobody beside not_seen_within"),
        ("exclude_psids = [1]", "must be a list of texts"),
        ('exclude_psids = ["m.me/1"]', "digits only"),
        ('not_messaged_within = "a week"', 'write "30m", "24h", "7d" or "2w"'),
        ('people_csv = "p.csv"', "people_csv: is no key here"),
    ],
)
def test_an_audience_that_cannot_be_is_refused(policy: Policy, tmp_path: Path, audience: str, said: str) -> None:
    """Conditions that nobody can meet, and CSV files that do not say who is meant."""
    (tmp_path / "no_psid.csv").write_text("id,name\n1,Mei\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "latin.csv").write_bytes(b"psid,caf\xe9\n")
    (tmp_path / "twice.csv").write_text("psid,size,size\n")

    assert re.search(said, refusal(tmp_path, policy, f"{HEAD}{TEXT}[audience]\n{audience}"))


_LITERALS = st.sampled_from(
    ['""', '"x"', '"7d"', "1", "-1", "0.5", "nan", "true", "2026-12-01", "2026-12-01T09:00:00Z", "09:00:00", "[]",
     "[1]", '["x"]', '["otn"]', '["utility"]', "[[]]", "{}", "{ a = 1 }", "[{}]", "[{ text = 'x' }]",
     "[{ title = 'x' }]", "{ url = 'x' }", "{ from = 1 }", "{ topics = [1], csv = '' }", "{ holdout = '' }",
     "{ template = 1 }"]
)  # fmt: skip
_KEYS = st.sampled_from(
    ["name", "page_id", "purpose", "topic", "lanes", "text", "start_at", "not_after", "event_at", "event_ends_at",
     "variant", "button", "quick_reply", "image", "audience", "quiet_hours", "frequency_cap", "split", "utility", "x"]
)  # fmt: skip


@given(st.dictionaries(_KEYS, _LITERALS))
def test_any_value_in_any_place_is_a_campaign_or_a_fault(
    policy: Policy, tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    """A file can be wrong in any way; its author always gets the list, never a crash."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text("\n".join(f"{key} = {value}" for key, value in values.items()), encoding="utf-8")

    try:
        read_campaign(path, policy, NOW)
    except UsageError as refused:
        assert str(path) in str(refused)
