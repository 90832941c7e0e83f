"""Whoever runs the bot empties a tier, so that it can be taken out of the policy (domain.md 3.9)."""

import logging
from dataclasses import dataclass
from datetime import datetime

from bot.clock import Clock
from bot.domain import lifecycle
from bot.domain.decision import Decision
from bot.domain.issue import Issue, issue_name
from bot.domain.lifecycle import Seen
from bot.domain.policy import Policy, Tier
from bot.domain.refusals import NoSuchTier, ReasonMissing, Refused
from bot.ports import Database
from bot.services.issues import pinned, record_for_all
from bot.text import is_blank

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Move:
    from_name: str  # as the policy spells it
    to_name: str
    moving: tuple[int, ...]  # numbers, P1 first
    staying: tuple[str, ...]  # why others cannot be moved, in a sentence each


def look_at_move(database: Database, from_name: str, to_name: str, reason: str, now: datetime) -> Move:
    """Changes nothing. Tiers are those of the policy in force: the file may be without them already. Raises Refused."""
    current = _in_force(database)
    if current is None:
        return Move(from_name, to_name, (), ())
    left, to = tiers_named(current, from_name, to_name, reason)
    moving: list[int] = []
    staying: list[str] = []
    for issue in database.each_open_issue():
        if issue.tier == left.number:
            try:
                _moved(issue, to, reason, database.policy(issue.policy).with_people_of(current), now)
                moving.append(issue.number)
            except Refused as refused:
                staying.append(_said(issue.number, refused))
    return Move(left.name, to.name, tuple(moving), tuple(staying))


def tiers_named(policy: Policy, from_name: str, to_name: str, reason: str) -> tuple[Tier, Tier]:
    """What the command asks for, as far as it can be judged without any issue. Raises Refused."""
    left, to = _tier(policy, from_name), _tier(policy, to_name)
    if is_blank(reason):
        raise ReasonMissing(what=f"what is with {left.name} belongs to {to.name}")
    return left, to


def move_all(move: Move, reason: str, database: Database, clock: Clock) -> tuple[int, list[str]]:
    """Each in a transaction of its own: how many have moved, and why others have not."""
    current = _in_force(database)
    assert current is not None, "without a policy there are no issues"
    moved, troubles = 0, []
    for number in move.moving:
        try:
            with database.begin() as tx:
                tx.lock_family(number)
                issue, policy = pinned(tx, number, current)
                if issue.tier != _tier(current, move.from_name).number:
                    continue  # somebody has moved it meanwhile
                now = clock()
                decision = _moved(issue, _tier(current, move.to_name), reason, policy, now)
                record_for_all(tx, issue, decision, policy, now, current=current)
            moved += 1
        except Refused as refused:
            troubles.append(_said(number, refused))
        except Exception as error:  # one issue never holds back the rest
            log.exception("%s could not be moved to %s", issue_name(number), move.to_name)
            troubles.append(f"{issue_name(number)} stays with {move.from_name}: {error}")
    return moved, troubles


def _moved(issue: Issue, to: Tier, reason: str, policy: Policy, now: datetime) -> Decision:
    return lifecycle.reroute(issue, None, seen=Seen(), to=to.name, reason=reason, policy=policy, now=now)


def _said(number: int, refused: Refused) -> str:
    sentence, name = str(refused), issue_name(number)
    return sentence if name in sentence.split() else f"{name}: {sentence}"


def _in_force(database: Database) -> Policy | None:
    kept = database.in_force()
    return kept[0] if kept else None


def _tier(policy: Policy, name: str) -> Tier:
    found = next((tier for tier in policy.tiers if tier.name.casefold() == name.strip().casefold()), None)
    if found is None:
        raise NoSuchTier(tier=name, tiers=", ".join(tier.name for tier in policy.tiers))
    return found
