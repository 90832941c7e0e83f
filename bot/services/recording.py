"""Where a decision becomes fact: state, next deadline, timeline and messages, together or not at all."""

from datetime import datetime

from bot.domain.deadlines import next_moment
from bot.domain.decision import Decision
from bot.domain.issue import Issue
from bot.domain.policy import Policy
from bot.messages import in_hours, lane, messages_for
from bot.ports import Transaction


def record(tx: Transaction, before: Issue | None, decision: Decision, policy: Policy, now: datetime) -> Issue:
    """The only way an issue changes. A decision without events stores nothing."""
    issue = decision.issue
    if not decision.events:
        return issue
    tx.save(issue, next_moment(issue, policy))
    first = issue.version - len(decision.events) + 1
    for seq, event in enumerate(decision.events, start=first):
        tx.append(issue.number, seq, event)
        for message in messages_for(event, before, issue, policy):
            for each, at in in_hours(message, issue, policy, now):
                tx.enqueue(issue.number, each, lane=lane(each, event, issue.priority), now=now, not_before=at)
    return issue
