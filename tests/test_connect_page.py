"""The way from Meta to a home, step by step: judged from a real receiver and ledger; and the pages that lead along."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.connect.connection import Connection, check_now
from dashboard.connect.first_start import stamp_of, watched
from dashboard.connect.steps import Step, answer, steps_of
from dashboard.home import close_warehouses
from pipelines.dispatch.subscription import needed_fields
from pipelines.errors import Refused
from pipelines.ledger.store import ledger_of
from pipelines.ledger.subscriptions import Look, record
from pipelines.policy import Policy
from pipelines.rights import Person
from pipelines.settings import read_settings
from tests.conftest import Home
from tests.deliveries import ANNA, NOON, PAGE, compact, delivery, message, write_lines
from tests.opened_page import words
from tests.page_by_role import Desk, page_of
from tests.receive.serving import SECRET, START, TOKEN, served
from tests.synthetic import OTHER_PAGE, make_home

NAMES = ["address", "app_secret", "verify_token", "challenge", "token", "subscription", "delivery", "graph", "sign_in"]
ACCESS_TOKEN = "EAA that nobody may see"  # noqa: S105  it opens nothing
RECEIVES = f'public_url = "https://cts.example.com"\napp_secret = "{SECRET}"\nverify_token = "{TOKEN}"\n'
SENDS = f'[access_tokens]\n{PAGE} = "{ACCESS_TOKEN}"\n'
ADMIN = Person("ada", "admin")


def write(home: Path, settings: str) -> Path:
    """Write the settings of a home."""
    home.mkdir(exist_ok=True)
    (home / "settings.toml").write_text(settings, encoding="utf-8")
    return home


def judged(home: Path, policy: Policy, later: timedelta = timedelta()) -> dict[str, Step]:
    """Return the steps of a home by name, as its own clock stands after START."""
    steps = steps_of(Connection.of(home, policy, START + later))
    assert [each.name for each in steps] == NAMES
    return {each.name: each for each in steps}


def states(steps: dict[str, Step]) -> dict[str, str]:
    """Return what is not to do, by name."""
    return {name: step.state for name, step in steps.items() if step.state != "to_do"}


def looked(home: Path, *looks: Look) -> None:
    """Write down how looks at the subscription ended."""
    with ledger_of(home, "") as ledger, ledger.begin() as transaction:
        for look in looks:
            record(transaction, look, START)


def test_in_an_empty_home_all_is_to_do(tmp_path: Path, policy: Policy) -> None:
    """Each setting with its name in the file and in the environment; the first step is next."""
    steps = judged(tmp_path, policy)

    assert states(steps) == {}
    assert answer(list(steps.values())) == "**Not yet: 0 of 9 steps are done.** Next: A public https address."
    for name, variable in (("address", "PUBLIC_URL"), ("app_secret", "APP_SECRET"), ("verify_token", "VERIFY_TOKEN")):
        assert f"CLEAR_TO_SEND_{variable}" in steps[name].block
    assert steps["delivery"].block == f"clear-to-send serve --home {tmp_path}"


def test_what_is_set_is_done_and_never_shown(tmp_path: Path, policy: Policy) -> None:
    """The address is told as Meta has to call it; of secrets only that they are there."""
    steps = judged(write(tmp_path, RECEIVES + SENDS), policy)

    assert states(steps) == dict.fromkeys(("address", "app_secret", "verify_token", "token"), "done")
    assert steps["address"].says == "Meta is to call `https://cts.example.com/webhook`."
    assert PAGE in steps["token"].says
    told = str(steps)
    assert [secret for secret in (SECRET, TOKEN, ACCESS_TOKEN) if secret in told] == []


@pytest.mark.parametrize("address", ["http://cts.example.com", "https://cts.example.com/path", "cts.example.com"])
def test_an_address_that_meta_cannot_call_is_broken(tmp_path: Path, policy: Policy, address: str) -> None:
    """Meta wants TLS, and the route stands right below the name."""
    assert judged(write(tmp_path, f'public_url = "{address}"'), policy)["address"].state == "broken"


def test_the_receiver_is_followed_from_the_challenge_to_the_first_webhook(tmp_path: Path, policy: Policy) -> None:
    """A refused challenge is broken; a signed delivery proves that Meta was answered, also once the app began anew."""
    home = write(tmp_path / "home", RECEIVES)
    query = {"hub.mode": "subscribe", "hub.challenge": "7"}
    with served(home) as box:
        box.client.get("/webhook", params={**query, "hub.verify_token": "another"})
    refused = judged(home, policy)
    with served(home):
        listening = judged(home, policy)
    with served(home) as box:
        assert box.post(compact(delivery(message(ANNA, NOON, "m1")))) == 200
    arrived = judged(home, policy, timedelta(minutes=1))
    with served(home):
        again = judged(home, policy)

    assert (refused["challenge"].state, refused["delivery"].state) == ("broken", "to_do")
    assert "hub.verify_token=$CLEAR_TO_SEND_VERIFY_TOKEN" in refused["challenge"].block
    assert (listening["challenge"].state, listening["delivery"].state) == ("to_do", "to_do")
    assert (arrived["challenge"].state, arrived["delivery"].state) == ("done", "done")
    assert arrived["delivery"].says == "The last one came 1 min ago; 1 since the receiver was started."
    assert again["delivery"].says == "Webhooks have come; none since the receiver was started."
    assert PAGE in arrived["token"].says


def test_a_wrong_secret_and_a_receiver_that_ended_are_broken(tmp_path: Path, policy: Policy) -> None:
    """In the words of the webhook's health, which says what to do."""
    with served(tmp_path) as box:
        assert box.post(compact(delivery(message(ANNA, NOON, "m1"))), "a wrong secret") == 403
    wrong, ended = judged(tmp_path, policy), judged(tmp_path, policy, timedelta(hours=2))

    assert (wrong["delivery"].state, "Copy the app secret" in wrong["delivery"].to_do) == ("broken", True)
    assert (ended["delivery"].state, "clear-to-send serve" in ended["delivery"].to_do) == ("broken", True)
    assert answer(list(ended.values())) == "**1 step is broken:** The first signed webhook."


