"""Names that rendering writes and listening reads. Old cards live for ever: add names, do not change them."""

from bot.domain.issue import Issue

COMMAND = "/issue"

# forms (callback ids)
REPORT = "issue_report"
ACT_FORM = "issue_act_"  # + the act's word
MENU = "issue_menu"
HISTORY = "issue_history"
WHY_VIEW = "issue_why"

# buttons (action ids): "issue_claim", "issue_escalate", ... : this and the act's word
ACT = "issue_"
MORE = "issue_more"  # the ⋯ menu; an option's value is "word:" and what the card showed

# what the ⋯ menu offers beside acts
SHOW_HISTORY = "history"
SHOW_WHY = "why"
SHOW_MENU = "menu"

# inputs; a block has the same name as its one element
TITLE = "title"
DETAILS = "details"
IMPACT = "impact"
URGENCY = "urgency"


def seen(issue: Issue, desk: int | None = None) -> str:
    """What a button was drawn for: issue, tier entry, and the tier whose card it is on ("42:3:2"; 0: the receipt)."""
    return f"{issue.number}:{issue.tier_entry}:{desk or 0}"


def read_seen(value: str) -> tuple[int, int, int | None]:
    """Number, tier entry, desk. ValueError for anything we did not write."""
    number, entry, desk = (int(part) for part in value.split(":"))
    return number, entry, desk or None
