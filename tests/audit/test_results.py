"""What a campaign was good for, against a count by hand: see small_home for who did what."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from dashboard.campaigns import results_words as words
from pipelines.audit.intervals import Difference, difference, share_of
from pipelines.audit.results import MEASURES, Baseline, Comparison, Cost, Results, results
from pipelines.errors import Refused, UsageError
from pipelines.ledger import chain
from pipelines.policy import Policy
from pipelines.rights import Person
from pipelines.warehouse import Warehouse
from tests.audit.small_home import FIRST, SECOND, SENT, small_home
from tests.audit.staging import CONTENT
from tests.conftest import Home

VIEWER = Person("vera", "viewer")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[tuple[Engine, Warehouse, Path]]:
    """Return the small home's ledger and warehouse, and the folder of its frozen plans."""
    home = Home(tmp_path_factory.mktemp("small") / "home", policy)
    with small_home(home) as (ledger, warehouse):
        yield ledger, warehouse, home.folder / "plans"


def asked(opened: tuple[Engine, Warehouse, Path], by: Person = VIEWER, campaign_id: str = "shoes") -> Results:
    """Ask for the results."""
    ledger, warehouse, plans = opened
    with warehouse.cursor() as cursor:
        return results(ledger, cursor, campaign_id, plans, by)


@pytest.fixture(scope="module")
def found(opened: tuple[Engine, Warehouse, Path]) -> Results:
    """Return the results of the small home."""
    return asked(opened)


def test_each_lane_and_variant_counts_as_by_hand(found: Results) -> None:
    """Only what was accepted counts, and only what came within seven days of it."""
    counted = {
        (row.lane, row.variant): (row.planned, row.accepted, *(row.shares[measure].count for measure in MEASURES))
        for row in found.rows
    }

    assert counted == {
        ("standard_window", FIRST): (6, 5, 4, 2, 2, 1),
        ("standard_window", SECOND): (6, 5, 1, 1, 1, 1),
        ("otn", FIRST): (4, 3, 1, 0, 1, 1),
        ("otn", SECOND): (4, 3, 0, 0, 0, 0),
    }
    assert found.planned == 20
    assert {measure: found.total(measure).count for measure in MEASURES} == {
        "delivered": 6, "read": 3, "replied": 4, "opted_in": 3,
    }  # fmt: skip
    assert found.total("read").of == 16


def test_variants_are_compared_over_all_lanes(found: Results) -> None:
    """The second against the first, in the order in which they were written: 1 of 8 against 3 of 8."""
    replied = next(each for each in found.comparisons if each.measure == "replied")

    assert list(found.variants) == [FIRST, SECOND]
    assert [each.measure for each in found.comparisons] == list(MEASURES)
    assert replied.difference == difference(share_of(1, 8), share_of(3, 8))
    assert replied.difference is not None
    assert replied.difference.value == pytest.approx(-0.25)


def test_the_held_out_are_the_baseline(found: Results) -> None:
    """Everyone whom chance chose to be sent to, whatever became of the send, against those whom it held out."""
    assert found.baseline is not None
    counted = {each.measure: (each.sent.count, each.sent.of, each.held.count, each.held.of) for each in found.baseline}

    assert counted == {"replied": (6, 20, 1, 8), "opted_in": (3, 20, 1, 8)}
    assert found.baseline[0].uplift == difference(share_of(6, 20), share_of(1, 8))


def test_tokens_are_counted_by_what_became_of_them(found: Results) -> None:
    """Six carried it, one Meta called invalid, one is still held for an answer that was lost."""
    assert found.costs == (Cost(CONTENT.topic, "otn", 6, 1, 1),)
    assert found.by_window == 2, "w1 and w4 held one; w2's is on another topic, w5's spent, w6 got nothing"
    assert found.in_time == 2, "t1 in 10 days, t3 in 30; t2 in 40"


def test_how_far_the_counts_reach(found: Results) -> None:
    """The last message went out at SENT, so a week later all has been counted."""
    assert found.complete_at == SENT + timedelta(days=7)
    assert found.is_complete


def test_without_the_frozen_plan_there_is_no_baseline(
    opened: tuple[Engine, Warehouse, Path], found: Results, tmp_path: Path
) -> None:
    """Nobody can say any more who was held out; all else stands."""
    without = asked((*opened[:2], tmp_path))

    assert without.baseline is None
    assert without.rows == found.rows


def test_a_plan_that_forgot_somebody_is_found_by_its_new_name(
    opened: tuple[Engine, Warehouse, Path], found: Results, tmp_path: Path
) -> None:
    """An erasure writes the plan anew, and the trail says what it is called since."""
    ledger, warehouse, plans = opened
    (old,) = plans.glob("*.parquet")
    shutil.copy(old, tmp_path / "anew.parquet")
    with ledger.begin() as connection:
        chain.append(connection, SENT, "ada", "erasure_done", {"plans": {old.stem: "anew"}})

    assert asked((ledger, warehouse, tmp_path)).baseline == found.baseline


