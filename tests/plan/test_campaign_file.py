"""A campaign file becomes a campaign, or a list of all that is wrong with it."""

import hashlib
import re
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from pipelines import DATA
from pipelines.errors import UsageError
from pipelines.plan.campaign import Audience, Button, Campaign, Cap, Image, QuickReply, QuietHours, Utility, Variant
from pipelines.plan.campaign_file import read_campaign
from pipelines.policy import Policy

NOW = datetime(2026, 11, 30, 12)
HEAD = 'name = "n"\npage_id = "1084"\npurpose = "promotional"\n'
TEXT = 'text = "The shoes are back."\n'


def read(folder: Path, policy: Policy, toml: str) -> Campaign:
    """Read a campaign file with that content."""
    path = folder / "campaign.toml"
    path.write_text(toml, encoding="utf-8")
    return read_campaign(path, policy, NOW)


def faults(folder: Path, policy: Policy, toml: str) -> list[str]:
    """Return what is said of a file, each fault without the file's name."""
    with pytest.raises(UsageError) as refused:
        read(folder, policy, toml)
    return [line.removeprefix(f"{folder / 'campaign.toml'}") for line in str(refused.value).split("\n- ")[1:]]


def test_the_sample_is_a_campaign(policy: Policy) -> None:
    """The example that ships with the project can be used as it stands."""
    campaign = read_campaign(DATA / "samples" / "campaign.toml", policy, NOW)

    assert (campaign.page_id, campaign.topic) == ("108444444444444", "restock:trail-shoes")
    assert campaign.quiet_hours is None  # so that it can be tried at any hour
    assert campaign.audience.not_messaged_within == timedelta(days=7)
    assert campaign.variants[0].share == 1.0
    assert campaign.field_names("A") == ("first_name",)
    assert campaign.demanded_names("A") == ()


def test_the_sample_is_right_about_what_it_leaves_switched_off(policy: Policy, tmp_path: Path) -> None:
    """Each remark that is a setting can be switched on, with the variants instead of the text."""
    (tmp_path / "people.csv").write_text("psid\n1\n")
    (tmp_path / "not-these.csv").write_text("psid\n2\n")
    sample = (DATA / "samples" / "campaign.toml").read_text(encoding="utf-8")
    switched_on = re.sub(r"^# (?=\[|\w+ = )", "", sample, flags=re.MULTILINE)
    campaign = read(tmp_path, policy, re.sub(r"^(text = \"Hi|lanes = ).*$", "", switched_on, flags=re.MULTILINE))

    assert [variant.name for variant in campaign.variants] == ["plain", "by name"]
    assert campaign.utility == Utility("order_ready", "en", ("{{first_name|customer}}",))
    assert campaign.demanded_names("by name") == ("first_name",)
    assert None not in (campaign.start_at, campaign.not_after, campaign.event_at)
    assert campaign.quick_replies
    assert campaign.image
    assert campaign.audience.tags == ("vip",)


def test_every_table_is_read(policy: Policy, tmp_path: Path) -> None:
    """Each key of the file has its place in the campaign, with times in UTC and lengths as durations."""
    (tmp_path / "vip.csv").write_bytes(b"\xef\xbb\xbfpsid,tags,first_name\r\n1,a;b,Mei\r\n")
    campaign = read(
        tmp_path,
        policy,
        f"""{HEAD}topic = "t"\nlanes = ["tag:ACCOUNT_UPDATE", "marketing", "utility"]
        start_at = 2026-12-01T09:00:00+08:00
        not_after = 2026-12-01T09:00:00
        [[variant]]\nname = "a"\ntext = "one"\nshare = 0.25
        [[variant]]\nname = "b"\ntext = "two"\nshare = 0.75
        [[button]]\ntitle = "See"\nurl = "https://example.com/{{{{size|all}}}}"
        [[button]]\ntitle = "Ask"\npayload = '{{"ask": 1}}'
        [[button]]\ntitle = "Call"\nphone = "+886227208889"
        [[quick_reply]]\ntitle = "No"\npayload = "no"\nimage_url = "https://example.com/no.png"
        [image]\nurl = "https://example.com/shoes.jpg"
        [audience]\nwindow = "closed"\ntoken_kinds = ["otn"]\ncsv = "vip.csv"\ntags = ["b"]
        last_seen_within = "2w"\nnot_seen_within = "90m"\nexclude_psids = ["5"]\nexclude_topics = ["u"]
        [quiet_hours]\nfrom = 22:30:00\nto = "08:00"
        [frequency_cap]\nmessages = 2\nwithin = "36h"
        [split]\nholdout = 0.1
        [utility]\ntemplate = "order"\nlanguage = "en"\nparameters = ["x", "x"]""",
    )

    assert campaign.lanes == ("tag:ACCOUNT_UPDATE", "marketing", "utility")
    assert campaign.start_at == datetime(2026, 12, 1, 1)
    assert campaign.not_after == datetime(2026, 12, 1, 9)
    assert campaign.variants == (Variant("a", "one", 0.25), Variant("b", "two", 0.75))
    assert [(button.kind, button.value) for button in campaign.buttons] == [
        ("web_url", "https://example.com/{{size|all}}"), ("postback", '{"ask": 1}'), ("phone_number", "+886227208889"),
    ]  # fmt: skip
    assert campaign.quick_replies == (QuickReply("No", "no", "https://example.com/no.png"),)
    assert campaign.image == Image(url="https://example.com/shoes.jpg")
    assert campaign.audience == Audience(
        window="closed", token_kinds=("otn",), people_csv=str(tmp_path / "vip.csv"), tags=("b",),
        last_seen_within=timedelta(weeks=2), not_seen_within=timedelta(minutes=90), exclude_psids=("5",),
        exclude_topics=("u",), people_sha256=hashlib.sha256((tmp_path / "vip.csv").read_bytes()).hexdigest(),
    )  # fmt: skip
    assert campaign.quiet_hours == QuietHours(time(22, 30), time(8), "UTC")
    assert campaign.cap == Cap(2, timedelta(hours=36))
    assert campaign.holdout == 0.1
    assert campaign.utility == Utility("order", "en", ("x", "x"))


