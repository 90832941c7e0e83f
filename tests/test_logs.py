"""The log: readable by people or machines, and without secrets."""

import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import redact, set_up_logging

ROOT = Path(__file__).parents[1]
LOG = logging.getLogger("bot.test")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged; afterwards logging is as it was."""
    root, noisy = logging.getLogger(), logging.getLogger("apscheduler")
    before = (root.handlers[:], root.level, noisy.level, sys.excepthook, threading.excepthook)
    root.handlers = []
    yield io.StringIO()
    root.handlers, root.level, noisy.level, sys.excepthook, threading.excepthook = before
    logging.captureWarnings(capture=False)


SECRETS = {
    "a bot token": ("xoxb-12-34-AbCdEf", "auth with xoxb-*** now"),
    "an app-level token": ("xapp-1-A1-22-abcdef0123", "auth with xapp-*** now"),
    "a user token": ("xoxp-1-2-abc", "auth with xoxp-*** now"),
    "a rotating token": ("xoxe.xoxb-1-MS4y", "auth with xoxe-*** now"),
    "a response URL": (
        "https://hooks.slack.com/commands/T1/22/AbC",
        "auth with https://hooks.slack.com/*** now",
    ),
    "a ticket": (
        "wss://wss-primary.slack.com/link/?ticket=ab-12&app_id=A1",
        "auth with wss://wss-primary.slack.com/link/?ticket=***&app_id=A1 now",
    ),
    "a second ticket": ("ws://127.0.0.1:80/link?x=1&ticket=ab", "auth with ws://127.0.0.1:80/link?x=1&ticket=*** now"),
    "a database password": (
        "postgresql+psycopg://ann:hunter2@db:5432/x",
        "auth with postgresql+psycopg://ann:***@db:5432/x now",
    ),
    "an awkward password": ("postgresql://ann:a/b@c'd@db/x", "auth with postgresql://ann:***@db/x now"),
    "a password by name": ("host=db password=hunter2 user=ann", "auth with host=db password=*** user=ann now"),
    "a quoted password": ("password='hunter 2' user=ann", "auth with password=*** user=ann now"),
}


@pytest.mark.parametrize(("secret", "shown"), SECRETS.values(), ids=SECRETS)
def test_secrets_are_masked(secret: str, shown: str) -> None:
    assert redact(f"auth with {secret} now") == shown


@pytest.mark.parametrize(
    "text",
    [
        "the bot token begins with xoxb-.",
        "https://slack.com/api/ answered 200",
        "http://127.0.0.1:8080/health",
        "ann@example.org wrote at 12:30",
        "ISS-42 escalated to <#C1>: see postgresql://db/x",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert redact(text) == text


@given(st.from_regex(r"[A-Za-z0-9]{1,10}(-[A-Za-z0-9]{1,20}){0,4}", fullmatch=True), st.text(max_size=20))
def test_no_part_of_a_token_is_left(tail: str, around: str) -> None:
    masked = redact(f"{around} xoxb-{tail} {around}")
    assert f"xoxb-{tail}" not in masked
    assert "xoxb-***" in masked


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(("secret", "_"), SECRETS.values(), ids=SECRETS)
def test_no_way_into_the_log_carries_a_secret(style: str, secret: str, _: str, stream: io.StringIO) -> None:
    set_up_logging("INFO", style, stream)  # type: ignore[arg-type]  # one of the two
    LOG.info("in the message: %s", secret)
    LOG.info("in an argument: %r", {"url": secret})
    LOG.info("in an extra", extra={"url": secret})
    LOG.info(f"badly made: %d {secret}", secret)  # noqa: G004 - the point
    try:
        fail(f"in a traceback: {secret}")
    except OSError:
        LOG.exception("failed", stack_info=True)
    written = stream.getvalue()
    assert written.count("bot.test") == 5
    assert "in a traceback" in written
    for part in ("AbCdEf", "abcdef0123", "2-abc", "MS4y", "22/AbC", "ab-12", "ticket=ab", "hunter", "c'd"):
        assert part not in written


def fail(why: str) -> None:
    raise OSError(why)


def test_text_is_one_line_with_the_time_in_utc(stream: io.StringIO) -> None:
    set_up_logging("INFO", "text", stream)
    LOG.warning("ISS-%d waits", 42, extra={"tier": 2})
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING bot\.test: ISS-42 waits tier=2\n", stream.getvalue()
    )


def test_words_of_a_user_cannot_pass_for_a_record(stream: io.StringIO) -> None:
    set_up_logging("INFO", "text", stream)
    LOG.info("title: %s", "x\n2026-01-01T00:00:00.000Z INFO bot: all is well\r\x1b[2Jx")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("title: x")
    assert second == r"    2026-01-01T00:00:00.000Z INFO bot: all is well\x0d\x1b[2Jx"


def test_json_is_one_object_a_line(stream: io.StringIO) -> None:
    set_up_logging("INFO", "json", stream)
    LOG.info("über %s\n", "ISS-1", extra={"tier": 2, "who": ("U1",), "message_ts": None, "late_by": 0.5})
    try:
        fail("x")
    except OSError:
        LOG.exception("failed")
    assert '"message": "über ISS-1\\n"' in stream.getvalue()
    plain, failed = map(json.loads, stream.getvalue().splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", plain.pop("time"))
    assert plain == {
        "level": "INFO",
        "logger": "bot.test",
        "message": "über ISS-1\n",
        "tier": 2,
        "who": "('U1',)",
        "message_ts": None,
        "late_by": 0.5,
    }
    assert failed["exception"].startswith("Traceback")
    assert failed["exception"].endswith("OSError: x")


def test_the_level_is_kept_and_setting_up_twice_does_not_double(stream: io.StringIO) -> None:
    set_up_logging("INFO", "text", stream)
    set_up_logging("WARNING", "text", stream)
    LOG.info("quiet")
    LOG.warning("loud")
    assert [line.split(": ")[1] for line in stream.getvalue().splitlines()] == ["loud"]


@pytest.mark.parametrize(("level", "heard"), [("DEBUG", 2), ("INFO", 1), ("WARNING", 1), ("ERROR", 0)])
def test_the_scheduler_does_not_report_each_tick(level: str, heard: int, stream: io.StringIO) -> None:
    set_up_logging(level, "text", stream)
    scheduler = logging.getLogger("apscheduler.executors.default")
    scheduler.info("Running job tick")
    scheduler.warning("Run time of job tick was missed")
    assert len(stream.getvalue().splitlines()) == heard


def test_a_thread_that_dies_is_logged(stream: io.StringIO) -> None:
    set_up_logging("INFO", "json", stream)

    thread = threading.Thread(target=fail, args=["lost xoxb-1-secret"], name="sender-1")
    thread.start()
    thread.join()
    entry = json.loads(stream.getvalue())
    assert (entry["level"], entry["message"]) == ("CRITICAL", "The thread sender-1 stops.")
    assert entry["exception"].endswith("OSError: lost xoxb-***")


PROGRAM = """
import warnings
from bot.logs import set_up_logging
set_up_logging("INFO", "json")
warnings.warn("old xoxb-1-secret")
raise OSError("xoxb-1-secret")
"""


def test_warnings_and_what_kills_the_program_are_records_too() -> None:
    died = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert died.returncode == 1
    warned, stopped = map(json.loads, died.stderr.splitlines())
    assert (warned["level"], warned["logger"]) == ("WARNING", "py.warnings")
    assert "old xoxb-***" in warned["message"]
    assert (stopped["level"], stopped["message"]) == ("CRITICAL", "The program stops.")
    assert stopped["exception"].endswith("OSError: xoxb-***")
