"""The policy in force: what a new file changes, what it does not, and how open issues are moved to it."""

import logging
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.clock import utc_now
from bot.domain import lifecycle
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor
from bot.domain.evolution import fold
from bot.domain.issue import Status, WaitingFor
from bot.domain.policy import Policy
from bot.domain.priority import Level, Priority
from bot.domain.refusals import NotALead
from bot.policy_file import PolicyError, parse_policy
from bot.services.issues import Report
from bot.services.policies import PolicyKeeper, apply_to, keep_holidays, look_ahead, refuse_homeless, refuse_misfit
from bot.services.recording import record
from storage import SqlDatabase, open_database
from storage.tables import IssueRow
from tests.acceptance.driver import Process, free_port
from tests.harness import START, Clock, Workspace

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "policy.toml").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
M, H = timedelta(minutes=1), timedelta(hours=1)

NO_L3 = (
    SHIPPED.replace('[[tiers]]\nname = "L3"\nchannel = "support-l3"\nping = "here"\n\n', "")
    .replace('L3 = "15m", ', "")
    .replace('L3 = "1h", ', "")
    .replace('L3 = "4h", ', "")
    .replace('L3 = "8h", ', "")
    .replace("tell = {", "# tell = {")
)
L2B = re.sub(r'(windows = {.* L2 = "(\w+)",)', r'\1 L2b = "\2",', SHIPPED).replace(
    '[[tiers]]\nname = "L3"',
    '[[tiers]]\nname = "L2b"\nchannel = "support-l2b"\nping = "here"\n\n[[tiers]]\nname = "L3"',
)
CEO = re.sub(r'(windows = {.* management = "(\w+)")', r'\1, board = "\2"', SHIPPED).replace(
    "# --- when", '[[tiers]]\nname = "board"\nchannel = "the-board"\n\n# --- when', 1
)
FASTER = SHIPPED.replace('{ L1 = "2h", L2 = "2h",', '{ L1 = "30m", L2 = "2h",')  # P3


def meant(text: str) -> Policy:
    return parse_policy(text, "policy.toml")


class Office:
    """A workspace whose policy is a file."""

    def __init__(self, database: SqlDatabase, file: Path, clock: Clock | None = None) -> None:
        self.file = file
        self.clock = clock or Clock()
        self.write(SHIPPED)
        self.keeper = PolicyKeeper(file, database, self.clock)
        self.workspace = Workspace(database, policy=self.keeper(), clock=self.clock)
        self.database = database

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    def open(self, count: int = 1, *, impact: Level = Level.MEDIUM, urgency: Level = Level.MEDIUM) -> None:
        """P3, unless told otherwise."""
        self.workspace.policy = self.keeper()
        for _ in range(count):
            self.clock.advance(seconds=1)
            report = Report(f"U0P{self.clock.now:%H%M%S}", "Trouble", "", impact, urgency)
            self.workspace.bot.issues.open(report, delivery=str(self.clock.now))

    def dues(self) -> dict[int, tuple[Any, str]]:
        with self.database.read() as connection:
            rows = connection.execute(select(col(IssueRow.number), col(IssueRow.due_at), col(IssueRow.policy)))
            return {number: (due, version) for number, due, version in rows}


@pytest.fixture
def office(database: SqlDatabase, tmp_path: Path) -> Office:
    """On both databases."""
    return Office(database, tmp_path / "policy.toml")


@pytest.fixture
def small_office(store: SqlDatabase, tmp_path: Path) -> Office:
    """On SQLite alone, for what the database has no part in."""
    return Office(store, tmp_path / "policy.toml")


# --- reading it again ------------------------------------------------------------------------------------------------


def test_the_policy_of_the_file_is_in_force_and_stored(office: Office) -> None:
    assert office.keeper() == meant(SHIPPED)
    assert office.database.policy(meant(SHIPPED).version) == meant(SHIPPED)


