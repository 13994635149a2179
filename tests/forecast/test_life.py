"""The life of a token: chance of use by age, with expiry and stops as competing ends."""

import pandas as pd
import pytest

from pipelines.forecast.life import life_of_tokens

COLUMNS = ["page_id", "kind", "topic", "age_days", "ending", "count_tokens"]


def lives(*rows: tuple[str, int, str, int]) -> pd.DataFrame:
    """Return how tokens of one Page and kind lived."""
    return pd.DataFrame([("p", "otn", *row) for row in rows], columns=COLUMNS)


def chance(curves: pd.DataFrame, topic: str, age: int) -> float:
    """Return the chance of use of a topic at an age."""
    return float(curves[(curves["topic"] == topic) & (curves["age_days"] == age)]["chance"].item())


def test_without_censoring_it_is_the_share_that_was_used() -> None:
    """And nothing once the age of use has passed."""
    curves, _ = life_of_tokens(lives(("a", 40, "spent", 300), ("a", 365, "expired", 700)))
    assert chance(curves, "a", 0) == pytest.approx(0.3, abs=0.01)
    assert chance(curves, "a", 60) == 0


def test_what_ends_otherwise_can_no_more_be_used() -> None:
    """Half are stopped on day 10, the rest used on day 20: as censoring, stops would make that a certainty."""
    curves, _ = life_of_tokens(lives(("a", 10, "revoked", 500), ("a", 20, "spent", 500)))
    assert chance(curves, "a", 0) == pytest.approx(0.5, abs=0.01)


def test_a_token_still_held_says_nothing_of_what_comes() -> None:
    """It is censored at its age, and its waste expected."""
    used = (("a", 40, "spent", 500), ("a", 365, "expired", 500))
    curves, waste = life_of_tokens(lives(*used, ("a", 5, "held", 1000)))
    assert chance(curves, "a", 0) == pytest.approx(0.5, abs=0.01)
    assert waste["count_held"].tolist() == [1000]
    assert waste["expected_waste"].tolist() == pytest.approx([500], rel=0.02)


def test_a_thin_topic_leans_on_its_page() -> None:
    """Two expired tokens are no proof that none is used."""
    curves, _ = life_of_tokens(
        lives(("big", 40, "spent", 800), ("big", 365, "expired", 200), ("thin", 365, "expired", 2))
    )
    assert 0.5 < chance(curves, "thin", 0) < chance(curves, "big", 0)


def test_kinds_that_are_not_used_up_have_no_curve() -> None:
    """As marketing tokens, which are used again and again."""
    curves, waste = life_of_tokens(lives(("a", 365, "expired", 10), ("a", 3, "held", 10)))
    assert curves.empty
    assert waste.empty
