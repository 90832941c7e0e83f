"""What is over when its message would go out is told nobody (invariant 30)."""

from collections.abc import Callable

import pytest

from tests.harness import Workspace

ENDS: dict[str, Callable[[Workspace], object]] = {
    "resolved": lambda w: w.bot.issues.resolve(1, "U0FAY", fix="!", category="network", delivery="end"),
    "cancelled": lambda w: w.bot.issues.cancel(1, "U0FAY", reason="", insists=True, delivery="end"),
    "merged": lambda w: w.bot.issues.merge(1, "U0FAY", into=2, delivery="end"),
}


@pytest.mark.parametrize("end", ENDS)
def test_those_above_hear_nothing_of_it(workspace: Workspace, end: str) -> None:
    """A P1 informs management at once; it is over before that message goes out."""
    workspace.submit_issue("It burns", impact="high", urgency="high", settle=False)
    workspace.submit_issue("Another", by="U0TOM", impact="high", urgency="high", settle=False)
    ENDS[end](workspace)
    workspace.settle()
    assert not [message for message in workspace.channel("it-managers") if "ISS-1" in message.text]