def test_an_edited_file_counts_from_the_reload_on(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.open()
    office.write(FASTER)
    assert office.keeper() == meant(SHIPPED)
    with caplog.at_level(logging.INFO):
        assert office.keeper.reload()
    assert office.keeper() == meant(FASTER)
    assert office.database.policy(meant(FASTER).version) == meant(FASTER)
    assert caplog.messages == [
        f"{office.file} was read again; issues reported from now on follow version {meant(FASTER).version}"
    ]
    office.open()
    due = {number: (moment, version) for number, (moment, version) in office.dues().items()}
    assert [version for _, version in due.values()] == [meant(SHIPPED).version, meant(FASTER).version]
    assert due[1][0] - START > H > due[2][0] - START


def test_a_file_that_says_the_same_is_no_news(small_office: Office, caplog: pytest.LogCaptureFixture) -> None:
    small_office.write(f"# a comment\n{SHIPPED}")
    with caplog.at_level(logging.INFO):
        assert not small_office.keeper.reload()
    assert caplog.messages == [f"{small_office.file} was read again and says the same as before"]


def complaints(office: Office, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is said of the file at ERROR; the last line is the same each time."""
    lines = [record.message for record in caplog.records if record.levelname == "ERROR"]
    caplog.clear()
    if lines:
        good = f"version {office.keeper().version} of the policy, in force since 2026-11-23 09:00 UTC"
        assert lines.pop() == f"{good}, goes on until the file is mended"
    return [line.removeprefix("the policy stays as it was: ") for line in lines]


def test_a_broken_file_leaves_the_last_good_policy(small_office: Office, caplog: pytest.LogCaptureFixture) -> None:
    small_office.write(SHIPPED.replace('grace = "3m"', 'grace = "3x"').replace('zone = "UTC"', 'zone = "UTX"'))
    small_office.clock.advance(hours=1)
    assert not small_office.keeper.reload()
    assert small_office.keeper() == meant(SHIPPED)
    zone, grace = complaints(small_office, caplog)
    assert "calendars.office.zone" in zone
    assert "priorities.P1.grace" in grace
    small_office.file.unlink()
    assert not small_office.keeper.reload()
    (missing,) = complaints(small_office, caplog)
    assert "cannot be read: No such file or directory" in missing
    small_office.write(FASTER)
    assert small_office.keeper.reload()
    small_office.keeper.complain()
    assert complaints(small_office, caplog) == []


@pytest.mark.parametrize("text", [None, SHIPPED.replace('grace = "3m"', 'grace = "3x"'), L2B])
def test_a_start_without_a_usable_file_goes_on_with_the_policy_in_force_and_keeps_saying_so(
    office: Office, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    office.open()
    office.clock.advance(days=1)
    office.file.unlink() if text is None else office.write(text)
    office.keeper = PolicyKeeper(office.file, office.database, office.clock)
    assert office.keeper() == meant(SHIPPED)
    said = complaints(office, caplog)
    assert said
    office.keeper.complain()
    assert complaints(office, caplog) == said
    office.write(SHIPPED)
    office.keeper.reload()
    office.keeper.complain()
    assert complaints(office, caplog) == []


def test_a_first_start_without_a_usable_file_is_refused(store: SqlDatabase, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        PolicyKeeper(tmp_path / "policy.toml", store, Clock())


def test_what_open_issues_were_moved_to_is_in_force(small_office: Office) -> None:
    """Else a start with a broken file would lead them by the tiers before it."""
    small_office.open()
    apply_to((1,), meant(L2B), small_office.database, small_office.clock)
    small_office.file.unlink()
    assert PolicyKeeper(small_office.file, small_office.database, small_office.clock)() == meant(L2B)


def test_an_edited_policy_moves_no_deadline_of_an_open_issue(small_office: Office) -> None:
    """Invariant 38."""
    issues = small_office.workspace.bot.issues
    for urgency in Level:
        small_office.open(2, urgency=urgency)
    issues.claim(2, "U0ANA", desk=1, delivery="a")
    issues.claim(3, "U0ANA", desk=1, delivery="b")
    issues.claim(5, "U0ANA", desk=1, delivery="c")
    small_office.workspace.pass_time(minutes=10)
    before = small_office.dues()
    assert len({due for due, _ in before.values()}) > 2
    for text in (
        FASTER,
        SHIPPED.replace('"09:00-17:00"', '"10:00-12:00"'),
        SHIPPED.replace("[50, 80]", "[10]"),
        SHIPPED.replace('"8h"', '"9h"'),
        (ROOT / "presets" / "round-the-clock.toml").read_text(encoding="utf-8"),
    ):
        small_office.write(text)
        assert small_office.keeper.reload()
        assert small_office.dues() == before
        assert small_office.workspace.engine.run_once() == 0


def test_who_asks_meanwhile_gets_one_policy_or_the_other(small_office: Office) -> None:
    small_office.write(FASTER)
    keeper = small_office.keeper
    seen: set[str] = set()
    readers = [Thread(target=lambda: seen.update(keeper().version for _ in range(2000))) for _ in range(3)]
    reloads = [Thread(target=keeper.reload) for _ in range(3)]
    for thread in (*readers, *reloads):
        thread.start()
    for thread in (*readers, *reloads):
        thread.join()
    assert seen <= {meant(SHIPPED).version, meant(FASTER).version}
    assert keeper() == meant(FASTER)


# --- tiers with issues in them ---------------------------------------------------------------------------------------


def test_live_issues_are_counted_by_policy_and_tier(office: Office) -> None:
    assert office.database.live_by_tier() == {}
    office.open(3)
    office.open(impact=Level.HIGH, urgency=Level.HIGH)
    issues = office.workspace.bot.issues
    issues.claim(1, "U0ANA", desk=1, delivery="a")
    issues.claim(2, "U0ANA", desk=1, delivery="b")
    issues.resolve(2, "U0ANA", fix="Restarted", category="network", delivery="c")
    version = meant(SHIPPED).version
    assert office.database.live_by_tier() == {(version, 1): 2, (version, 2): 1}
    office.write(FASTER)
    office.keeper.reload()
    office.open()
    assert office.database.live_by_tier()[meant(FASTER).version, 1] == 1


def refused(text: str, office: Office) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as refusal:
        refuse_misfit(meant(text), office.database, "p.toml", office.clock())
    return refusal.value.lines


ONE = "1 issue that is not closed yet follows the old order of tiers; move it first: python app.py policy apply --open"
TWO = (
    "2 issues that are not closed yet follow the old order of tiers; move them first: python app.py policy apply --open"
)


def test_a_tier_that_open_issues_may_come_to_keeps_its_place(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Else an issue on its way up would be told in other channels than it is meant to."""
    office.open(2)
    for text, changes in (
        (L2B, ("L3 becomes tier 4 instead of 3", "management becomes tier 5 instead of 4")),
        (NO_L3, ("L3 is gone", "management becomes tier 3 instead of 4")),
    ):
        caplog.clear()
        office.write(text)
        assert not office.keeper.reload()
        said = [f"the policy stays as it was: policy.toml: tiers: {what}, but {TWO}" for what in changes]
        assert [message for message in caplog.messages if "tiers:" in message] == said


def test_the_guide_shows_what_is_said_of_a_tier_that_moves(small_office: Office) -> None:
    small_office.open(2)
    assert f"\n{refused(L2B, small_office)[0].replace('p.toml', 'policy.toml')}\n" in GUIDE


def test_a_tier_below_open_issues_keeps_its_place(small_office: Office) -> None:
    small_office.open()
    first = '[[tiers]]\nname = "L1"'
    below = SHIPPED.replace(first, f'[[tiers]]\nname = "L0"\nchannel = "bots"\n\n{first}', 1).replace(
        "windows = {", 'windows = { L0 = "10m",'
    )
    below = below.replace('first_response = "15m"', 'first_response = "20m"').replace('["L1"', '["L0", "L1"')
    assert [line.partition(",")[0] for line in refused(below, small_office)] == [
        f"p.toml: tiers: {tier} becomes tier {number + 1} instead of {number}"
        for number, tier in enumerate(("L1", "L2", "L3", "management"), start=1)
    ]


def test_a_tier_above_all_may_be_added_while_issues_are_open(small_office: Office) -> None:
    small_office.open()
    small_office.write(CEO)
    assert small_office.keeper.reload()
    assert small_office.keeper().last_tier == 5


def test_a_resolved_issue_holds_on_to_its_tiers_until_it_is_closed(small_office: Office) -> None:
    workspace, clock = small_office.workspace, small_office.clock
    small_office.open()
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="a")
    workspace.bot.issues.resolve(1, "U0ANA", fix="Done", category=None, delivery="b")
    lost = ("L3 is gone", "management becomes tier 3 instead of 4")
    assert refused(NO_L3, small_office) == tuple(f"p.toml: tiers: {what}, but {ONE}" for what in lost)
    workspace.pass_time(days=6)
    assert workspace.issue().status == "closed"
    refuse_misfit(meant(NO_L3), small_office.database, "p.toml", clock())


def test_a_merged_issue_holds_on_to_its_tiers_while_it_may_be_taken_out(small_office: Office) -> None:
    small_office.open(2)
    issues = small_office.workspace.bot.issues
    issues.merge(2, "U0ANA", into=1, delivery="a")
    apply_to((1,), meant(NO_L3), small_office.database, small_office.clock)
    assert len(refused(NO_L3, small_office)) == 2
    small_office.clock.advance(days=8)
    refuse_misfit(meant(NO_L3), small_office.database, "p.toml", small_office.clock())


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({'"L1"': '"Front desk"', "L1 =": '"Front desk" ='}, True),
        ({'channel = "support-l1"': 'channel = "front-desk"'}, True),
        ({'"L1"': '"Desk"', "L1 =": "Desk =", 'channel = "support-l1"': 'channel = "desk"'}, False),
    ],
)
def test_a_tier_with_open_issues_may_get_a_name_or_a_channel_but_not_both(
    small_office: Office, changes: dict[str, str], *, taken: bool
) -> None:
    small_office.open()
    text = SHIPPED
    for old, new in changes.items():
        text = text.replace(old, new)
    small_office.write(text)
    assert small_office.keeper.reload() is taken


