"""The leads' morning: what they are told of, when, and how often."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from bot.domain.calendar import Calendar, Window
from bot.domain.policy import Policy, Waiting
from bot.domain.priority import Level
from bot.ports import Rejected
from bot.services.issues import Report, open_in
from bot.services.morning import MorningPages
from bot.text import when
from storage import SqlDatabase, open_database
from tests.fake_slack import Message, later
from tests.harness import Workspace, plain_policy

HOURS = (Window(9 * 3600, 17 * 3600),)
BERLIN = Calendar("office", "Europe/Berlin", (HOURS,) * 5 + ((), ()), frozenset({date(2026, 11, 25)}))
DUE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # Tuesday, nine o'clock in Berlin


def policy(digest: time | None = time(9), **leads: tuple[str, ...]) -> Policy:
    """Round the clock, but for the calendar of `waiting`. `leads` by tier, as in L1=("U0ANA",)."""
    plain = plain_policy()
    tiers = tuple(replace(tier, leads=leads.get(tier.name, ())) for tier in plain.tiers)
    return replace(plain, tiers=tiers, waiting=Waiting(calendar=BERLIN), digest=digest)


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    workspace.policy = policy()
    return workspace


def look(workspace: Workspace) -> None:
    """What happens every minute."""
    workspace.morning.run_once()
    workspace.settle()


def at(workspace: Workspace, moment: datetime) -> None:
    workspace.clock.now = moment
    look(workspace)


def pages(messages: list[Message]) -> list[str]:
    return [message.text for message in messages if " open today" in message.text]


def managers(workspace: Workspace) -> list[str]:
    return pages(workspace.channel("it-managers"))


def newest(workspace: Workspace) -> list[list[str]]:
    """The groups of the newest page in the last tier's channel, line by line."""
    message = [each for each in workspace.channel("it-managers") if " open today" in each.text][-1]
    return [block["text"]["text"].splitlines() for block in message.blocks[1:-1]]


# --- when -------------------------------------------------------------------------------------------------------------


def test_the_page_comes_at_its_time_in_the_zone_of_the_calendar_and_once(workspace: Workspace) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.submit_issue()
    at(workspace, DUE - timedelta(seconds=1))
    assert managers(workspace) == []
    for minutes in (0, 1, 2, 600):
        at(workspace, DUE + timedelta(minutes=minutes))
        assert managers(workspace) == ["1 issue is open today: 1 is in time but nobody's."]


@pytest.mark.parametrize(
    ("day", "count"),
    [(24, 1), (25, 0), (26, 1), (27, 1), (28, 0), (29, 0), (30, 1)],
    ids=["Tue", "a holiday", "Thu", "Fri", "Sat", "Sun", "Mon"],
)
def test_the_page_comes_on_days_with_hours(workspace: Workspace, day: int, count: int) -> None:
    workspace.submit_issue()
    at(workspace, datetime(2026, 11, day, 8, tzinfo=UTC))
    assert len(managers(workspace)) == count


def test_each_day_has_its_page(workspace: Workspace) -> None:
    workspace.submit_issue()
    for day in (24, 25, 26):
        for hour in range(24):
            at(workspace, datetime(2026, 11, day, hour, tzinfo=UTC))
    assert len(managers(workspace)) == 2  # the 25th is a holiday


