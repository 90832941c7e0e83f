"""Everything a rule may answer with no. Each says what was wrong and what to do; people read it as it stands.

A `{user}` in a sentence is a Slack mention of that person, so these texts are mrkdwn.
"""


class Refused(Exception):
    """That is not possible."""

    def __init__(self, **facts: object) -> None:
        super().__init__((self.__doc__ or "").strip().format(**facts))


class NoSuchIssue(Refused):
    """There is no {name}. Check the number, or type `/issue list` to see the open ones."""


class NotStaff(Refused):
    """Only support staff can do that with {name}. Staff are the members of the tier's channel: ask there to be invited."""


class NotYours(Refused):
    """Only the person who reported {name}, or support staff, can do that."""


class AlreadyClaimed(Refused):
    """{name} is already claimed by <@{user}>. If you should have it, ask them to release it."""


class NotClaimed(Refused):
    """Nobody holds {name}, so there is nothing to release. Press Claim to take it."""


class NotTheClaimant(Refused):
    """<@{user}> holds {name}. Ask them, or someone of a higher tier, to do that."""


class AlreadyResolved(Refused):
    """{name} is already resolved, by <@{user}>. If the trouble is back, reopen it."""


class NotResolved(Refused):
    """{name} is not resolved, so it cannot be reopened. It is {status} now."""


class AlreadyMoved(Refused):
    """{name} has moved since this card was drawn: it is with {tier} now. Look at its newest card."""


class NoHigherTier(Refused):
    """{name} is already with {tier}, the last tier. There is nobody above to escalate to; claim it, or reply in its thread."""


class TitleMissing(Refused):
    """Say in one line what is wrong, for example: VPN is down in Berlin."""


class TitleTooLong(Refused):
    """The title has {length} characters; at most {limit} fit. Put the rest under Details."""


class DetailsTooLong(Refused):
    """The details have {length} characters; at most {limit} fit. Shorten them, or send the rest as a reply under your receipt."""


class ReasonMissing(Refused):
    """Say in a few words why {what}, so the next person need not ask."""


class TextTooLong(Refused):
    """This has {length} characters; at most {limit} fit. Shorten it, or put the rest in the thread."""


class TooManyIssues(Refused):
    """You have opened {count} issues in the last {minutes} minutes, which is the most we take at once. Nothing was stored: wait a little, or reply under one of your receipts."""


class NothingSaid(Refused):
    """There was nothing in that message to pass on. Write what you want to say after the word."""


class HowToEscalate(Refused):
    """To escalate {name} from here, say why and what was tried: `@Escalator escalate nobody can log in; tried: restarted the gateway`."""