# --- unfinished issues ------------------------------------------------------------------------------------------------


def test_what_applying_it_would_mean_is_said_before_it_is_done(office: Office) -> None:
    office.open(3)  # P3, L1 has two hours
    office.open(urgency=Level.LOW)  # P4
    office.clock.advance(minutes=20)
    office.open()
    office.clock.advance(minutes=15)
    before = office.dues()
    outlook = look_ahead(meant(FASTER), office.database, office.clock())
    assert outlook.unfinished == 5
    assert sorted(outlook.moving) == [1, 2, 3, 4, 5]
    assert outlook.earlier == 4  # all P3
    assert outlook.late == 3  # those 35 minutes old
    assert office.dues() == before
    assert look_ahead(meant(SHIPPED), office.database, office.clock()).moving == ()


def test_applying_it_moves_open_issues_with_what_they_have_used(office: Office) -> None:
    workspace, issues = office.workspace, office.workspace.bot.issues
    office.open(4)
    issues.claim(2, "U0ANA", desk=1, delivery="a")
    issues.claim(3, "U0ANA", desk=1, delivery="b")
    issues.resolve(3, "U0ANA", fix="Done", category=None, delivery="c")
    workspace.settle()
    office.clock.advance(minutes=35)
    spent = {
        number: workspace.issue(number).clocks.tier_window.spent(
            office.clock(), office.keeper().targets[Priority.P3].calendar
        )
        for number in (1, 4)
    }
    policy = meant(FASTER)
    outlook = look_ahead(policy, office.database, office.clock())
    assert apply_to(outlook.moving, policy, office.database, office.clock) == (4, [])
    assert {workspace.issue(number).policy for number in (1, 2, 3, 4)} == {policy.version}
    for number in (1, 4):
        issue = workspace.issue(number)
        clock = issue.clocks.tier_window
        assert (clock.budget, clock.used) == (30 * M, spent[number])
        # What is used up is used up, and whoever could still claim it has the grace.
        assert office.dues()[number][0] == office.clock() + 10 * M == next_moment(issue, policy)
        folded = fold((entry.event for entry in office.database.timeline(number)), office.database.policy)
        assert folded == issue
    assert workspace.story(1)[-1] == "IssueReplanned"
    assert look_ahead(policy, office.database, office.clock()).moving == ()
    assert apply_to((1, 2, 4), policy, office.database, office.clock) == (0, [])


