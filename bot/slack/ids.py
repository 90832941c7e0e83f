"""Names that rendering writes and listening reads. Old cards live for ever: add names, do not change them."""

from bot.domain.issue import Issue

COMMAND = "/issue"

# forms (callback ids)
REPORT = "issue_report"
ESCALATE_FORM = "issue_escalate_form"
RESOLVE_FORM = "issue_resolve_form"
REOPEN_FORM = "issue_reopen_form"
HISTORY = "issue_history"

# buttons (action ids)
CLAIM = "issue_claim"
ESCALATE = "issue_escalate"
RESOLVE = "issue_resolve"
REOPEN = "issue_reopen"
MORE = "issue_more"

# what the overflow menu offers
RELEASE = "release"
SHOW_HISTORY = "history"

# inputs; a block has the same name as its one element
TITLE = "title"
DETAILS = "details"
IMPACT = "impact"
URGENCY = "urgency"
REASON = "reason"
TRIED = "tried"
FIX = "fix"


def seen(issue: Issue, desk: int | None = None) -> str:
    """What a button was drawn for: issue, tier entry, and the tier whose card it is on ("42:3:2"; 0: the receipt)."""
    return f"{issue.number}:{issue.tier_entry}:{desk or 0}"


def read_seen(value: str) -> tuple[int, int, int | None]:
    """Number, tier entry, desk. ValueError for anything we did not write."""
    number, entry, desk = (int(part) for part in value.split(":"))
    return number, entry, desk or None
