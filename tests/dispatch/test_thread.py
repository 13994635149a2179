"""The dispatcher inside the app: what is launched goes out by itself, and it ends with the app."""

from pathlib import Path

from pipelines.dispatch_thread import DispatchThread
from pipelines.ledger.store import ledger_url, open_ledger
from pipelines.settings import Settings, read_settings
from tests.dispatch.sending import PAGE, crowd, introduce, launch, tally, wait_for
from tests.sandbox.serving import Clock, Sandbox


def at(box: Sandbox) -> Settings:
    """Return the settings of a home whose messages go to the sandbox."""
    text = f'graph_url = "{box.url}"\nmessages_per_second = 40\n[access_tokens]\n{PAGE} = "EAAG-known-to-nobody"\n'
    (box.home / "settings.toml").write_text(text, encoding="utf-8")
    return read_settings(box.home)


def test_what_is_launched_while_the_app_runs_is_sent(box: Sandbox, clock: Clock) -> None:
    """Nobody starts anything; and once it was stopped nothing more goes."""
    settings = at(box)
    ledger = open_ledger(ledger_url(settings.home, settings.ledger_url))
    people = crowd(30, tokens=10)
    introduce(box, people)
    thread = DispatchThread(settings, clock)
    thread.start()

    launch(ledger, people)
    wait_for(lambda: tally(ledger) == {"accepted": 30})
    thread.stop()
    late = crowd(5, first=500)
    introduce(box, late)
    launch(ledger, late, "boots")

    assert len(box.truth()) == 30
    assert tally(ledger, "boots") == {"queued": 5}
    ledger.dispose()


def test_what_stops_it_is_a_sentence(tmp_path: Path, clock: Clock) -> None:
    """A page can show it; the app goes on."""
    (tmp_path / "settings.toml").write_text('graph_version = "v99.0"\n', encoding="utf-8")
    thread = DispatchThread(read_settings(tmp_path), clock)
    thread.start()

    wait_for(lambda: "v99" in thread.says)
    thread.stop()
