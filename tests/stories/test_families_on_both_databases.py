"""Changes that concern several issues at once, by several people at once, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bot.domain.issue import Issue
from bot.domain.refusals import Refused
from storage import SqlDatabase
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
