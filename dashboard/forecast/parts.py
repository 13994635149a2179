"""The top of the forecast page: how fresh it is, what it is narrowed to, its figures, and what to do."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import reads
from dashboard.forecast import making as forecasting
from dashboard.language import noted, say, worded
from dashboard.parts import Figure, card, choice
from dashboard.scope import Scope
from dashboard.view import View, rule_book
from dashboard.words import ago, day, escaped, grouped, joined
from pipelines.forecast import read
from pipelines.forecast.advice import Advice, Unused
from pipelines.forecast.read import Narrowed
from pipelines.forecast.store import ForecastState, is_current

ALL = noted("All topics")
NONE_YET = noted("There is no forecast yet.")
NEVER_ANY = noted("No token is in these logs, so none can end.")


def freshness(view: View, state: ForecastState | None) -> None:
    """Say from when the forecast is, and have a newer one made in the background where that is due."""
    hour = view.moment.replace(minute=0)
    due = not view.read(is_current, hour)
    path = view.warehouse.path
    failed = forecasting.failure(path)
    if due and not failed:
        forecasting.make_in_background(view.warehouse, rule_book(), view.moment)
    if forecasting.is_being_made(path):
        _being_made(view, state)
    elif failed and due:
        st.error(say("No newer forecast could be made. {why}", why=failed), icon=":material/error:")
    if not view.is_today:
        st.caption(say("The day chosen at the side does not apply here: a forecast is made for now."))
    if state is not None:
        st.caption(_made(view, state))


def _made(view: View, state: ForecastState) -> str:
    """Say when the forecast was made, and from what."""
    return joined(
        say(
            "Made {ago} from {days} days, as of {day}.",
            ago=ago(state.made_at, view.moment),
            days=state.count_days,
            day=day(state.starts_at),
        ),
        say("The logs end there.") if state.starts_at.date() < state.made_at.date() else "",
        say(
            "{count} paths are drawn; a band is as wide as past forecasts had to be.",
            count=state.count_paths,
        ),
    )


@st.fragment(run_every="2s")
def _being_made(view: View, state: ForecastState | None) -> None:
    if not forecasting.is_being_made(view.warehouse.path):
        st.rerun(scope="app")
    older = say("Until then, the one before stands here.") if state else say("It takes some seconds.")
    st.info(joined(say("A forecast is being made from what is loaded."), older), icon=":material/hourglass_top:")


def narrowed(view: View) -> tuple[Narrowed, Scope]:
    """Draw the page's filters; return what they say for the forecast and for what was so far."""
    page_id = view.scope.page_id
    series = view.read(read.topics, Narrowed(page_id))[["page_id", "kind", "topic", "count_held"]]
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    kinds = sorted(series["kind"].unique())
    with left:
        kind = choice(say("Kind"), {"all": noted("All kinds")} | {each: each for each in kinds}, "all", "forecast_kind")
    fitting = series if kind == "all" else series[series["kind"] == kind]
    labels = labels_of(fitting)
    chosen = right.selectbox(
        say("Topic"),
        [ALL, *labels],
        key="series",
        bind="query-params",
        format_func=worded({each: each for each in (ALL, *labels)}),
        help=say("Those first of which the most die unused."),
    )
    if chosen in labels:
        row = fitting.iloc[labels.index(chosen)]
        to = Narrowed(str(row["page_id"]), str(row["kind"]), str(row["topic"]))
    else:
        to = Narrowed(page_id, None if kind == "all" else kind)
    return to, replace(
        view.scope,
        page_id=to.page_id,
        kinds=(to.kind,) if to.kind else (),
        topics=(to.topic,) if to.topic else (),
        states=("available",),
    )


def labels_of(series: pd.DataFrame) -> list[str]:
    """Name each topic, with its kind and Page where the name alone is not enough."""
    twice = series["topic"].duplicated(keep=False)
    return [
        f"{row.topic} ({row.kind}, {row.page_id})" if again else str(row.topic)
        for row, again in zip(series.itertuples(), twice, strict=True)
    ]


def forecast_figures(view: View, to: Narrowed, before: list[Unused], soonest: list[Unused]) -> list[Figure]:
    """Return the numbers on top: what is held, what will be, what dies, what comes and goes."""
    bands = view.read(read.days, to, "as_before").set_index(["measure", "days_ahead"])
    topics = view.read(read.topics, to)
    held = int(topics["count_held"].sum())

    def middle(measure: str, ahead: int = 28) -> int:
        value: float = bands["middle"].get((measure, ahead), 0.0)
        return round(value)

    def band(measure: str, ahead: int = 28) -> str:
        low, high = (round(bands[side].get((measure, ahead), 0)) for side in ("low_80", "high_80"))
        return say("80 % of the paths lie between {low} and {high}.", low=grouped(low), high=grouped(high))

    def series(measure: str) -> list[int]:
        return [round(each) for each in bands["middle"].xs(measure, level="measure")[:28]]

    return [
        Figure(say("Tokens held"), held, note=say("Available tokens at the moment of the forecast.")),
        Figure(
            say("Held in 4 weeks"),
            middle("held"),
            middle("held") - held,
            say("vs now"),
            series("held"),
            note=band("held"),
        ),
        *_waste_figures(before, soonest, series("died"), band("died")),
        Figure(say("Opt-ins, 4 weeks"), middle("gained"), series=series("gained"), note=band("gained")),
        Figure(say("Sends, 4 weeks"), middle("spent"), series=series("spent"), good=None, note=band("spent")),
    ]


def _waste_figures(before: list[Unused], soonest: list[Unused], series: list[int], band: str) -> list[Figure]:
    last, first = before[-1], before[0]
    saved = last.middle - soonest[-1].middle
    return [
        Figure(
            say("Die unused, {days} days", days=first.days),
            first.middle,
            series=series,
            good=False,
            note=joined(say("If you go on as now."), band),
        ),
        Figure(
            say("Die unused, {days} days", days=last.days),
            last.middle,
            -saved if saved > 0 else None,
            say("can be saved") if saved > 0 else "",
            good=False,
            note=say(
                "If you go on as now; below, what the same sends save by taking those tokens first that end first."
            ),
        ),
    ]


def held_so_far(view: View, scope: Scope, measure: str) -> pd.DataFrame:
    """Return day, count_tokens of the 90 days before, for the chart of tokens held; nothing for the other measures."""
    if measure != "held":
        return pd.DataFrame({"day": [], "count_tokens": []})
    by_day = view.read(reads.stock_by_day, scope, 90)
    return by_day.groupby("day")[["count_tokens"]].sum().reset_index()


def advice_card(advice: list[Advice]) -> None:
    """List what to do, each with its numbers."""
    with card(say("What to do"), say("The most urgent first. What has no band is exact, or a mean of all paths.")):
        for each in advice:
            if each.subject != "unused":
                icon = _ICONS.get(each.subject, "")
                st.markdown(f"{icon} {escaped(each.sentence)}")


_ICONS = {
    "lane": ":material/block:",
    "first": ":material/rocket_launch:",
    "dry": ":material/water_drop:",
    "over": ":material/inventory_2:",
    "pace": ":material/speed:",
    "life": ":material/hourglass_bottom:",
    "nothing": ":material/info:",
}