def test_without_shares_all_variants_get_the_same(policy: Policy, tmp_path: Path) -> None:
    """Three wordings, a third of the people each."""
    tables = "".join(f'[[variant]]\nname = "{name}"\ntext = "{name}"\n' for name in "abc")

    assert {variant.share for variant in read(tmp_path, policy, HEAD + tables).variants} == {1 / 3}


def test_one_text_is_variant_a(policy: Policy, tmp_path: Path) -> None:
    """A file in UTF-8 with the mark that Windows puts first is read as any other."""
    (tmp_path / "campaign.toml").write_bytes(f"\ufeff{HEAD}{TEXT}".replace("\n", "\r\n").encode())
    campaign = read_campaign(tmp_path / "campaign.toml", policy, NOW)

    assert campaign.variants == (Variant("A", "The shoes are back.", 1.0),)
    assert (campaign.lanes, campaign.audience, campaign.image) == ((), Audience(), None)


def test_all_faults_come_at_once_in_the_order_of_the_file(policy: Policy, tmp_path: Path) -> None:
    """Each with its line and its field; what is missing altogether comes first."""
    found = faults(
        tmp_path,
        policy,
        'nme = "n"\npage_id = 1084\npurpose = "promo"\ntext = """Hi\nlanes = {x}"""\n\n[audience]\nwindw = "open"\n'
        'not_after = 2026-12-01\n[[button]]\ntitle = "a"\nurl = "https://example.com"\n[[button]]\n'
        'title = "twenty-one characters"\npayload = "p"\n',
    )

    places = [fault.split(": ")[:2] for fault in found]
    assert places == [
        ["", "name"], [", line 1", "nme"], [", line 2", "page_id"], [", line 3", "purpose"], [", line 4", "text"],
        [", line 4", "text"], [", line 8", "audience.windw"], [", line 9", "audience.not_after"],
        [", line 14", "button[2].title"],
    ]  # fmt: skip
    assert "Did you mean name?" in found[1]
    assert 'page_id = "1084"' in found[2]
    assert "Did you mean promotional?" in found[3]
    assert "Did you mean window?" in found[6]
    assert "above the first table" in found[7]


def test_a_file_that_is_none_is_refused_with_the_reason(policy: Policy, tmp_path: Path) -> None:
    """Not there, not UTF-8, not TOML: one sentence for each."""
    with pytest.raises(UsageError, match="There is no campaign file"):
        read_campaign(tmp_path / "none.toml", policy, NOW)
    with pytest.raises(UsageError, match=r"not valid TOML: .*line 2"):
        read(tmp_path, policy, 'name = "n"\ntext = Hello\n')
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    with pytest.raises(UsageError, match="not UTF-8"):
        read_campaign(tmp_path / "latin.toml", policy, NOW)
    with pytest.raises(UsageError, match="cannot be read"):
        read_campaign(tmp_path, policy, NOW)


def test_a_campaign_reads_its_own_json(policy: Policy, tmp_path: Path) -> None:
    """Buttons of the three kinds stay what they are."""
    campaign = read(tmp_path, policy, f'{HEAD}{TEXT}[[button]]\ntitle = "Call"\nphone = "+88622720"\n')

    assert Campaign.from_json(campaign.to_json()) == campaign
    assert campaign.buttons == (Button("phone_number", "Call", "+88622720"),)