def news(office: Office) -> dict[str, list[str]]:
    """Of a changed policy, in each tier's channel."""
    office.workspace.settle(60)
    channels = ("support-l1", "support-l2", "support-l3", "it-managers")
    said = {channel: [message.text for message in office.workspace.channel(channel)] for channel in channels}
    found = {channel: [text for text in texts if "escalation policy" in text] for channel, texts in said.items()}
    return {channel: texts for channel, texts in found.items() if texts}


def test_each_channel_reads_once_that_its_open_issues_follow_another_policy(office: Office) -> None:
    issues = office.workspace.bot.issues
    office.open(4)  # P3, L1 has two hours
    issues.claim(4, "U0ANA", desk=1, delivery="a")
    issues.resolve(4, "U0ANA", fix="Done", category=None, delivery="b")
    office.clock.advance(minutes=35)
    office.open(urgency=Level.LOW)  # P4
    office.open()
    office.workspace.settle()
    office.workspace.tell_bot(office.workspace.card("L1", 6), "move L2 their server", by="U0ANA")
    posts = office.workspace.slack.calls.count("chat.postMessage")
    policy = meant(FASTER)
    assert apply_to(range(1, 7), policy, office.database, office.clock) == (6, [])
    shift = "3 are due earlier than before and 3 are past a deadline, with only the grace left"
    told = {
        "support-l1": [f"4 open issues of L1 follow the changed escalation policy now: {shift}."],
        "support-l2": ["1 open issue of L2 follows the changed escalation policy now: none is due earlier."],
    }
    assert news(office) == told
    assert office.workspace.slack.calls.count("chat.postMessage") == posts + 2
    assert apply_to(range(1, 7), policy, office.database, office.clock) == (0, [])
    assert news(office) == told


class Killed(BaseException):
    """The process is gone."""


def test_a_channel_reads_of_what_had_moved_when_the_command_was_killed(office: Office) -> None:
    office.open(5)
    office.workspace.settle(60)
    for looks in (3, 4):  # at the clock: one at first, and one for each issue
        left = iter([office.clock()] * looks)

        def clock(left: Iterator[datetime] = left) -> datetime:
            for moment in left:
                return moment
            raise Killed

        outlook = look_ahead(meant(FASTER), office.database, office.clock())
        with suppress(Killed):
            apply_to(outlook.moving, meant(FASTER), office.database, clock)
    outlook = look_ahead(meant(FASTER), office.database, office.clock())
    assert outlook.moving == ()
    apply_to(outlook.moving, meant(FASTER), office.database, office.clock)
    assert news(office)["support-l1"] == [
        "2 open issues of L1 follow the changed escalation policy now: 2 are due earlier than before.",
        "3 open issues of L1 follow the changed escalation policy now: 3 are due earlier than before.",
    ]


def test_resolved_issues_that_follow_another_policy_are_no_news(small_office: Office) -> None:
    small_office.open()
    issues = small_office.workspace.bot.issues
    issues.claim(1, "U0ANA", desk=1, delivery="a")
    issues.resolve(1, "U0ANA", fix="Done", category=None, delivery="b")
    assert apply_to((1,), meant(FASTER), small_office.database, small_office.clock) == (1, [])
    assert news(small_office) == {}


def test_its_next_moment_is_that_of_the_new_policy(office: Office) -> None:
    office.open()
    opened = office.workspace.issue().opened_at
    assert office.dues()[1][0] == opened + H  # half of what L1 has
    sooner = meant(SHIPPED.replace("reminders = [50, 80]", "reminders = [25, 80]"))
    apply_to((1,), sooner, office.database, office.clock)
    assert office.dues()[1][0] == opened + 30 * M
    later = meant(SHIPPED.replace('["09:00-17:00"]', '["13:00-17:00"]'))
    apply_to((1,), later, office.database, office.clock)
    assert office.dues()[1][0] == START + 5 * H  # half of two hours from one o'clock on


def test_cards_and_receipts_show_the_new_deadlines(small_office: Office) -> None:
    workspace = small_office.workspace
    workspace.submit_issue()
    card, receipt = workspace.card("L1"), workspace.receipt()
    before = card.shown, receipt.shown
    apply_to((1,), meant(FASTER), small_office.database, small_office.clock)
    workspace.settle(60)
    assert workspace.card("L1").ts == card.ts
    assert (workspace.card("L1").shown, workspace.receipt().shown) != before
    assert [message.text.partition(".")[0] for message in workspace.channel("support-l1")[1:]] == [
        "1 open issue of L1 follows the changed escalation policy now: 1 is due earlier than before"
    ]