def test_the_subscription_is_told_with_the_call_that_makes_it(tmp_path: Path, policy: Policy) -> None:
    """Field by field; the call names no secret. What Meta answered shows that the Graph API does."""
    home = write(tmp_path, RECEIVES + SENDS)
    needed = needed_fields(policy, START)
    looked(home, Look(PAGE, True, needed[1:], "Subscribed, but not to one."), Look(OTHER_PAGE, None, (), "No answer."))
    lacking = judged(home, policy, timedelta(minutes=5))
    looked(home, Look(PAGE, True, needed, "All."), Look(OTHER_PAGE, True, needed, "All."))
    done = judged(home, policy, timedelta(minutes=5))
    looked(home, Look(PAGE, None, (), "Meta did not answer."), Look(OTHER_PAGE, None, (), "Meta did not answer."))
    silent = judged(home, policy)

    assert lacking["subscription"].state == "to_do"
    assert f"/v26.0/{PAGE}/subscribed_apps?subscribed_fields={','.join(needed)}" in lacking["subscription"].block
    assert "$PAGE_ACCESS_TOKEN" in lacking["subscription"].block
    assert f"{OTHER_PAGE} has none" in lacking["token"].says
    assert (lacking["graph"].state, done["graph"].says) == ("done", "It answered 5 min ago, as version v26.0.")
    assert done["subscription"].says == "All fields come from each of 2 Pages."
    assert silent["subscription"].says == f"{PAGE}, {OTHER_PAGE}: Meta did not answer."
    assert (silent["subscription"].state, silent["graph"].state) == ("broken", "broken")


def test_a_version_that_has_ended_and_half_a_sign_in_are_broken(tmp_path: Path, policy: Policy) -> None:
    """In the sentences of those who would refuse them."""
    half = judged(write(tmp_path, 'graph_version = "v20.0"\n[access]\nclient_id = "x"'), policy)
    whole = """public_url = "https://cts.example.com"\n[access]
    metadata_url = "https://id.example.com/c"\nclient_id = "x"\nclient_secret = "y"\nrole_claim = "roles"
    roles = { admin = ["a@example.com"], growth = ["b@example.com", "c@example.com"] }\n"""
    set_up = judged(write(tmp_path, f'{whole}cookie_secret = "{"k" * 32}"'), policy)["sign_in"]

    assert (half["graph"].state, "has ended" in half["graph"].says) == ("broken", True)
    assert (half["sign_in"].state, "cookie\\_secret is missing" in half["sign_in"].says) == ("broken", True)
    assert (set_up.state, set_up.says) == ("done", "People by role: growth 2, admin 1, by the claim `roles`.")


def test_settings_that_changed_under_a_running_app_are_told(tmp_path: Path, policy: Policy) -> None:
    """They count from its next start."""
    write(tmp_path, RECEIVES)
    (tmp_path / "receive").mkdir()
    told: dict[str, object] = {
        "name": "app", "started_at": "2020-01-01T00:00:00Z", "written_at": f"{START.isoformat()}Z", "totals": {},
        "pages": {}, "failing_since": None, "last_failure": None,
    }  # fmt: skip
    (tmp_path / "receive" / "app.json").write_text(json.dumps(told), encoding="utf-8")
    for year, is_changed in ((2019, False), (2021, True), (2031, False)):
        moment = (START.replace(year=year) - START.replace(1970, 1, 1, hour=0)).total_seconds()
        os.utime(tmp_path / "settings.toml", (moment, moment))

        assert Connection.of(tmp_path, policy, START).is_changed is is_changed


