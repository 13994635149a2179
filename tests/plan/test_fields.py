"""Fields: a person's values go into the words once, and nowhere else."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.plan.fields import (
    MissingField,
    clean,
    demanded_names,
    field_names,
    render,
    render_quoted,
    strays,
    strays_in_payload,
    with_fallbacks,
)

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
PLAIN = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=20)


def test_a_value_is_put_in_and_a_fallback_stands_in() -> None:
    """Whoever has no value, or an empty one, reads the fallback, which may be nothing at all."""
    text = "Hi {{first_name|there}}{{mark|}}, size {{size}}."

    assert render(text, {"first_name": "Mei", "size": "26"}) == "Hi Mei, size 26."
    assert render(text, {"first_name": " \n", "size": "26", "mark": "!"}) == "Hi there!, size 26."
    assert with_fallbacks(text) == "Hi there, size ."


def test_a_field_without_value_and_fallback_is_missing_by_name() -> None:
    """The planner leaves such a person out and says which field it was."""
    with pytest.raises(MissingField, match="size has no value") as missing:
        render("{{first_name|there}} {{size}}", {"first_name": "Mei", "size": "\x00"})
    assert missing.value.name == "size"


def test_names_come_once_and_in_order() -> None:
    """A field is demanded where one of its places has no fallback."""
    text = "{{b}} {{a|x}} {{b|y}} {{c_2|}}"

    assert field_names(text) == ("b", "a", "c_2")
    assert demanded_names(text) == ("b",)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("plain", []),
        ("{{a}}{{b|c}}", []),
        ("Hi {first_name}", ["{ at position 4 of line 1", "} at position 15 of line 1"]),
        ("one\ntwo {{First}}", ["{{ at position 5 of line 2", "}} at position 12 of line 2"]),
        ("{{ a }}", ["{{ at position 1 of line 1", "}} at position 6 of line 1"]),
        ("{{{a}}}", ["{ at position 1 of line 1", "} at position 7 of line 1"]),
        ("{{a|{{b}}}}", ["{{ at position 1 of line 1", "}} at position 10 of line 1"]),
        ("{{a", ["{{ at position 1 of line 1"]),
    ],
)
def test_a_stray_brace_is_named_with_its_place(text: str, places: list[str]) -> None:
    """People would read it: half a field, a field in single braces, a name in capitals."""
    assert [stray.partition(" of it")[0] for stray in strays(text)] == places


def test_a_payload_may_be_json() -> None:
    """Single braces are no field there; doubled ones that make none are a slip."""
    assert [*strays_in_payload('{"topic":"a","size":"{{size|}}"}')] == []
    assert len([*strays_in_payload('{"topic":"{{Size"}')]) == 1


@given(NAMES, st.text(), PLAIN, PLAIN)
def test_a_value_is_never_read_as_a_field(name: str, value: str, before: str, after: str) -> None:
    """Whatever a person calls themselves, it stands in the text as it is, but for control characters."""
    text = f"{before}{{{{{name}|}}}}{after}"

    for worn in (value, "{{" + name + "}}", "{{other}}", r"\1\g<0>"):
        assert render(text, {name: worn, "other": "leak"}) == f"{before}{clean(worn)}{after}"


@given(st.text())
def test_a_clean_value_can_be_written(value: str) -> None:
    """It has no control character, goes through UTF-8, and cleaning it again changes nothing."""
    cleaned = clean(value)

    assert cleaned.encode().decode() == cleaned == clean(cleaned)
    assert not any(sign < " " or "\x7f" <= sign <= "\x9f" for sign in cleaned)


@given(st.text())
def test_a_value_in_an_address_stays_one_piece(value: str) -> None:
    """It can open no further path, query or parameter."""
    quoted = render_quoted("https://example.com/?who={{who|}}", {"who": value}).removeprefix(
        "https://example.com/?who="
    )

    assert not {*quoted} & {*"/?&=# \n\"'<>{}"}
    assert unquote(quoted) == clean(value)


@given(PLAIN)
def test_a_text_without_fields_stays_as_it_is(text: str) -> None:
    """Nothing else in a text is changed."""
    assert render(text, {}) == text
    assert [*strays(text)] == []
