"""The random histories of tests/domain once more, through the services and a real SQLite file, with a Slack that fails.

After each step: the invariants of domain.md section 4 that need storage. At the end everybody is told of everything.
"""

import itertools
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlmodel import col

from bot.domain.deadlines import next_moment
from bot.domain.events import DeliveryFailed, Words
from bot.domain.evolution import fold
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.lifecycle import Seen
from bot.domain.priority import Level
from bot.domain.refusals import Refused
from bot.messages import Place
from bot.ports import Call, Rejected, Unsure
from bot.services.issues import Report
from bot.slack import words
from storage import SqlDatabase, open_database
from storage.tables import IssueRow, OutboxRow, TimelineRow
from tests.domain.histories import fitting
from tests.domain.invariants import invariant_36_merging_makes_no_chain
from tests.domain.situations import missing
from tests.fake_slack import NAMES, dm_id, later, lost
from tests.harness import Workspace
from tests.services.watched import Crash, WatchedSlack

REPORTERS = ("U0MAYA", "U0TOM")
ABLE = "U0FAY"  # of management: may do nearly everything
STAFF = (ABLE, ABLE, ABLE, "U0ANA", "U0BEN", "U0CHEN", "U0EMIL", "U0STRANGER")
OURS = "between-us"  # in all words that no reporter may ever read
DONE = {"sent", "superseded", "failed"}
TOLD_ONCE = ("Card", "TierPing", "Remind", "Inform")  # what a digest may stand for
MOST_ISSUES = 4

turns = st.integers(0, 999)
which = st.integers(0, MOST_ISSUES - 1)
people = st.sampled_from(STAFF)
levels = st.sampled_from(Level)
spans = st.sampled_from([timedelta(seconds=30), timedelta(minutes=4), timedelta(minutes=25), timedelta(hours=1)])
long_spans = st.sampled_from([timedelta(minutes=10), timedelta(hours=3), timedelta(days=1), timedelta(days=6)])


def dies(_: Call) -> Exception | None:
    """Before Slack has it."""
    raise Crash


def dies_afterwards(_: Call) -> Any:
    return Crash()


Fault = Exception | Callable[[Call], Exception | None]
FAULTS: tuple[Fault, ...] = (
    Unsure("nobody knows"),
    lost(),
    later(20),
    Rejected("invalid_blocks"),
    Rejected("channel_not_found"),
    Rejected("message_not_found"),
    dies,
    dies_afterwards,
)

Script = tuple[tuple[int, str, int], ...]  # issue, act, turn
SCRIPTS: tuple[Script, ...] = (
    ((1, "escalate", 0), (1, "return", 0), (1, "escalate", 0), (2, "reroute", 2)),
    ((1, "claim", 0), (1, "note", 0), (1, "hand over", 3), (1, "take over", 0), (1, "wait", 0),
     (1, "reporter says", 1)),
    ((2, "merge", 2), (3, "merge", 0), (2, "reporter says", 1), (1, "answer", 0), (1, "resolve", 0), (1, "reopen", 0)),
    ((1, "claim", 0), (1, "wait", 1), (1, "resume", 0), (1, "priority", 8), (1, "priority", 0), (2, "merge", 0),
     (2, "unmerge", 0)),
)  # fmt: skip
Work = Callable[[Issue, str, str, int], object]  # issue, who, delivery, turn


