"""What the doctor looks at of sending: the ledger and its trail, the Graph API's version and address."""

import socket
from datetime import datetime
from urllib.parse import urlsplit

from pipelines import DATA
from pipelines.doctor_check import Check
from pipelines.errors import ClearToSendError
from pipelines.policy import load_policy
from pipelines.settings import Settings

_REACH_S = 3.0


def examine_sending(settings: Settings, as_of: datetime) -> list[Check]:
    """Look at what a broadcast needs; a demo, or a home without a ledger and tokens, sends nothing to Meta."""
    has_ledger = bool(settings.ledger_url) or (settings.home / "ledger.sqlite").exists()
    is_set_up = bool(settings.access_tokens) or ("graph_url" in settings.model_fields_set and not settings.demo)
    return [*([_ledger(settings)] if has_ledger else []), *([_graph(settings, as_of)] if is_set_up else [])]


def _ledger(settings: Settings) -> Check:
    from pipelines.audit.verify import verify
    from pipelines.ledger.store import ledger_url, open_ledger

    try:
        ledger = open_ledger(ledger_url(settings.home, settings.ledger_url))
    except ClearToSendError as error:
        return Check("ledger", str(error), 3)
    verdict = verify(ledger, settings.heads_path)
    ledger.dispose()
    if not verdict.ok:
        return Check("ledger", f"its trail does not hold: {verdict.faults[0]} clear-to-send audit verify tells all.", 3)
    return Check("ledger", f"opens, and its trail of {verdict.entries:,} entries holds")


def _graph(settings: Settings, as_of: datetime) -> Check:
    name = f"graph.{settings.graph_version.replace('.', '_')}"
    try:
        rule = load_policy(DATA / "policy").rule(name, as_of)
    except ClearToSendError as error:
        return Check("graph", f"{error} Set graph_version to one that data/policy/graph.toml knows.", 1)
    if rule.value == "block":
        return Check("graph", f"{rule.words} Set graph_version to one that may be called.", 1)
    address = urlsplit(settings.graph_url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), _REACH_S).close()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Check("graph", f"{settings.graph_url} cannot be reached ({reason}): nothing would go out.", 1)
    tokens = f"{len(settings.access_tokens):,} Pages have an access token"
    return Check("graph", f"{settings.graph_url} can be reached, version {settings.graph_version} is alive; {tokens}")
