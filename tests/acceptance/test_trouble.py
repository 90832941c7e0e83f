"""What happens around the bot: Slack away, things delivered twice, signals, a second process, a spoilt database."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from app import STALLED, Escalator
from bot.clock import utc_now
from bot.config import load_settings
from bot.services.policies import PolicyKeeper
from storage import open_database
from tests.acceptance.ahead import Found, ahead
from tests.acceptance.driver import BOT, PATIENCE, Bot, Refused, free_port, until
from tests.acceptance.town import Town, policy_text, roots

STARTS_WITHIN = 1.5  # seconds from nothing to connected, on a machine that is not busy
LEAVES_WITHIN = 10  # seconds of SIGTERM


@ahead
def test_slack_away_at_start_is_waited_for_and_clocks_go_on(found: Found) -> None:
    """An issue from before is escalated while Slack is away; its new tier reads of it once Slack is back."""
    town = found(policy=policy_text(window="3s", last="1h"))
    first = town.starts_bot()
    issue = town.person("maya").reports("VPN is down")
    first.has_sent_everything()
    assert first.stop() == 0
    town.slack.fault("server_error", "auth.test", count=None)
    town.slack.fault("server_error", "chat.postMessage", count=None)

    bot = town.runs()
    bot.says("Slack does not let us in")
    until(lambda: bot.health()["waiting"], "an escalation, stored while Slack is away")
    assert not bot.health()["connected"]

    town.slack.mend()
    bot.connects()
    town.person("chen").card(issue, "support-l2")
    assert bot.health()["healthy"]


@ahead
def test_slack_not_even_there_at_start_and_coming_up_later(found: Found) -> None:
    town = found(with_slack=False)
    bot = town.runs()
    assert "Deadlines are kept meanwhile" in bot.says("Slack does not let us in")

    town.open_slack()

    bot.connects()
    town.person("ana").card(town.person("maya").reports("VPN is down"), "support-l1")


@ahead
def test_stopping_while_slack_is_away(found: Found) -> None:
    town = found(with_slack=False)
    bot = town.runs()
    bot.says("Slack does not let us in")
    assert bot.stop(within=10) == 0


@ahead
def test_sigterm_ends_it_within_ten_seconds_even_if_slack_hangs(found: Found) -> None:
    """Ten where it starts as fast as it should. A busy machine takes longer for both, and may do so."""
    town = found()
    begun = time.monotonic()
    bot = town.starts_bot()
    busy = max(0.0, time.monotonic() - begun - STARTS_WITHIN)
    town.slack.fault("slow", "chat.postMessage", count=None, ms=30_000)
    town.person("maya").submits_report("VPN is down")
    until(lambda: town.slack.calls("chat.postMessage"), "post under way")

    asked = time.monotonic()
    assert bot.stop(within=PATIENCE) == 0

    assert time.monotonic() - asked < 10 + busy
    assert "Escalator has stopped" in bot.said


@ahead
def test_sigterm_ends_it_in_time_wherever_slack_is_silent_or_limits_it_at_the_start(found: Found) -> None:
    town = found()

    def leaves(kind: str, method: str, seconds: float = 30) -> None:
        before = len(town.slack.calls(method))
        town.slack.fault(kind, method, count=None, ms=int(seconds * 1000), retry_after=int(seconds))
        bot = town.runs()
        until(lambda: len(town.slack.calls(method)) > before, f"a call of {method}")
        assert bot.stop(within=LEAVES_WITHIN) == 0, method
        assert "Escalator has stopped" in bot.said
        town.slack.mend()

    leaves("slow", "auth.test")
    town.slack.fault("slow", "conversations.members", count=None, ms=2_800)  # a call for each channel
    leaves("slow", "users.conversations", 2.8)
    leaves("slow", "apps.connections.open")
    leaves("rate_limited", "apps.connections.open")


@ahead
def test_sigterm_ends_it_in_time_even_if_staff_are_read_slowly(found: Found) -> None:
    """The bot comes into a channel, and reads all of them anew: a call each, and each as slow as we bear."""
    town = found()
    emil = town.person("emil")
    emil.does("kick", channel="C0L3", member=BOT)
    bot = town.starts_bot()
    town.slack.fault("slow", "conversations.members", count=None, ms=2_800)
    before = len(town.slack.calls("conversations.members"))
    emil.does("invite", channel="C0L3", member=BOT)
    until(lambda: len(town.slack.calls("conversations.members")) > before, "staff being read")

    assert bot.stop(within=LEAVES_WITHIN) == 0


@ahead
def test_it_says_that_it_is_connected_when_it_is(found: Found) -> None:
    """Slack's first address is old when it comes, and nobody is let in by it."""
    town = found()
    town.slack.fault("slow", "apps.connections.open", ms=60_000)
    bot = town.runs()
    until(lambda: town.slack.calls("apps.connections.open"), "an address")
    town.slack.advance(60)

    bot.connects()

    assert len(town.slack.calls("apps.connections.open")) > 1
    assert town.slack.connected()


