"""The steps from Meta to this home: of each whether it is done, to do or broken, in words, and how to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from dashboard.access import can_ask
from dashboard.connect.connection import Connection
from dashboard.language import listed, noted, plural, say
from dashboard.words import ago, escaped, grouped, joined
from pipelines.access import check_access
from pipelines.dispatch.subscription import needed_fields
from pipelines.dispatch_command import check_version
from pipelines.errors import ClearToSendError
from pipelines.ledger.subscriptions import Subscription
from pipelines.receive.signature import Signatures
from pipelines.rights import ROLES

State = Literal["done", "to_do", "broken"]
RECEIVING = ("address", "app_secret", "verify_token", "challenge", "delivery")
"""The names of the steps without which no webhook arrives, in order."""
_TITLES = {
    "address": noted("A public https address"),
    "app_secret": noted("The app secret"),
    "verify_token": noted("The verify token"),
    "challenge": noted("Meta's challenge is answered"),
    "token": noted("An access token for each Page"),
    "subscription": noted("Subscribed to the fields that are needed"),
    "delivery": noted("The first signed webhook"),
    "graph": noted("The Graph API answers"),
    "sign_in": noted("Who may sign in"),
}
_SHOWN = 5
_SIGN_IN = """
[access]
metadata_url = "https://id.example.com/.well-known/openid-configuration"
client_id = "..."
client_secret = "..."   # or CLEAR_TO_SEND_ACCESS__CLIENT_SECRET in the environment
cookie_secret = "..."   # 32 random characters; or CLEAR_TO_SEND_ACCESS__COOKIE_SECRET
roles = { admin = ["you@example.com"], reviewer = ["colleague@example.com"] }
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `says` and `to_do` are Markdown in the viewer's language; `block` is to copy.

    `guide` names a text of dashboard/guidance.py.
    """

    name: str
    state: State
    says: str
    to_do: str = ""
    block: str = ""
    guide: str = ""

    @property
    def title(self) -> str:
        """What the step is, in the viewer's language."""
        return say(_TITLES[self.name])


def steps_of(known: Connection) -> list[Step]:
    """Return every step, in the order in which they are taken."""
    each = (_address, _app_secret, _verify_token, _challenge, _token, _subscription, _delivery, _graph, _sign_in)
    return [judge(known) for judge in each]


def answer(steps: Sequence[Step]) -> str:
    """Say in a sentence or two how far it is."""
    done = sum(each.state == "done" for each in steps)
    if broken := [each for each in steps if each.state == "broken"]:
        title = broken[0].title
        return plural(
            "**1 step is broken:** {title}.",
            "**{count} steps are broken**, the first: {title}.",
            len(broken),
            title=title,
        )
    if done == len(steps):
        return say("**Yes.** All {count} steps are done.", count=done)
    waiting = next(each for each in steps if each.state == "to_do")
    return say(
        "**Not yet: {done} of {count} steps are done.** Next: {title}.",
        done=done,
        count=len(steps),
        title=waiting.title,
    )


def _address(known: Connection) -> Step:
    settings = known.settings
    if settings.demo:
        says = say("Not needed here: the sandbox stands in for Meta, and posts webhooks on this machine.")
        return Step("address", "done", says)
    how = say("Give the app a name that Meta can reach, behind a proxy that speaks TLS with a valid certificate.")
    block = 'public_url = "https://cts.example.com"   # or CLEAR_TO_SEND_PUBLIC_URL in the environment'
    if not settings.public_url:
        return Step("address", "to_do", say("No address is set."), how, block)
    parts = urlsplit(settings.public_url)
    is_more = bool(parts.path.strip("/") or parts.query or parts.username)
    if parts.scheme != "https" or not parts.hostname or is_more:
        return Step("address", "broken", say("What is set is not https:// and a name alone."), how, block)
    return Step("address", "done", say("Meta is to call `{address}`.", address=known.callback))


