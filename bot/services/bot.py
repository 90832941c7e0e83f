"""All that a listener may use, in one place."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.policy import Policy
from bot.ports import DirectAnswers
from bot.services.conversation import Conversation
from bot.services.directory import Directory
from bot.services.issues import IssueService
from bot.services.search import Search


@dataclass(frozen=True)
class Bot:
    issues: IssueService
    conversation: Conversation
    search: Search
    directory: Directory
    answers: DirectAnswers
    policy: Callable[[], Policy]
    user: Callable[[], str]  # the bot's own user id
