"""The rules in miniature, written a second time and independently: whole seconds, plain lists, no product code.

It knows the heart of domain.md: four clocks, two calendars, four priorities, four tiers. Time is counted in seconds
from a Monday, 00:00 UTC. What the product does differently on purpose is listed in test_against_model.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

MINUTE, HOUR, DAY = 60, 3600, 86400
LAST_TIER = 4
CLOSE_AFTER = 5 * DAY
UNMERGE_WITHIN = 7 * DAY
HOLIDAYS = (3, 11)  # days since the Monday

Entry = tuple[object, ...]  # (kind, when, facts ...)


@dataclass(frozen=True)
class Promise:
    """What one priority promises, in seconds of its hours."""

    always: bool  # round the clock; else Monday to Friday, 9 to 17
    windows: tuple[int, ...]
    first_response: int
    update: int
    resolution: int
    first_tier: int
    grace: int


PROMISES = {
    "P1": Promise(
        always=True,
        windows=(5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 15 * MINUTE),
        first_response=15 * MINUTE,
        update=30 * MINUTE,
        resolution=4 * HOUR,
        first_tier=2,
        grace=3 * MINUTE,
    ),
    "P2": Promise(
        always=False,
        windows=(20 * MINUTE, 30 * MINUTE, HOUR, HOUR),
        first_response=HOUR,
        update=2 * HOUR,
        resolution=8 * HOUR,
        first_tier=1,
        grace=5 * MINUTE,
    ),
    "P3": Promise(
        always=False,
        windows=(2 * HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR),
        first_response=4 * HOUR,
        update=8 * HOUR,
        resolution=24 * HOUR,
        first_tier=1,
        grace=10 * MINUTE,
    ),
    "P4": Promise(
        always=False,
        windows=(4 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR),
        first_response=8 * HOUR,
        update=24 * HOUR,
        resolution=40 * HOUR,
        first_tier=1,
        grace=10 * MINUTE,
    ),
}


# The same policy after an edit: twice the time for everything.
SLOWER = {
    name: replace(
        promise,
        windows=tuple(2 * window for window in promise.windows),
        first_response=2 * promise.first_response,
        update=2 * promise.update,
        resolution=2 * promise.resolution,
    )
    for name, promise in PROMISES.items()
}


def opening(day: int) -> tuple[int, int] | None:
    """When the office is open on a day, counted from the Monday."""
    if day % 7 >= 5 or day in HOLIDAYS:
        return None
    return day * DAY + 9 * HOUR, day * DAY + 17 * HOUR


def worked(start: int, end: int, *, always: bool) -> int:
    """Open seconds from `start` to `end`."""
    if end <= start or always:
        return max(0, end - start)
    total = 0
    for day in range(start // DAY, end // DAY + 1):
        hours = opening(day)
        if hours:
            total += max(0, min(end, hours[1]) - max(start, hours[0]))
    return total


def worked_off(start: int, span: int, *, always: bool) -> int:
    """The first moment by which so many open seconds have passed."""
    if span <= 0 or always:
        return start + max(0, span)
    day = start // DAY
    while True:
        hours = opening(day)
        if hours and hours[1] > start:
            begin = max(start, hours[0])
            if hours[1] - begin >= span:
                return begin + span
            span -= hours[1] - begin
        day += 1


@dataclass
class Hourglass:
    """How much of a promise is used, and since when more is."""

    budget: int
    always: bool
    used: int = 0
    since: int | None = None
    floor: int = 0
    told: bool = False  # that four fifths are used

    def run(self, now: int) -> None:
        if self.since is None:
            self.since = now

    def stop(self, now: int) -> None:
        if self.since is not None:
            self.used += worked(self.since, now, always=self.always)
            self.since = None

    def restart(self, now: int, budget: int) -> None:
        self.budget, self.used, self.since, self.floor, self.told = budget, 0, now, 0, False

    def due(self, fifths: int = 5) -> int | None:
        if self.since is None:
            return None
        left = self.budget * fifths // 5 - self.used
        return max(self.floor, worked_off(self.since, left, always=self.always))

    def change(self, now: int, budget: int, *, always: bool, grace: int) -> None:
        """Another budget: what is used stays; a smaller one leaves a grace, but never more than was left."""
        was, raised = self.due(), budget < self.budget
        running = self.since is not None
        self.stop(now)
        self.budget, self.always = budget, always
        if running:
            self.since = now
        if raised:
            short = was is not None and budget - self.used < grace
            self.floor = min(now + grace, max(now, was)) if short and was is not None else 0


@dataclass
class ModelIssue:
    number: int
    priority: str
    tier: int
    first_response: Hourglass
    window: Hourglass
    update: Hourglass
    resolution: Hourglass
    promises: dict[str, Promise] = field(default_factory=lambda: PROMISES)
    status: str = "open"
    holder: str | None = None
    responded: bool = False
    breached: set[str] = field(default_factory=set)
    parent: int | None = None
    resolved_at: int | None = None
    merged_at: int | None = None
    accept_by: int | None = None
    snoozed_until: int = 0
    log: list[Entry] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return self.status in ("open", "claimed", "waiting")

    @property
    def promise(self) -> Promise:
        return self.promises[self.priority]

    @property
    def own_window(self) -> int:
        return self.promise.windows[self.tier - 1]

    def hourglasses(self) -> dict[str, Hourglass]:
        return {
            "first_response": self.first_response,
            "tier_window": self.window,
            "update": self.update,
            "resolution": self.resolution,
        }

    def halt(self, now: int) -> None:
        for glass in self.hourglasses().values():
            glass.stop(now)


class Model:
    """Each act answers whether it was allowed; what it did is in the issue's log."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.issues: dict[int, ModelIssue] = {}
        self.promises = PROMISES

    def _log(self, issue: ModelIssue, kind: str, *facts: object) -> None:
        issue.log.append((kind, self.now, *facts))

    def open(self, priority: str) -> ModelIssue:
        promise = self.promises[priority]
        issue = ModelIssue(
            promises=self.promises,
            number=len(self.issues) + 1,
            priority=priority,
            tier=promise.first_tier,
            first_response=Hourglass(promise.first_response, promise.always),
            window=Hourglass(promise.windows[promise.first_tier - 1], promise.always),
            update=Hourglass(promise.update, promise.always),
            resolution=Hourglass(promise.resolution, promise.always),
        )
        for glass in (issue.first_response, issue.window, issue.resolution):
            glass.run(self.now)
        self.issues[issue.number] = issue
        self._log(issue, "opened", priority, issue.tier)
        return issue

    # --- holding

    def claim(self, issue: ModelIssue, who: str) -> bool:
        if issue.status == "claimed" and issue.holder == who and issue.accept_by is not None:
            issue.accept_by = None
            self._log(issue, "accepted", who)
            return True
        if issue.status != "open":
            return False
        issue.status, issue.holder, issue.responded = "claimed", who, True
        issue.window.stop(self.now)
        issue.first_response.stop(self.now)
        issue.update.restart(self.now, issue.promise.update)
        self._log(issue, "claimed", who)
        return True

    def _drop(self, issue: ModelIssue, why: str) -> None:
        """The claim ends, if there is one."""
        if issue.holder:
            self._log(issue, "released", issue.holder, why)
            issue.holder = issue.accept_by = None
            issue.snoozed_until = 0
            issue.update.stop(self.now)

    def release(self, issue: ModelIssue) -> bool:
        if issue.status != "claimed":
            return False
        self._drop(issue, "released")
        issue.status = "open"
        issue.window.restart(self.now, issue.own_window)
        return True

    def take_over(self, issue: ModelIssue, who: str) -> bool:
        if issue.status != "claimed" or issue.holder == who:
            return False
        issue.holder, issue.accept_by, issue.snoozed_until = who, None, 0
        issue.update.restart(self.now, issue.promise.update)
        self._log(issue, "taken over", who)
        return True

    def hand_over(self, issue: ModelIssue, to: str) -> bool:
        """T5: they have the tier's window to accept it, and of a P1 or P2 a quarter of an hour at most."""
        if issue.status != "claimed" or issue.holder == to:
            return False
        within = min(issue.own_window, 15 * MINUTE) if issue.priority in ("P1", "P2") else issue.own_window
        issue.holder, issue.accept_by = to, worked_off(self.now, within, always=issue.promise.always)
        issue.snoozed_until = 0
        issue.update.restart(self.now, issue.promise.update)
        self._log(issue, "handed over", to)
        return True

    def snooze(self, issue: ModelIssue, span: int) -> bool:
        """T11: no reminder before then; not for P1 and P2, nor for longer than it has."""
        due = issue.update.due()
        if issue.status != "claimed" or issue.priority in ("P1", "P2") or due is None:
            return False
        if span > min(4 * HOUR, due - self.now):
            return False
        issue.accept_by, issue.snoozed_until = None, self.now + span  # who silences it has taken it
        self._log(issue, "snoozed", self.now + span)
        return True

    # --- talking

    def answer(self, issue: ModelIssue) -> bool:
        if issue.status not in ("open", "claimed"):
            return False
        issue.first_response.stop(self.now)
        issue.responded = True
        self._log(issue, "answered")
        if issue.holder:
            issue.update.restart(self.now, issue.promise.update)
        return True

    def reporter_says(self, issue: ModelIssue) -> bool:
        if issue.status == "resolved":
            return self.reopen(issue)
        if not issue.live:
            return False
        self._log(issue, "reporter said")
        return self.resume(issue) if issue.status == "waiting" else True

    def wait(self, issue: ModelIssue) -> bool:
        if issue.status != "claimed":
            return False
        issue.halt(self.now)
        issue.accept_by, issue.snoozed_until = None, 0  # who asks has taken it
        issue.status = "waiting"
        self._log(issue, "waits")
        return True

    def resume(self, issue: ModelIssue) -> bool:
        if issue.status != "waiting":
            return False
        issue.status = "claimed"
        issue.resolution.run(self.now)
        issue.update.restart(self.now, issue.promise.update)
        self._log(issue, "resumed")
        return True

    # --- ending

    def resolve(self, issue: ModelIssue) -> bool:
        if not issue.live:
            return False
        issue.halt(self.now)
        self._drop(issue, "resolved")
        issue.status, issue.resolved_at = "resolved", self.now
        self._log(issue, "resolved")
        return True

    def reopen(self, issue: ModelIssue) -> bool:
        if issue.status != "resolved":
            return False
        issue.status, issue.responded = "open", False
        issue.breached.discard("first_response")
        issue.resolution.run(self.now)
        issue.window.restart(self.now, issue.own_window)
        issue.first_response = Hourglass(issue.promise.first_response, issue.promise.always)
        issue.first_response.run(self.now)
        self._log(issue, "reopened")
        return True

    def cancel(self, issue: ModelIssue) -> bool:
        if not issue.live:
            return False
        issue.halt(self.now)
        self._drop(issue, "cancelled")
        issue.status = "cancelled"
        self._log(issue, "cancelled")
        return True

    def merge(self, issue: ModelIssue, into: ModelIssue) -> bool:
        if not issue.live or issue is into or not into.live:
            return False
        if issue.priority == "P1" and into.priority != "P1":
            return False
        issue.halt(self.now)
        self._drop(issue, "merged")
        issue.status, issue.parent, issue.merged_at = "merged", into.number, self.now
        self._log(issue, "merged", into.number)
        return True

    def unmerge(self, issue: ModelIssue) -> bool:
        """T23: within seven days, and while the other is not closed."""
        if issue.status != "merged" or issue.parent is None or issue.merged_at is None:
            return False
        if self.now - issue.merged_at > UNMERGE_WITHIN or self.issues[issue.parent].status == "closed":
            return False
        self._log(issue, "unmerged", issue.parent)
        issue.status, issue.parent, issue.merged_at = "open", None, None
        issue.resolution.run(self.now)
        issue.window.restart(self.now, issue.own_window)
        if not issue.responded:
            issue.first_response.run(self.now)
        return True

    # --- moving

    def reprioritise(self, issue: ModelIssue, priority: str) -> bool:
        if not issue.live or priority == issue.priority:
            return False
        old, issue.priority = issue.priority, priority
        if priority in ("P1", "P2"):
            issue.snoozed_until = 0  # T11
        self._promise_anew(issue)
        self._log(issue, "priority", old, priority)
        return True

    def replan(self, promises: dict[str, Promise]) -> None:
        """3.9: every issue that may go on moves to the edited policy, as if its priority had changed."""
        self.promises = promises
        for issue in self.issues.values():
            if not (issue.live or issue.status in ("resolved", "merged")) or issue.promises is promises:
                continue
            issue.promises = promises
            self._promise_anew(issue)
            self._log(issue, "replanned")

    def _promise_anew(self, issue: ModelIssue) -> None:
        promise = issue.promise
        spans = (promise.first_response, issue.own_window, promise.update, promise.resolution)
        for glass, span in zip(issue.hourglasses().values(), spans, strict=True):
            glass.change(self.now, span, always=promise.always, grace=promise.grace)

    def reroute(self, issue: ModelIssue, to: int) -> bool:
        if issue.status not in ("open", "claimed") or to == issue.tier:
            return False
        self._drop(issue, "rerouted")
        issue.tier, issue.status = to, "open"
        issue.window.restart(self.now, issue.own_window)
        self._log(issue, "rerouted", to)
        return True

    def escalate(self, issue: ModelIssue) -> bool:
        if issue.status not in ("open", "claimed") or issue.tier >= LAST_TIER:
            return False
        self._step(issue, "manual", self.now)
        return True

    def give_back(self, issue: ModelIssue) -> bool:
        if issue.status not in ("open", "claimed") or issue.tier <= 1:
            return False
        self._drop(issue, "returned")
        issue.tier -= 1
        issue.status = "open"
        issue.window.restart(self.now, issue.own_window)
        self._log(issue, "returned", issue.tier)
        return True

    def _step(self, issue: ModelIssue, cause: str, due: int) -> None:
        """One tier up, from now on; at the last one, another ping."""
        if issue.tier >= LAST_TIER:
            self._log(issue, "pinged", cause, due, issue.tier)
            if issue.holder:
                issue.update.restart(self.now, issue.promise.update)
            else:
                issue.window.restart(self.now, issue.own_window)
                issue.window.told = True  # it is pinged again and again, which is reminder enough
            return
        self._drop(issue, "escalated")
        issue.tier += 1
        issue.status = "open"
        issue.window.restart(self.now, issue.own_window)
        self._log(issue, "escalated", cause, due, issue.tier)

    # --- time

    def tick(self) -> None:
        for issue in self.issues.values():
            if issue.status == "resolved" and issue.resolved_at is not None:
                if self.now >= issue.resolved_at + CLOSE_AFTER:
                    issue.status = "closed"
                    self._log(issue, "closed")
            elif issue.status in ("open", "claimed"):
                while (act := self._first_due(issue)) is not None:
                    act()

    def _first_due(self, issue: ModelIssue) -> Callable[[], None] | None:
        """What is due and was due first; of one moment: promises, then the end of a hand-over, then the turn."""
        due = sorted((each for each in self._coming(issue) if each[0] <= self.now), key=lambda each: each[:2])
        return due[0][2] if due else None

    def _coming(self, issue: ModelIssue) -> Iterator[tuple[int, int, Callable[[], None]]]:
        for name in ("first_response", "resolution"):
            breach = issue.hourglasses()[name].due()
            if breach is not None and name not in issue.breached:
                yield breach, 0, partial(self._breach, issue, name, breach)
        if issue.accept_by is not None:
            yield issue.accept_by, 1, partial(self._lapse, issue)
        name, cause, glass = (
            ("update", "stale", issue.update) if issue.holder else ("tier_window", "unclaimed", issue.window)
        )
        due, soon = glass.due(), glass.due(4)
        assert due is not None
        assert soon is not None
        yield due, 2, partial(self._step, issue, cause, due)
        if not glass.told and due - soon >= 2 * MINUTE:
            yield soon, 3, partial(self._remind, issue, name, glass, soon)

    def _breach(self, issue: ModelIssue, name: str, due: int) -> None:
        issue.breached.add(name)
        self._log(issue, "breached", name, due)

    def _lapse(self, issue: ModelIssue) -> None:
        self.release(issue)

    def _remind(self, issue: ModelIssue, name: str, glass: Hourglass, soon: int) -> None:
        glass.told = True
        if self.now - soon <= 2 * MINUTE and soon >= issue.snoozed_until:
            self._log(issue, "reminded", name)
