"""Any text of any script: lint never fails, its spans lie inside the text, and it says the same twice."""

from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.lint.fold import fold
from pipelines.lint.linter import Linter
from pipelines.lint.message import SEVERITIES, Message
from tests.conftest import IS_DEEP

_NOW = datetime(2025, 9, 1, 9)
_PIECES = st.sampled_from(
    [
        "20% off", "s4le", "F R E E", "優惠碼", "限時搶購", "ลดราคา", "giảm giá", "İNDİRİM", "¡Oferta!", "{{offer}}",
        "4111 1111 1111 1111", "\u200b", "\ufe0f", "🅵🆁🅴🅴", "\uff33\uff21\uff2c\uff25", "\u0130", "ß", "e\u0301" * 3,
        "\ud800", "\x00",
    ]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=8))).map("".join))
_LANES = st.sampled_from(
    [
        None, "standard_window", "otn", "marketing", "utility", "private_reply", "optin_prompt", "tag:ACCOUNT_UPDATE",
        "tag:CONFIRMED_EVENT_UPDATE", "tag:POST_PURCHASE_UPDATE", "tag:HUMAN_AGENT", "tag:CUSTOMER_FEEDBACK",
        "tag:NON_PROMOTIONAL_SUBSCRIPTION", "tag:SHIPPING_UPDATE", "tag:ONE_TIME_NOTIFICATION", "tag:x",
    ]
)  # fmt: skip
_MOMENTS = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))
_MESSAGES = st.builds(
    Message,
    text=_TEXTS,
    lane=_LANES,
    topic=st.none() | _TEXTS,
    event_at=_MOMENTS,
    event_ends_at=_MOMENTS,
    sent_at=_MOMENTS,
    variables=st.dictionaries(st.text(max_size=5), _TEXTS, max_size=2),
)


@settings(
    max_examples=25 if IS_DEEP else 8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(messages=st.lists(_MESSAGES, min_size=1, max_size=4))
def test_any_message_has_one_answer(linter: Linter, messages: list[Message]) -> None:
    """One answer a message, in order; the same alone as in company; worst finding first; spans inside the text."""
    answers = linter.lint(messages, _NOW)

    assert answers == [linter.lint([message], _NOW)[0] for message in messages]
    for message, answer in zip(messages, answers, strict=True):
        assert 0.0 <= answer.promotional <= 1.0
        ranks = [SEVERITIES.index(finding.severity) for finding in answer.findings]
        assert ranks == sorted(ranks)
        for finding in answer.findings:
            start, end = finding.span or (0, 0)
            assert 0 <= start <= end <= len(message.text)
            assert finding.reason
            assert finding.advice


@settings(max_examples=40, deadline=None, derandomize=True)
@given(text=_TEXTS)
def test_a_folded_text_leads_back(text: str) -> None:
    """Each stretch of it, a single letter or all, stands for one inside the original, and twice the same."""
    folded = fold(text)
    size = len(folded.text)

    assert len(folded.starts) == len(folded.ends) == size
    assert folded == fold(text)
    for start, end in [(0, 0), (size, size), (0, size), *((at, at + 1) for at in range(size))]:
        first, last = folded.span(start, end)
        assert 0 <= first <= last <= len(text)
        assert first < last or start == end


def test_a_text_stays_under_its_limit(linter: Linter) -> None:
    """1,999 characters go out, 2,000 do not."""
    longest, too_long = linter.lint([Message("a " * 999 + "a", "otn"), Message("a " * 1000, "otn")], _NOW)

    assert "send.text.characters" not in {finding.rule for finding in longest.findings}
    assert {finding.rule: finding.severity for finding in too_long.findings}["send.text.characters"] == "block"
