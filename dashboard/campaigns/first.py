"""The first campaign: how one goes, and an example to begin with, made of what the home really holds."""

import tomllib
from typing import Any

import streamlit as st

from dashboard import reads
from dashboard.language import say
from dashboard.parts import card
from dashboard.scope import Scope
from dashboard.view import View
from pipelines import DATA

_SAMPLE = DATA / "samples" / "campaign.toml"
_ALSO = ("button",)  # what the sample shows beside the text, and leads to somebody else's address


def steps() -> None:
    """Say how a campaign goes, from its first word to its last answer."""
    with card(say("How a campaign goes"), say("Five steps, and each says what comes next.")):
        st.markdown(
            say(
                "1. **Write** it: the text, what it is for, and who is meant. Beside it stands who would get it.\n"
                "2. **Check** it: everyone gets a lane, or a reason why none is open, and every rule is looked up.\n"
                "3. **Approve** it: a second person reads what was checked, and lets it pass or sends it back.\n"
                "4. **Launch** it: one click, after one question that names the people and the tokens.\n"
                "5. **Watch** it arrive, and read what came of it: replies, new opt-ins, the hold-out beside them."
            )
        )


def example(view: View) -> dict[str, Any] | None:
    """Return the form of an example for the topic with the most one-time tokens that can be spent; None without any."""
    pages = [view.scope.page_id] if view.scope.page_id else view.read(reads.pages, Scope(view.moment))
    best: tuple[int, str, str] = (0, "", "")
    for page in pages:
        stock = view.read(reads.stock, Scope(view.moment, page))
        held = stock[(stock["state"] == "available") & (stock["kind"] == "otn")]
        for topic, count in held.groupby("topic")["count_tokens"].sum().items():
            best = max(best, (int(count), page, str(topic)))
    count, page, topic = best
    return example_of(page, topic) if count else None


def example_of(page: str, topic: str) -> dict[str, Any]:
    """Return the sample that ships with the project as a form, for a Page and a topic of its people."""
    form = tomllib.loads(_SAMPLE.read_text(encoding="utf-8"))
    for name in _ALSO:
        form.pop(name, None)
    form |= {"page_id": page, "topic": topic}
    form["audience"] |= {"topics": [topic]}
    what = topic.rpartition(":")[2].replace("-", " ")
    if form["text"].find(what) < 0:
        form |= {"name": topic, "text": f"Hi {{{{first_name|there}}}}, here is the news that you asked for: {what}."}
    return form