@pytest.mark.parametrize("digest", [time(0, 0), time(2, 30), time(23, 40)])
@pytest.mark.parametrize("month", [3, 10], ids=["the clock goes forward", "the clock goes back"])
def test_the_page_comes_once_on_a_day_on_which_clocks_change(workspace: Workspace, digest: time, month: int) -> None:
    sundays = replace(BERLIN, weekly=((),) * 6 + (HOURS,))
    workspace.policy = replace(policy(digest), waiting=Waiting(calendar=sundays))
    midnight = datetime(2027, month, 28 if month == 3 else 31, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    workspace.clock.now = midnight - timedelta(hours=1)
    workspace.submit_issue()
    for minutes in range(0, 28 * 60, 15):
        workspace.clock.now = midnight + timedelta(minutes=minutes - 59)
        workspace.database.forget_deliveries(workspace.clock() - timedelta(hours=26))
        workspace.start()
        look(workspace)
    assert len(managers(workspace)) == 1


def test_without_a_time_there_is_no_page(workspace: Workspace) -> None:
    workspace.policy = policy(None)
    workspace.submit_issue()
    at(workspace, DUE)
    assert managers(workspace) == []


def test_the_time_is_that_of_the_policy_in_force_and_not_of_the_issues(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.policy = replace(policy(time(7, 15)), version="newer")
    at(workspace, datetime(2026, 11, 24, 6, 14, tzinfo=UTC))
    assert managers(workspace) == []
    at(workspace, datetime(2026, 11, 24, 6, 15, tzinfo=UTC))
    assert len(managers(workspace)) == 1
    workspace.policy = replace(policy(), version="newest")
    at(workspace, DUE)
    assert len(managers(workspace)) == 1


def test_a_page_that_was_missed_comes_when_the_bot_is_back_on_that_day(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.clock.now = DUE + timedelta(hours=14, minutes=59)  # 23:59 in Berlin
    workspace.start()
    look(workspace)
    assert len(managers(workspace)) == 1


def test_a_page_of_yesterday_is_not_made_up_for(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.clock.now = DUE + timedelta(hours=15)  # midnight in Berlin
    workspace.start()
    look(workspace)
    assert managers(workspace) == []


def test_a_page_that_slack_does_not_take_all_day_is_not_sent_the_next(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.clock.now = DUE
    workspace.morning.run_once()
    workspace.slack.faults.append(later(15 * 3600))
    workspace.deliver()
    workspace.clock.now = DUE + timedelta(hours=15)
    workspace.settle()
    assert managers(workspace) == []
    assert workspace.database.waiting() == 0


def test_a_restart_sends_no_second_page(workspace: Workspace) -> None:
    workspace.submit_issue()
    at(workspace, DUE)
    for _ in range(3):
        workspace.clock.advance(minutes=1)
        workspace.start()
        look(workspace)
    assert len(managers(workspace)) == 1


def test_a_page_lost_between_the_decision_and_the_post_is_sent_after_a_restart(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.clock.now = DUE
    workspace.morning.run_once()
    workspace.start()
    look(workspace)
    assert len(managers(workspace)) == 1


def test_two_engines_on_one_database_write_one_page(databases: tuple[SqlDatabase, SqlDatabase]) -> None:
    workspace = Workspace(databases[0], policy=policy(L1=("U0ANA",)))
    workspace.submit_issue()
    workspace.clock.now = DUE
    for database in databases:
        MorningPages(database, lambda: workspace.policy, workspace.clock, lambda: None).run_once()
    workspace.settle()
    assert len(managers(workspace)) == len(pages(workspace.slack.dm("U0ANA"))) == 1


@pytest.fixture
def databases(postgres_database_url: str) -> Iterator[tuple[SqlDatabase, SqlDatabase]]:
    with ExitStack() as stack:
        opened = [open_database(postgres_database_url) for _ in range(2)]
        for each in opened:
            stack.callback(each.close)
        yield opened[0], opened[1]


# --- of what ----------------------------------------------------------------------------------------------------------


def test_where_there_is_nothing_to_worry_about_there_is_no_page_and_none_later_that_day(workspace: Workspace) -> None:
    at(workspace, DUE)
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.submit_issue()
    look(workspace)
    assert managers(workspace) == []
    assert workspace.database.waiting() == 0


def test_an_issue_that_somebody_works_on_in_time_is_nothing_to_worry_about(workspace: Workspace) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.submit_issue()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    at(workspace, DUE)
    assert managers(workspace) == []


def test_each_issue_stands_once_and_where_it_is_worst(workspace: Workspace) -> None:
    def report(title: str, day: int, hour: int, *, claimed: bool = True) -> None:
        workspace.clock.now = datetime(2026, 11, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)
        workspace.submit_issue(title, by=f"U0{title.upper()}")
        if claimed:
            workspace.press(workspace.card("L1", len(workspace.database.open_issues(99))), "Claim", by="U0ANA")

    report("Mail", 24, 9)
    workspace.tell_bot(workspace.card("L1", 1), "wait vendor a spare part", by="U0ANA")
    report("VPN", 29, 12, claimed=False)
    workspace.pass_time(hours=16)  # through L1, L2 and L3, and management was reminded
    report("Wiki", 30, 9)  # to be solved within 24 hours
    report("Phone", 30, 10, claimed=False)  # to be answered within 4
    report("Badge", 30, 20)
    report("Crane", 31, 7, claimed=False)
    at(workspace, DUE + timedelta(days=7))
    (told,) = managers(workspace)
    assert told == (
        "6 issues are open today: 1 has no answer from the last tier, 1 is past a target, "
        "1 has a target within two hours, 1 is in time but nobody's and 1 has waited for more than five days."
    )
    shown = [
        [re.sub("<[^|]*[|](ISS-.*?)>|<!date.*[|](.*?)>", r"\1\2", line) for line in group]
        for group in newest(workspace)
    ]
    assert shown == [
        [
            "*No answer from the last tier: 1*",
            "• ISS-2 VPN (P3): nobody in management, reminded once, reported 2026-11-29 12:00 UTC",
        ],
        ["*Past a target: 1*", "• ISS-4 Phone (P3): nobody in L1, first response was due 2026-11-30 14:00 UTC"],
        ["*A target within two hours: 1*", "• ISS-3 Wiki (P3): Ana, resolution is due 2026-12-01 09:00 UTC"],
        ["*In time but nobody's: 1*", "• ISS-6 Crane (P3): nobody in L1, reported 2026-12-01 07:00 UTC"],
        [
            "*Waiting for more than five days: 1*",
            "• ISS-1 Mail (P3): Ana, waiting for a vendor since 2026-11-24 09:00 UTC",
        ],
        ["*The oldest of the others: 1 of 1*", "• ISS-5 Badge (P3): Ana, reported 2026-11-30 20:00 UTC"],
    ]


def test_until_somebody_has_it_an_exhausted_issue_is_on_each_page(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=16)  # through L1, L2 and L3, and management was reminded
    assert workspace.issue().pings == 1
    link = "https://acme.slack.com/archives/C0MGMT/p"
    for day in (24, 26, 27):
        at(workspace, datetime(2026, 11, day, 8, tzinfo=UTC))
        (heading, line), *_ = newest(workspace)
        assert heading == "*No answer from the last tier: 1*"
        assert line.startswith(f"• <{link}")
        assert "|ISS-1> VPN is down in Berlin (P3): nobody in management, reminded once, reported <!date^" in line
    workspace.press(workspace.card("management"), "Claim", by="U0FAY")
    at(workspace, datetime(2026, 11, 30, 8, tzinfo=UTC))
    assert newest(workspace)[0][0] == "*Past a target: 1*"


def test_a_page_says_how_things_are_when_it_is_sent(workspace: Workspace) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.submit_issue("VPN", by="U0P1")
    workspace.submit_issue("Mail", by="U0P2")
    workspace.clock.now = DUE
    workspace.morning.run_once()
    workspace.press(workspace.card("L1", 1), "Claim", by="U0ANA", settle=False)
    workspace.settle()
    ((heading, line),) = newest(workspace)
    assert heading == "*In time but nobody's: 2*"  # when it was counted, as the last line says
    assert "ISS-2> Mail (P3): nobody in L1, reported <!date^" in line
    (counted,) = workspace.channel("it-managers")[-1].blocks[-1]["elements"]
    assert counted["text"].startswith(f"Counted {when(DUE)}; what is settled since has no line.")


def test_what_worries_about_an_issue_now_is_not_said_under_what_worried_in_the_morning(workspace: Workspace) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    for number in range(8):
        workspace.submit_issue(f"Trouble {number}", by=f"U0P{number}")
    workspace.clock.now = DUE
    workspace.morning.run_once()
    for number in range(1, 6):
        workspace.press(workspace.card("L1", number), "Claim", by="U0ANA", settle=False)
    workspace.settle()
    assert newest(workspace) == [["*In time but nobody's: 8*", "and 3 more"]]


def test_what_is_read_when_a_page_is_sent_does_not_grow_with_the_open_issues(workspace: Workspace) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    for number in range(30):
        report(workspace, f"U0P{number}")
    workspace.settle(120)
    workspace.clock.now = DUE
    workspace.morning.run_once()
    with issues_read(workspace.database) as read:
        workspace.settle()
    assert managers(workspace) == ["30 issues are open today: 30 are in time but nobody's."]
    assert 5 <= len(read) <= 7  # one for each line, and the one that the page hangs on
    assert all("WHERE issue.number =" in " ".join(statement.split()) for statement in read)


def test_a_page_that_has_nothing_left_to_say_is_not_sent(workspace: Workspace) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.submit_issue()
    workspace.clock.now = DUE
    workspace.morning.run_once()
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA", settle=False)
    workspace.settle()
    assert managers(workspace) == []
    assert workspace.database.waiting() == 0


def test_an_issue_that_waits_for_long_is_told_of_and_one_that_waits_since_lately_is_not(workspace: Workspace) -> None:
    for number in (1, 2):
        workspace.submit_issue(("", "Mail", "Wiki")[number], by=f"U0P{number}")
        workspace.press(workspace.card("L1", number), "Claim", by="U0ANA")
    workspace.tell_bot(workspace.card("L1", 1), "wait vendor a spare part", by="U0ANA")
    workspace.tell_bot(workspace.card("L1", 2), "wait vendor a spare part", by="U0ANA")
    at(workspace, datetime(2026, 11, 27, 8, tzinfo=UTC))
    assert managers(workspace) == []
    at(workspace, datetime(2026, 11, 30, 8, tzinfo=UTC))
    (lines,) = newest(workspace)
    assert lines[0] == "*Waiting for more than five days: 2*"
    assert "|ISS-1> Mail (P3): Ana, waiting for a vendor since <!date^" in lines[1]


def test_a_page_calls_nobody(workspace: Workspace) -> None:
    workspace.submit_issue("<!channel> <@U0BEN> & *all*")
    workspace.press(workspace.card("L1"), "Claim", by="U0ANA")
    workspace.submit_issue(by="U0P2")
    at(workspace, DUE)
    message = workspace.channel("it-managers")[-1]
    assert "<@" not in message.text + message.shown
    assert "<!channel" not in message.shown
    assert "<!here" not in message.text
    assert "ISS-1> &lt;!channel&gt; &lt;@U0BEN&gt; &amp; *all* (P3): Ana, " in message.shown


def report(workspace: Workspace, by: str) -> None:
    with workspace.database.begin() as tx:
        open_in(tx, Report(by, "Trouble", "", Level.MEDIUM, Level.MEDIUM), workspace.policy, workspace.clock())


@contextmanager
def issues_read(database: SqlDatabase) -> Iterator[list[str]]:
    """Every query for the content of issues."""
    seen: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "issue.body" in statement:
            seen.append(statement)

    event.listen(database._engine, "before_cursor_execute", look)
    yield seen
    event.remove(database._engine, "before_cursor_execute", look)


# --- to whom ----------------------------------------------------------------------------------------------------------


def test_a_lead_reads_of_their_tiers_in_one_message(workspace: Workspace) -> None:
    workspace.policy = policy(L1=("U0ANA", "U0DANA"), L2=("U0ANA",), L3=("U0EMIL",))
    workspace.clock.now = DUE - timedelta(minutes=30)
    workspace.submit_issue("VPN", by="U0P1")
    workspace.submit_issue("Mail", by="U0P2")
    workspace.tell_bot(workspace.card("L1", 2), "escalate not ours; tried: a restart", by="U0BEN")
    workspace.submit_issue("Wiki", by="U0P3")
    at(workspace, DUE)
    told = {user: pages(workspace.slack.dm(user)) for user in ("U0ANA", "U0DANA", "U0EMIL")}
    assert told == {
        "U0ANA": ["3 issues are open today with L1 and L2: 3 are in time but nobody's."],
        "U0DANA": ["2 issues are open today with L1: 2 are in time but nobody's."],
        "U0EMIL": [],
    }
    assert managers(workspace) == ["3 issues are open today: 3 are in time but nobody's."]


def test_a_lead_reads_of_what_their_tier_shares_with_a_higher_one(workspace: Workspace) -> None:
    workspace.policy = policy(L1=("U0ANA",))
    workspace.clock.now = DUE - timedelta(minutes=1)
    workspace.submit_issue(impact="high", urgency="high")
    assert workspace.issue().tier == 2
    at(workspace, DUE)
    assert pages(workspace.slack.dm("U0ANA")) == ["1 issue is open today with L1: 1 has a target within two hours."]


def test_a_page_names_tiers_as_the_policy_in_force_does_and_not_that_of_an_issue(workspace: Workspace) -> None:
    plain = policy()
    three = {
        priority: replace(targets, windows=targets.windows[:3], tell={}, at_once=replace(targets.at_once, inform=()))
        for priority, targets in plain.targets.items()
    }
    workspace.policy = replace(plain, version="three", tiers=plain.tiers[:3], targets=three)
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.start()
    workspace.submit_issue()
    workspace.policy = replace(policy(L1=("U0ANA",), management=("U0ANA",)), version="four")
    workspace.start()
    at(workspace, DUE)
    assert pages(workspace.slack.dm("U0ANA")) == [
        "1 issue is open today with L1 and management: 1 is in time but nobody's."
    ]


def test_a_lead_who_cannot_be_written_to_holds_back_nobody(workspace: Workspace) -> None:
    workspace.policy = policy(L1=("U0GONE", "U0ANA"))
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.submit_issue()
    workspace.slack.faults.extend([lambda _: None, Rejected("user_not_found")])
    at(workspace, DUE)
    assert len(managers(workspace)) == len(pages(workspace.slack.dm("U0ANA"))) == 1
    assert [
        message.text for message in workspace.channel("support-l1") if "could not be delivered" in message.text
    ] == []


def test_a_page_that_slack_takes_later_holds_back_no_card(workspace: Workspace) -> None:
    workspace.submit_issue()
    workspace.pass_time(hours=16)
    workspace.clock.now = DUE
    workspace.morning.run_once()
    workspace.slack.faults.append(later(3600))
    workspace.deliver()
    workspace.press(workspace.card("management"), "Claim", by="U0FAY", settle=False)
    workspace.deliver()
    assert "Claimed by <@U0FAY>" in workspace.card("management").shown
    assert managers(workspace) == []


def test_a_page_that_the_last_tier_does_not_get_is_told_of_elsewhere(workspace: Workspace) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.submit_issue()
    workspace.slack.faults.append(Rejected("is_archived"))
    at(workspace, DUE)
    assert "the morning's page could not be delivered to #it-managers" in workspace.channel("support-l3")[-1].text


def test_a_damaged_issue_hides_no_other(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    workspace.clock.now = DUE - timedelta(minutes=10)
    workspace.submit_issue("VPN", by="U0P1")
    workspace.submit_issue("Mail", by="U0P2")
    once = Calendar("once", "UTC", ((),) * 7, openings=frozenset({(date(2026, 11, 20), HOURS)}))
    plain = workspace.policy
    never = {priority: replace(targets, calendar=once) for priority, targets in plain.targets.items()}
    with workspace.database.begin() as tx:
        tx.keep_policy(replace(plain, version="never", targets=never), workspace.clock())
        tx.save(replace(tx.issue(1), policy="never"), None)
    at(workspace, DUE)
    assert managers(workspace) == ["1 issue is open today: 1 is in time but nobody's."]
    assert "ISS-1 cannot be judged and is left out of the morning's page" in caplog.text