def test_who_may_not_look_learns_nothing(opened: tuple[Engine, Warehouse, Path]) -> None:
    """Refused before anything is read; an unknown campaign is said to be unknown."""
    with pytest.raises(Refused, match="may not see the results"):
        asked(opened, Person("nobody", None))
    with pytest.raises(UsageError, match="shoos"):
        asked(opened, campaign_id="shoos")


def test_intervals_are_those_of_the_books() -> None:
    """Wilson's and Newcombe's own examples: 1 of 29, and 56 of 70 against 48 of 80 (Newcombe 1998, tables I and II)."""
    share = share_of(1, 29)
    apart = difference(share_of(56, 70), share_of(48, 80))

    assert (share.low, share.high) == (pytest.approx(0.0061, abs=5e-5), pytest.approx(0.1718, abs=5e-5))
    assert apart is not None
    assert (apart.low, apart.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    assert share_of(0, 0).part is None
    assert difference(share_of(0, 0), share_of(1, 2)) is None


@given(of=st.integers(1, 3_000), other=st.integers(1, 3_000), data=st.data())
@settings(max_examples=20)
def test_an_interval_holds_its_share_and_narrows_with_people(of: int, other: int, data: st.DataObject) -> None:
    """It lies within 0 and 1, holds what was counted, and turned round a difference is the same."""
    one, two = share_of(data.draw(st.integers(0, of)), of), share_of(data.draw(st.integers(0, other)), other)
    there, back = difference(one, two), difference(two, one)
    wider = difference(one, two, among=3)

    assert 0 <= one.low <= one.count / of <= one.high <= 1
    assert share_of(10 * one.count, 10 * of).high - share_of(10 * one.count, 10 * of).low < one.high - one.low
    assert there is not None
    assert back is not None
    assert wider is not None
    assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))
    assert wider.high - wider.low >= there.high - there.low


# --- in words --------------------------------------------------------------------------------------------------------


def test_the_answer_says_what_came_of_it(found: Results) -> None:
    """With numbers, intervals and what the held-out show."""
    assert words.answer(found) == (
        "**16** of 20 got it. 3 read it, **4 replied** (25.0 %, 10.2 to 49.5) and **3 opted in again** "
        "(18.8 %, 6.6 to 43.0). Against those held out no difference in replies can be told. "
        "It spent 6 one-time tokens."
    )


@pytest.mark.parametrize(
    ("apart", "is_complete", "told"),
    [
        (Difference(0.012, 0.003, 0.021), True, "**B** was replied to more often than **A**: +1.2 points, 0.3 to 2.1."),
        (Difference(-0.012, -0.021, -0.003), True,
         "**A** was replied to more often than **B**: +1.2 points, 0.3 to 2.1."),
        (Difference(0.01, -0.01, 0.03), False,
         "Replies: no difference between **B** and **A** can be told yet (+1.0 points, -1.0 to 3.0)."),
        (Difference(0.01, -0.01, 0.03), True,
         "Replies: no difference between **B** and **A** can be told (+1.0 points, -1.0 to 3.0)."),
        (None, True, ""),
    ],
)  # fmt: skip
def test_a_comparison_in_words(apart: Difference | None, is_complete: bool, told: str) -> None:
    """The better one is named first; what chance explains is no difference."""
    assert words.compared(Comparison("replied", "B", "A", apart), is_complete=is_complete) == told


def test_the_baseline_in_words() -> None:
    """What the campaign moved, in people; and that nothing can be told of few."""
    sent, held = share_of(300, 4_000), share_of(50, 1_000)
    told = words.against_held(Baseline("replied", sent, held, difference(sent, held)))

    assert told == (
        "Of those it was meant for **7.5 % (6.7 to 8.4)** replied, of those held out 5.0 % (3.8 to 6.5): "
        "+2.5 points, 0.8 to 4.0. That is about 100 people more."
    )


def test_what_was_saved_in_words(found: Results) -> None:
    """Tokens that stayed, and tokens that would have died."""
    assert words.saved(found) == [
        "**2 tokens saved**: their holders' windows were open, so the messages went by those.",
        "**2 tokens used in time**: they would have ended within 30 days.",
    ]


def test_the_table_has_a_row_for_each_group_and_one_for_all(found: Results) -> None:
    """Counts beside their shares."""
    frame = words.by_group(found)

    assert list(frame["Planned"]) == [4, 4, 6, 6, 20]
    assert list(frame["Replied"]) == [0, 1, 1, 2, 4]
    assert frame.iloc[-1]["Replied, share"] == "25.0 % (10.2 to 49.5)"
