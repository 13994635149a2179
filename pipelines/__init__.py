"""Webhook logs in, messages out.

Data enters at the top of STAGES and leaves at the bottom; a stage never imports a later one. The modules beside the
stages (settings, errors, policy, warehouse) serve all of them.
"""

from pathlib import Path
from typing import NamedTuple


class Stage(NamedTuple):
    """One step of the data's way: a module or folder of this package."""

    name: str
    reads: str
    writes: str
    does: str


STAGES: tuple[Stage, ...] = (
    Stage("receive", "signed webhooks", "log segments", "on the disk before it is acknowledged"),
    Stage("load", "log files, folders or stdin", "events, rejects, sources", "every line becomes events or a reject"),
    Stage("sql", "events, the rule book", "tokens, windows and the other models", "what events mean, as of a moment"),
    Stage("forecast", "tokens, opt-ins", "forecast_*", "what will be held, what dies unused, and how sure that is"),
    Stage("lint", "messages, the rule book", "findings", "what breaks which rule, where, and who says so"),
    Stage(
        "ledger", "decisions, plans, answers", "campaigns, approvals, sends, the audit chain", "what cannot be rebuilt"
    ),
    Stage(
        "plan", "a campaign, warehouse, ledger", "frozen plans, reserved sends", "a lane for each person, or why none"
    ),
    Stage("dispatch", "queued sends", "calls of the Graph API, answers", "each message once, at the Page's pace"),
    Stage("audit", "ledger, warehouse", "proofs, exports", "what happened, and under which permission"),
    Stage("privacy", "wishes to be forgotten", "logs, warehouse and ledger without them", "who is forgotten stays so"),
    Stage("alerts", "ledger, warehouse, the rule book", "alerts, mails, Slack messages", "what wants somebody, once"),
)

_HERE = Path(__file__).parent
DATA = _HERE / "data" if (_HERE / "data").is_dir() else _HERE.parent / "data"
"""The data that ships with the project: inside the installed package, or beside it in a checkout."""
