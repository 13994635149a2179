"""`clear-to-send demo`, `serve`, `receive`: the app on sample data or on a real home, and the webhook route alone."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.after_load import check_history, foresee
from pipelines.demo import has_browser, make_demo_home, playing_meta
from pipelines.load.sources import find_sources
from pipelines.load_command import load_files, say_load
from pipelines.options import DEFAULT_HOME, AsOf, Home, Port, running, words
from pipelines.settings import Settings, read_settings

Host = Annotated[str, typer.Option("--host", help="Address to listen on; without sign-in only this machine.")]


def demo(
    ctx: typer.Context,
    home: Home = Path("demo-home"),
    port: Port = 8501,
    browser: Annotated[bool, typer.Option(help="Open the pages in the browser.")] = True,
    as_of: AsOf = "",
) -> None:
    """Make a home of sample logs that end now, and show it in the browser; messages go to a sandbox."""
    now = ctx.obj(as_of)
    words.print("Writing sample logs ...")
    settings = make_demo_home(home, now)
    summary = load_files(settings, find_sources([str(settings.logs_path)]), now, words)
    say_load(summary, words)
    check_history(settings.home, now, as_json=False)
    foresee(settings.home, now)
    with playing_meta(settings, port, as_of):
        run_app(settings, "127.0.0.1", port, as_of, browser=browser)


def serve(
    ctx: typer.Context, home: Home = DEFAULT_HOME, host: Host = "127.0.0.1", port: Port = 8501, as_of: AsOf = ""
) -> None:
    """Run the app: its pages, the webhook route, the loader and the dispatcher."""
    ctx.obj(as_of)
    run_app(read_settings(home, create=True), host, port, as_of, browser=False)


def receive(
    ctx: typer.Context, home: Home = DEFAULT_HOME, host: Host = "127.0.0.1", port: Port = 8502, as_of: AsOf = ""
) -> None:
    """Receive webhooks alone, as a process of its own: each on disk before it is acknowledged."""
    from pipelines.receive_command import run_receive

    run_receive(read_settings(home, create=True), host, port, running(ctx.obj, as_of), words)


def run_app(settings: Settings, host: str, port: int, as_of: str, *, browser: bool) -> None:
    """Serve the pages in this process until it is stopped."""
    os.environ["CLEAR_TO_SEND_HOME"] = str(settings.home)
    if as_of:
        os.environ["CLEAR_TO_SEND_AS_OF"] = as_of
    # By name: the package of the pages stands above this one, which never imports it.
    start: Callable[..., Any] = importlib.import_module("dashboard.app").main
    start(settings, host, port, words, browser=browser and has_browser())
