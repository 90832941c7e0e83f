"""The policy in force: read anew when told to, never exchanged for a broken one, and applied to open issues."""

import logging
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock

from bot.clock import Clock
from bot.domain import clockwork
from bot.domain.deadlines import next_moment
from bot.domain.issue import Issue, Status
from bot.domain.lifecycle import UNMERGE_WITHIN
from bot.domain.policy import Policy, Tier
from bot.domain.priority import Priority
from bot.messages import Place, PolicyApplied
from bot.policy_file import PolicyError, load_policy, versioned
from bot.ports import Database, Transaction
from bot.services.recording import record

log = logging.getLogger(__name__)

NAMED = 10  # issues in one line
UNTIL_TOLD = timedelta(seconds=30)  # longer than moving one issue takes, so that a channel reads of all at once


class PolicyKeeper:
    """Calling it answers with the policy that new issues are opened under. Any thread may."""

    def __init__(self, path: Path, database: Database, clock: Clock) -> None:
        """Takes what the file says, or what it said last if it cannot be used. Raises PolicyError if it never could."""
        self._path = path
        self._database = database
        self._clock = clock
        self._one_at_a_time = Lock()
        self._mistakes: tuple[str, ...] = ()  # in the file, while an older policy is in force
        try:
            self._policy = self._read()
        except PolicyError as error:
            if (kept := database.in_force()) is None:
                raise
            self._policy, self._mistakes = kept[0], error.lines
            self._complain()

    def __call__(self) -> Policy:
        return self._policy

    def reload(self) -> bool:
        """Read the file again; whether there is another policy now. After a mistake the last good one stays."""
        with self._one_at_a_time:
            try:
                policy = self._read()
            except PolicyError as error:
                self._mistakes = error.lines
                self._complain()
                return False
            self._mistakes = ()
            if policy == self._policy:
                log.info("%s was read again and says the same as before", self._path)
                return False
            self._policy = policy
            log.info("%s was read again; issues reported from now on follow version %s", self._path, policy.version)
            return True

    def complain(self) -> None:
        """Say once more that the file cannot be used, if that is so."""
        with self._one_at_a_time:
            self._complain()

    def _complain(self) -> None:
        if not self._mistakes:
            return
        for line in self._mistakes:
            log.error("the policy stays as it was: %s", line)
        kept = self._database.in_force()
        since = f"{kept[1]:%Y-%m-%d %H:%M} UTC" if kept else "the start"
        log.error(
            "version %s of the policy, in force since %s, goes on until the file is mended", self._policy.version, since
        )

    def _read(self) -> Policy:
        """Raises PolicyError."""
        policy = load_policy(self._path)
        now = self._clock()
        refuse_misfit(policy, self._database, self._path.name, now)
        with self._database.begin() as tx:
            tx.put_in_force(policy, now)
        return policy


# --- tiers that issues still need ------------------------------------------------------------------------------------

APPLY = "python app.py policy apply --open"
MOVE = 'python app.py policy move --from {tier} --to ... --reason "..."'


def refuse_misfit(policy: Policy, database: Database, file_name: str, now: datetime) -> None:
    """Messages go to tiers by their number, so each tier that an unfinished issue may still come to keeps its own.

    Raises PolicyError.
    """
    moved = {version: _changed_tiers(database.policy(version), policy) for version in database.versions_in_use()}
    moved = {version: changes for version, changes in moved.items() if changes}
    bound: dict[tuple[int, str], list[Issue]] = {}
    for issue in _unfinished(database, now, moved):
        for change in moved[issue.policy]:
            bound.setdefault(change, []).append(issue)
    lines = []
    for (tier, what), those in sorted(bound.items(), key=lambda each: each[0]):
        count, them = len(those), "it" if len(those) == 1 else "them"
        issues = (
            "1 issue that is not closed yet follows" if count == 1 else f"{count} issues that are not closed yet follow"
        )
        out = f"{_move(tier, database)}, then: " if any(_can_leave(issue, tier) for issue in those) else ""
        lines.append(
            f"{file_name}: tiers: {what}, but {issues} the old order of tiers; move {them} first: {out}{APPLY}"
        )
    if lines:
        raise PolicyError(tuple(lines))


