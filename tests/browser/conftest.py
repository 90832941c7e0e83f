"""The real demo, a browser in front of it, and the pictures: drawn with `--pictures`, else held to what they say."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, expect, sync_playwright

from tests.acceptance.driver import HOME, PATIENCE, Process, free_port
from tests.acceptance.town import policy_text
from tests.page.conftest import ARGUMENTS, WAIT_MS

PATIENCE_MS = 40_000  # as WAIT_MS; here real processes answer
UNCLAIMED = "8s"  # how long L1 may leave an issue unclaimed; the next tiers are patient
SQUARE = ".dialog { border-radius: 0; }"  # or what is behind a dialog shows in a picture's corners
WAITING = '[waiting]\nnudges = ["12h", "18h"]\nresolve = "24h"\n'
PICTURES = HOME / "docs" / "pictures"
REDRAW = 'Draw it anew with: make test ARGS="tests/browser --pictures", look at it, and commit it with its text.'

GIVEN_UP_MS = 4_000  # since a press; Slack gives up on an app after 3 s
PRESSES = 5  # until a visitor gives up, too
TOO_LATE = re.compile("operation_timeout|did not answer in time|trouble connecting|did not open the form in time")
REFUSED = "Failed to load resource: the server responded with a status of 400 (Bad Request)"

Open = Callable[..., Page]
Draw = Callable[[Locator, str], None]
Insists = Callable[[Callable[[], object], Locator], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", default=False, help="draw docs/pictures anew")


def drawing(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--pictures", default=False))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Gone with this module: two Playwrights in one thread refuse each other, and the page's tests have their own."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()
    expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the demo runs by; a module that needs another one has a fixture of this name."""
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    path.write_text(policy_text(first=UNCLAIMED, window="30m", update="45m") + WAITING, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def demo(browser: Browser, policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that `make demo` prints."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "playground.demo", "--port", str(free_port()), "--policy", str(policy)]
    nowhere = {"PATH": "/usr/bin:/bin", "BROWSER": "true"}  # or it opens a window of the tester's own browser
    running = Process(command, log=folder / "demo.log", cwd=HOME, env=nowhere)
    try:
        yield running.says("Escalator is ready. Open", within=PATIENCE).split()[-1]
        assert running.stop(within=PATIENCE) == 0
        assert "Traceback" not in running.said
    finally:
        if running.code is None:
            running.stop(within=PATIENCE)  # not killed: it would leave the two that it started


@pytest.fixture
def complaints() -> list[str]:
    """What pages gave cause for so far."""
    return []


@pytest.fixture
def insists(complaints: list[str]) -> Insists:
    """`insists(press, form)` until the form is there, or gone if it was there: a visitor presses again when they read
    that the app was too slow, as it may be on a busy machine, and only then.
    """

    def insisted(press: Callable[[], object], form: Locator) -> None:
        page, there = form.page, form.count()
        too_late = page.get_by_role("alert").or_(page.get_by_role("article")).filter(has_text=TOO_LATE)
        for _ in range(PRESSES):
            if form.count() != there:
                return
            press()
            for waited in range(0, PATIENCE_MS, 100):
                if form.count() != there:
                    return
                if waited > GIVEN_UP_MS and too_late.count():
                    break
                page.wait_for_timeout(100)
            else:
                break
            complaints[:] = [each for each in complaints if each != REFUSED]  # the browser's own line about it
        raise AssertionError("nothing came of it")

    return insisted


@pytest.fixture
def open_page(request: pytest.FixtureRequest, browser: Browser, demo: str, complaints: list[str]) -> Iterator[Open]:
    """`open_page("user=U0MAYA")`; keyword arguments go to the browser context. No page may complain or look outside."""
    contexts: list[BrowserContext] = []
    own = (demo, demo.replace("http", "ws", 1), "data:", "about:")

    def opened(query: str, **settings: Any) -> Page:
        drawn = (
            {"device_scale_factor": 2, "bypass_csp": True} if drawing(request) else {}
        )  # the page's rules forbid SQUARE
        contexts.append(browser.new_context(**{"color_scheme": "light"} | drawn | settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("request", lambda sent: None if sent.url.startswith(own) else complaints.append(f"asked {sent.url}"))
        page.on("websocket", lambda made: None if made.url.startswith(own) else complaints.append(f"asked {made.url}"))
        page.goto(f"{demo}?{query}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def masked(text: str) -> str:
    """What a picture says, without what differs from one run to the next: times, days and numbers.

    Nor how long a clock ran that has stopped: where somebody was quick, that is not told at all.
    """
    text = re.sub(r"\b([Tt]oday|[Tt]omorrow|[Yy]esterday|[A-Z][a-z]+ \d+(st|nd|rd|th)?) at\b", "DAY at", text)
    text = re.sub(r"\b(Today|Yesterday|[A-Z][a-z]+day, [A-Z][a-z]+ \d+(st|nd|rd|th))$", "DAY", text, flags=re.MULTILINE)
    text = re.sub(r"\d+:\d\d(:\d\d)? [AP]M", "TIME", text)
    text = re.sub(r"\bTIME (today|tomorrow|yesterday|[A-Z][a-z]+ \d+(st|nd|rd|th)?)\b", "TIME DAY", text)
    text = re.sub(r"\b\d+ (second|minute|hour)s?( \d+ (second|minute)s?)*", "SPAN", text)
    text = re.sub(r"^\s*ran from .* counted\)$", "", text, flags=re.MULTILINE)
    return re.sub(r"\s*\n\s*", "\n", text).strip() + "\n"


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> Draw:
    """`draw(what, name)` compares what it says with what is written beside its picture, and changes no file; where
    pictures are wanted it draws the one and writes the other.
    """

    def drawn(what: Locator, name: str) -> None:
        beside = PICTURES / f"{name}.txt"
        if not drawing(request):
            kept = beside.read_text(encoding="utf-8") if beside.exists() else ""
            for _ in range(PATIENCE_MS // 100):  # a reply may still be on its way
                if masked(what.inner_text()) == kept:
                    return
                what.page.wait_for_timeout(100)
            assert masked(what.inner_text()) == kept, f"docs/pictures/{name}.png shows something else. {REDRAW}"
        what.page.mouse.move(0, 0)  # no toolbar
        box = what.bounding_box()
        assert box is not None
        x, y = ceil(box["x"]) + 1, ceil(box["y"])  # whole pixels, and nothing of what is beside it
        inside: FloatRect = {"x": x, "y": y, "width": int(box["width"]) - 2, "height": int(box["height"]) - 1}
        path = PICTURES / f"{name}.png"
        what.page.screenshot(path=path, clip=inside, animations="disabled", caret="hide", style=SQUARE)
        beside.write_text(masked(what.inner_text()), encoding="utf-8")

    return drawn