def sits(text: str, office: Office) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as refusal:
        refuse_homeless(meant(text), office.database, "p.toml", office.clock())
    return refusal.value.lines


def test_it_can_be_applied_when_nothing_is_in_a_tier_that_moves(office: Office) -> None:
    """What `refuse_misfit` refuses: afterwards nothing follows the old order any more."""
    workspace = office.workspace
    office.open(2)
    workspace.bot.issues.claim(2, "U0ANA", desk=1, delivery="a")
    workspace.bot.issues.resolve(2, "U0ANA", fix="Done", category=None, delivery="b")
    policy = meant(L2B)
    assert refused(L2B, office)
    refuse_homeless(policy, office.database, "p.toml", office.clock())
    outlook = look_ahead(policy, office.database, office.clock())
    assert (outlook.unfinished, outlook.moving) == (2, (1, 2))
    assert apply_to(outlook.moving, policy, office.database, office.clock) == (2, [])
    refuse_misfit(policy, office.database, "p.toml", office.clock())
    office.write(L2B)
    assert office.keeper.reload()


def test_a_history_names_the_tiers_as_they_were_called_then(small_office: Office) -> None:
    office, workspace = small_office, small_office.workspace
    office.open()
    workspace.settle()
    workspace.tell_bot(workspace.card("L1"), "move L3 it is their server", by="U0ANA")
    workspace.tell_bot(workspace.card("L3"), "move L1 it is not", by="U0EMIL")
    workspace.tell_bot(workspace.card("L1"), "resolve a restart", by="U0ANA")
    workspace.policy = meant(L2B)
    assert apply_to([1], meant(L2B), office.database, office.clock) == (1, [])
    workspace.tell_bot(workspace.card("L1"), "reopen it is back", by="U0ANA")
    workspace.press(workspace.card("L1"), "History", by="U0ANA")
    for said in (str(workspace.slack.forms[-1]), workspace.command("why ISS-1", by="U0ANA").text):
        assert "moved it from L1 to L3: it is their server" in said
        assert "moved it from L3 to L1: it is not" in said


def test_a_tier_with_issues_in_it_stays_where_it_is(small_office: Office) -> None:
    workspace = small_office.workspace
    small_office.open(3)
    workspace.pass_time(hours=2)
    workspace.pass_time(hours=2)
    assert [workspace.issue(number).tier for number in (1, 2, 3)] == [3, 3, 3]
    workspace.bot.issues.claim(3, "U0DANA", desk=3, delivery="a")
    workspace.bot.issues.resolve(3, "U0DANA", fix="Done", category=None, delivery="b")
    way_out = 'move them first: python app.py policy move --from L3 --to ... --reason "..."'
    rest = f"{way_out}; ISS-3 is waiting or over, and must go on or be closed before"
    three = "3 issues (ISS-1, ISS-2, ISS-3) are in it"
    assert sits(NO_L3, small_office) == (f"p.toml: tiers: L3 is gone, but {three}; {rest}",)
    assert f"\n{sits(NO_L3, small_office)[0].replace('p.toml', 'policy.toml')}\n" in GUIDE
    assert sits(L2B, small_office) == (f"p.toml: tiers: L3 becomes tier 4 instead of 3, but {three}; {rest}",)
    refuse_homeless(meant(CEO), small_office.database, "p.toml", small_office.clock())


def test_who_works_at_a_desk_keeps_its_tier(small_office: Office) -> None:
    workspace = small_office.workspace
    small_office.open(impact=Level.HIGH, urgency=Level.HIGH)
    workspace.pass_time(minutes=10)
    workspace.bot.issues.claim(1, "U0CHEN", desk=2, delivery="a")
    issue = workspace.issue()
    assert (issue.tier, issue.desk) == (3, 2)
    swapped = NO_L3.replace('name = "L2"', 'name = "X2"').replace("support-l2", "x2").replace("L2 =", "X2 =")
    lines = sits(swapped.replace('"L2"]', '"X2"]'), small_office)
    assert [line.partition(";")[0] for line in lines] == [
        "p.toml: tiers: L2 is gone, but ISS-1 is in it",
        "p.toml: tiers: L3 is gone, but ISS-1 is in it",
    ]


def test_a_reopened_issue_climbs_the_ladder_it_was_moved_to(small_office: Office) -> None:
    workspace = small_office.workspace
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1"), "resolve done", by="U0ANA")
    apply_to((1,), meant(NO_L3), small_office.database, small_office.clock)
    small_office.write(NO_L3)
    assert small_office.keeper.reload()
    workspace.policy = small_office.keeper()
    workspace.directory.refresh()
    workspace.say(workspace.receipt(), "It is back", by="U0MAYA")
    workspace.pass_time(days=3)
    assert workspace.issue().tier == 3
    assert not workspace.channel("support-l3")
    assert workspace.card("management").text.startswith("Nobody in L2 claimed ISS-1 in time.")


def test_a_reporter_may_say_not_fixed_for_as_long_as_they_were_told(small_office: Office) -> None:
    small_office.open()
    workspace = small_office.workspace
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="a")
    workspace.bot.issues.resolve(1, "U0ANA", fix="Done", category=None, delivery="b")
    before = small_office.dues()[1][0]
    soon = meant(NO_L3.replace('close_after = "120h"', 'close_after = "1h"'))
    small_office.clock.advance(hours=2)
    outlook = look_ahead(soon, small_office.database, small_office.clock())
    assert (outlook.moving, outlook.earlier, outlook.late) == ((1,), 0, 0)
    assert apply_to(outlook.moving, soon, small_office.database, small_office.clock) == (1, [])
    assert small_office.dues()[1][0] == before
    assert look_ahead(soon, small_office.database, small_office.clock()).moving == ()
    refuse_misfit(soon, small_office.database, "p.toml", small_office.clock())


