"""One campaign as one page of HTML that needs nothing else: for a screen, a phone, the dark, and paper."""

from datetime import datetime
from pathlib import Path
from string import Template

from pipelines.audit import words
from pipelines.audit.dossier import Dossier
from pipelines.audit.markup import Html, bullets, code, facts, joined, paragraph, section, shown, table, when
from pipelines.audit.outcome import Outcome
from pipelines.audit.report_numbers import findings_section, outcome_section, plan_section
from pipelines.audit.verify import Verdict
from pipelines.plan.campaign import Campaign
from pipelines.plan.reasons import lane_words
from pipelines.policy import Policy

_BESIDE = (
    "manifest.json has the sha256 of every file of this export, and the export wrote the sha256 of the manifest into "
    "the chain."
)
_ALONE = "The export wrote the sha256 of this file into the chain."
_PAGE = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))


def report(
    dossier: Dossier, told: Outcome, verdict: Verdict, policy: Policy, now: datetime, by: str, *, alone: bool = False
) -> str:
    """Return the page; `alone` where no tables lie beside it."""
    campaign = dossier.campaign
    body = joined([
        _header(dossier, now, by),
        _message(dossier.content),
        _audience(dossier.content),
        plan_section(dossier.summary),
        findings_section(dossier.summary, policy),
        _approvals(dossier),
        outcome_section(told),
        _timeline(dossier, "" if alone else " entries.csv has them whole."),
        _integrity(dossier, verdict, _ALONE if alone else _BESIDE),
        Html(f"<footer>Made by Clear to Send for {shown(by)} on {words.moment(now)}. All times are UTC.</footer>"),
    ])  # fmt: skip
    head = dossier.head
    foot = f"Chain of {head.entries:,} entries, head {head.hash}"  # on every sheet of paper
    return _PAGE.substitute(title=shown(f"Audit of {campaign.name}"), body=body, foot=foot)


def _header(dossier: Dossier, now: datetime, by: str) -> Html:
    campaign, approval, launch = dossier.campaign, dossier.approval, dossier.launch
    pairs = [
        ("Campaign", campaign.campaign_id),
        ("Page", campaign.page_id),
        (
            "State",
            f"{campaign.state} since {words.moment(campaign.state_at)} ({campaign.state_by}: {campaign.state_why})",
        ),
        ("Written by", campaign.created_by),
        ("Approved by", f"{approval.approved_by}, {words.moment(approval.approved_at)}" if approval else "nobody"),
        ("Launched by", f"{launch.actor}, {words.moment(launch.at)}" if launch else "not launched"),
        ("As of", words.moment(now)),
        ("Export made by", by),
    ]
    if dossier.content:
        pairs[2:2] = [("Purpose", words.plain(dossier.content.purpose)), ("Topic", dossier.content.topic or "-")]
    title = f"<small>Campaign audit</small><h1>{shown(campaign.name)}</h1>"
    return Html(f"<header>{title}</header>{facts(pairs)}")


def _message(content: Campaign | None) -> Html:
    if content is None:
        unread = "Another version wrote this campaign, and this one cannot read it: see definition.json."
        return section("Message", paragraph(unread, "none"))
    note = "Fields stand in double braces, with what goes in for people of whom nothing is known after the bar."
    bubbles = [_bubble(content, variant.name, variant.text, variant.share) for variant in content.variants]
    extra = []
    if content.utility:
        utility = content.utility
        filled = f", filled with {', '.join(utility.parameters)}" if utility.parameters else ""
        extra.append(paragraph(f"By the utility lane: template {utility.template} ({utility.language}){filled}."))
    return section("Message", *bubbles, *extra, note=note)


def _bubble(content: Campaign, name: str, text: str, share: float) -> Html:
    image = content.image
    picture = f"<small>Picture: {shown(image.url or image.attachment_id)}</small>" if image else ""
    taps = [f"{button.title} → {button.value}" for button in content.buttons]
    taps += [f"{reply.title} (quick reply)" for reply in content.quick_replies]
    buttons = f'<div class="tags">{"".join(f"<span>{shown(tap)}</span>" for tap in taps)}</div>' if taps else ""
    return Html(
        f'<div class="message"><small>Variant {shown(name)}, {share:.0%} of the people</small>{picture}'
        f'<p dir="auto">{shown(text)}</p>{buttons}</div>'
    )


def _audience(content: Campaign | None) -> Html:
    if content is None:
        return joined([])
    asked = words.audience(content.audience)
    lanes = ", ".join(lane_words(lane) for lane in content.lanes) or "any that the content qualifies for"
    who = [paragraph("People who:"), bullets(asked)] if asked else [paragraph("Everybody who can be written to.")]
    limits = list(words.limits(content))
    asked_for = [Html("<h3>Limits that its author set</h3>"), bullets(limits)] if limits else []
    return section("Audience", *who, paragraph(f"Lanes allowed: {lanes}."), *asked_for)


def _approvals(dossier: Dossier) -> Html:
    rows = [
        (
            each.approved_by, when(each.approved_at), each.verdict, each.reason or "-",
            code(words.short(each.content_hash)),
            f"void since {words.moment(each.voided_at)}: {each.voided_why}" if each.voided_at else "stands",
        )
        for each in dossier.approvals
    ]  # fmt: skip
    plans = [
        (plan.plan_id, when(plan.made_at), plan.made_by, plan.verdict, code(words.short(plan.content_hash)),
         code(words.short(plan.plan_hash)))
        for plan in dossier.plans
    ]  # fmt: skip
    return section(
        "Approvals",
        table(("Approved by", "When", "Verdict", "Reason", "Content", "Standing"), rows),
        Html("<h3>Checks</h3>"),
        table(("Plan", "When", "Checked by", "Verdict", "Content", "Plan hash"), plans),
        note="An approval is bound to the hash of text, audience and rules: it counts only for a plan with the same "
        "content hash. The plan hash covers each person's lane, token and variant.",
    )


def _timeline(dossier: Dossier, more: str) -> Html:
    rows = [
        (code(str(each.entry_id)), when(each.at), each.actor, words.action(each.action),
         words.detail(each.detail) or "-", code(words.short(each.hash)))
        for each in dossier.entries
    ]  # fmt: skip
    note = f"Every act on this campaign, from the audit chain.{more}"
    return section("Timeline", table(("No.", "When", "Who", "Act", "What it says", "Hash"), rows), note=note)


def _integrity(dossier: Dossier, verdict: Verdict, proof: str) -> Html:
    state = '<p class="good">The chain was walked for this export: every entry fits.</p>'
    if not verdict.ok:
        state = f'<p class="bad">The chain does not hold together:</p>{bullets(verdict.faults)}'
    return section(
        "Integrity",
        Html(state),
        *([bullets(verdict.notes)] if verdict.notes else []),
        Html(f"<p>Entries in the chain: {dossier.head.entries:,}. Hash of the last: {code(dossier.head.hash)}</p>"),
        note="The hash of each entry covers the one before it, for all campaigns together. Whoever keeps this page can "
        f"tell later whether the chain was rewritten: number and hash must still be the same. {proof}",
    )