def refuse_homeless(policy: Policy, database: Database, file_name: str, now: datetime) -> None:
    """Issues can be moved to the policy if it has the tier that each is in where it was. Raises PolicyError."""
    homeless: dict[tuple[int, str], list[Issue]] = {}
    for issue in _unfinished(database, now, database.versions_in_use()):
        for change in _changed_tiers(database.policy(issue.policy), policy):
            if change[0] in (issue.tier, issue.desk):
                homeless.setdefault(change, []).append(issue)
    lines = [
        f"{file_name}: tiers: {what}, but {_listed([issue.name for issue in those])} in it; "
        f"{_way_out(tier, those, database)}"
        for (tier, what), those in sorted(homeless.items(), key=lambda each: each[0])
    ]
    if lines:
        raise PolicyError(tuple(lines))


def _way_out(tier: int, issues: Sequence[Issue], database: Database) -> str:
    """What to do about issues that keep a tier where it is."""
    staying = [issue.name for issue in issues if not _can_leave(issue, tier)]
    if len(staying) == len(issues):
        return "leave the tier where it is until they are in another one or closed"
    others = "" if not staying else f"; {_listed(staying)} waiting or over, and must go on or be closed before"
    return f"move {'it' if len(issues) == 1 else 'them'} first: {_move(tier, database)}{others}"


def _can_leave(issue: Issue, tier: int) -> bool:
    """Whether the command would take it out of the tier."""
    return issue.ticking and issue.tier == tier


def _move(tier: int, database: Database) -> str:
    kept = database.in_force()
    name = kept[0].tier(tier).name if kept else str(tier)
    return MOVE.format(tier=shlex.quote(name))


def _unfinished(database: Database, now: datetime, versions: Collection[str]) -> Iterator[Issue]:
    """What is live or may become so again, of these versions: P1 first, then the oldest."""
    for issue in database.unfinished(versions):
        if issue.ended_at is None or now - issue.ended_at <= UNMERGE_WITHIN:
            yield issue


def _changed_tiers(old: Policy, new: Policy) -> list[tuple[int, str]]:
    """The number of each tier of `old` that `new` does not have there, and what becomes of it."""
    return [(tier.number, f"{tier.name} {_fate(tier, new)}") for tier in old.tiers if not _stays(tier, new)]


def _stays(tier: Tier, policy: Policy) -> bool:
    return tier.number <= policy.last_tier and _same(tier, policy.tier(tier.number))


def _fate(tier: Tier, policy: Policy) -> str:
    other = next((each for each in policy.tiers if _same(tier, each)), None)
    return f"becomes tier {other.number} instead of {tier.number}" if other else "is gone"


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is"
    shown = ", ".join(names[:NAMED])
    return f"{len(names)} issues ({shown}{', ...' if len(names) > NAMED else ''}) are"


def _same(one: Tier, other: Tier) -> bool:
    """A tier may get another name, or another channel, but not both at once."""
    return one.name.casefold() == other.name.casefold() or one.channel == other.channel


# --- unfinished issues ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outlook:
    """What it would mean to move the unfinished issues to a policy."""

    unfinished: int
    moving: tuple[int, ...]  # numbers, P1 first
    earlier: int  # of those, how many would have an earlier next moment
    late: int  # and how many would be past a deadline at once, with only the grace left


def look_ahead(policy: Policy, database: Database, now: datetime) -> Outlook:
    """Changes nothing."""
    moving: list[int] = []
    unfinished = earlier = late = 0
    for issue in _unfinished(database, now, database.versions_in_use()):
        unfinished += 1
        old = database.policy(issue.policy)
        new = _promised(issue, old, policy)
        if new.version != issue.policy:
            moving.append(issue.number)
            shift = _shift(issue, old, clockwork.replan(issue, old, new, now).issue, new, now)
            earlier += shift.earlier
            late += shift.late
    return Outlook(unfinished, tuple(moving), earlier, late)


def _promised(issue: Issue, old: Policy, new: Policy) -> Policy:
    """The reporter of a resolved issue was told how long they may say "not fixed": never less than that."""
    if issue.status is Status.RESOLVED and new.close_after < old.close_after:
        return versioned(replace(new, close_after=old.close_after))
    return new


@dataclass(frozen=True)
class _Shift:
    """What a move to another policy means for one issue."""

    earlier: bool
    late: bool


def _shift(issue: Issue, old: Policy, moved: Issue, new: Policy, now: datetime) -> _Shift:
    before, after = next_moment(issue, old), next_moment(moved, new)
    earlier = before is not None and after is not None and after < before
    return _Shift(earlier, bool(_overdrawn(moved, new, now) - _overdrawn(issue, old, now)))


