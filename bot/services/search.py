"""Looking issues up: mine, the open ones, and one with its history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.clock import Clock
from bot.domain import refusals
from bot.domain.explanation import clock_stories
from bot.domain.issue import Issue, issue_name
from bot.domain.policy import Policy
from bot.ports import Database
from bot.services.issues import CurrentPolicy
from bot.slack.history import history_lines
from bot.slack.why import why_lines

SHOWN = 20  # issues of one answer


@dataclass(frozen=True)
class Found:
    issue: Issue
    policy: Policy


@dataclass(frozen=True)
class Page:
    """The first SHOWN of what there is."""

    found: Sequence[Found]
    more: bool


class Search:
    def __init__(self, database: Database, policy: CurrentPolicy, clock: Clock) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    def mine(self, user: str) -> Page:
        """Newest first, resolved ones too."""
        return self._page(self._database.issues_of(user, SHOWN + 1))

    def held(self, user: str) -> Page:
        """P1 first, then the oldest."""
        return self._page(self._database.held_by(user, SHOWN + 1))

    def open(self) -> Page:
        """P1 first, then the oldest."""
        return self._page(self._database.open_issues(SHOWN + 1))

    def one(self, number: int) -> Found:
        """Raises refusals.NoSuchIssue."""
        issue = self._database.find(number)
        if issue is None:
            raise refusals.NoSuchIssue(name=issue_name(number))
        return self._found(issue)

    def history(self, found: Found) -> list[str]:
        """Everything on record, a line each, for staff."""
        events = [entry.event for entry in self._database.timeline(found.issue.number)]
        return [line for _, line in history_lines(events, self._policy_of(found))]

    def why(self, number: int, user: str) -> list[str]:
        """Paragraphs of mrkdwn, for staff and for its reporter, to whom a promise was made.

        Raises refusals.NoSuchIssue, NotYours.
        """
        found, staff = self.one(number), self.is_staff(user)
        if not staff and user != found.issue.reporter:
            raise refusals.NotYours(name=found.issue.name)
        events = [entry.event for entry in self._database.timeline(number)]
        stories = clock_stories(events, self._database.policy, self._clock())
        return why_lines(found.issue, found.policy, stories, events, self._policy_of(found), reader=user, staff=staff)

    def is_staff(self, user: str) -> bool:
        return any(user in members for members in self._database.staff().values())

    def _page(self, issues: Sequence[Issue]) -> Page:
        return Page([self._found(issue) for issue in issues[:SHOWN]], more=len(issues) > SHOWN)

    def _policy_of(self, found: Found) -> Callable[[str], Policy]:
        """What it follows now has the names of today; what it followed before, those of then."""
        return lambda version: found.policy if version == found.policy.version else self._database.policy(version)

    def _found(self, issue: Issue) -> Found:
        return Found(issue, self._database.policy(issue.policy).with_people_of(self._policy()))