def test_a_card_of_a_tier_that_is_no_more_still_works(small_office: Office) -> None:
    workspace = small_office.workspace
    workspace.submit_issue()
    workspace.tell_bot(workspace.card("L1"), "move management it is theirs", by="U0ANA")
    old = workspace.card("management")
    workspace.tell_bot(old, "move L1 it is not", by="U0FAY")
    assert workspace.issue().carded == (4, 1)
    apply_to((1,), meant(NO_L3), small_office.database, small_office.clock)
    small_office.write(NO_L3)
    assert small_office.keeper.reload()
    workspace.policy = small_office.keeper()
    workspace.directory.refresh()
    workspace.settle()
    workspace.tell_bot(old, "note we had it once", by="U0FAY")
    workspace.tell_bot(old, "claim", by="U0FAY")
    workspace.say(workspace.receipt(), "Any news?", by="U0MAYA")
    assert workspace.issue().claim is not None
    refuse_homeless(meant(NO_L3), small_office.database, "p.toml", small_office.clock())
    refuse_misfit(meant(NO_L3), small_office.database, "p.toml", small_office.clock())
    workspace.pass_time(days=5)
    assert workspace.issue().tier == 3
    assert workspace.command("why ISS-1").text


def test_what_waits_moves_and_waits_on(small_office: Office) -> None:
    small_office.open()
    workspace = small_office.workspace
    workspace.bot.issues.claim(1, "U0ANA", desk=1, delivery="a")
    workspace.settle()
    ana, now = Actor("U0ANA", frozenset({1})), small_office.clock()
    with small_office.database.begin() as tx:
        held, old = tx.issue(1), small_office.keeper()
        reason: dict[str, Any] = {"reason": WaitingFor.REPORTER, "note": "Which?", "until": None}
        record(tx, held, lifecycle.wait(held, ana, **reason, policy=old, now=now), old, now)
    issue = workspace.issue()
    due = next_moment(issue, small_office.keeper())
    policy = meant(FASTER)
    assert apply_to((1,), policy, small_office.database, small_office.clock) == (1, [])
    moved = workspace.issue()
    assert (moved.status, moved.waiting) == (Status.WAITING, issue.waiting)
    assert moved.clocks.update.running_since is None
    assert small_office.dues()[1] == (due, policy.version)


