"""Two engines on one PostgreSQL make the events of one, and nothing twice (invariant 39)."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.domain.events import Event
from bot.domain.priority import Level
from bot.domain.refusals import Refused
from bot.services.engine import Engine
from bot.services.issues import IssueService, Report
from storage import SqlDatabase, open_database
from storage.tables import OutboxRow
from tests.domain.histories import fitting
from tests.harness import Clock, plain_policy

ISSUES = 8
STEPS = 15
POLICY = plain_policy()


@dataclass(frozen=True)
class Told:
    """What is waiting to be told, but for its place in the queue."""

    kind: str
    issue: int
    place: str


class Site:
    """The services and so many engines, each with connections of its own, on one database."""

    def __init__(self, *databases: SqlDatabase) -> None:
        self.database = databases[0]
        self.clock = Clock()
        self.database.keep_staff({tier: frozenset({f"U{tier}", "U0ABLE"}) for tier in (1, 2, 3, 4)}, self.clock())
        self.issues = IssueService(self.database, lambda: POLICY, self.clock, lambda: None, lambda: False)
        self.engines = [
            Engine(each, lambda: POLICY, self.clock, lambda: None, monotonic=self.clock.monotonic) for each in databases
        ]
        self.moved = 0

    def open_all(self) -> None:
        for number in range(1, ISSUES + 1):
            levels = list(Level)
            report = Report(f"U0R{number}", f"Trouble {number}", "", levels[number % 3], levels[number // 3 % 3])
            self.issues.open(report, delivery=f"form {number}")

    def tick(self, *, beat: bool = True) -> None:
        """All engines at the same moment."""
        if beat:
            self.database.keep_beat(self.clock())
        ready = threading.Barrier(len(self.engines))
        moved, failed = [], []

        def run(engine: Engine) -> None:
            try:
                ready.wait(10)
                moved.append(engine.run_once())
            except BaseException as error:  # noqa: BLE001 - a thread's error is the test's
                failed.append(error)

        threads = [threading.Thread(target=run, args=(engine,)) for engine in self.engines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert not any(self.database.failures(number) for number in self.numbers()), "one was in the other's way"
        self.moved += sum(moved)

    def act(self, number: int, turn: int, delivery: str) -> None:
        issue = self.database.find(number)
        assert issue is not None
        who, levels = "U0ABLE", list(Level)
        try:
            match fitting(issue.status, turn):
                case "claim" | "accept":
                    self.issues.claim(number, who, desk=None, delivery=delivery)
                case "release":
                    self.issues.release(number, who, delivery=delivery)
                case "resolve":
                    self.issues.resolve(number, who, fix="!", category="network", delivery=delivery)
                case "reopen":
                    self.issues.reopen(number, who, reason="!", delivery=delivery)
                case "merge":
                    self.issues.merge(number, who, into=1 + turn % ISSUES, delivery=delivery)
                case "unmerge":
                    self.issues.unmerge(number, who, delivery=delivery)
                case "priority":
                    impact, urgency = levels[turn % 3], levels[turn // 3 % 3]
                    self.issues.reprioritise(number, who, impact=impact, urgency=urgency, reason="", delivery=delivery)
                case _:
                    return
        except Refused:
            return

    def live_through(self, seed: int) -> None:
        chance = random.Random(seed)
        self.open_all()
        for step in range(STEPS):
            for turn in range(3):
                self.act(chance.randint(1, ISSUES), chance.randint(0, 999), f"{step}.{turn}")
            self.clock.now += chance.choice([timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=3)])
            self.tick()

    def numbers(self) -> list[int]:
        return list(itertools.takewhile(self.database.find, itertools.count(1)))

    def story(self) -> dict[int, list[Event]]:
        return {number: [entry.event for entry in self.database.timeline(number)] for number in range(1, ISSUES + 1)}

    def told(self) -> Counter[Told]:
        with self.database.read() as connection:
            return Counter(Told(row.kind, row.issue, row.place) for row in connection.execute(select(OutboxRow)))


@pytest.fixture
def one(sqlite_url: str) -> Iterator[Site]:
    database = open_database(sqlite_url)
    yield Site(database)
    database.close()


@pytest.fixture
def two(postgres_database_url: str) -> Iterator[Site]:
    databases = [open_database(postgres_database_url) for _ in range(2)]
    yield Site(*databases)
    for database in databases:
        database.close()


def test_two_engines_make_the_events_of_one(one: Site, two: Site) -> None:
    one.live_through(seed=1)
    two.live_through(seed=1)
    assert two.story() == one.story()
    assert two.told() == one.told()
    assert two.moved == one.moved > ISSUES, "each moment is passed by one of the two"


def test_many_issues_due_at_once_move_once_each(two: Site) -> None:
    for number in range(1, 41):
        report = Report(f"U0R{number}", f"Trouble {number}", "", Level.MEDIUM, Level.MEDIUM)
        two.issues.open(report, delivery=f"form {number}")
    two.clock.advance(hours=2)
    two.tick()
    assert two.moved == 40
    moved = [event for number in range(1, 41) for event in two.database.timeline(number)]
    assert Counter(type(entry.event).__name__ for entry in moved)["IssueEscalated"] == 40


def test_after_a_downtime_there_is_one_summary_per_channel(two: Site) -> None:
    two.open_all()
    two.tick()
    for _ in range(3):
        two.clock.advance(days=1)
        two.tick(beat=False)
    with two.database.read() as connection:
        rows = connection.execute(select(OutboxRow).where(col(OutboxRow.kind) == "CatchUp")).all()
    assert rows
    assert not [each for each, count in Counter((row.place, row.created_at) for row in rows).items() if count > 1]