def _overdrawn(issue: Issue, policy: Policy, now: datetime) -> set[str]:
    """Clocks that run although nothing is left of their time."""
    calendar = policy.targets[issue.priority].calendar
    clocks = {name: getattr(issue.clocks, name) for name in ("first_response", "tier_window", "update", "resolution")}
    return {
        name
        for name, clock in clocks.items()
        if clock.running_since and name not in issue.breached and clock.spent(now, calendar) >= clock.budget
    }


def apply_to(numbers: Iterable[int], policy: Policy, database: Database, clock: Clock) -> tuple[int, list[str]]:
    """Move these issues to the policy, each in a transaction of its own: how many have moved, and what went wrong.

    It is in force from here on: they must not be led by the policy before it, whatever becomes of the file.
    """
    with database.begin() as tx:
        tx.put_in_force(policy, clock())
    moved = 0
    told: dict[int, int] = {}
    troubles: list[str] = []
    for number in numbers:
        try:
            moved += _apply(number, policy, database, clock, told)
        except Exception as error:  # one issue never holds back the rest
            log.exception("ISS-%s could not be moved to version %s of the policy", number, policy.version)
            troubles.append(f"ISS-{number} stays under its old policy: {error}")
    return moved, troubles


def _apply(number: int, policy: Policy, database: Database, clock: Clock, told: dict[int, int]) -> bool:
    """False, if it follows that policy already. `told`: tier -> the issue that its news hangs on."""
    with database.begin() as tx:
        issue, now = tx.issue(number), clock()
        old = tx.policy(issue.policy)
        new = _promised(issue, old, policy)
        moved = _replan(tx, issue, new, now)
        if moved and moved.live:
            # One message for each channel (domain.md 3.9): the outbox adds them up as long as they wait. So it tells of
            # what has moved, and of no more, even if we are killed in between.
            shift = _shift(issue, old, moved, new, now)
            news = PolicyApplied(Place(tier=moved.tier), 1, int(shift.earlier), int(shift.late))
            hangs_on = told.setdefault(moved.tier, number)
            tx.enqueue(hangs_on, news, lane=Priority.P4.rank, now=now, not_before=now + UNTIL_TOLD)
        return moved is not None


def _replan(
    tx: Transaction, issue: Issue, policy: Policy, now: datetime, *, holidays: tuple[date, ...] = ()
) -> Issue | None:
    """The issue under that policy; None: it follows it already."""
    decision = clockwork.replan(issue, tx.policy(issue.policy), policy, now, holidays=holidays)
    if decision.events:
        tx.keep_policy(policy, now)
        return record(tx, issue, decision, policy, now)
    return None


# --- holidays --------------------------------------------------------------------------------------------------------


def keep_holidays(current: Policy, database: Database, clock: Clock) -> int:
    """Let unfinished issues keep the holidays that were added since they were reported; answers how many that moved.

    A holiday is a fact about the world, not a rule: it counts at once, and never makes anything due earlier (domain.md
    3.9). Also for what is resolved or merged, since it may come back. Looks at the versions in use, and at the issues
    of those that lack a holiday.
    """
    now = clock()
    lacking = {
        version for version in database.versions_in_use() if _with_holidays(database.policy(version), current, now)
    }
    numbers = [issue.number for issue in _unfinished(database, now, lacking)]
    moved = sum(_keep_holidays(number, current, database, clock) for number in numbers)
    if moved:
        log.info("%s unfinished issues keep the holidays that were added to their calendars", moved)
    return moved


def _keep_holidays(number: int, current: Policy, database: Database, clock: Clock) -> bool:
    try:
        with database.begin() as tx:
            issue, now = tx.issue(number), clock()
            before = tx.policy(issue.policy)
            policy = _with_holidays(before, current, now)
            return bool(policy and _replan(tx, issue, policy, now, holidays=_added(before, policy)))
    except Exception:  # one issue never holds back the rest
        log.exception("ISS-%s does not keep the holidays that were added", number)
        return False


def _added(before: Policy, after: Policy) -> tuple[date, ...]:
    days = (new.holidays - old.holidays for old, new in zip(before.calendars, after.calendars, strict=True))
    return tuple(sorted(frozenset[date]().union(*days)))


def _with_holidays(policy: Policy, current: Policy, now: datetime) -> Policy | None:
    """None: it knows them all."""
    since = min(calendar.local(now).date() for calendar in policy.calendars)
    told = policy.with_holidays_of(current, since)
    return None if told is policy else versioned(told)
