"""A real provider, a real browser: who signs in sees what the role allows, and nobody else sees anything."""

import csv
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright import sync_api
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from pipelines.rights import ROLES
from tests.browser.serving import blank_page, require_browser, wait_for
from tests.signed_in import SECRET
from tests.synthetic import make_home

pytestmark = pytest.mark.browser
require_browser()

PAGES = ("/", "/overview", "/inventory", "/forecast", "/compliance", "/draft", "/rules", "/data-health", "/privacy")
SHUT = (
    "/media/x", "/_stcore/upload_file/a/b", "/_stcore/agent/mcp", "/_stcore/agent/interact", "/_stcore/metrics",
    "/_stcore/script-health-check", "/component/x/y", "/app/static/x", "/nowhere", "/inventory/nowhere",
)  # fmt: skip
USER = "_streamlit_user"
SERVE = """
import sys
from rich.console import Console
from dashboard.app import home, main
from pipelines.settings import read_settings
main(read_settings(home()), "127.0.0.1", int(sys.argv[1]), Console(stderr=True))
"""
expect = sync_api.expect


class App:
    """The running app, and its settings."""

    def __init__(self, home: Path, port: int, provider: int) -> None:
        self.file, self.address = home / "settings.toml", f"http://127.0.0.1:{port}"
        self._provider = f"http://127.0.0.1:{provider}/.well-known/openid-configuration"
        self.give(ROLES)

    def give(self, roles: tuple[str, ...]) -> None:
        """Let these roles be held, each by the address of its name; written beside and renamed, as editors do."""
        lists = "".join(f'{role} = ["{role}@example.com"]\n' for role in roles)
        new = self.file.with_suffix(".new")
        new.write_text(
            f'public_url = "{self.address}"\n[access]\nmetadata_url = "{self._provider}"\nclient_id = "clear-to-send"\n'
            f'client_secret = "any"\ncookie_secret = "{SECRET}"\n[access.roles]\n{lists}',
            encoding="utf-8",
        )
        new.rename(self.file)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Serve a home beside a provider that knows a person of each role, and one without."""
    home = make_home(tmp_path_factory.mktemp("home"))
    port, provider = free_port(), free_port()
    running = App(home, port, provider)
    people = [json.dumps({"sub": name, "email": f"{name}@example.com"}) for name in (*ROLES, "nobody")]
    known = [word for person in people for word in ("--user-claims", person)]
    with ExitStack() as stack:
        asked = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(provider), *known]
        stack.enter_context(running_process(asked, {}))
        stack.enter_context(
            running_process([sys.executable, "-c", SERVE, str(port)], {"CLEAR_TO_SEND_HOME": str(home)})
        )
        wait_for(f"http://127.0.0.1:{provider}/.well-known/openid-configuration")
        wait_for(f"{running.address}/_stcore/health")
        yield running


@contextmanager
def running_process(words: list[str], more: dict[str, str]) -> Iterator[None]:
    """Run a process until the block is left."""
    with subprocess.Popen(
        words, env=os.environ | more, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def browser_page(app: App) -> Iterator[sync_api.Page]:
    """Return the one page of a browser."""
    with blank_page(app.address) as page:
        yield page


@pytest.fixture
def page(app: App, browser_page: sync_api.Page) -> sync_api.Page:
    """Return that page as a stranger's, with everybody in their role."""
    app.give(ROLES)
    browser_page.context.clear_cookies()
    return browser_page


def sign_in(page: sync_api.Page, name: str) -> None:
    """Sign in at the provider as a person."""
    page.goto("/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).click()


def csv_rows(download: sync_api.Download) -> list[dict[str, str]]:
    """Return the rows of a file that was downloaded."""
    return list(csv.DictReader(Path(download.path()).read_text(encoding="utf-8").splitlines()))


def is_the_sign_in_page(page: sync_api.Page) -> None:
    """Nothing but a title, a sentence and a button: no menu, no figure, no table, no chart, no word at the side."""
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("heading")).to_have_text(["Clear to Send"])
    for part in ("stSidebarNav", "stMetric", "stDataFrame", "stPlotlyChart", "stException", "stAlert"):
        expect(page.get_by_test_id(part)).to_have_count(0)
    expect(page.get_by_test_id("stSidebar").filter(has_text=re.compile(r"\w"))).to_have_count(0)


