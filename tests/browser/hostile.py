"""Twenty ways of launching a campaign that no careful person would choose."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from playwright import sync_api

from tests.browser.serving import WAIT_MS

ASK, LAUNCH = ".st-key-ask-launch button", ".st-key-launch button"
Hostile = Callable[[sync_api.BrowserContext, str], None]


@contextmanager
def tab(context: sync_api.BrowserContext, url: str) -> Iterator[sync_api.Page]:
    """Give a tab with the launch's dialog open."""
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(url)
    page.locator(ASK).click()
    page.locator(LAUNCH).wait_for()
    yield page
    page.close()


def press(page: sync_api.Page) -> None:
    """Press the button if it can still be pressed; wait for nothing."""
    with suppress(sync_api.Error):
        page.locator(LAUNCH).click(timeout=1_000, no_wait_after=True)


def pressed(times: int) -> Hostile:
    """Press it so many times within one turn of the browser."""

    def act(context: sync_api.BrowserContext, url: str) -> None:
        with tab(context, url) as page:
            page.locator(LAUNCH).evaluate(f"button => {{ for (let n = 0; n < {times}; n++) button.click() }}")
            settle(page)

    return act


def double_click(context: sync_api.BrowserContext, url: str) -> None:
    """Double-click."""
    with tab(context, url) as page:
        page.locator(LAUNCH).dblclick(no_wait_after=True)
        settle(page)


def by_keyboard(context: sync_api.BrowserContext, url: str) -> None:
    """Hold the enter key."""
    with tab(context, url) as page:
        page.locator(LAUNCH).focus()
        for _ in range(6):
            page.keyboard.press("Enter")
        settle(page)


def then(*keys: str) -> Hostile:
    """Press it, and then keys: Escape shuts the dialog, r runs the page anew."""

    def act(context: sync_api.BrowserContext, url: str) -> None:
        with tab(context, url) as page:
            press(page)
            for key in keys:
                page.keyboard.press(key)
            settle(page)

    return act


def reload(times: int) -> Hostile:
    """Press it and load the page again at once; then ask and press anew where that is offered."""

    def act(context: sync_api.BrowserContext, url: str) -> None:
        with tab(context, url) as page:
            press(page)
            for _ in range(times):
                with suppress(sync_api.Error):  # it is not there yet to be loaded again
                    page.reload(wait_until="commit")
            settle(page, again=True)

    return act


def closed(context: sync_api.BrowserContext, url: str) -> None:
    """Press it and shut the tab; then open another and look."""
    with tab(context, url) as page:
        press(page)
    look_again(context, url)


def back(context: sync_api.BrowserContext, url: str) -> None:
    """Press it, go back, and forth again."""
    with tab(context, url) as page:
        press(page)
        page.goto(url.partition("?")[0], wait_until="commit")
        page.go_back(wait_until="commit")
        settle(page, again=True)


def offline(context: sync_api.BrowserContext, url: str) -> None:
    """Press it as the network goes away, and again when it is back."""
    with tab(context, url) as page:
        press(page)
        context.set_offline(True)
        page.wait_for_timeout(500)
        context.set_offline(False)
        page.reload(wait_until="commit")
        settle(page, again=True)


def tabs(count: int) -> Hostile:
    """Press it in several tabs, one right after another."""

    def act(context: sync_api.BrowserContext, url: str) -> None:
        pages = [context.new_page() for _ in range(count)]
        for page in pages:
            page.set_default_timeout(WAIT_MS)
            page.goto(url)
            page.locator(ASK).click()
        for page in pages:
            page.locator(LAUNCH).wait_for()
        for page in pages:
            press(page)
        for page in pages:
            settle(page)
            page.close()

    return act


def left_open(context: sync_api.BrowserContext, url: str) -> None:
    """Leave a dialog open while another tab launches, and press it an age later."""
    with tab(context, url) as old:
        with tab(context, url) as page:
            press(page)
            settle(page)
        press(old)
        settle(old)


def another_person(context: sync_api.BrowserContext, url: str) -> None:
    """Two browsers of two people."""
    browser = context.browser
    assert browser
    with browser.new_context() as theirs, tab(theirs, url) as page, tab(context, url) as other:
        press(page)
        press(other)
        settle(page)
        settle(other)


def gone(context: sync_api.BrowserContext, url: str) -> None:
    """Press it, and the whole browser is gone."""
    browser = context.browser
    assert browser
    with browser.new_context() as theirs:
        page = theirs.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(url)
        page.locator(ASK).click()
        page.locator(LAUNCH).wait_for()
        press(page)
    look_again(context, url)


def dismissed(context: sync_api.BrowserContext, url: str) -> None:
    """Shut the dialog, ask again, press, shut, ask again."""
    with tab(context, url) as page:
        page.keyboard.press("Escape")
        page.locator(LAUNCH).wait_for(state="detached")
        page.locator(ASK).click()
        press_when_there(page)
        page.keyboard.press("Escape")
        settle(page, again=True)


def press_when_there(page: sync_api.Page) -> None:
    """Wait for the button, and press it."""
    page.locator(LAUNCH).wait_for()
    press(page)


def look_again(context: sync_api.BrowserContext, url: str) -> None:
    """Open the campaign in a new tab, and launch whatever still can be."""
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(url)
    settle(page, again=True)
    page.close()


def settle(page: sync_api.Page, *, again: bool = False) -> None:
    """Wait until the page shows a launched campaign; where it still offers the launch, ask and press `again`."""
    over = page.get_by_text("What was approved")
    over.or_(page.locator(ASK)).first.wait_for()
    page.wait_for_timeout(1_500)  # what was pressed may still be on its way
    if again and not over.count() and page.locator(ASK).count():
        with suppress(sync_api.Error):
            page.locator(ASK).click(timeout=2_000)
            page.locator(LAUNCH).click(timeout=10_000)
    over.wait_for()


SEQUENCES: dict[str, Hostile] = {
    "double click": double_click,
    "two tabs": tabs(2),
    "click and reload": reload(1),
    "two people": another_person,
    "five clicks in one turn": pressed(5),
    "click and shut the tab": closed,
    "a dialog left open": left_open,
    "enter held": by_keyboard,
    "click and escape": then("Escape"),
    "click and run anew": then("r", "r"),
    "click and back": back,
    "click and no network": offline,
    "three tabs": tabs(3),
    "click and two reloads": reload(2),
    "browser gone": gone,
    "dismissed and asked again": dismissed,
    "twenty clicks in one turn": pressed(20),
    "click, escape, run anew": then("Escape", "r"),
    "four tabs": tabs(4),
    "click and four reloads": reload(4),
}
