"""What each answer means: every documented code, every body that was really received, and everything else."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import DATA
from pipelines.dispatch.graph_api import Answer
from pipelines.dispatch.outcomes import Outcome, classify, load_errors
from pipelines.dispatch.usage import Usage
from pipelines.errors import PolicyError
from pipelines.policy import Policy
from tests.conftest import NOW

TABLE = load_errors(DATA / "errors.toml")

# code, subcode ("-": none, "*": any), what follows, who else meets the same; "!" is a limit of the whole Page
DOCUMENTED = """
1 99 retry app              | 1 1357046 settle message           | 2 - retry message
2 2018344 halt_page page    | 4 - retry app !                    | 4 2018354 retry person
4 2018022 retry page !      | 9 2018352 retry page               | 10 - halt_page app
10 2018278 give_up_person person | 10 2534022 give_up_person person | 10 2018065 give_up_person person
10 2018108 give_up_person person | 10 1893063 halt_page page     | 10 1404170 halt_page page
10 1893015 give_up_person person | 17 - retry page !             | 32 - retry page !
80001 - retry page !        | 80006 - retry page !               | 100 - give_up_message message
100 33 halt_page page       | 100 1893061 halt_campaign campaign | 100 1893029 halt_campaign campaign
100 2018001 give_up_person person  | 100 2018008 give_up_message message | 100 2018047 give_up_message message
100 2018074 halt_campaign campaign | 100 2018109 halt_campaign campaign  | 100 2018164 halt_page app
100 2534014 give_up_person person  | 100 2534029 halt_page page  | 100 2534037 give_up_person thread
190 * halt_page page | 190 458 halt_page page | 190 459 halt_page page | 190 460 halt_page page
190 463 halt_page page | 190 464 halt_page page | 190 467 halt_page page
200 - halt_page app  | 200 1545041 give_up_person person | 200 2018028 halt_page app | 200 2534041 halt_page page
230 - halt_page app  | 341 - retry app !                 | 368 - halt_page page
551 - give_up_person person  | 551 1545041 give_up_person person | 551 1893047 give_up_person person
613 - retry page !           | 613 1893016 give_up_person person | 613 2018338 halt_campaign page
613 2534040 retry page !     | 1200 - retry message              | 2022 - halt_page page
2018300 - retry thread       | 2018321 - retry thread            | 2018144 - give_up_person person
2018416 - halt_campaign campaign | 2300000 - retry campaign      | 2300001 - halt_campaign campaign
"""
# Beyond that table: what real bodies hold. The last two say themselves that they will not pass.
RECEIVED = """
1 - retry message | 10 2018300 retry thread | 210 - give_up_person person | 210 123 give_up_person person
368 1390008 halt_page page | 1200 2018024 retry message | 2500 - halt_page page | 80007 - retry page !
100 2018416 halt_campaign campaign
100 2018145 give_up_message message | 190 1234567 halt_page page | 131009 - give_up_message message
1 1446036 give_up_message message | 1 1965014 give_up_message message
"""


def rows(text: str) -> list[list[str]]:
    """Cut the lists above into rows."""
    return [row.split() for line in text.splitlines() for row in line.split("|") if row.strip()]


def refused(code: object, subcode: object = None, lane: str = "standard_window", **more: Any) -> Outcome:
    """Classify a Graph error."""
    error = {"code": code, **({} if subcode is None else {"error_subcode": subcode}), **more}
    return classify(Answer(400, {"error": error}), TABLE, lane)


@pytest.mark.parametrize("row", rows(DOCUMENTED), ids=" ".join)
def test_every_documented_error_has_its_outcome(row: list[str]) -> None:
    """Found by code and subcode, with a sentence for users."""
    code = int(row[0])
    subcode = None if row[1] == "-" else int(row[1].replace("*", "999"))
    outcome = refused(code, subcode)

    assert [outcome.action, outcome.scope] == row[2:4]
    assert outcome.is_throttle == (row[-1] == "!")
    assert (outcome.code, outcome.subcode) == (code, subcode)
    assert outcome.reason == (str(code) if subcode is None else f"{code}/{subcode}")
    assert outcome.words.endswith((".", ".)"))


def test_the_rule_books_throttles_are_throttles(policy: Policy) -> None:
    """The rule book and the table agree on what a limit is."""
    codes = policy.rule("rate.throttle_codes", NOW).value

    assert [code for code in codes if not refused(int(code)).is_throttle] == []


# --- bodies that were really received --------------------------------------------------------------------------------

CORPUS = Path(os.environ.get("CLEAR_TO_SEND_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "errors"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="real bodies are not at hand; CLEAR_TO_SEND_CORPORA names them")
def test_every_received_body_is_understood() -> None:
    """No body is unknown but the two that hold no code, and the text of none matters."""
    expected = {
        (code, "" if subcode in "-*" else subcode): action for code, subcode, action, *_ in rows(DOCUMENTED + RECEIVED)
    }
    wrong = []
    with (CORPUS / "index.csv").open(encoding="utf-8", newline="") as index:
        listed = list(csv.DictReader(index))
    for row in listed:
        body = json.loads((CORPUS / row["file"]).read_bytes())
        action = expected[row["code"], row["subcode"]] if row["code"] else "halt_campaign"
        for text in (body["error"].get("message"), "andere Wörter (#551)"):
            body["error"]["message"] = text
            outcome = classify(Answer(400, body), TABLE, "standard_window")
            if outcome.action != action or outcome.reason.startswith("unknown"):
                wrong.append((row["file"], action, outcome))
    assert wrong == []


# --- one-time notifications ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "subcode"), [(100, None), (100, 2018001), (100, 2018047), (100, 777), (10, 2018278)])
def test_on_otn_a_refusal_may_be_the_tokens(code: int, subcode: int | None) -> None:
    """Any 100, and the closed window: the token is not honoured."""
    outcome = refused(code, subcode, lane="otn")

    assert (outcome.action, outcome.scope) == ("give_up_token", "token")


@pytest.mark.parametrize(("code", "subcode"), [(551, None), (551, 1545041), (200, 1545041), (10, 2018108)])
def test_on_otn_a_person_out_of_reach_costs_no_token(code: int, subcode: int | None) -> None:
    """The token stays unused."""
    assert refused(code, subcode, lane="otn").action == "give_up_person"


@pytest.mark.parametrize(("code", "subcode"), [(100, 1893061), (100, 2534029), (10, 1893063), (368, None), (190, 463)])
def test_on_otn_what_stops_everything_stops_everything(code: int, subcode: int | None) -> None:
    """A fault of the Page or the campaign burns no token."""
    assert refused(code, subcode, lane="otn").action.startswith("halt")


# --- Meta's own word, and what nobody described ----------------------------------------------------------------------


@pytest.mark.parametrize(("code", "subcode"), [(551, None), (100, 2018001), (368, None), (190, None), (12, 34)])
def test_what_meta_calls_transient_is_tried_again(code: int, subcode: int | None) -> None:
    """Whatever the table says of it."""
    assert refused(code, subcode, is_transient=True).action == "retry"


def test_settling_comes_before_metas_word() -> None:
    """To send again could send twice."""
    assert refused(1, 1357046, is_transient=True).action == "settle"
    assert refused(1, 1357046, is_transient=False).action == "settle"


@pytest.mark.parametrize(
    ("code", "subcode", "action"),
    [(2, None, "give_up_message"), (4, 2018354, "give_up_person"), (613, None, "halt_page"), (1, 99, "halt_page"),
     (2300000, None, "halt_campaign"), (551, 1893047, "give_up_person"), (190, None, "halt_page")],
)  # fmt: skip
def test_what_meta_calls_lasting_is_never_tried_again(code: int, subcode: int | None, action: str) -> None:
    """A retry becomes the giving up, or the halt, of its scope; the rest stays as it is."""
    assert refused(code, subcode, is_transient=False).action == action


def test_an_unknown_code_asks_a_person() -> None:
    """Nobody knows what it would do to go on; a code without an entry of its own is as unknown."""
    outcome = refused(12, 34, fbtrace_id="Abc")

    assert (outcome.action, outcome.reason, outcome.fbtrace_id) == ("halt_campaign", "unknown 12/34", "Abc")
    assert "person" in outcome.words
    assert refused(9).reason == "unknown 9"


def test_an_unknown_subcode_is_judged_by_its_code() -> None:
    """And the words say that it was."""
    outcome = refused("551", "42")

    assert (outcome.action, outcome.reason) == ("give_up_person", "551/42")
    assert "subcode 42 is not known" in outcome.words
    assert "not known" not in refused(551).words + refused(100, 2018001, lane="otn").words


def test_a_throttle_tells_how_long() -> None:
    """The seconds come from the headers, and only where the call will be made again."""
    usage = Usage(100, 300)

    assert classify(Answer(400, {"error": {"code": 80006}}, usage=usage), TABLE, "otn").wait_s == 300
    assert classify(Answer(400, {"error": {"code": 551}}, usage=usage), TABLE, "otn").wait_s is None
    assert refused(80006).wait_s is None


# --- answers that are no Graph error ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "action", "reason"),
    [
        (Answer(200, {"recipient_id": "7", "message_id": "m"}), "accepted", "accepted"),
        (Answer(200, {"message_id": "m"}), "accepted", "accepted"),
        (Answer(200, {"recipient_id": "7"}), "settle", "no_message_id"),
        (Answer(200), "settle", "no_message_id"),
        (Answer(200, {"error": {"code": 551}}), "settle", "no_message_id"),
        (Answer(0, failure="not_sent", failure_words="Refused."), "retry", "not_sent"),
        (Answer(0, failure="lost", failure_words="Reset."), "settle", "no_answer"),
        (Answer(503), "settle", "http_503"),
        (Answer(500, {"error": "words"}), "settle", "http_500"),
        (Answer(500, {"error": {"message": "no code"}}), "settle", "http_500"),
        (Answer(500, {"error": {"code": 2}}), "retry", "2"),
        (Answer(503, {"error": {"code": 551}}), "give_up_person", "551"),
        (Answer(408), "settle", "http_408"),
        (Answer(429), "retry", "http_429"),
        (Answer(404, {"detail": "no such path"}), "halt_campaign", "http_404"),
        (Answer(302), "halt_campaign", "http_302"),
    ],
    ids=repr,
)
def test_other_answers(answer: Answer, action: str, reason: str) -> None:
    """What may have gone out is settled; what certainly did not is tried again, or a person is asked."""
    outcome = classify(answer, TABLE, "standard_window")

    assert (outcome.action, outcome.reason) == (action, reason)
    assert outcome.message_id == ("m" if action == "accepted" else None)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "error_subcode", "is_transient", "message_id"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
_BODIES = st.dictionaries(st.sampled_from(["error", "message_id", "recipient_id"]), _JSON, max_size=3)


@given(st.integers(200, 599), _BODIES, st.sampled_from(["otn", "standard_window"]))
def test_any_answer_has_an_outcome_and_none_risks_a_second_message(
    status: int, body: dict[str, Any], lane: str
) -> None:
    """Only a refusal that says so, by its code or its status, leads to another call."""
    outcome = classify(Answer(status, body), TABLE, lane)
    if status < 300:
        assert outcome.action in {"accepted", "settle"}
    elif outcome.action == "retry":
        assert outcome.code is not None or status == 429


# --- the table itself ------------------------------------------------------------------------------------------------

_GOOD = 'code = 1\nmeaning = "It is so."\nscope = "page"\naction = "retry"\nmark = "A"\nverified_on = 2026-11-22\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must hold entries"),
        ("[[error]", "cannot be read"),
        ("[error]\ncode = 1", "must hold entries"),
        (f"[[error]]\n{_GOOD}[[error]]\n{_GOOD}", r"entry 2 \(1\): is there twice"),
        ("[[error]]\ncode = 1", "entry 1 .*: meaning: missing"),
        (f"[[error]]\n{_GOOD}colour = 1", "colour: unknown key"),
        (f"[[error]]\n{_GOOD}subcode = true", r"\(1/True\): subcode: must be a whole number"),
        (f"[[error]]\n{_GOOD}subcode = [1]", "subcode: must be a whole number"),
        (f"[[error]]\n{_GOOD}throttle = false", "throttle: must be true"),
        (f"[[error]]\n{_GOOD.replace('retry', 'settle')}throttle = true", "only what may be tried again"),
        (f"[[error]]\n{_GOOD.replace('retry', 'panic')}", "action: must be one of"),
        (f"[[error]]\n{_GOOD.replace('page', 'moon')}", "scope: must be one of"),
        (f"[[error]]\n{_GOOD.replace('so.', 'so')}", "meaning: must be a sentence"),
        ("[[error]]\n" + _GOOD.replace('"A"', '"Q"'), "mark: must be of"),
        (f"[[error]]\n{_GOOD.replace('2026-11-22', '2026-11-22T00:00:00')}", "verified_on: must be a day"),
    ],
)
def test_a_table_with_a_fault_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """With the entry that is at fault."""
    path = tmp_path / "errors.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(PolicyError, match=fault):
        load_errors(path)
