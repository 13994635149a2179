"""`clear-to-send lint`: one text in words or JSON, many as JSON lines, and exit codes."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.lint.jsonl import answer_lines
from pipelines.lint.linter import Linter
from tests.commands import run_command

_NOW = "2025-09-01T09:00:00Z"
_FINDING = {"rule", "kind", "severity", "span", "reason", "source", "advice"}


def _run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    return run_command("lint", *words, "--as-of", _NOW, stdin=stdin.encode())


def _answers(linter: Linter, *lines: str) -> list[dict[str, Any]]:
    return list(answer_lines(linter, lines, datetime(2025, 9, 1, 9)))


def test_a_text_that_breaks_none_passes() -> None:
    """Exit 0, and JSON with everything that was found out."""
    code, out, _ = _run("Your order has shipped.", "--lane", "tag:POST_PURCHASE_UPDATE", "--json")
    answer = json.loads(out)

    assert code == 0
    assert answer["verdict"] == "pass"
    assert answer["findings"] == []
    assert 0 <= answer["promotional"] <= 1


def test_a_file_is_one_message_and_the_moment_of_sending_decides(tmp_path: Path) -> None:
    """As it stands, line breaks and all. One day before the tag ended it warns; that is a finding: exit 1."""
    file = tmp_path / "message.txt"
    file.write_text("Your order\nhas shipped.\n", encoding="utf-8")
    given = ("--lane", "tag:POST_PURCHASE_UPDATE", "--sent-at", "2026-04-26T23:59:59Z", "--json")
    code, out, _ = _run("--file", str(file), *given)

    assert (code, json.loads(out)["verdict"]) == (1, "warn")


def test_a_text_that_breaks_a_rule_is_explained_and_fails() -> None:
    """On the day on which the tag ended: the rules, their words, where they are written and what to do; exit 1."""
    text = "Get 20% off everything today, shop now!"
    code, out, _ = _run(text, "--lane", "tag:POST_PURCHASE_UPDATE", "--sent-at", "2026-04-27T00:00:00Z")

    assert code == 1
    assert "tag.post_purchase_update.disallows.promotion" in out
    assert "https://developers.facebook.com/" in out
    assert "Blocked by" in out


def test_wrong_words_are_usage() -> None:
    """Exit 2 and a sentence that names the option."""
    for option, value in (("--sent-at", "soon"), ("--event-at", "2025-13-01"), ("--lane", "moon")):
        code, out, err = _run("Hello", option, value)

        assert (code, out) == (2, "")
        assert option.removeprefix("--").replace("-", "_") in err


def test_lines_are_answered_in_their_order_and_a_bad_one_harms_no_other() -> None:
    """A line each; the bad ones say which line, which field and how to write it; exit 1 for what was found."""
    lines = [
        '{"text": "Your order has shipped.", "lane": "tag:POST_PURCHASE_UPDATE", "colour": "unknown keys are ignored"}',
        "not JSON",
        "[1, 2]",
        '{"text": "Shop now, 50% off everything!", "lane": "tag:ACCOUNT_UPDATE", "lang": "en"}',
        '{"text": "x", "sent_at": "soon"}',
        '{"text": "x", "lane": "moon"}',
        '{"text": 3}',
        "{}",
        '{"text": "half a pair \\ud83d", "lane": "otn", "topic": "pairs"}',
    ]
    code, out, err = _run(stdin="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in out.splitlines()]

    assert code == 1
    assert [answer.get("verdict", "error") for answer in answers[:8]] == [
        "pass", "error", "error", "block", "error", "error", "error", "error",
    ]  # fmt: skip
    assert "verdict" in answers[8]
    assert answers[4]["error"].startswith("line 5: sent_at: ")
    assert "2026-11-22T08:00:00Z" in answers[4]["error"]
    assert answers[3]["findings"][0].keys() == _FINDING
    assert "6" in err


def test_nothing_that_could_be_read_is_usage() -> None:
    """Every line bad: exit 2."""
    assert _run(stdin="bad\nworse\n")[0] == 2


def test_many_lines_keep_their_order(linter: Linter) -> None:
    """Over the border of the chunks in which they are judged."""
    texts = [f"Your order {number} has shipped." if number % 7 else "bad" for number in range(4_100)]
    answers = _answers(linter, *(json.dumps({"text": text}) if text != "bad" else text for text in texts))

    assert [("error" in answer) for answer in answers] == [text == "bad" for text in texts]


def test_moments_may_carry_a_zone_or_none(linter: Linter) -> None:
    """08:00+08:00 is midnight UTC: the tag's last day is over there."""
    line = '{"text": "Your order has shipped.", "lane": "tag:POST_PURCHASE_UPDATE", "sent_at": "%s"}'
    answers = _answers(linter, line % "2026-04-27T07:59:59+08:00", line % "2026-04-27T08:00:00+08:00")

    assert [answer["verdict"] for answer in answers] == ["warn", "block"]


def test_an_event_of_a_day_is_not_past_on_that_day(linter: Linter) -> None:
    """No hour is given, so it may be any hour of the day."""
    line = '{"text": "See you at your class.", "lane": "tag:CONFIRMED_EVENT_UPDATE", "event_at": "%s"}'
    today, yesterday = _answers(linter, line % "2025-09-01", line % "2025-08-31")

    assert today["findings"] == []
    assert [each["kind"] for each in yesterday["findings"]] == ["timing"]
