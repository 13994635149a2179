"""A campaign in words, for a terminal: where it stands, whom it reaches by which lane, what was found and sent."""

from collections import defaultdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.plan.reasons import WORDS, lane_words

_STYLES = {"block": "bold red", "warn": "yellow", "note": "dim", "pass": "green"}
_STATES = ("queued", "sending", "accepted", "refused", "failed", "unconfirmed", "cancelled")
_FEW = 10
"""Unconfirmed sends that are named one by one."""
_NEXT = {
    "draft": "Next: clear-to-send campaign check {id}",
    "checked": "Next: a second person's clear-to-send campaign approve {id}",
    "approved": "Next: clear-to-send campaign launch {id}",
    "paused": "Next: clear-to-send campaign resume {id}, or cancel {id}",
    "parked": "Next, if it was never launched: another not_after, and clear-to-send campaign edit {id} FILE.toml",
}


def show_campaign(told: dict[str, Any], out: Console) -> None:
    """Print all there is to say of a campaign."""
    out.print(Text.assemble((told["name"], "bold"), f"  ({told['id']}, Page {told['page_id']}, by {told['author']})"))
    out.print(f"It is [bold]{told['status']}[/bold]", end="")
    out.print(f" since {told['since']:%Y-%m-%d %H:%M} UTC, by {told['by']}: {told['why']}", markup=False)
    _show_times(told, out)
    if told["checked"]:
        _show_plan(told["checked"], out)
    _show_approvals(told["approvals"], out)
    _show_changes(told.get("changes", []), out)
    _show_sends(told, out)
    _show_outcome(told.get("outcome", {}), out)
    if told["brake"]:
        until, why = told["brake"]
        out.print(f"The Page is not called until {until:%Y-%m-%d %H:%M} UTC: {why}", markup=False, style="yellow")
    hint = _NEXT.get(told["status"])
    if hint and not (told["status"] == "checked" and told["checked"].get("verdict") == "block"):
        out.print(hint.format(id=told["id"]), markup=False)


def show_list(every: list[dict[str, Any]], out: Console) -> None:
    """Print every campaign in a line."""
    if not every:
        out.print("There is no campaign yet. Write one: clear-to-send campaign new FILE.toml")
        return
    table = Table("Id", "State", "Since (UTC)", "Author", "Name", box=SIMPLE_HEAD, pad_edge=False)
    for each in every:
        table.add_row(
            each["campaign_id"], each["state"], f"{each['state_at']:%Y-%m-%d %H:%M}", each["created_by"], each["name"]
        )
    out.print(table)


def _show_times(told: dict[str, Any], out: Console) -> None:
    start, end = told["start_at"], told["not_after"]
    if start:
        out.print(f"Nothing goes out before {start:%Y-%m-%d %H:%M} UTC.")
    if end:
        out.print(f"Nothing goes out after {end:%Y-%m-%d %H:%M} UTC.")


def _show_plan(plan: dict[str, Any], out: Console) -> None:
    out.print(
        f"\nAs of {plan['as_of'].replace('T', ' ')[:16]} UTC {plan['people']:,} of {plan['audience']:,} people get it; "
        f"that costs {plan['cost_in_tokens']:,} one-time tokens."
    )
    lanes = Table("Lane", box=SIMPLE_HEAD, pad_edge=False)
    lanes.add_column("People", justify="right")
    lanes.add_column("Tokens", justify="right")
    for each in plan["lanes"]:
        lanes.add_row(lane_words(each["lane"]), f"{each['people']:,}", f"{each['tokens']:,}")
    if plan["lanes"]:
        out.print(lanes)
    for each in plan["topics"]:
        out.print(f"  {each['people']:>9,} by the {lane_words(each['lane'])} on {each['topic']}", markup=False)
    if len(plan["variants"]) > 1:
        out.print("Variants: " + ", ".join(f"{each['variant']} to {each['people']:,}" for each in plan["variants"]))
    for each in plan["left_out"]:
        out.print(f"  {each['people']:>9,} {each['words']}", markup=False)
    if plan["strangers"]:
        out.print(
            f"  {plan['strangers']:>9,} people of the CSV file are not in the Page's logs, and are not counted above"
        )
    if plan["zones_guessed"]:
        out.print(
            f"  {plan['zones_guessed']:>9,} of those who get it have no known time zone: the campaign's own counts"
        )
    if plan.get("in_quiet_hours"):
        out.print(f"  {plan['in_quiet_hours']:>9,} of those who get it are in their quiet hours, and get it after them")
    for each in (*plan["unproven"], *plan.get("unknown_fields", ())):
        out.print(each["words"], markup=False, style="yellow")
    _show_findings(plan, out)