@ahead
def test_while_slack_is_away_at_the_start_the_engine_is_looked_after(found: Found) -> None:
    """A step of the clock backwards, by an hour: the next tick would be an hour away."""
    town = found(with_slack=False)
    settings = load_settings(town.settings(), None)
    database = open_database(town.database_url)
    escalator = Escalator(settings, PolicyKeeper(settings.policy_file, database, utc_now), database)
    running = threading.Thread(target=escalator.run)
    running.start()
    try:
        begun = time.monotonic()
        until(lambda: escalator._engine.last_run > begun, "a tick")

        for job in escalator._scheduler.get_jobs():
            job.modify(next_run_time=job.next_run_time + timedelta(hours=1))

        stepped = time.monotonic()
        until(lambda: escalator._engine.last_run > stepped + STALLED / 2, "another tick")
        queue = escalator._scheduler.get_job("queue")
        until(lambda: queue.next_run_time < utc_now() + timedelta(minutes=2), "the other jobs")
    finally:
        escalator.stop()
        running.join()


def test_a_submission_delivered_twice_is_one_issue(calm: Town, bot: Bot) -> None:
    chen = calm.person("chen")
    chen.submits_report("Webcam is upside down")
    submission = [ack for ack in calm.slack.acks() if ack["name"] == "issue_report"][-1]

    calm.slack.redeliver(submission)
    chen.reports("Ethernet socket is loose")  # in order behind the second delivery

    bot.has_sent_everything()
    assert roots(calm.slack, "Webcam is upside down") == {"C0L1": 1, "D0CHEN": 1}


def test_a_press_and_a_reply_delivered_twice_count_once(calm: Town, bot: Bot) -> None:
    lena, ana = calm.person("lena"), calm.person("ana")
    issue = lena.reports("Phone does not ring")
    bot.has_sent_everything()
    card, receipt = ana.card(issue, "support-l1"), lena.receipt(issue)

    ana.presses("Claim", card)
    press = [ack for ack in calm.slack.acks() if ack["type"] == "interactive"][-1]
    calm.slack.redeliver(press)
    ana.sees_it_become(card, "Claimed by")
    lena.sees("is on it", where="dm", under=receipt)
    bot.has_sent_everything()
    before = len(calm.slack.acks())
    said = ana.replies(card, "On my way")
    reply = next(ack for ack in calm.slack.acks()[before:] if ack["name"] == "message")
    calm.slack.redeliver(reply)
    lena.sees("On my way", where="dm", under=receipt)
    ana.sees_reaction("white_check_mark", said)
    lena.replies(receipt, "Thanks")
    ana.sees("Thanks", where="support-l1", under=card)

    bot.has_sent_everything()
    lena.opens_the_page()
    said_to_her = [message.shown for message in lena.read("dm", under=receipt) if message.body["user"] == BOT]
    assert [("is on it" in shown, "On my way" in shown) for shown in said_to_her] == [(True, False), (False, True)]


@pytest.mark.parametrize("end", ["disconnect", "cut", "kill"])
def test_a_connection_that_ends_is_made_anew_and_what_was_said_meanwhile_arrives(
    calm: Town, bot: Bot, end: str
) -> None:
    """Asked to leave, closed properly, and dropped without a word."""
    fay, ana = calm.person("fay"), calm.person("ana")
    issue = fay.reports(f"Door does not open after {end}")
    bot.has_sent_everything()
    connections = len(calm.slack.calls("apps.connections.open"))

    calm.slack.control("socket", do=end)
    fay.replies(fay.receipt(issue), "Still locked")
    until(lambda: len(calm.slack.calls("apps.connections.open")) > connections, "a new connection", within=15)
    until(calm.slack.connected, "a new connection")
    calm.slack.advance(60)  # Slack's last attempt but one to deliver the event

    ana.sees("Still locked", where="support-l1", under=ana.card(issue, "support-l1"))


def test_a_lost_answer_posts_nothing_twice(calm: Town, bot: Bot) -> None:
    """The card is posted, Slack's answer gets lost; the bot looks before it sends again."""
    calm.slack.fault("lost", "chat.postMessage", channel="C0L1")
    looks = len(calm.slack.calls("conversations.history"))

    calm.person("dana").reports("Mouse double-clicks")

    bot.has_sent_everything()
    assert roots(calm.slack, "Mouse double-clicks") == {"C0L1": 1, "D0DANA": 1}
    assert len(calm.slack.calls("conversations.history")) > looks


def test_a_channel_that_is_gone_is_told_in_the_next_tier(calm: Town, bot: Bot) -> None:
    dana, ana = calm.person("dana"), calm.person("ana")
    ana.does("archive", channel="C0L1", archived=True)
    try:
        issue = dana.reports("Tablet is bent")

        alert = dana.sees(issue, "could not be delivered to #support-l1", where="support-l2")
        dana.presses("Claim", alert)
        dana.receipt(issue, "<@U0DANA> is on it")
        bot.has_sent_everything()
    finally:
        ana.does("archive", channel="C0L1", archived=False)


