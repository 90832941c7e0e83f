"""A browser that opens the page against the stub; whatever the page complains about fails the test."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.page.stub import Running, Stub

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
WAIT_MS = 20_000  # until a test gives up on what should come in a moment; the machine may be busy
DESK: ViewportSize = {"width": 1280, "height": 800}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    server = Running()
    yield server
    server.stop()


@pytest.fixture
def stub(running: Running) -> Stub:
    running.stub.reset()
    return running.stub


@pytest.fixture
def complaints() -> list[str]:
    """What the page's console and its requests gave cause for; a test that provokes one empties it."""
    return []


@pytest.fixture(scope="session")
def kept(browser: Browser) -> Iterator[Page]:
    """The one page that most tests take turns with: opening a browser context anew is what takes the time."""
    context = browser.new_context(viewport=DESK)
    yield context.new_page()
    context.close()


@pytest.fixture
def open_page(browser: Browser, kept: Page, running: Running, stub: Stub, complaints: list[str]) -> Iterator[Open]:
    """`open_page("user=U0MAYA")` opens the page; keyword arguments go to a browser context of its own."""
    pages: list[Page] = []
    on = {
        "pageerror": lambda error: complaints.append(f"error: {error}"),
        "console": lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None,
        "request": lambda sent: complaints.append(f"asked {sent.url}") if foreign(sent.url) else None,
    }

    def opened(query: str = "user=U0MAYA", *, guide: bool = False, hash_part: str = "", **context: Any) -> Page:
        fresh = bool(context) or kept in pages
        page = browser.new_context(**{"viewport": DESK} | context).new_page() if fresh else kept
        pages.append(page)
        page.set_default_timeout(WAIT_MS)
        for event, note in on.items():
            page.on(event, note)  # type: ignore[call-overload]  # the three names above
        page.goto(f"{running.address}/?{query}{'' if guide else '&guide=off'}#{hash_part}")
        expect(page.locator(".sidebar").first).to_be_attached()
        return page

    def foreign(url: str) -> bool:
        return not url.startswith((running.address, "data:", "about:", running.address.replace("http", "ws")))

    yield opened
    for page in pages:
        if page is kept:
            page.goto("about:blank")
            for event, note in on.items():
                page.remove_listener(event, note)
        else:
            page.context.close()
    assert complaints == []
