"""The rule book and the topic names, laid beside the data as small tables so that SQL can join them."""

import hashlib
import json
from pathlib import Path

import duckdb

from pipelines.policy import Policy
from pipelines.statements import statements

_SQL = Path(__file__).with_name("rules.sql")


def lay_out_rules(cursor: duckdb.DuckDBPyConnection, policy: Policy, topics: dict[str, str]) -> None:
    """Create the rule tables that the models join. `topics` maps an opt-in's title or payload to a topic's name."""
    conditions = ("kind", "object", "equals_path", "equals_value", "present_path", "absent_path", "opens")
    tables = {
        "rule_openers": ((*conditions, "since", "until"), policy.window_openers()),
        "rule_window_hours": (("hours", "since", "until"), policy.window_lengths()),
        "rule_lifetimes": (("kind", "frequency", "months", "days", "since", "until"), policy.token_lifetimes()),
        "rule_closures": (("kind", "region", "since", "until", "given_before"), policy.lane_closures()),
        "rule_regions": (("zone", "region"), policy.regions()),
        "rule_topics": (("written", "topic"), list(topics.items())),
    }
    for name, (columns, rows) in tables.items():
        # A policy row ends with its rule's id, which the models have no use for.
        objects = [dict(zip(columns, row, strict=False)) for row in rows]
        cursor.execute(statements(_SQL)[name], {"rows": json.dumps(objects, default=str)})


def rules_hash(policy: Policy, topics: dict[str, str]) -> str:
    """Changes whenever the models would come out differently for the same events."""
    return hashlib.sha256(json.dumps([policy.fingerprint, sorted(topics.items())]).encode()).hexdigest()