class Working(RuleBasedStateMachine):
    met: ClassVar[Counter[str]] = Counter()
    template: ClassVar[list[Path]] = []  # one, an empty and migrated database
    script: ClassVar[list[Script]] = []  # one, with which all histories begin

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        file = Path(self.directory.name) / "escalator.db"
        shutil.copyfile(self.template[0], file)
        self.store: SqlDatabase = open_database(f"sqlite:///{file}")
        self.space = Workspace(self.store)
        self.slack = WatchedSlack(self.store, self.space.clock)
        self.restart()
        self.deliveries = itertools.count(1)
        self.done: list[tuple[str, Callable[[], object]]] = []  # what was delivered, to be delivered again
        self.known: dict[int, int] = {}  # issue -> its version when it was last looked at
        self.said: dict[str, tuple[Any, Words]] = {}  # by its delivery
        self.acts: dict[str, Work] = self.what_people_do()

    def restart(self) -> None:
        self.space.slack = self.slack
        self.slack.process += 1
        self.space.start()

    # --- what people do ----------------------------------------------------------------------------------------------

    def words(self, turn: int, text: str, channel: str) -> Words:
        return Words(channel=channel, ts=f"{self.space.clock().timestamp():.0f}.{turn:06d}", text=text)

    def what_people_do(self) -> dict[str, Work]:
        issues = self.space.bot.issues

        def seen(issue: Issue) -> Seen:
            return Seen(entry=issue.tier_entry)

        def level(turn: int) -> Level:
            return list(Level)[turn % 3]

        def said(issue: Issue, who: str, delivery: str, turn: int, *, note: bool = False) -> object:
            root = self.receipt(issue) if who == issue.reporter else self.card(issue)
            if root is None:
                raise Refused  # nobody can write under what is not there yet
            fresh = (root, self.words(turn, OURS if note else f"word {turn}", root.channel))
            root, words = self.said.setdefault(delivery, fresh)
            conversation = self.space.bot.conversation
            return conversation.noted(root, words, by=who) if note else conversation.said(root, words, by=who)

        return {
            "claim": lambda i, who, d, t: issues.claim(i.number, who, desk=None, delivery=d),
            "accept": lambda i, who, d, t: issues.claim(i.number, i.claim.by if i.claim else who, desk=1, delivery=d),
            "release": lambda i, who, d, t: issues.release(i.number, who, delivery=d),
            "take over": lambda i, who, d, t: issues.take_over(i.number, who, reason=OURS, desk=None, delivery=d),
            "hand over": lambda i, who, d, t: issues.hand_over(
                i.number, who, to=STAFF[t % len(STAFF)], note=OURS, delivery=d
            ),
            "escalate": lambda i, who, d, t: issues.escalate(
                i.number, who, seen=seen(i), reason=OURS, tried=OURS, delivery=d
            ),
            "return": lambda i, who, d, t: issues.give_back(i.number, who, seen=seen(i), findings=OURS, delivery=d),
            "reroute": lambda i, who, d, t: issues.reroute(
                i.number, who, seen=seen(i), to=("L1", "L2", "L3", "management")[t % 4], reason=OURS, delivery=d
            ),
            "wait": lambda i, who, d, t: issues.wait(
                i.number,
                who,
                reason=list(WaitingFor)[t % 4],
                note=f"question {t}" if t % 4 == 0 else OURS,
                until=self.space.clock() + timedelta(hours=2) if t % 4 == 3 else None,
                delivery=d,
            ),
            "resume": lambda i, who, d, t: issues.resume(i.number, who, delivery=d),
            "snooze": lambda i, who, d, t: issues.snooze(i.number, who, span=timedelta(minutes=20), delivery=d),
            "priority": lambda i, who, d, t: issues.reprioritise(
                i.number, who, impact=level(t), urgency=level(t // 3), reason="", delivery=d
            ),
            "worse": lambda i, who, d, t: issues.get_worse(i.number, i.reporter, reason="all of us", delivery=d),
            "resolve": lambda i, who, d, t: issues.resolve(
                i.number, who, fix="a new cable", category="network", delivery=d
            ),
            "reopen": lambda i, who, d, t: issues.reopen(i.number, i.reporter, reason="still", delivery=d),
            "cancel": lambda i, who, d, t: issues.cancel(i.number, who, reason="", insists=True, delivery=d),
            "merge": lambda i, who, d, t: issues.merge(i.number, who, into=1 + t % MOST_ISSUES, delivery=d),
            "unmerge": lambda i, who, d, t: issues.unmerge(i.number, who, delivery=d),
            "declare major": lambda i, who, d, t: issues.declare_major(i.number, who, commander=who, delivery=d),
            "end major": lambda i, who, d, t: issues.end_major(i.number, who, delivery=d),
            "answer": lambda i, who, d, t: (
                said(i, who, d, t)
                if t % 2
                else issues.update(i.number, who, words=Words("", d, "by a form"), delivery=d)
            ),
            "note": lambda i, who, d, t: said(i, who, d, t, note=True),
            "reporter says": lambda i, who, d, t: (
                said(i, i.reporter, d, t)
                if t % 3
                else issues.add(i.number, i.reporter, words=Words("", d, "more"), delivery=d)
            ),
        }

    def card(self, issue: Issue) -> Any:
        return next(iter(self.store.posts_of(issue.number, "card")), None)

    def receipt(self, issue: Issue) -> Any:
        return next(iter(self.store.posts_of(issue.number, "receipt")), None)

    # --- the rules ---------------------------------------------------------------------------------------------------

    @initialize(impact=levels, urgency=levels)
    def begin(self, impact: Level, urgency: Level) -> None:
        for turn in range(3):
            self.opens(impact, urgency, turn)
        self.messages_go_out(30, [])
        for number, act, turn in itertools.chain.from_iterable(self.script):
            issue, delivery = self.space.issue(number), next(self.deliveries)
            self.twice(act, ABLE, partial(self.acts[act], issue, ABLE, f"delivery {delivery}", turn))
        self.messages_go_out(30, [lost(), Unsure("nobody knows"), dies_afterwards])
        self.the_next_moments_come(2)

    @precondition(lambda self: self.has_room())
    @rule(impact=levels, urgency=levels, turn=turns)
    def opens(self, impact: Level, urgency: Level, turn: int) -> None:
        number, reporter = next(self.deliveries), REPORTERS[turn % 2]
        report = Report(reporter, f"Trouble {number}", "", impact, urgency)
        self.twice("open", reporter, lambda: self.space.bot.issues.open(report, delivery=f"form {number}"))

    @rule(which=which, acts=st.lists(st.tuples(people, turns), min_size=2, max_size=6))
    def people_act(self, which: int, acts: list[tuple[str, int]]) -> None:
        """On one issue, each as its state allows when their turn comes; half of them as whoever holds it."""
        number = self.pick(which).number
        for who, turn in acts:
            issue = self.space.issue(number)
            held = issue.claim.by if issue.claim and turn % 2 else who
            self.acts_on(issue, held, turn // 2)

    @rule(which=which, acts=st.lists(st.tuples(people, turns), min_size=2, max_size=6))
    def other_people_act(self, which: int, acts: list[tuple[str, int]]) -> None:
        self.people_act(which, acts)

    def acts_on(self, issue: Issue, who: str, turn: int) -> None:
        number, act = next(self.deliveries), fitting(issue.status, turn)
        self.twice(act, who, lambda: self.acts[act](issue, who, f"delivery {number}", turn))

    @precondition(lambda self: self.done)
    @rule(turn=turns)
    def an_old_delivery_comes_again(self, turn: int) -> None:
        before = self.stored()
        what, work = self.done[turn % len(self.done)]
        work()
        assert self.stored() == before, f"{what}, delivered long ago, did something again (invariant 26)"
        self.met["an old delivery comes again"] += 1

    @rule(seconds=st.sampled_from([5, 30]), faults=st.lists(st.none() | st.sampled_from(FAULTS), max_size=8))
    def messages_go_out(self, seconds: int, faults: list[Fault | None]) -> None:
        """Some of them fail, and at some the process dies."""
        self.slack.faults.extend(fault or (lambda _: None) for fault in faults)
        self.met["Slack fails"] += sum(fault is not None for fault in faults)
        try:
            self.space.settle(seconds)
        except Crash:
            self.met["a process died"] += 1
            self.restart()
            self.acts = self.what_people_do()
        self.slack.faults.clear()
        self.look()
        if not self.store.waiting():
            for issue in self.all():
                self.each_place_shows_it(issue)

    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        clock = self.space.clock
        clock.now += span
        self.store.keep_beat(clock())  # it has been running all the while
        self.tick()

    @rule(turn=st.integers(1, 3))
    def the_next_moments_come(self, turn: int) -> None:
        clock = self.space.clock
        for _ in range(turn):
            moments = [next_moment(issue, self.store.policy(issue.policy)) for issue in self.all() if issue.ticking]
            clock.now = max(clock.now, min((moment for moment in moments if moment), default=clock.now))
            self.store.keep_beat(clock())
            self.tick()

    @rule(span=long_spans)
    def nobody_was_there(self, span: timedelta) -> None:
        self.space.clock.now += span
        self.restart()
        self.acts = self.what_people_do()
        self.tick()

    @rule(turn=turns, comes=st.booleans())
    def people_come_and_go(self, turn: int, *, comes: bool) -> None:
        """Whoever leaves the channel of a tier may do nothing any more; who holds an issue may leave, too."""
        user, channel = ("U0ANA", "U0BEN", "U0CHEN")[turn % 3], ("C0L1", "C0L1", "C0L2")[turn % 3]
        (self.slack.members_of[channel].add if comes else self.slack.members_of[channel].discard)(user)
        self.space.directory.refresh()

    # --- the checks --------------------------------------------------------------------------------------------------

    def has_room(self) -> bool:
        return len(self.all()) < MOST_ISSUES

    def all(self) -> list[Issue]:
        found = (self.store.find(number) for number in itertools.count(1))
        return list(itertools.takewhile(lambda issue: issue is not None, found))  # type: ignore[arg-type]

    def pick(self, which: int) -> Issue:
        """A live one if there is any."""
        issues = self.all()
        live = [issue for issue in issues if issue.live] if which else []
        return (live or issues)[which % len(live or issues)]

    def twice(self, act: str, who: str, work: Callable[[], object]) -> None:
        """Slack delivers it, and delivers it again (invariant 26)."""
        try:
            work()
        except Refused:
            self.met["refused"] += 1
            self.look()
            return
        self.met[act] += 1
        self.look(by=who)
        before = self.stored()
        work()
        assert self.stored() == before, f"{act!r} delivered again did something again (invariant 26)"
        self.done.append((f"{act!r} of {who}", work))

    def tick(self) -> None:
        clock, database = self.space.clock, self.store
        self.space.engine.run_once()
        assert not database.due(clock(), 10), "a deadline passed without its event (invariant 11)"
        for issue in self.all():
            moment = next_moment(issue, database.policy(issue.policy))
            assert moment is None or moment > clock(), f"{issue.name} is due (invariant 11)"
        self.look()

    def stored(self) -> tuple[object, ...]:
        with self.store.read() as connection:
            return (
                *connection.execute(select(func.count(), func.sum(IssueRow.version)).select_from(IssueRow)).one(),
                connection.execute(select(func.count()).select_from(TimelineRow)).scalar(),
                connection.execute(select(func.max(OutboxRow.id))).scalar(),
            )

    def look(self, *, by: str | None = None) -> None:
        for issue in self.all():
            if issue.version != self.known.get(issue.number):
                self.changed(issue, by)
        assert not self.slack.wrong, self.slack.wrong
        self.identities()
        invariant_36_merging_makes_no_chain({issue.number: issue for issue in self.all()})
        self.nothing_internal_reached_a_reporter()

    def changed(self, issue: Issue, by: str | None) -> None:
        """Invariants 23 and 24; the columns beside the body are true to it."""
        entries = self.store.timeline(issue.number)
        assert [entry.seq for entry in entries] == list(range(1, issue.version + 1))
        assert fold((entry.event for entry in entries), self.store.policy) == issue
        fresh = entries[self.known.get(issue.number, 0) :]
        for entry in fresh:
            self.met[type(entry.event).__name__] += 1
            assert isinstance(entry.event, DeliveryFailed) or by is None or entry.event.at == self.space.clock()
            assert by is None or getattr(entry.event, "by", by) in (by, *REPORTERS, self.held_by(issue, by))
        with self.store.read() as connection:
            row = connection.execute(select(IssueRow).where(col(IssueRow.number) == issue.number)).one()
        due = next_moment(issue, self.store.policy(issue.policy))
        assert (row.version, row.status, row.reporter, row.due_at) == (
            issue.version,
            issue.status,
            issue.reporter,
            due,
        )
        self.known[issue.number] = issue.version

    def held_by(self, issue: Issue, other: str) -> str:
        return issue.claim.by if issue.claim else other

    def identities(self) -> None:
        """Invariant 41: each issue is in one status, and none is lost."""
        with self.store.read() as connection:
            counted = dict(
                connection.execute(select(col(IssueRow.status), func.count()).group_by(col(IssueRow.status))).all()
            )
        found = Counter(issue.status.value for issue in self.all())
        assert counted == found
        assert set(counted) <= {status.value for status in Status}

    def nothing_internal_reached_a_reporter(self) -> None:
        """Invariant 34, in what was sent; answers are asked for at the end."""
        for reporter in REPORTERS:
            for message in self.slack.messages:
                if message.channel == dm_id(reporter):
                    self.harmless(message.text)
                    self.harmless(message.shown)
            for text in self.space.whispered(reporter):
                self.harmless(text)

    def harmless(self, text: str) -> None:
        assert OURS not in text, f"a reporter reads {text!r} (invariant 34)"
        for channel, name in NAMES.items():
            assert channel not in text, f"a reporter sees a tier's channel: {text!r} (invariant 34)"
            assert name not in text, f"a reporter sees a tier's channel: {text!r} (invariant 34)"

    def teardown(self) -> None:
        try:
            if self.known:
                self.everything_is_told()
                for issue in self.all():
                    for asked in ("why", "show"):
                        answer = self.space.command(f"{asked} {issue.name}", by=issue.reporter)
                        self.harmless(str(answer.body))
        finally:
            self.store.close()
            self.directory.cleanup()

    def everything_is_told(self) -> None:
        """Invariants 27 and 28, and what a digest stands for (33)."""
        self.slack.faults.clear()
        stuck = 0  # rounds in which nothing went out; a channel takes one message a second, and may have hundreds
        while (waiting := self.store.waiting()) and stuck < 40:
            self.space.settle(5)
            stuck = stuck + 1 if self.store.waiting() >= waiting else 0
            self.space.clock.advance(minutes=1)
        with self.store.read() as connection:
            rows = list(connection.execute(select(OutboxRow)))
        assert {row.state for row in rows} <= DONE, "something waits for ever (invariant 27)"
        keys = Counter(message.key for message in self.slack.messages if message.key)
        assert not [key for key, count in keys.items() if count > 1], "posted twice (invariant 28)"
        for row in rows:
            key = f"{row.id}-{int(row.created_at.timestamp())}"
            if row.state == "sent" and row.verb == "post":
                assert keys[key] == 1, f"{row.kind} is marked as sent, and Slack does not have it (invariant 28)"
            self.met[f"{row.kind} {row.state}"] += 1
        self.each_is_told_once(rows)
        for issue in self.all():
            self.each_place_shows_it(issue)

    def each_is_told_once(self, rows: list[Any]) -> None:
        there = Counter((row.kind, row.issue, row.place) for row in rows if row.kind in TOLD_ONCE)
        told: Counter[tuple[str, int, str]] = Counter()
        for row in rows:
            if row.kind == "Digest" and row.state == "sent":
                told.update((row.data["kind"], item["issue"], row.place) for item in row.data["items"])
            elif row.kind in TOLD_ONCE and row.state == "sent" and row.data.get("ping", True):
                told[row.kind, row.issue, row.place] += 1
        for key, count in told.items():
            if key in there:
                assert count <= there[key], f"{key} was told {count} times (invariant 33)"

    def each_place_shows_it(self, issue: Issue) -> None:
        """Nothing was superseded that somebody still had to read: each card and the receipt tell how it stands (33)."""
        with self.store.read() as connection:
            refused = select(OutboxRow).where(col(OutboxRow.issue) == issue.number, col(OutboxRow.state) == "failed")
            if connection.execute(refused).first():
                return  # Slack would not have it
        policy = self.store.policy(issue.policy)
        for tier in issue.carded:
            post = self.store.post_of(issue.number, Place(tier=tier), "card")
            assert post is not None, f"{issue.name} has no card in tier {tier}"
            card = self.slack.at(post.channel, post.ts)
            assert card is not None
            assert words.status(issue, policy) in card.shown, f"the card of {issue.name} in tier {tier} is out of date"
            self.met["a card that is true"] += 1
        post = self.store.post_of(issue.number, Place(person=issue.reporter), "receipt")
        assert post is not None, f"{issue.name} has no receipt"
        receipt = self.slack.at(post.channel, post.ts)
        assert receipt is not None
        said = words.receipt(issue, policy).replace("*", "")  # what goes out plain has no bold words
        assert said in receipt.shown.replace("*", ""), f"the receipt of {issue.name} is out of date"


RUN = settings(
    max_examples=5,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
LEAST = {  # how often in one run; the soak is for more
    "claim": 5,
    "escalate": 2,
    "take over": 1,
    "hand over": 1,
    "reroute": 1,
    "wait": 2,
    "merge": 4,
    "unmerge": 1,
    "resolve": 2,
    "answer": 3,
    "note": 1,
    "reporter says": 3,
    "priority": 1,
    "IssueEscalated": 10,
    "TargetBreached": 3,
    "Slack fails": 10,
    "a process died": 1,
    "an old delivery comes again": 5,
    "refused": 10,
    "TierPing sent": 2,
    "a card that is true": 20,
}


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_random_work_on_sqlite(sqlite_url: str) -> None:
    Working.template[:] = [Path(sqlite_url.removeprefix("sqlite:///"))]
    Working.met.clear()
    for script in SCRIPTS:
        Working.script[:] = [script]
        run_state_machine_as_test(Working, settings=RUN)
    assert not missing(Working.met, LEAST)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("script", SCRIPTS)
def test_random_work_on_sqlite_for_long(sqlite_url: str, script: Script) -> None:
    Working.script[:] = [script]
    Working.template[:] = [Path(sqlite_url.removeprefix("sqlite:///"))]
    # Making a failure smaller would take hours; it is told as it is, with what repeats it.
    told_at_once = settings(RUN, derandomize=False, phases=[Phase.generate], print_blob=True)
    long = settings(told_at_once, max_examples=100, stateful_step_count=60)
    run_state_machine_as_test(Working, settings=long)
