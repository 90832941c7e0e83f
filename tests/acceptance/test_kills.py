"""SIGKILL at any moment: nothing lost, nothing doubled."""

import contextlib
import random
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.acceptance.ahead import Found, ahead
from tests.acceptance.driver import Message, Person, Playground, Refused, until
from tests.acceptance.town import CHANNELS, PEOPLE, Town, policy_text, roots

REPORTERS = [name for name in PEOPLE if name not in ("ana", "dana")]  # those two do the work
LONG = 90.0  # seconds a person waits for a bot that is killed again and again

BEFORE = ("dropped", 0)  # the call never reaches Slack
AFTER = ("slow", 60_000)  # Slack has done it, and the answer is under way


@ahead
def test_killed_between_the_submission_and_the_posts(found: Found) -> None:
    kill_before_the_posts_are_confirmed(found(), *AFTER)


@pytest.mark.soak
def test_killed_before_the_posts_reach_slack(found: Found) -> None:
    kill_before_the_posts_are_confirmed(found(), *BEFORE)


def kill_before_the_posts_are_confirmed(town: Town, kind: str, ms: int) -> None:
    bot = town.starts_bot()
    town.slack.fault(kind, "chat.postMessage", count=None, ms=ms)
    maya = town.person("maya")
    maya.submits_report("VPN is down")
    maya.sees_no_form()  # it is stored
    until(lambda: len(town.slack.calls("chat.postMessage")) >= 2, "card and receipt under way")

    bot.kill()
    town.slack.mend()
    town.starts_bot().has_sent_everything()

    assert roots(town.slack, "VPN is down") == {"C0L1": 1, "D0MAYA": 1}
    town.person("ana").presses("Claim", town.person("ana").card("ISS-1", "support-l1"))
    maya.receipt("ISS-1", "is on it")


@ahead
def test_killed_in_the_middle_of_an_escalation(found: Found) -> None:
    kill_in_an_escalation(found(policy=policy_text(first="2s")), *AFTER)


@pytest.mark.soak
def test_killed_before_an_escalation_reaches_slack(found: Found) -> None:
    kill_in_an_escalation(found(policy=policy_text(first="2s")), *BEFORE)


def kill_in_an_escalation(town: Town, kind: str, ms: int) -> None:
    bot = town.starts_bot()
    maya, ana, chen = (town.person(name) for name in ("maya", "ana", "chen"))
    issue = maya.reports("VPN is down")
    first = ana.card(issue, "support-l1")
    town.slack.fault(kind, "chat.postMessage", channel="C0L2", count=None, ms=ms)
    until(lambda: [call for call in town.slack.calls("chat.postMessage") if call["args"]["channel"] == "C0L2"], "it")

    bot.kill()
    town.slack.mend()
    bot = town.starts_bot()

    chen.card(issue, "support-l2")
    ana.sees_it_become(first, "moved to", "L2")
    bot.has_sent_everything()
    assert roots(town.slack, "VPN is down") == {"C0L1": 1, "C0L2": 1, "D0MAYA": 1}