def test_a_stranger_sees_the_page_to_sign_in_and_nothing_else(page: sync_api.Page) -> None:
    """Under every address of a page; all other routes refuse."""
    for path in ("/inventory?page=1", "/rules", "/"):
        page.goto(path)
        is_the_sign_in_page(page)
    shell = page.request.get("/").body()

    for path in PAGES:
        answer = page.request.get(path)
        assert (answer.status, answer.body() == shell) == (200, True), path
    for path in SHUT:
        assert page.request.get(path).status == 401, path
        assert page.request.post(path).status in {401, 403}, path
    assert page.request.get("/metrics").status == 404


def test_each_role_signs_in_and_out(page: sync_api.Page) -> None:
    """A name and a role in the sidebar, files by role; afterwards a copy of the cookie opens nothing."""
    for role in ROLES:
        page.context.clear_cookies()
        sign_in(page, role)
        expect(page.get_by_test_id("stSidebar")).to_contain_text(f"{role}@example.com · {role}")
        if role == "admin":  # who sees ids as a reviewer does
            break
        page.get_by_role("link", name="Token inventory").click()
        expect(page.get_by_text("whose state ends first")).to_be_visible()
        button = page.get_by_role("button", name="CSV", exact=True)
        expect(button).to_have_count(0 if role == "viewer" else 1)
        if role != "viewer":
            with page.expect_download() as download:
                button.click()
            people = {row["person"] for row in csv_rows(download.value)}
            assert all(person.startswith("person-") for person in people) == (role == "growth")
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    expect(page.get_by_text("No sign-in")).to_have_count(0)
    copy = [{"name": each["name"], "value": each["value"], "url": page.url} for each in page.context.cookies()]
    assert page.request.get("/media/none").status == 404

    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("end_session"))
    page.context.add_cookies(copy)  # type: ignore[arg-type]
    assert page.request.get("/media/none").status == 401
    page.goto("/")
    is_the_sign_in_page(page)


def test_who_has_no_role_is_told_so(app: App, page: sync_api.Page) -> None:
    """Nothing else is shown or served; a role that is given counts at once."""
    sign_in(page, "nobody")
    expect(page.get_by_role("heading")).to_have_text(["You have no role here"])
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    assert page.request.get("/media/none").status == 401

    app.file.write_text(app.file.read_text("utf-8").replace("viewer@", "nobody@"), encoding="utf-8")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_test_id("stMetric").first).to_be_visible()


def test_who_may_look_no_longer_is_out_while_they_look(app: App, page: sync_api.Page) -> None:
    """Without touching anything, within the seconds in which a page looks for new data.

    One has been in for as long as a session lasts, but for some seconds; the other is taken off the list.
    """
    browser = page.context.browser
    assert browser is not None
    with browser.new_context(base_url=app.address) as context:
        context.add_cookies([{"name": USER, "value": signed_in(app, hours=8, but=20), "url": app.address}])
        early = context.new_page()
        early.goto("/rules")
        expect(early.get_by_test_id("stSidebar")).to_contain_text("reviewer@example.com · reviewer")
        sign_in(page, "growth")
        expect(page.get_by_test_id("stSidebar")).to_contain_text("growth@example.com · growth")
        expect(page.get_by_text("Live ·")).to_be_visible()
        app.give(("viewer", "reviewer", "admin"))

        expect(page.get_by_role("heading")).to_have_text(["You have no role here"])
        expect(page.get_by_test_id("stMetric")).to_have_count(0)
        assert page.request.get("/media/none").status == 401
        expect(early.get_by_text("Your session has ended.")).to_be_visible()
        is_the_sign_in_page(early)


def signed_in(app: App, hours: int, but: int) -> str:
    """Return the cookie of a reviewer who signed in so many hours ago, but for some seconds."""
    made = int(datetime.now(UTC).timestamp()) - hours * 3600 + but
    said = {
        "sub": "reviewer",
        "email": "reviewer@example.com",
        "iat": made,
        "is_logged_in": True,
        "origin": app.address,
    }
    return create_signed_value(SECRET, USER, json.dumps(said)).decode()
