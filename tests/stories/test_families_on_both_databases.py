"""Changes that concern several issues at once, by several people at once, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from bot.domain.issue import Issue
from bot.domain.refusals import Refused
from bot.messages import Card, Place
from bot.ports import Call, Rejected, Sent
from storage import SqlDatabase, open_database
from tests.acceptance.driver import until
from tests.fake_slack import FakeSlack
from tests.harness import Workspace


def test_merging_taking_apart_and_resolving_at_once_never_wait_for_each_other(database: SqlDatabase) -> None:
    workspace = Workspace(database)
    workspace.submit_issue("the parent")
    for number in range(2, 6):
        workspace.submit_issue(f"child {number}", by=f"U{number}")
        workspace.bot.issues.merge(number, "U0ANA", into=1, delivery=f"merge {number}")
    issues = workspace.bot.issues

    def tried(act: Callable[[], Issue]) -> str:
        try:
            act()
        except Refused as refused:
            return type(refused).__name__
        return "done"

    def one_round(turn: int) -> list[str]:
        acts: list[Callable[[], Issue]] = [
            lambda: issues.resolve(1, "U0CHEN", fix="x", delivery=f"r{turn}"),
            lambda: issues.reopen(1, "U0CHEN", reason="x", delivery=f"o{turn}"),
        ]
        for number in range(2, 6):
            acts.append(lambda number=number: issues.unmerge(number, "U0ANA", delivery=f"u{turn}:{number}"))  # type: ignore[misc]
            acts.append(lambda number=number: issues.merge(number, "U0ANA", into=1, delivery=f"m{turn}:{number}"))  # type: ignore[misc]
        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(tried, acts))

    answers = [answer for turn in range(5) for answer in one_round(turn)]
    assert answers.count("done") >= 5  # and the others were refused in words, not broken by the database
    parent = workspace.issue(1)
    assert sorted(parent.children) == [n for n in range(2, 6) if workspace.issue(n).parent == 1]


def test_fifty_people_who_claim_fifty_issues_wait_for_nobody(database: SqlDatabase) -> None:
    """Each change needs one connection and no second: on PostgreSQL there are fewer connections than listeners."""
    workspace = Workspace(database)
    for number in range(1, 51):
        workspace.submit_issue(f"trouble {number}", by=f"U{number}", settle=False)
    with ThreadPoolExecutor(50) as pool:
        claims = [
            pool.submit(workspace.bot.issues.claim, number, "U0ANA", desk=1, delivery=f"claim {number}")
            for number in range(1, 51)
        ]
        holders = {claim.result(timeout=20).claim.by for claim in claims}  # type: ignore[union-attr]  # each has one
    assert holders == {"U0ANA"}


class Refusing(FakeSlack):
    """Refuses what it is sent, once a test lets it answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.answers = Event(), Event()

    def send(self, call: Call, key: str) -> Sent:
        self.asked.set()
        assert self.answers.wait(20)
        raise Rejected("is_archived")


def test_a_refused_card_is_given_up_while_somebody_changes_its_issue(postgres_database_url: str) -> None:
    """Whoever changes an issue locks it first and its messages then; so must whoever gives one up."""
    database = open_database(postgres_database_url)
    workspace = Workspace(database)
    workspace.slack = slack = Refusing()
    workspace.start()
    workspace.submit_issue(settle=False)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(workspace.courier.deliver_next)
        assert slack.asked.wait(20)
        with database.begin() as tx:
            tx.issue(1)
            slack.answers.set()
            until(lambda: somebody_waits(database), "the sender waits")
            tx.enqueue(1, Card(Place(tier=1), ping=True), lane=1, now=workspace.clock())
        assert sending.result(timeout=20)
    assert workspace.story() == ["IssueOpened", "DeliveryFailed"]
    database.close()


def somebody_waits(database: SqlDatabase) -> bool:
    with database.read() as connection:
        return bool(connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one())