def test_blocks_that_slack_refuses_go_out_as_plain_text(calm: Town) -> None:
    calm.slack.fault("error", "chat.postMessage", channel="C0L1", error="invalid_blocks")

    calm.person("dana").reports("Dock has no power")

    plain = calm.person("ana").sees("Dock has no power", where="support-l1")
    assert not plain.body.get("blocks")
    assert "nobody in L1 has claimed it" in plain.shown


def test_who_leaves_the_company_still_has_their_issue_worked_on(calm: Town, bot: Bot) -> None:
    emil, ana = calm.person("emil"), calm.person("ana")
    issue = emil.reports("Laptop is slow")
    bot.has_sent_everything()
    card = ana.card(issue, "support-l1")
    calm.slack.control("users", user="U0EMIL", deleted=True)
    try:
        ana.presses("Claim", card)
        ana.sees_it_become(card, "Claimed by <@U0ANA>")
        ana.replies(card, "Did it help?")
        ana.presses("Resolve", ana.card(issue, "support-l1"))
        ana.fills(fix="More memory")

        ana.sees_it_become(card, "Resolved by <@U0ANA>")
        bot.has_sent_everything()
    finally:
        calm.slack.control("users", user="U0EMIL", deleted=False)


def test_nothing_is_handed_to_somebody_who_has_left_the_company(calm: Town, bot: Bot) -> None:
    ana, ben = calm.person("ana"), calm.person("ben")
    issue = calm.person("tom").reports("Scale is off")
    bot.has_sent_everything()
    card = ana.card(issue, "support-l1")
    ana.presses("Claim", card)
    ana.sees_it_become(card, "Claimed by <@U0ANA>")
    calm.slack.control("users", user=ben.user, deleted=True)
    try:
        calm.slack.call("GET", "_playground/acks?wait=5")  # the bot has heard of it
        ana.types(f"/issue handover {issue} @Ben Carter half done")
        ana.is_told(f"<@{ben.user}> is not support staff of L1")
        assert "Claimed by <@U0ANA>" in ana.card(issue, "support-l1").shown
    finally:
        calm.slack.control("users", user=ben.user, deleted=False)


@ahead
def test_a_button_of_an_issue_that_is_not_in_the_database(found: Found) -> None:
    town = found()
    first = town.starts_bot()
    ana = town.person("ana")
    issue = town.person("maya").reports("VPN is down")
    first.has_sent_everything()
    assert first.stop() == 0
    town.starts_bot(DATABASE_URL=f"sqlite:///{town.folder / 'another.db'}")

    ana.presses("Claim", ana.card(issue, "support-l1"))

    ana.is_told(f"There is no {issue}")


@ahead
def test_the_bot_away_is_said_by_slack_and_nothing_is_half_done(found: Found) -> None:
    town = found()
    bot = town.starts_bot()
    maya = town.person("maya")
    maya.types("/issue VPN is down")
    bot.kill()
    until(lambda: not town.slack.connected(), "no connection")

    with pytest.raises(Refused, match="trouble connecting"):
        maya.fills()
    town.starts_bot()
    maya.fills()  # the form is still open

    maya.sees_no_form()
    town.person("ana").card("ISS-1", "support-l1", "VPN is down")


def test_a_second_process_on_the_same_file_is_refused(calm: Town) -> None:
    second = calm.runs()
    assert second.ends() == 1
    (sentence,) = second.said.splitlines()
    assert sentence.startswith("Another process is already running on ")
    assert sentence.endswith("one SQLite file serves one process.")


def _spoil(file: Path) -> None:
    file.write_bytes(b"not a database at all" * 100)


def _remove_folder(file: Path) -> None:
    file.parent.rmdir()


def _from_the_future(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
        database.commit()


@pytest.mark.parametrize("spoil", [_spoil, _remove_folder, _from_the_future])
def test_a_database_that_cannot_be_used_is_one_sentence(found: Found, spoil: Callable[[Path], None]) -> None:
    town = found(with_slack=False)
    file = town.folder / "data" / "escalator.db"
    file.parent.mkdir()
    spoil(file)

    bot = town.runs(DATABASE_URL=f"sqlite:///{file}")

    assert bot.ends() == 1
    *log, sentence = bot.said.splitlines()
    assert str(file) in sentence or "newer version of Escalator wrote this database" in sentence
    assert all(" INFO " in line for line in log)


def test_a_postgres_that_does_not_answer_is_one_sentence_without_the_password(found: Found) -> None:
    town = found(with_slack=False)
    bot = town.runs(DATABASE_URL=f"postgresql://escalator:hunter2@127.0.0.1:{free_port()}/escalator")
    assert bot.ends() == 1
    (sentence,) = bot.said.splitlines()
    assert "Cannot open postgresql+psycopg://escalator:***@" in sentence
    assert "hunter2" not in bot.said


def test_wrong_settings_are_told_all_at_once(found: Found) -> None:
    town = found(with_slack=False)
    bot = town.runs(SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="xoxb-1-a", LOG_FORMAT="loud")
    assert bot.ends() == 2
    assert [line.split()[0] for line in bot.said.splitlines()] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "LOG_FORMAT"]