def test_in_a_demo_the_sandbox_stands_in(tmp_path: Path, policy: Policy) -> None:
    """No step asks for Meta's app dashboard."""
    demo = f'demo = true\ngraph_url = "http://127.0.0.1:9"\napp_secret = "{SECRET}"\nverify_token = "{TOKEN}"\n'
    looked(write(tmp_path, demo), Look(PAGE, True, needed_fields(policy, START), "All."))
    steps = judged(tmp_path, policy)

    assert [name for name, step in steps.items() if step.state != "done"] == ["delivery"]
    assert "dashboard" not in str(steps)
    assert steps["graph"].says == "The sandbox in its place answered just now."


def test_only_who_may_operate_has_meta_asked(tmp_path: Path) -> None:
    """The right is asked for where it is done; what comes back is the doctor's word, without a secret."""
    home = make_home(write(tmp_path / "home", f'graph_url = "https://127.0.0.1:9"\n{RECEIVES}{SENDS}'))

    with pytest.raises(Refused, match="may not ask the Graph API"):
        check_now(home, Person("rita", "reviewer"), START)
    found = {each.name: each for each in check_now(home, ADMIN, START)}

    assert {name: found[name].is_well for name in ("graph", "webhook")} == {"graph": False, "webhook": False}
    assert ACCESS_TOKEN not in str(found)
    assert not (home / "ledger.sqlite").exists()


def test_the_page_shows_every_step_and_the_check_to_whom_it_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A viewer reads; an admin can have Meta asked, while the page holds the warehouse."""
    monkeypatch.setenv("CLEAR_TO_SEND_AS_OF", f"{START.isoformat()}Z")
    home = make_home(write(tmp_path / "home", f'graph_url = "https://127.0.0.1:9"\n{RECEIVES}{SENDS}'))
    try:
        viewer, admin = page_of(home, "connect", Desk("viewer")), page_of(home, "connect", Desk("admin"))
        asked = admin.button[0].click().run()
        nobody = page_of(home, "connect", Desk(None))
    finally:
        close_warehouses()

    assert not any(page.exception for page in (viewer, admin, asked, nobody))
    assert [each.value for each in viewer.title] == ["Is your Page connected?"]
    assert (len(viewer.button), len(admin.button)) == (0, 1)
    assert "**webhook**" in words(asked)
    assert "may not see these pages" in nobody.error[0].value
    assert [s for s in (SECRET, TOKEN, ACCESS_TOKEN) if s in words(asked)] == []


def first(folder: Path) -> AppTest:
    """Draw the first steps as the menu does."""

    def script(folder: object) -> None:
        from dashboard.connect.first_start import (
            first_start,
        )  # Streamlit takes these lines out of the file, and runs them alone

        first_start(folder)  # type: ignore[arg-type]

    return AppTest.from_function(script, default_timeout=60, kwargs={"folder": folder}).run()


def test_the_first_start_leads_three_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sample data, own logs, webhooks; a home that is not there, is empty, or has a file that is being edited."""
    monkeypatch.setenv("CLEAR_TO_SEND_AS_OF", f"{START.isoformat()}Z")
    missing, empty = first(tmp_path / "home"), first(tmp_path)
    wrong = first(write(tmp_path / "wrong", "app_secret = "))

    assert not any(page.exception for page in (missing, empty, wrong))
    assert missing.code[-1].value == f"clear-to-send serve --home {tmp_path / 'home'}"
    commands = ["clear-to-send demo", f"clear-to-send load PATH --home {tmp_path}"]
    assert [each.value for each in empty.code[:2]] == commands
    assert "**3.5 · The first signed webhook**" in words(empty)
    assert "is not valid TOML" in wrong.error[0].value


def test_the_first_start_sees_logs_and_moves_on_once_they_are_loaded(home: Home) -> None:
    """What it compares every two seconds changes with a load; until then it says how to load what lies there."""
    folder = read_settings(home.folder, create=True).home
    assert "No logs are here yet" in watched(folder)
    logs = write_lines(folder / "logs" / "a.jsonl", delivery(message(ANNA, NOON, "m1")))
    before = stamp_of(folder)

    assert f"clear-to-send load {folder / 'logs'} --home {folder}" in watched(folder)
    home.load(logs)
    assert stamp_of(folder) != before