@ahead
def test_killed_fifteen_times_at_random(found: Found) -> None:
    a_day_of_kills(found(), rounds=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_killed_a_hundred_and_fifty_times_at_random(found: Found) -> None:
    a_day_of_kills(found(), rounds=10)


# --- people at work while the bot is killed --------------------------------------------------------------------------


@dataclass
class Case:
    """An issue and what was said of it. Some are talked about, and some resolved: Slack may deliver words so late
    that they would reopen what was resolved meanwhile."""

    title: str
    reporter: str
    talk: bool
    said_by_staff: list[str] = field(default_factory=list)
    said_by_reporter: list[str] = field(default_factory=list)


def a_day_of_kills(town: Town, *, rounds: int, kills: int = 15, issues: int = 3) -> None:
    """Each round ends with a bot that lives, so that what Slack has yet to deliver again comes through."""
    moments = random.Random(rounds)
    cases: list[Case] = []
    for number in range(rounds):
        names = [REPORTERS[(number * issues + n) % len(REPORTERS)] for n in range(issues)]
        new = [Case(f"Case {number}.{n} of {name}", name, talk=(number + n) % 2 == 1) for n, name in enumerate(names)]
        cases += new
        work = Work(town, new)
        work.start()
        for _ in range(kills):
            bot = town.runs()
            with contextlib.suppress(subprocess.TimeoutExpired):
                bot.ends(within=moments.uniform(0.7, 1.6))
                raise AssertionError(f"it ended by itself, exit code {bot.code}:\n{bot.said}")
            bot.kill()
        bot = town.starts_bot()
        work.finish()
        town.slack.advance(65)  # ... which Slack tries a third time after a minute
        for case in cases:
            nothing_is_lost(town, case)
        bot.has_sent_everything()
        nothing_is_doubled(town, cases)
        bot.kill()


class Work:
    """Everybody works through the cases, and does again what Slack says did not work."""

    def __init__(self, town: Town, cases: list[Case]) -> None:
        self._town = town
        self._cases = cases
        self._thread = threading.Thread(target=self._run)
        self._fault: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        self._thread.join()
        if self._fault:
            raise self._fault

    def _run(self) -> None:
        try:
            for case in self._cases:
                self._report(case)
            for case in self._cases:
                self._through_two_tiers(case)
        except BaseException as fault:  # noqa: BLE001  it is raised again in the test's own thread
            self._fault = fault

    def _report(self, case: Case) -> None:
        reporter = self._town.person(case.reporter)
        insist(lambda: reporter.types("/issue"))
        insist(lambda: reporter.fills(title=case.title, impact="medium", urgency="medium"))

    def _through_two_tiers(self, case: Case) -> None:
        reporter = self._town.person(case.reporter)
        ana, dana = self._town.person("ana"), self._town.person("dana")
        issue = reporter.sees(case.title, where="dm", within=LONG).shown.split()[0]

        card = self._claimed(ana, issue, "support-l1")
        receipt = reporter.receipt(issue, "<@U0ANA> is on it", within=LONG)
        for n in range(3 if case.talk else 0):
            case.said_by_staff.append(f"{case.title}, staff says {n}")
            ana.replies(card, case.said_by_staff[-1])
            case.said_by_reporter.append(f"{case.title}, reporter says {n}")
            reporter.replies(receipt, case.said_by_reporter[-1])

        insist(lambda: ana.presses("Escalate", ana.card(issue, "support-l1")))
        insist(lambda: ana.fills(reason="It is more than that", tried="Everything"))
        self._claimed(dana, issue, "support-l2")
        if not case.talk:
            insist(lambda: dana.presses("Resolve", dana.card(issue, "support-l2")))
            insist(lambda: dana.fills(fix="A new one"))

    def _claimed(self, who: Person, issue: str, where: str) -> Message:
        def claim() -> None:
            card = who.card(issue, where, within=LONG)
            if "Claim" in card.buttons:
                who.presses("Claim", card)

        insist(claim)
        return who.card(issue, where, f"Claimed by <@{who.user}>", within=LONG)


def insist(act: Callable[[], None]) -> None:
    """Again, as long as Slack says that the app did not answer, or that the button has just been redrawn."""

    def done() -> bool:
        try:
            act()
        except Refused as refused:
            if refused.error not in ("dispatch_failed", "operation_timeout", "unknown_action"):
                raise
            return False
        return True

    until(done, "an answer of the bot", LONG)


# --- what must hold --------------------------------------------------------------------------------------------------


def nothing_is_lost(town: Town, case: Case) -> None:
    reporter, ana, dana = town.person(case.reporter), town.person("ana"), town.person("dana")
    end = "Claimed by <@U0DANA>" if case.talk else "Resolved by <@U0DANA>"
    dana.sees(case.title, "Status", end, where="support-l2")
    ana.sees(case.title, "moved to", end, where="support-l1")
    receipt = reporter.sees(case.title, "<@U0DANA>", where="dm")
    lines = ["<@U0ANA> is on it", "<@U0DANA> is on it"] + ["<@U0DANA> has resolved"] * (not case.talk)
    for words in (*lines, *case.said_by_staff):
        reporter.sees(words, where="dm", under=receipt)
    for words in case.said_by_reporter:  # they went to whichever tier had the issue when they came
        until(lambda words=words: relayed(town.slack, words), words)  # type: ignore[misc]


def relayed(slack: Playground, words: str) -> bool:
    messages = [message for channel in CHANNELS for message in slack.raw(channel)]
    return any(message["user"] == "U0BOT" and words in message["text"] for message in messages)


def nothing_is_doubled(town: Town, cases: list[Case]) -> None:
    """Each message of the outbox carries its own key, and each line is said once in each thread."""
    dms = {f"D0{case.reporter.upper()}" for case in cases}
    posted = [(channel, message) for channel in (*CHANNELS, *dms) for message in town.slack.raw(channel)]
    ours = [(channel, message) for channel, message in posted if message["user"] == "U0BOT"]
    keys = Counter(message["metadata"]["event_payload"]["key"] for _, message in ours)
    assert [key for key, count in keys.items() if count > 1] == []
    lines = Counter((channel, message.get("thread_ts"), message["text"]) for channel, message in ours)
    assert [line for line, count in lines.items() if count > 1] == []
    for case in cases:
        assert roots(town.slack, case.title) == {"C0L1": 1, "C0L2": 1, f"D0{case.reporter.upper()}": 1}
