"""How much of a promise is used up, and when it runs out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.calendar import Calendar


@dataclass(frozen=True)
class Clock:
    """An integrator of open time: how much there is to use, how much is used, and since when more is being used.

    The calendar belongs to the policy, so the caller brings it: the one under which the clock has been running.
    """

    budget: timedelta
    used: timedelta = timedelta()  # before `running_since`
    running_since: datetime | None = None  # None: stopped
    floor: datetime | None = None  # never due before this; the grace after a raise

    def start(self, now: datetime) -> "Clock":
        """Go on from what is used. A running clock runs on undisturbed."""
        return self if self.running_since else replace(self, running_since=now)

    def stop(self, now: datetime, calendar: Calendar) -> "Clock":
        return replace(self, used=self.spent(now, calendar), running_since=None)

    def restart(self, now: datetime, budget: timedelta | None = None) -> "Clock":
        """Run from nothing used, for a new budget if one is given."""
        return Clock(self.budget if budget is None else budget, running_since=now)

    def rebudget(
        self, now: datetime, budget: timedelta, old_calendar: Calendar, new_calendar: Calendar, grace: timedelta
    ) -> "Clock":
        """Keep what is used and count on towards another budget, from now on in the new calendar.

        A raise, to less open time or the same in longer hours, leaves `grace` of real time to whoever works on it, but
        never more than was left before.
        """
        changed = replace(self.stop(now, old_calendar), budget=budget)
        raised = budget < self.budget
        old_due = self.due(old_calendar)
        if old_due is None:
            return replace(changed, floor=None) if raised else changed
        changed = changed.start(now)
        if budget == self.budget:
            left = budget - changed.used
            raised = new_calendar.add(now, left) < old_calendar.add(now, left)
        if not raised:
            return changed  # floor and all: raised and at once lowered, it would be due earlier by the lowering
        return replace(changed, floor=min(now + grace, old_due) if budget - changed.used < grace else None)

    def due(self, calendar: Calendar, share: float = 1.0) -> datetime | None:
        """When this share of the budget is used up; None while stopped."""
        if self.running_since is None:
            return None
        used_up = calendar.add(self.running_since, self.budget * share - self.used)
        return max(self.floor, used_up) if self.floor else used_up

    def graced(self, calendar: Calendar) -> bool:
        """A raise had left it nothing, so that it runs out by the grace that one gives."""
        used_up = replace(self, floor=None).due(calendar)
        return self.floor is not None and used_up is not None and used_up < self.floor

    def spent(self, now: datetime, calendar: Calendar) -> timedelta:
        """Open time used until now."""
        return self.used + calendar.between(self.running_since, now) if self.running_since else self.used