def test_one_issue_that_cannot_be_moved_holds_back_no_other(
    small_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    small_office.open(3)
    with small_office.database.write() as connection:
        connection.execute(update(IssueRow).where(col(IssueRow.number) == 2).values(body={"junk": True}))
    policy = meant(FASTER)
    assert look_ahead(policy, small_office.database, small_office.clock()).moving == (1, 3)
    listed = small_office.workspace.command("list").text
    assert "ISS-1" in listed
    assert "ISS-3" in listed
    moved, troubles = apply_to((1, 2, 3), policy, small_office.database, small_office.clock)
    assert moved == 2
    (trouble,) = troubles
    assert trouble.startswith("ISS-2 stays under its old policy: ")
    assert "ISS-2 could not be moved" in caplog.text
    assert [small_office.workspace.issue(number).policy for number in (1, 3)] == [policy.version] * 2


# --- the command -----------------------------------------------------------------------------------------------------


class Machine:
    """A directory with a policy, a database, and all settings; Slack is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policy = folder / "policy.toml"
        self.url = f"sqlite:///{folder / 'escalator.db'}"
        self.policy.write_text(SHIPPED, encoding="utf-8")
        self.settings = {
            "SLACK_BOT_TOKEN": "xoxb-1-test",
            "SLACK_APP_TOKEN": "xapp-1-test",
            "SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/",
            "DATABASE_URL": self.url,
            "POLICY_FILE": str(self.policy),
        }

    def open_issues(self, count: int) -> None:
        database = open_database(self.url)
        Office(database, self.policy, Clock(utc_now())).open(count)  # in the processes' own time
        database.close()

    def apply(self, *more: str, typed: str = "") -> tuple[int, str, str]:
        command = [sys.executable, str(ROOT / "app.py"), "policy", "apply", "--open", *more]
        done = subprocess.run(
            command, env=self.settings, cwd=self.folder, input=typed, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def check(self) -> tuple[int, list[str]]:
        command = [sys.executable, str(ROOT / "app.py"), "check"]
        done = subprocess.run(command, env=self.settings, cwd=self.folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    @contextmanager
    def bot(self) -> Iterator[Process]:
        log = self.folder / "bot.log"
        process = Process([sys.executable, str(ROOT / "app.py")], log=log, cwd=self.folder, env=self.settings)
        try:
            yield process
        finally:
            process.kill()

    def versions(self) -> set[str]:
        database = open_database(self.url)
        found = {issue.policy for issue in database.open_issues(100)}
        database.close()
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_command_asks_before_it_moves_open_issues(machine: Machine) -> None:
    machine.open_issues(3)
    machine.policy.write_text(FASTER, encoding="utf-8")
    version = meant(FASTER).version
    shown = (
        f"3 of 3 issues not closed yet move to version {version} of the policy. "
        "3 of them would have an earlier next deadline; "
        "0 would be past a deadline at once, and have only the grace left that the policy gives.\n"
    )
    for typed in ("n\n", "\n", ""):
        code, out, _ = machine.apply(typed=typed)
        assert (code, out.replace("\nNothing", "Nothing")) == (1, f"{shown}Move them? [y/N] Nothing was changed.\n")
        assert machine.versions() == {meant(SHIPPED).version}
    code, out, _ = machine.apply(typed="y\n")
    later = "When the bot runs, their cards and receipts are redrawn, and each channel reads of it once."
    assert (code, out) == (0, f"{shown}Move them? [y/N] 3 issues were moved. {later}\n")
    assert machine.versions() == {version}
    code, out, _ = machine.apply()
    assert (code, out) == (0, f"All issues not closed yet (3) follow version {version} already.\n")


def test_the_command_makes_no_database(machine: Machine) -> None:
    before = sorted(machine.folder.iterdir())
    nothing = f"There is no {machine.folder}/escalator.db yet. So there is no issue to move; the first start of the bot"
    assert machine.apply("--yes") == (0, f"{nothing} makes the database.\n", "")
    assert sorted(machine.folder.iterdir()) == before


def test_the_command_asks_nothing_when_the_answer_is_given(machine: Machine) -> None:
    machine.open_issues(1)
    machine.policy.write_text(FASTER, encoding="utf-8")
    code, out, _ = machine.apply("--yes")
    assert (code, "Move them?" in out) == (0, False)
    assert machine.versions() == {meant(FASTER).version}


def test_the_command_refuses_a_policy_that_does_not_fit(machine: Machine) -> None:
    machine.open_issues(1)
    machine.policy.write_text(SHIPPED.replace('grace = "3m"', 'grace = "3x"'), encoding="utf-8")
    code, out, err = machine.apply("--yes")
    assert (code, out) == (2, "")
    assert err.startswith("policy.toml:")
    gone = SHIPPED.replace('name = "L1" ', 'name = "X1" ').replace('"support-l1"', '"x1"').replace('["L1"', '["X1"')
    machine.policy.write_text(gone.replace("L1 =", "X1 ="), encoding="utf-8")
    code, out, err = machine.apply("--yes")
    assert (code, out) == (2, "")
    assert err.startswith("policy.toml: tiers: L1 is gone, but ISS-1 is in it;")
    assert machine.versions() == {meant(SHIPPED).version}


def test_a_running_bot_reads_the_policy_at_sighup_and_lets_nobody_else_apply_it(machine: Machine) -> None:
    machine.open_issues(1)
    with machine.bot() as bot:
        bot.says("Slack does not let us in")
        machine.policy.write_text(SHIPPED.replace('zone = "UTC"', 'zone = "UTX"'), encoding="utf-8")
        bot.signal(signal.SIGHUP)
        assert 'calendars.office.zone: "UTX" is not a time zone' in bot.says("the policy stays as it was")
        machine.policy.write_text(FASTER, encoding="utf-8")
        bot.signal(signal.SIGHUP)
        bot.says(f"follow version {meant(FASTER).version}")
        code, out, err = machine.apply("--yes")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("The bot is running on this database. Stop it, run this again, and start it: ")
        assert bot.stop() == 0
    database = open_database(machine.url)
    assert database.policy(meant(FASTER).version) == meant(FASTER)
    database.close()
    assert machine.versions() == {meant(SHIPPED).version}


def test_a_bot_whose_file_was_broken_starts_with_the_policy_before(machine: Machine) -> None:
    machine.open_issues(2)
    machine.policy.write_text(L2B, encoding="utf-8")
    code, lines = machine.check()
    assert code == 2
    (kept,) = [line for line in lines if line.startswith("ok    policy: a start keeps version")]
    assert f" {meant(SHIPPED).version}, in force since " in kept
    with machine.bot() as bot:
        bot.says("goes on until the file is mended")
        assert f"policy.toml: tiers: L3 becomes tier 4 instead of 3, but {TWO}" in bot.said
        assert bot.stop() == 0
    machine.policy.write_text("", encoding="utf-8")
    with machine.bot() as bot:
        bot.says("goes on until the file is mended")
        machine.policy.write_text(L2B, encoding="utf-8")
        code, lines = machine.check()
        assert code == 2
        misfit = f"fail  policy: policy.toml: tiers: L3 becomes tier 4 instead of 3, but {TWO}"
        assert [line for line in lines if line.startswith(misfit)]
        machine.policy.write_text("", encoding="utf-8")
        code, lines = machine.check()
        assert code == 2
        assert "ok    policy: the bot that is running now keeps the one it has until the file is mended." in lines
        assert bot.stop() == 0


def test_a_bot_that_never_had_a_policy_does_not_start_with_a_broken_one(machine: Machine) -> None:
    machine.policy.write_text(SHIPPED.replace('grace = "3m"', 'grace = "3x"'), encoding="utf-8")
    with machine.bot() as bot:
        assert bot.ends() == 2
        assert "policy.toml:68: priorities.P1.grace: expected a span of time" in bot.said
    code, lines = machine.check()
    assert (code, [line for line in lines if "policy: a start" in line]) == (2, [])


# --- the people of today ----------------------------------------------------------------------------------------------


def test_who_is_called_and_told_follows_the_file_also_for_open_issues(small_office: Office) -> None:
    small_office.open()
    people = SHIPPED.replace('channel = "support-l2"\nping = "here"', 'channel = "support-l2"\nping = "S0NIGHTS"')
    small_office.write(f'fallback = "U0FAY"\n{people}')
    assert small_office.keeper.reload()
    workspace = small_office.workspace
    workspace.policy = small_office.keeper()
    workspace.pass_time(hours=2)
    assert workspace.channel("support-l2")[0].text.startswith("<!subteam^S0NIGHTS> ")
    workspace.pass_time(days=10)
    assert "has not answered" in workspace.slack.dm("U0FAY")[0].text
    assert workspace.issue().policy == meant(SHIPPED).version


def test_a_new_lead_may_act_on_issues_that_are_open_already(small_office: Office) -> None:
    small_office.open(impact=Level.HIGH, urgency=Level.HIGH)
    workspace = small_office.workspace
    with pytest.raises(NotALead):
        workspace.bot.issues.cancel(1, "U0CHEN", reason="a drill", insists=True, delivery="a")
    small_office.write(SHIPPED.replace('channel = "support-l2"', 'channel = "support-l2"\nleads = ["U0CHEN"]'))
    assert small_office.keeper.reload()
    workspace.policy = small_office.keeper()
    assert workspace.bot.issues.cancel(1, "U0CHEN", reason="a drill", insists=True, delivery="b").status == "cancelled"


# --- holidays ---------------------------------------------------------------------------------------------------------

TUESDAY_OFF = SHIPPED.replace("# holidays = [", 'holidays = ["2026-11-24"]  # [', 1)


def test_a_holiday_that_is_added_counts_for_open_issues_at_once(office: Office) -> None:
    office.clock.now = START + timedelta(hours=7, minutes=30)  # Monday 16:30, half an hour before the end
    office.open()
    (before, _) = office.dues()[1]
    office.write(TUESDAY_OFF)
    assert office.keeper.reload()
    assert keep_holidays(office.keeper(), office.database, office.clock) == 1
    (after, version) = office.dues()[1]
    assert after - before == timedelta(days=1)
    assert version != meant(SHIPPED).version
    issue = office.database.find(1)
    assert fold((entry.event for entry in office.database.timeline(1)), office.database.policy) == issue
    assert keep_holidays(office.keeper(), office.database, office.clock) == 0


def test_the_rest_of_the_edited_file_counts_for_new_issues_only(office: Office) -> None:
    office.open()
    office.write(FASTER.replace("# holidays = [", 'holidays = ["2026-11-24"]  # [', 1))
    assert office.keeper.reload()
    keep_holidays(office.keeper(), office.database, office.clock)
    issue = office.database.find(1)
    assert issue is not None
    assert issue.clocks.tier_window.budget == 2 * H


def test_a_holiday_that_is_taken_back_makes_nothing_due_earlier(office: Office) -> None:
    office.write(TUESDAY_OFF)
    assert office.keeper.reload()
    office.open()
    before = office.dues()
    office.write(SHIPPED)
    assert office.keeper.reload()
    assert keep_holidays(office.keeper(), office.database, office.clock) == 0
    assert office.dues() == before


def test_a_holiday_of_the_past_changes_nothing_that_was_counted(office: Office) -> None:
    office.open()
    office.clock.advance(days=2)
    before = office.dues()
    office.write(TUESDAY_OFF)
    assert office.keeper.reload()
    assert keep_holidays(office.keeper(), office.database, office.clock) == 0
    assert office.dues() == before


def test_what_may_come_back_keeps_a_holiday_that_is_added_meanwhile(office: Office) -> None:
    """Resolved and merged ones, as when a policy is applied to what is open."""
    office.open(3)
    issues = office.workspace.bot.issues
    issues.resolve(1, office.workspace.issue(1).reporter, fix="a new cable", delivery="a")
    issues.merge(2, "U0ANA", into=3, delivery="b")
    office.write(TUESDAY_OFF)
    assert office.keeper.reload()
    assert keep_holidays(office.keeper(), office.database, office.clock) == 3
    office.clock.now = START + timedelta(hours=7, minutes=30)  # Monday 16:30, half an hour before the end
    issues.reopen(1, office.workspace.issue(1).reporter, reason="it is back", delivery="c")
    issues.unmerge(2, "U0ANA", delivery="d")
    wednesday = START + timedelta(days=2)
    assert [office.dues()[number][0] > wednesday for number in (1, 2)] == [True, True]


def test_what_cannot_come_back_keeps_its_calendar(small_office: Office) -> None:
    small_office.open(2)
    small_office.workspace.bot.issues.merge(1, "U0ANA", into=2, delivery="a")
    small_office.clock.advance(days=8)
    small_office.write(SHIPPED.replace("# holidays = [", 'holidays = ["2026-12-24"]  # [', 1))
    assert small_office.keeper.reload()
    assert keep_holidays(small_office.keeper(), small_office.database, small_office.clock) == 1
    assert small_office.workspace.issue(1).policy == meant(SHIPPED).version