def _show_findings(plan: dict[str, Any], out: Console) -> None:
    verdicts = {"block": "Blocked: a finding stands against it.", "warn": "Warnings: an approval needs a reason.",
                "pass": "No finding stands against it."}  # fmt: skip
    out.print(f"\n{verdicts[plan['verdict']]}", style=_STYLES[plan["verdict"]])
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    first: dict[tuple[str, ...], dict[str, Any]] = {}
    for finding in plan["findings"]:
        key: tuple[str, ...] = (finding["severity"], finding["rule"], finding["reason"])
        first.setdefault(key, finding)
        place = f"{finding['lane']}, variant {finding['variant']}" if finding["lane"] else "the Page"
        places[key].append(place)
    for key, finding in first.items():
        out.print(Text(f"{finding['severity']}  {finding['rule']}", style=_STYLES[finding["severity"]]))
        out.print(f"  On {'; '.join(places[key])}", markup=False)
        if finding["span"]:
            text = Text("  " + " ".join(finding["text"][slice(*finding["span"])].split()), style="reverse")
            out.print(text)
        out.print(f"  {finding['reason']}", markup=False)
        out.print(f"  Written in: {finding['source']}", markup=False)
        out.print(f"  To do: {finding['advice']}", markup=False)


def _show_approvals(approvals: list[dict[str, Any]], out: Console) -> None:
    for each in approvals:
        void = f" Void since {each['voided_at']:%Y-%m-%d %H:%M}: {each['voided_why']}." if each["voided_at"] else ""
        why = f": {each['reason']}" if each["reason"] else ""
        out.print(
            f"Approved by {each['approved_by']} on {each['approved_at']:%Y-%m-%d %H:%M} UTC{why}.{void}", markup=False
        )


def _show_changes(changes: list[dict[str, Any]], out: Console) -> None:
    if changes:
        out.print("\nChanged since the check:")
    for each in changes:
        out.print(f"  {each['people']:>9,} people: {_told(each['was'])} then, {_told(each['is_'])} now", markup=False)


def _told(fate: str) -> str:
    """Return a lane, or a reason for none, in words."""
    return {"not_meant": "not meant"}.get(fate) or WORDS.get(fate) or f"by {lane_words(fate)}"


def _show_sends(told: dict[str, Any], out: Console) -> None:
    if not told["sends"]:
        return
    table = Table("Lane", "Variant", box=SIMPLE_HEAD, pad_edge=False)
    states = [state for state in _STATES if told["counts"].get(state)]
    for state in states:
        table.add_column(state.capitalize(), justify="right")
    rows: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    reasons: dict[str, int] = defaultdict(int)
    for each in told["sends"]:
        rows[each["lane"], each["variant"]][each["state"]] += each["sends"]
        if each["words"] and each["state"] in ("refused", "failed", "unconfirmed"):
            reasons[f"{each['state']}: {each['words']}"] += each["sends"]
    for (lane, variant), counts in sorted(rows.items()):
        table.add_row(lane_words(lane), variant, *(f"{counts[state]:,}" for state in states))
    out.print(table)
    for why, count in sorted(reasons.items(), key=lambda item: -item[1]):
        out.print(f"  {count:>9,} {why}", markup=False)
    if told["counts"].get("unconfirmed"):
        _show_unconfirmed(told, out)


def _show_unconfirmed(told: dict[str, Any], out: Console) -> None:
    out.print(
        "Unconfirmed sends may or may not have arrived. An echo or their token settles them by itself; else look "
        f"into the Page's inbox, and: clear-to-send campaign settle {told['id']} --arrived (or --not-arrived) "
        "--reason TEXT, with --send NUMBER for one of them.",
        markup=False, style="yellow",
    )  # fmt: skip
    for each in told["unconfirmed"][:_FEW]:
        since = f"{each['since']:%Y-%m-%d %H:%M} UTC"
        out.print(f"  send {each['send_id']} to {each['person']}, since {since}", markup=False)
    if len(told["unconfirmed"]) > _FEW:
        out.print(f"  and {len(told['unconfirmed']) - _FEW:,} more: --json names all")


def _show_outcome(outcome: dict[str, Any], out: Console) -> None:
    if outcome.get("note"):
        out.print(outcome["note"], markup=False)
    if not any(each["accepted"] for each in outcome.get("funnel", ())):
        return
    table = Table("Lane", "Variant", box=SIMPLE_HEAD, pad_edge=False)
    steps = ("accepted", "delivered", "read", "replied", "stopped")
    for step in steps:
        table.add_column(step.capitalize(), justify="right")
    for each in outcome["funnel"]:
        table.add_row(lane_words(each["lane"]), each["variant"], *(f"{each[step]:,}" for step in steps))
    until = f"{outcome['logs_until']:%Y-%m-%d %H:00} UTC" if outcome["logs_until"] else "no moment yet"
    out.print(f"What the logs tell of it, as far as they are loaded (into the hour of {until}):")
    out.print(table)
