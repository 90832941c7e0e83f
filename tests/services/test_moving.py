"""The command that empties a tier: what it shows, what it moves, and whom it calls."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.evolution import fold
from bot.domain.lifecycle import Seen
from bot.domain.priority import Level
from bot.domain.refusals import AlreadyMoved, NoSuchTier, ReasonMissing
from bot.policy_file import PolicyError
from bot.services.moving import Move, look_at_move, move_all
from bot.services.policies import apply_to, refuse_homeless, refuse_misfit
from storage import SqlDatabase, open_database
from tests.harness import Workspace
from tests.services.test_policies import NO_L3, ROOT, SHIPPED, Machine, Office, meant

WHY = "L2 is dissolved"
SEVERE: dict[str, Any] = {"impact": Level.HIGH, "urgency": Level.HIGH}


@pytest.fixture
def office(database: SqlDatabase, tmp_path: Path) -> Office:
    """On both databases. Five P3s, the odd ones with L2."""
    made = Office(database, tmp_path / "policy.toml")
    made.open(5)
    made.workspace.settle(60)
    for number in (1, 3, 5):
        made.workspace.tell_bot(made.workspace.card("L1", number), "escalate not ours; tried: a restart", by="U0ANA")
    return made


def move(office: Office, left: str = "L2", to: str = "L1") -> tuple[Move, int, list[str]]:
    plan = look_at_move(office.database, left, to, WHY, office.clock())
    moved, troubles = move_all(plan, WHY, office.database, office.clock)
    office.workspace.settle(120)
    return plan, moved, troubles


def tiers(office: Office) -> dict[int, int]:
    return {issue.number: issue.tier for issue in office.database.open_issues(99)}


def test_the_open_issues_of_a_tier_move_by_the_rule_that_people_follow(office: Office) -> None:
    office.workspace.press(office.workspace.card("L2", 3), "Claim", by="U0CHEN")
    plan, moved, troubles = move(office)
    assert plan == Move("L2", "L1", (1, 3, 5), ())
    assert (moved, troubles) == (3, [])
    assert tiers(office) == dict.fromkeys(range(1, 6), 1)
    for number in (1, 3, 5):
        issue = office.workspace.issue(number)
        assert (issue.claim, issue.bounces, issue.clocks.tier_window.used) == (None, 0, timedelta())
        assert fold((entry.event for entry in office.database.timeline(number)), office.database.policy) == issue
        assert "IssueRerouted" in office.workspace.story(number)
    assert office.workspace.story(2) == ["IssueOpened"]


def test_a_look_changes_nothing(office: Office) -> None:
    assert look_at_move(office.database, " l2 ", "MANAGEMENT", WHY, office.clock()) == Move(
        "L2", "management", (1, 3, 5), ()
    )
    assert tiers(office) == {1: 2, 2: 1, 3: 2, 4: 1, 5: 2}


def test_card_and_history_say_that_nobody_in_slack_moved_it(office: Office) -> None:
    workspace = office.workspace
    move(office)
    (card,) = [m for m in workspace.channel("support-l1") if "ISS-1 ·" in m.shown][-1:]
    assert "Escalator's administrator moved ISS-1 here from L2." in card.shown
    assert WHY in card.shown
    assert "<@None>" not in card.shown
    workspace.press(card, "History", by="U0ANA")
    history = str(workspace.slack.forms[-1])
    assert f"Escalator's administrator moved it from L2 to L1: {WHY}" in history


def test_who_answers_too_late_reads_the_same_name(office: Office) -> None:
    issues = office.workspace.bot.issues
    move(office, to="L3")
    with pytest.raises(AlreadyMoved, match="it is with L3 now, moved there by Escalator's administrator "):
        issues.escalate(1, "U0CHEN", seen=Seen(tier=2), reason="Not ours", tried="A restart", delivery="late")
    office.workspace.pass_time(hours=3)
    with pytest.raises(AlreadyMoved, match="it is with L2 now, moved there by Escalator <"):
        issues.escalate(2, "U0ANA", seen=Seen(tier=1), reason="Not ours", tried="A restart", delivery="later")


def test_one_that_was_sent_back_before_does_not_go_back_and_forth_for_it(office: Office) -> None:
    workspace = office.workspace
    workspace.tell_bot(workspace.card("L2", 1), "return they can do this", by="U0CHEN")
    workspace.tell_bot(workspace.card("L1", 1), "escalate we cannot; tried: all of it", by="U0ANA")
    move(office)
    assert workspace.issue(1).bounces == 1
    assert workspace.story(1)[-1] == "IssueRerouted"
    assert not [message.text for message in workspace.channel("it-managers") if "ISS-1" in message.text]


def test_one_that_refuses_is_named_with_its_reason_and_the_rest_move(office: Office) -> None:
    office.open(**SEVERE)  # with L2 from the start, and never below it
    office.workspace.settle(60)
    office.workspace.press(office.workspace.card("L2", 3), "Claim", by="U0CHEN")
    office.workspace.tell_bot(office.workspace.card("L2", 3), "wait vendor a spare part", by="U0CHEN")
    plan, moved, troubles = move(office)
    assert plan.moving == (1, 5)
    severe, waits = plan.staying
    assert severe.startswith("ISS-6 is Critical (P1): it stays with L2 or higher.")
    assert waits.startswith("ISS-3 waits for a vendor")
    assert (moved, troubles) == (2, [])


def test_what_has_changed_since_the_look_is_left_alone_or_told_of(office: Office) -> None:
    plan = look_at_move(office.database, "L2", "L1", WHY, office.clock())
    office.workspace.tell_bot(office.workspace.card("L2", 1), "escalate not ours; tried: a restart", by="U0CHEN")
    office.workspace.press(office.workspace.card("L2", 3), "Claim", by="U0CHEN")
    office.workspace.tell_bot(office.workspace.card("L2", 3), "resolve a new cable", by="U0CHEN")
    moved, troubles = move_all(plan, WHY, office.database, office.clock)
    assert moved == 1
    (trouble,) = troubles
    assert trouble.startswith("ISS-3 is already resolved")
    assert tiers(office) == {1: 3, 2: 1, 4: 1, 5: 1}


def test_the_tier_is_called_once_for_all(office: Office) -> None:
    office.open(20)
    office.workspace.settle(120)
    for number in range(6, 26):
        office.workspace.tell_bot(office.workspace.card("L1", number), "move L2 theirs", by="U0ANA")
    office.clock.advance(minutes=1)
    before = len(office.workspace.channel("support-l1"))
    _, moved, _ = move(office)
    assert moved == 23
    told = office.workspace.channel("support-l1")[before:]
    assert len([message for message in told if "<!here>" in message.text]) <= 1


def test_few_that_come_one_by_one_call_the_tier_once_too(office: Office) -> None:
    office.clock.advance(minutes=20)
    before = len(office.workspace.channel("support-l1"))
    plan = replace(look_at_move(office.database, "L2", "L1", WHY, office.clock()), moving=(1, 3))
    assert move_all(plan, WHY, office.database, office.clock) == (2, [])
    office.workspace.settle(60)
    told = office.workspace.channel("support-l1")[before:]
    assert ["<!here>" in message.text for message in told] == [True, False]


def test_the_reporter_is_told_nothing_of_it(office: Office) -> None:
    before = [message.text for message in office.workspace.slack.messages if message.channel.startswith("D")]
    move(office)
    after = [message.text for message in office.workspace.slack.messages if message.channel.startswith("D")]
    assert len(after) == len(before)


def test_a_tier_that_is_not_there_and_a_reason_that_is_not_given_are_refused(office: Office) -> None:
    for names in (("L9", "L1"), ("L2", "L9")):
        with pytest.raises(NoSuchTier, match=r"There is no tier L9\. The tiers are L1, L2, L3, management\."):
            look_at_move(office.database, *names, WHY, office.clock())
    with pytest.raises(ReasonMissing, match="why what is with L2 belongs to L1, so"):
        look_at_move(office.database, "L2", "L1", " ", office.clock())
    plan = look_at_move(office.database, "L2", "L2", WHY, office.clock())
    assert (plan.moving, plan.staying[0]) == ((), "ISS-1 is with L2 already.")


def test_without_a_policy_there_is_nothing_to_move(store: SqlDatabase) -> None:
    assert look_at_move(store, "L2", "L1", WHY, Workspace(store).clock()) == Move("L2", "L1", (), ())


def test_one_issue_that_cannot_be_moved_holds_back_no_other(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    plan = replace(look_at_move(office.database, "L2", "L1", WHY, office.clock()), moving=(1, 99, 5))
    moved, troubles = move_all(plan, WHY, office.database, office.clock)
    assert moved == 2
    assert len(troubles) == 1


# --- a tier that goes -------------------------------------------------------------------------------------------------


def told(text: str, office: Office, refuse: Any) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as refusal:
        refuse(meant(text), office.database, "p.toml", office.clock())
    return refusal.value.lines


def test_a_file_without_a_tier_says_how_to_empty_it_and_is_then_taken(office: Office) -> None:
    for number in (1, 3):
        office.workspace.tell_bot(office.workspace.card("L2", number), "escalate more; tried: all", by="U0CHEN")
    command = 'python app.py policy move --from L3 --to ... --reason "..."'
    apply = "python app.py policy apply --open"
    first = "but 5 issues that are not closed yet follow the old order of tiers; move them first"
    assert told(NO_L3, office, refuse_misfit) == (
        f"p.toml: tiers: L3 is gone, {first}: {command}, then: {apply}",
        f"p.toml: tiers: management becomes tier 3 instead of 4, {first}: {apply}",
    )
    assert told(NO_L3, office, refuse_homeless) == (
        f"p.toml: tiers: L3 is gone, but 2 issues (ISS-1, ISS-3) are in it; move them first: {command}",
    )
    assert move(office, "L3", "L2")[1:] == (2, [])
    refuse_homeless(meant(NO_L3), office.database, "p.toml", office.clock())
    assert apply_to(range(1, 6), meant(NO_L3), office.database, office.clock) == (5, [])
    refuse_misfit(meant(NO_L3), office.database, "p.toml", office.clock())


def test_a_refusal_names_what_the_command_would_leave_behind(office: Office) -> None:
    for number in (1, 3):
        office.workspace.tell_bot(office.workspace.card("L2", number), "escalate more; tried: all", by="U0CHEN")
    office.workspace.tell_bot(office.workspace.card("L3", 1), "resolve a new cable", by="U0EMIL")
    (line,) = told(NO_L3, office, refuse_homeless)
    assert line.endswith(
        'move them first: python app.py policy move --from L3 --to ... --reason "..."; '
        "ISS-1 is waiting or over, and must go on or be closed before"
    )
    office.workspace.tell_bot(office.workspace.card("L3", 3), "resolve a new cable", by="U0EMIL")
    (line,) = told(NO_L3, office, refuse_homeless)
    assert line.endswith("leave the tier where it is until they are in another one or closed")


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def run(machine: Machine, *more: str, typed: str = "") -> tuple[int, str, str]:
    command = [sys.executable, str(ROOT / "app.py"), "policy", "move", "--reason", WHY, *more]
    done = subprocess.run(
        command, env=machine.settings, cwd=machine.folder, input=typed, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def where(machine: Machine) -> list[int]:
    database = open_database(machine.url)
    found = sorted(issue.tier for issue in database.open_issues(100))
    database.close()
    return found


def test_the_command_shows_what_moves_and_asks_first(machine: Machine) -> None:
    machine.open_issues(2)
    shown = "2 open issues move from L1 to L3: ISS-1, ISS-2.\n"
    code, out, _ = run(machine, "--from", "L1", "--to", "L3", typed="n\n")
    assert (code, out) == (1, f"{shown}Move them? [y/N] Nothing was changed.\n")
    assert where(machine) == [1, 1]
    machine.policy.write_text(SHIPPED.replace('name = "L1" ', 'name = "X1" '), encoding="utf-8")  # not its business
    code, out, err = run(machine, "--from", "l1", "--to", "L3", "--yes")
    assert (code, out, err) == (0, f"{shown}2 issues were moved. When the bot runs, cards go to L3.\n", "")
    assert where(machine) == [3, 3]
    assert run(machine, "--from", "L1", "--to", "L3") == (0, "No open issue is with L1.\n", "")


def test_the_command_tells_what_cannot_be_moved(machine: Machine) -> None:
    machine.open_issues(1)
    code, out, err = run(machine, "--from", "L1", "--to", "L1", "--yes")
    assert (code, out, err) == (1, "No issue can be moved.\n", "ISS-1 is with L1 already.\n")
    code, out, err = run(machine, "--from", "L1", "--to", "L7", "--yes")
    assert (code, out, err) == (1, "", "There is no tier L7. The tiers are L1, L2, L3, management.\n")


def test_before_the_first_start_the_command_knows_the_tiers_of_the_file(machine: Machine) -> None:
    before = sorted(machine.folder.iterdir())
    code, out, err = run(machine, "--from", "L9", "--to", "L2")
    assert (code, out, err) == (1, "", "There is no tier L9. The tiers are L1, L2, L3, management.\n")
    code, out, err = run(machine, "--from", "L1", "--to", "L2")
    assert (code, out.startswith("There is no "), "no issue to move" in out, err) == (0, True, True, "")
    assert sorted(machine.folder.iterdir()) == before