def _app_secret(known: Connection) -> Step:
    guide = "connect.app_secret"
    if Signatures(known.settings.webhook_secrets):
        return Step("app_secret", "done", say("It is set. It is never shown."), guide=guide)
    how = say("Meta shows it in the app dashboard, under App settings, Basic.")
    block = 'app_secret = "..."   # or CLEAR_TO_SEND_APP_SECRET in the environment'
    return Step(
        "app_secret", "to_do", say("It is not set: every webhook would be refused."), how, block, guide=guide
    )  # fmt: skip


def _verify_token(known: Connection) -> Step:
    token = known.settings.verify_token
    if token and token.get_secret_value():
        return Step("verify_token", "done", say("It is set. It is never shown."))
    how = say("Make one up, long and random; Meta's webhook settings ask for the same.")
    block = 'verify_token = "..."   # or CLEAR_TO_SEND_VERIFY_TOKEN in the environment'
    return Step("verify_token", "to_do", say("It is not set: Meta's challenge would be refused."), how, block)


def _challenge(known: Connection) -> Step:
    if known.settings.demo:
        return Step("challenge", "done", say("Not needed here: the sandbox asks for none."))
    if known.has_arrived or known.count("challenged"):
        return Step("challenge", "done", say("Meta has been answered."))
    how = say(
        "In Meta's app dashboard, under Messenger, Webhooks, give `{callback}` as callback URL, and your verify token. "
        "This command tries it from anywhere, and prints *ping*:",
        callback=known.callback,
    )
    block = (
        f'curl "{known.callback}?hub.mode=subscribe&hub.challenge=ping'
        '&hub.verify_token=$CLEAR_TO_SEND_VERIFY_TOKEN"'
    )  # fmt: skip
    if refused := known.count("bad_challenge"):
        says = plural(
            "1 challenge was refused: it named another verify token than the one set here.",
            "{count} challenges were refused: they named another verify token than the one set here.",
            refused,
        )
        return Step("challenge", "broken", says, how, block)
    return Step("challenge", "to_do", say("No challenge has come so far."), how, block)


def _token(known: Connection) -> Step:
    tokens = known.settings.access_tokens
    missing = [page for page in known.pages if page not in tokens or not tokens[page].get_secret_value()]
    if missing and known.is_played:
        return Step("token", "done", say("Not needed here: the sandbox takes a made-up one for each Page."))
    if known.pages and not missing:
        return Step("token", "done", say("Set for {pages}. None is ever shown.", pages=_named(known.pages)))
    how = say("Put a Page access token beside the id of each Page. It needs {permissions}.", permissions=_needs(known))
    named = "\n".join(f'{page} = "..."' for page in missing[:_SHOWN] or ["PAGE_ID"])
    block = f'[access_tokens]   # or CLEAR_TO_SEND_ACCESS_TOKENS=\'{{"PAGE_ID": "..."}}\' in the environment\n{named}'
    if not known.pages:
        return Step("token", "to_do", say("No Page has one."), how, block)
    says = plural(
        "{pages} has none: nothing can be asked or sent there.",
        "{pages} have none: nothing can be asked or sent there.",
        len(missing),
        pages=_named(missing),
    )
    return Step("token", "to_do", says, how, block)


def _subscription(known: Connection) -> Step:
    needed, guide = needed_fields(known.policy, known.now), "connect.subscription"
    asked = known.subscriptions
    if not asked:
        says = say("Meta was not asked yet. The app asks by itself once a Page has an access token.")
        return Step("subscription", "to_do", says, guide=guide)
    lacking = [each for each in asked if each.is_subscribed is not None and set(needed) - set(each.fields)]
    silent = [each for each in asked if each.is_subscribed is None]
    if not lacking and not silent:
        says = plural("All fields come from 1 Page.", "All fields come from each of {count} Pages.", len(asked))
        return Step("subscription", "done", says, guide=guide)
    says = _by_reason([*lacking, *silent])
    if not lacking:
        return Step("subscription", "broken", says, guide=guide)
    how = say(
        "Subscribe the application to these fields in Meta's app dashboard, under Messenger, Webhooks; then the Page, "
        "by this call with its own access token:"
    )
    state: State = "broken" if known.has_arrived else "to_do"
    return Step("subscription", state, says, how, _subscribing(known, lacking[0].page_id, needed), guide)


