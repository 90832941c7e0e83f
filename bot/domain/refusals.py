"""Everything a rule may answer with no. Each says what was wrong and what to do; people read it as it stands.

A `{user}` in a sentence is a Slack mention of that person, so these texts are mrkdwn.
"""

from datetime import datetime

from bot.text import when


class Refused(Exception):
    """That is not possible."""

    def __init__(self, **facts: object) -> None:
        said = {name: when(fact) if isinstance(fact, datetime) else fact for name, fact in facts.items()}
        super().__init__((self.__doc__ or "").strip().format(**said))


class NoSuchIssue(Refused):
    """There is no {name}. Check the number, or type `/issue list` to see the open ones."""


class NotStaff(Refused):
    """Only support staff can do that with {name}. Staff are the members of the tier's channel: ask there to be invited."""


class NotYours(Refused):
    """Only the person who reported {name}, or support staff, can do that."""


class AlreadyClaimed(Refused):
    """{name} is already claimed by <@{user}>, since {since}. If you should have it, ask them to release it{way}."""


class HandedToAnother(Refused):
    """{name} is being handed to <@{user}>, who has until {until} to accept it. If you should have it, ask them to release it{way}."""


class NotOffered(Refused):
    """{name} is handed to nobody just now, so there is nothing to decline. `/issue show {name}` says who has it."""


class NotClaimed(Refused):
    """Nobody holds {name}, so there is nothing to release. Press Claim to take it."""


class NotTheClaimant(Refused):
    """<@{user}> holds {name}. Ask them, or someone of a higher tier, to do that."""


class AlreadyResolved(Refused):
    """{name} is already resolved, by {by}, {at}. If the trouble is back, reopen it."""


class NotResolved(Refused):
    """{name} is not resolved, so it cannot be reopened. It is {status} now."""


class OnlyItsReporter(Refused):
    """Only the person who reported {name} can say that. Ask them in its thread."""


class NotResolvedYet(Refused):
    """{name} is not resolved, so there is nothing to judge. It is {status} now."""


class AlreadyMoved(Refused):
    """{name} has changed since this card was drawn: it is with {tier} now{moved}. Look at its newest card."""


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


class TriedMissing(Refused):
    """Say what was tried already, so that it need not be tried again; if nothing was, say that."""


class WordsMissing(Refused):
    """Say {what}; there was nothing to pass on."""


class TextTooLong(Refused):
    """This has {length} characters; at most {limit} fit. Shorten it, or put the rest in the thread."""


class TooManyIssues(Refused):
    """You have opened {count} issues in the last {minutes} minutes, which is the most we take at once. Nothing was stored: wait a little, or reply under one of your receipts."""


class NothingSaid(Refused):
    """There was nothing in that message to pass on. Write what you want to say after the word."""


class HowToEscalate(Refused):
    """To escalate it from here, say why, and what was tried, like this: {example}."""


class AlreadyOver(Refused):
    """{name} was {status} {at}, which is final. If there is new trouble, report it with `/issue`."""


class AlreadyMerged(Refused):
    """{name} was merged into {parent} {at} and goes on there. If it is another trouble after all, support can take it out again: `/issue unmerge {name}`."""


class IsWaiting(Refused):
    """{name} waits for {what}, and so do its clocks. Resume it first: choose Resume, or write `@Escalator resume`."""


class NotWaiting(Refused):
    """{name} does not wait for anything. It is {status} now."""


class MustBeClaimed(Refused):
    """Nobody holds {name}. Claim it first; then that is possible."""


class AlreadyYours(Refused):
    """You hold {name} already."""


class NotHighEnough(Refused):
    """<@{user}> of {tier} holds {name}. Only somebody of that tier or a higher one can take it over."""


class NotStaffThere(Refused):
    """<@{user}> is not support staff of {tiers}, so {name} cannot be handed to them. {way}."""


class NoLowerTier(Refused):
    """{name} is with {tier}, the first tier. There is nobody below to return it to."""


class TooSevereToReturn(Refused):
    """{name} is Critical (P1): it stays with {tier} or higher. Lower its priority first, if it is not that severe."""


class NoSuchTier(Refused):
    """There is no tier {tier}. The tiers are {tiers}."""


class AlreadyThere(Refused):
    """{name} is with {tier} already."""


class DateNeeded(Refused):
    """Say until when {name} shall wait: a day after today, at most {days} days ahead."""


class TooSevereToSnooze(Refused):
    """{name} is {priority}: its reminders cannot be silenced."""


class SnoozeTooLong(Refused):
    """{name} can be silent for at most {most}: until the reporter is due a word, and never longer than 4 hours."""


class AlreadyThatPriority(Refused):
    """{name} has that impact and urgency already."""


class RaisedOnce(Refused):
    """You have raised {name} once, which is what a reporter can do. Tell support in the thread of your receipt why it is worse."""


class CannotBeWorse(Refused):
    """{name} is {priority}, and a higher urgency would not change that. Tell support in the thread of your receipt what has changed."""


class MergeIntoItself(Refused):
    """{name} cannot be merged into itself. Name the other issue."""


class MergeTargetOver(Refused):
    """{target} is {status}, so nothing can be merged into it. Name an issue that is still worked on."""


class TooSevereToMerge(Refused):
    """{name} is Critical (P1), {target} is only {priority}. Merge {target} into {name} instead, or raise {target} first."""


class TooManyDuplicates(Refused):
    """{target} has {count} duplicates already, which is the most one issue can have. Name another, or leave this one by itself."""


class NotMerged(Refused):
    """{name} is not merged into another issue. It is {status} now."""


class TooLateToUnmerge(Refused):
    """{name} cannot be taken out of {parent} any more: that is possible for {days} days, and while {parent} is not closed. Report it anew with `/issue`."""


class OnlyLeadsCancelCritical(Refused):
    """{name} is Critical (P1). Only a lead{leads} or a higher tier can cancel it; tell them in the thread."""


class AskTheClaimantFirst(Refused):
    """{name} is with <@{user}>. Tell them in the thread that it is not needed; to cancel it all the same, write `/issue cancel {name} anyway`."""


class NotALead(Refused):
    """Only a lead of {tier}{leads}, or staff of a higher tier, can do that with {name}."""


class NotMajor(Refused):
    """{name} is not a major incident."""


class CategoryNeeded(Refused):
    """{name} is {priority}: say what kind of cause it had, one of {categories}; in words, put it in front of what fixed it: `network: the new gateway is up`."""


class NotUnderstood(Refused):
    """I did not understand {what}. Say it like this: {example}."""


class Incomplete(Refused):
    """Say also {what}, like this: {example}."""


class HasDuplicates(Refused):
    """{name} cannot be cancelled while other issues are merged into it: {children}. Resolve it, so that their reporters hear the outcome, or take them out first."""


class AlreadyMajor(Refused):
    """{name} is a major incident already. <@{user}> leads it. To name another, end it first: `/issue endmajor {name}`."""


class CannotLead(Refused):
    """<@{user}> is not support staff, so they cannot lead the work on {name}. Name somebody of a tier."""
