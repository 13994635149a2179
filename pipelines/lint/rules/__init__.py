"""The rules of lint, by subject. Each is a function from a reading to the findings it calls for."""

from collections.abc import Callable, Iterable

from pipelines.lint.message import Finding
from pipelines.lint.reading import Reading
from pipelines.lint.rules import content, events, human_agent, lanes, privacy, promotion, prompts, templates, topics

Rule = Callable[[Reading], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    lanes.tag_is_open,
    lanes.lane_is_open,
    promotion.promotes_under_a_tag,
    promotion.sells_more,
    promotion.draft_promotes,
    content.asks_for_opinions,
    content.wrong_tag,
    content.recurs,
    content.branded,
    content.feedback_without_template,
    content.too_long,
    content.threatens,
    content.deceives,
    events.is_past,
    events.not_signed_up,
    human_agent.automated,
    human_agent.bulk,
    human_agent.unrelated,
    prompts.too_long,
    prompts.incentivised,
    prompts.vague,
    privacy.asks_for_secrets,
    privacy.personal_data,
    privacy.personal_matters,
    templates.mostly_variables,
    templates.promotional_variable,
    templates.promotion_in_parameters,
    topics.other_topic,
)
"""In the order in which equally bad findings are listed."""