def _delivery(known: Connection) -> Step:
    guide = "connect.webhook"
    for found in known.health.findings:
        if found.severity in ("alarm", "warn"):
            return Step("delivery", "broken", escaped(found.says), found.to_do, guide=guide)
    if known.last_arrived_at is not None:
        last, count = ago(known.last_arrived_at, known.now), grouped(known.count("accepted"))
        says = say("The last one came {when}; {count} since the receiver was started.", when=last, count=count)
        return Step("delivery", "done", says, guide=guide)
    if known.has_segments:
        return Step("delivery", "done", say("Webhooks have come; none since the receiver was started."), guide=guide)
    if not known.health.receivers:
        says = say("Nothing receives webhooks. Start the app:")
        block = f"clear-to-send serve --home {known.settings.home}"
        return Step("delivery", "to_do", says, "", block, guide)
    how = (
        say("Launch a campaign: the people of the sandbox answer it.")
        if known.settings.demo
        else say("Write to the Page from an account of your own.")
    )
    return Step("delivery", "to_do", say("The receiver listens; nothing has come so far."), how, guide=guide)


def _graph(known: Connection) -> Step:
    try:
        check_version(known.policy, known.settings.graph_version, known.now)
    except ClearToSendError as error:
        return Step("graph", "broken", escaped(str(error)))
    asked = known.subscriptions
    if not asked:
        return Step("graph", "to_do", say("It was not asked yet: that needs the access token of a Page."))
    answered = [each.answered_at for each in asked if each.answered_at and each.is_subscribed is not None]
    if not answered:
        return Step("graph", "broken", joined(*dict.fromkeys(escaped(each.says) for each in asked[:_SHOWN])))
    last, version = ago(max(answered), known.now), known.settings.graph_version
    if known.is_played:
        return Step("graph", "done", say("The sandbox in its place answered {when}.", when=last))
    return Step("graph", "done", say("It answered {when}, as version {version}.", when=last, version=version))


def _sign_in(known: Connection) -> Step:
    access, guide = known.settings.access, "connect.sign_in"
    how = say("Name an OpenID provider, and who has which role:")
    block = _SIGN_IN.strip()
    try:
        check_access(known.settings)
    except ClearToSendError as error:
        return Step("sign_in", "broken", escaped(str(error)), how, block, guide=guide)
    if not access.is_on:
        says = say("Nobody signs in, so the pages are for this machine alone.")
        return Step("sign_in", "done" if known.settings.demo else "to_do", says, how, block, guide=guide)
    if not can_ask(known.settings.home):
        says = say("It is set, but was not when the app began: stop the app and start it again.")
        return Step("sign_in", "broken", says, guide=guide)
    roles = [f"{role} {len(access.roles[role])}" for role in ROLES if access.roles.get(role)]
    claim = [say("by the claim {claim}", claim=f"`{access.role_claim}`")] if access.role_claim else []
    return Step("sign_in", "done", say("People by role: {roles}.", roles=listed([*roles, *claim])), guide=guide)


def _by_reason(asked: Sequence[Subscription]) -> str:
    """Say what was found, and at which Pages."""
    pages: dict[str, list[str]] = {}
    for each in asked:
        pages.setdefault(each.says, []).append(each.page_id)
    return "\n\n".join(f"{_named(some)}: {escaped(says)}" for says, some in pages.items())


def _needs(known: Connection) -> str:
    return listed(f"`{each}`" for each in known.policy.rule("webhook.fields.permissions", known.now).value)


def _named(pages: Sequence[str]) -> str:
    """Name some Pages, and count the others."""
    shown = listed(escaped(page) for page in pages[:_SHOWN])
    more = len(pages) - _SHOWN
    return say("{shown} and {count} more", shown=shown, count=grouped(more)) if more > 0 else shown


def _subscribing(known: Connection, page_id: str, needed: Sequence[str]) -> str:
    """Return the call that subscribes a Page; the access token stands in a variable."""
    settings = known.settings
    call = f"{settings.graph_url}/{settings.graph_version}/{page_id}/subscribed_apps"
    fields = ",".join(needed)
    return f'curl -X POST "{call}?subscribed_fields={fields}" -H "Authorization: Bearer $PAGE_ACCESS_TOKEN"'
