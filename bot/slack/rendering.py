"""A message of the outbox -> the one Web API call that delivers it, from the issue as it is now."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from bot.domain.deadlines import TIER_WINDOW, UPDATE
from bot.domain.events import Cause, Words
from bot.domain.issue import Issue, Status
from bot.domain.morning import Page
from bot.domain.policy import Policy
from bot.messages import (
    RELAYED,
    Card,
    CardRefresh,
    CatchUp,
    DeliveryAlert,
    Digest,
    FormerCard,
    Gathered,
    Inform,
    Line,
    Mark,
    Message,
    MorningPage,
    Offer,
    OfferRefresh,
    Place,
    PolicyApplied,
    QuestionRefresh,
    Receipt,
    ReceiptRefresh,
    Relay,
    RelayDelete,
    RelayEdit,
    Remind,
    TierPing,
    needs_somebody,
)
from bot.ports import Call, Post
from bot.slack import cards, ids, morning, words
from bot.slack.blocks import Block, actions, button, context, row, section
from bot.slack.history import CLOCKS
from bot.text import TEXT_LIMIT, by, capital, clip, disarmed, escape, person, split, when

Told = tuple[Gathered, Issue, Policy, str | None]  # and a link to its card, if there is one in that place
MENTION_FROM = 0.8  # of a budget used up
DIGEST_LINES = 20  # domain.md 3.12 rule 4; far from Slack's 50 blocks
DIGEST_TITLE = 80  # characters of a title in such a line


@dataclass(frozen=True)
class Scene:
    """What the call depends on beside the issue: where things are in Slack just now."""

    channel: str  # id of the place's channel or DM; a user id before the first DM
    thread: Post | None  # card or receipt at the place
    former: Post | None  # the last card at the place before that
    copy: Post | None  # what an edit or deletion is about, at the place
    newest_link: str | None  # permalink of the newest card
    latest_link: str | None  # permalink of the newest one of this place, for those before it
    earlier_link: str | None  # permalink of the card it came from
    now: datetime
    name_of: Callable[[str], str]  # a user's name, for words that must not mention
    may_call: Callable[[int, timedelta], bool] = lambda _rank, _pause: True  # whether the clock may ping the place now
    gathered: tuple[Told, ...] = ()  # what a digest tells of
    page: Page | None = None  # what a morning's page shows
    link_of: Callable[[Issue], str | None] = lambda _: None  # permalink of an issue's card


def render(message: Message, issue: Issue, policy: Policy, scene: Scene) -> Call | None:
    """None: there is nothing left to say (the row is superseded)."""
    call = _call(message, issue, policy, scene)
    return call and _counted(call, message, issue, policy, scene)


def may_ping(message: Message) -> bool:
    return isinstance(message, Card | TierPing | Remind | Inform | Digest | DeliveryAlert)


def _counted(call: Call, message: Message, issue: Issue, policy: Policy, scene: Scene) -> Call:
    """Whether it pings the tier, which must not happen too often."""
    called = words.mention(policy.tier(message.place.tier).ping) if message.place.tier else None
    if not may_ping(message) or call.method != "chat.postMessage" or not called or called not in call.arguments["text"]:
        return call
    told = _told(message, scene) if isinstance(message, Digest) else ()
    return replace(call, calls=min((each.priority.rank for _, each, _, _ in told), default=issue.priority.rank))


def _call(message: Message, issue: Issue, policy: Policy, scene: Scene) -> Call | None:
    match message:
        case Card(place=place, ping=ping, asked=asked):
            return _post(scene.channel, *_card(issue, policy, place.tier, ping=ping, scene=scene, asked=asked))
        case CardRefresh(place=place):
            return _update(scene.thread, *_card(issue, policy, place.tier, ping=False, scene=scene))
        case FormerCard():
            return _update(scene.former, *cards.came_back(issue, scene.latest_link))
        case Receipt():
            return _post(scene.channel, *cards.receipt(issue, policy))
        case ReceiptRefresh():
            return _update(scene.thread, *cards.receipt(issue, policy))
        case Line(text=text):
            return _post(scene.channel, text, [section(piece) for piece in split(text)], thread=scene.thread)
        case Offer():
            text = _offer(message, issue, policy, scene)
            return _post(scene.channel, text, [section(piece) for piece in split(text)], thread=scene.thread)
        case QuestionRefresh(place=place):
            return _update(scene.thread, *_question(issue, policy, place, scene))
        case OfferRefresh():
            text = _offer_over(message, issue, policy)
            return _update(scene.thread, text, [section(text)])
        case TierPing():
            still_so = _still_unanswered(issue, message.cause, message.place)
            return _tier_ping(message, issue, policy, scene) if still_so else None
        case Remind(clock=clock, share=share):
            return _remind(message, issue, policy, scene) if _still_due(issue, policy, clock, share, scene) else None
        case CatchUp(place=place, since=since, until=until, counts=counts):
            return _post(scene.channel, *_caught_up(policy, place, since, until, counts))
        case Inform(place=place, cause=cause):
            return (
                _inform(issue, policy, place, cause, scene)
                if _still_worth_knowing(issue, policy, cause, scene.now)
                else None
            )
        case Relay(author=author, words=said):
            return _post(scene.channel, *_relayed(author, said, scene, message), thread=scene.thread)
        case RelayEdit(author=author, words=said) if scene.copy and scene.copy.role == "note":
            return _update(scene.copy, *_relayed(author, said, scene, Relay(message.place, author, said, note=True)))
        case RelayEdit(author=author, words=said):
            return _update(scene.copy, *_relayed(author, said, scene))
        case RelayDelete():
            return Call("chat.delete", scene.copy.channel, {"ts": scene.copy.ts}) if scene.copy else None
        case Mark(reaction=reaction) if reaction == RELAYED and scene.copy is None:
            return None  # the words did not arrive, so nothing may say that they did
        case Mark(channel=channel, ts=ts, reaction=reaction):
            return Call("reactions.add", channel, {"timestamp": ts, "name": reaction})
        case Digest():
            return _digest(message, policy, scene)
        case MorningPage():
            return _morning(message, policy, scene)
        case PolicyApplied():
            text = _applied(message, policy)
            return _post(scene.channel, text, [section(text)])
        case DeliveryAlert():
            return _post(scene.channel, *_alert(message, issue, policy, scene))
        case _:
            assert_never(message)


def _offer(offer: Offer, issue: Issue, policy: Policy, scene: Scene) -> str:
    claim = issue.claim
    if claim is None or (claim.by, claim.accept_by) != (offer.place.person, offer.accept_by):
        return _offer_over(offer, issue, policy)
    link = scene.link_of(issue)
    card = f"<{link}|its card>" if link else "its card"
    return (
        f"{person(offer.by)} hands {issue.name} {escape(issue.title)} to you. "
        f"Press Accept on {card}, or type `{ids.COMMAND} claim {issue.name}`, {by(offer.accept_by)}. "
        f"To decline: `{ids.COMMAND} decline {issue.name}`.\n"
        f"{escape(offer.note)}"
    )


def _offer_over(offer: Offer | OfferRefresh, issue: Issue, policy: Policy) -> str:
    handed = f"{person(offer.by)} handed {issue.name} {escape(issue.title)} to you"
    if issue.claim and issue.claim.by == offer.place.person:
        if issue.claim.offered_by is None:
            return f"{handed}, and you have accepted it."
        return f"{handed}; then it had to wait, and this needs no answer."
    return f"{handed}; that needs no answer any more. {words.status(issue, policy)}."


def without_blocks(call: Call) -> Call:
    """The same words as plain text, for when Slack refuses the blocks: formatting never loses an escalation."""
    return replace(call, arguments={**call.arguments, "blocks": []})


def _card(
    issue: Issue, policy: Policy, tier: int | None, *, ping: bool, scene: Scene, asked: bool = False
) -> cards.Message:
    assert tier is not None
    ping = ping and _may_call(issue, policy, scene, asked=asked)
    return cards.card(
        issue, policy, tier=tier, ping=ping, newest=scene.newest_link, earlier=scene.earlier_link, now=scene.now
    )


def _may_call(issue: Issue, policy: Policy, scene: Scene, *, asked: bool = False) -> bool:
    """By the clock not too often, if nobody `asked` for it; and in the hours of its priority (domain.md 3.12, 7.3)."""
    targets = policy.targets[issue.priority]
    return targets.calendar.is_open(scene.now) and (
        asked or scene.may_call(issue.priority.rank, min(targets.windows) / 2)
    )


def _called(issue: Issue, policy: Policy, tier: int, scene: Scene, *, silent: bool, asked: bool = False) -> str | None:
    """Who must act: its holder, and the tier if nobody holds it, or who does is `silent`: others can take it over."""
    its_tier = words.mention(policy.tier(tier).ping) if _may_call(issue, policy, scene, asked=asked) else None
    who = (person(issue.claim.by), its_tier if silent else None) if issue.claim else (its_tier,)
    return " ".join(each for each in who if each) or None


def _tier_ping(ping: TierPing, issue: Issue, policy: Policy, scene: Scene) -> Call:
    """In the card's thread and broadcast to the channel: never a second card (domain.md 3.6)."""
    silent = ping.count > 1  # nobody answered the reminder before
    called = _called(issue, policy, ping.place.tier or issue.tier, scene, silent=silent, asked=ping.asked)
    text = ping.why or f"{issue.name} {escape(issue.title)}: {_pinged_because(issue, ping.cause)}."
    if ping.count:
        what = "Tell the reporter how it stands" if issue.claim else "Claim it on its card"
        what += f", or take it over if {person(issue.claim.by)} is away" if issue.claim and silent else ""
        text += f" {what}. {words.next_step(issue, policy)}. Reminder {ping.count} of the last tier."
    elif ping.cause is Cause.RAISED:
        text += f" {words.next_step(issue, policy)}."  # how little time is left (domain.md 3.8)
    text = f"{called} {text}" if called else text
    return _post(scene.channel, text, [section(text)], thread=scene.thread, broadcast=True)


def _pinged_because(issue: Issue, cause: Cause) -> str:
    return {
        Cause.STALE: "its reporter has not heard from us in time",
        Cause.RAISED: f"it is {words.priority(issue)} now, and nobody has claimed it",
        Cause.REOPENED: "it was reopened, and nobody has claimed it",
    }.get(cause, "still nobody has claimed it")


def _remind(remind: Remind, issue: Issue, policy: Policy, scene: Scene) -> Call:
    """Half-time is a quiet line; from 80 % on whoever must act is mentioned (domain.md 3.4)."""
    clock, share = remind.clock, remind.share
    silent = share >= 1 and issue.stale_reminders > 1  # nobody answered the reminder before
    called = _called(issue, policy, remind.place.tier or issue.desk, scene, silent=silent)
    lead = f"{called} " if called and share >= MENTION_FROM else ""
    used = capital(_used(clock, share, of=f" of {issue.name}"))
    text = f"{lead}{used}." if share >= 1 else f"{lead}{used}. {words.next_step(issue, policy)}."
    if issue.claim and silent:
        text += f" Take it over if {person(issue.claim.by)} is away."
    tell = button("Tell the reporter", f"{ids.ACT}update", ids.seen(issue, issue.desk), spoken=f"Update {issue.name}")
    blocks = [section(text), *([actions(tell)] if issue.claim else [])]
    return _post(scene.channel, text, blocks, thread=scene.thread, broadcast=silent)


def _used(clock: str, share: float, *, of: str = "") -> str:
    if share >= 1:
        return f"the reporter{of} has not heard from support in time"
    return f"{share:.0%} of the {CLOCKS[clock]} time{of} is used"


def _still_unanswered(issue: Issue, cause: Cause | None, place: Place) -> bool:
    if cause is Cause.STALE:
        return issue.ticking and issue.claim is not None
    return needs_somebody(issue, place)


def _still_due(issue: Issue, policy: Policy, clock: str, share: float, scene: Scene) -> bool:
    """Nobody has claimed, answered or released since it was decided."""
    held = issue.claim is not None
    if not issue.ticking or (clock == TIER_WINDOW and held) or (clock == UPDATE and not held):
        return False
    if share >= 1:
        return issue.stale_reminders > 0
    at = getattr(issue.clocks, clock).due(policy.targets[issue.priority].calendar, share)
    return at is not None and at <= scene.now


def _caught_up(
    policy: Policy, place: Place, since: datetime, until: datetime, counts: tuple[tuple[str, int], ...]
) -> cards.Message:
    total = sum(count for _, count in counts)
    by_priority = ", ".join(f"{count} {priority}" for priority, count in counts)
    issues = "issue is past due and needs" if total == 1 else "issues are past due and need"
    tier = policy.tier(place.tier).name if place.tier else ""
    text = f"Escalator was down from {when(since)} to {when(until)}. {total} {issues} {tier} now: {by_priority}."
    return text, [section(text)]


def _still_worth_knowing(issue: Issue, policy: Policy, cause: Cause | None, now: datetime) -> bool:
    if cause is Cause.LEADERLESS:  # and it has not been lowered meanwhile
        asked = policy.targets[issue.priority].ask_leader is not None
        unanswered = issue.status is Status.OPEN and issue.commander is None
        return asked and unanswered and issue.leader_asked is not None
    if cause is Cause.MAJOR:
        return issue.live and issue.commander is not None
    if cause is Cause.RESOLUTION and (due := _resolution_due(issue, policy)):
        return issue.live and due <= now
    return issue.live


def _inform(issue: Issue, policy: Policy, place: Place, cause: Cause, scene: Scene) -> Call:
    if cause is not Cause.LEADERLESS:
        return _post(scene.channel, *_informed(issue, policy, place, cause, scene))
    called = words.mention(policy.tier(place.tier).ping) if place.tier and _may_call(issue, policy, scene) else None
    return _post(scene.channel, *_question(issue, policy, place, scene, called=called))


def _question(issue: Issue, policy: Policy, place: Place, scene: Scene, *, called: str | None = None) -> cards.Message:
    if not _still_worth_knowing(issue, policy, Cause.LEADERLESS, scene.now):
        stands = words.status(issue, policy) if issue.leader_asked else "Since then it was reopened"
        text = f"{issue.name} {escape(issue.title)}: it was asked here who leads it. {stands}."
        return text, [section(text), _under_notice(issue, scene, place)]
    asked = (
        f"{issue.name} {escape(issue.title)} is {words.priority(issue)}, and nobody in "
        f"{policy.names(issue.turn, 'or')} has claimed it. Who leads it?"
    )
    text = f"{called} {asked}" if called else asked
    value = ids.seen(issue, place.tier)
    named = button("Name who leads it", f"{ids.ACT}major", value, spoken=f"Name who leads {issue.name}")
    claim = button("Claim", f"{ids.ACT}claim", value, spoken=f"Claim {issue.name}")
    return text, [section(text), actions(named, claim), _under_notice(issue, scene, place)]


def _informed(issue: Issue, policy: Policy, place: Place, cause: Cause, scene: Scene) -> cards.Message:
    """It is never redrawn, so it says of what moment it speaks."""
    text = (
        f"For your information: {issue.name} {escape(issue.title)}; {_informed_because(issue, policy, cause)}. "
        f"As of {when(scene.now)}: {_stands(issue, policy, cause)}. "
        f"`{ids.COMMAND} show {issue.name}` tells how it stands."
    )
    return text, [section(text), _under_notice(issue, scene, place)]


def _under_notice(issue: Issue, scene: Scene, place: Place) -> Block:
    """A person may be told who is no staff: the fallback is anybody."""
    card = f"<{scene.newest_link}|its card>" if scene.newest_link else "its card"
    if not place.tier:
        return context(f"It is worked on under {card}.")
    claim = "; while it is open, `@Escalator claim` here takes it" if issue.status is Status.OPEN else ""
    return context(f"Reply in this thread and the reporter sees it, as under {card}{claim}.")


def _informed_because(issue: Issue, policy: Policy, cause: Cause) -> str:
    return {
        Cause.RESOLUTION: _overdue(issue, policy),
        Cause.STALE: "its reporter has not heard from support for twice as long as promised",
        Cause.BOUNCED: f"it was sent back and forth {issue.bounces} times",
        Cause.REOPENED: f"it was reopened {issue.cycle} times",
        Cause.UNANSWERED: f"{policy.tier(issue.tier).name} has not answered {issue.pings} reminders",
        Cause.OVERDUE: "it comes very late, by a delay of Escalator itself",
        Cause.CLIMBED: f"it has gone up to {policy.tier(issue.tier).name}",
        Cause.MAJOR: f"it is a major incident now, led by {person(issue.commander)}",
    }.get(cause, f"it is {words.priority(issue)}{', and it was reopened' if issue.reopening else ''}")


def _stands(issue: Issue, policy: Policy, cause: Cause) -> str:
    """Without what the cause has said."""
    return words.state(issue, policy) if cause is Cause.MAJOR else words.status(issue, policy)


def _overdue(issue: Issue, policy: Policy) -> str:
    due = _resolution_due(issue, policy)
    return f"its resolution target passed {when(due)}" if due else "its resolution target has passed"


def _resolution_due(issue: Issue, policy: Policy) -> datetime | None:
    return issue.clocks.resolution.due(policy.targets[issue.priority].calendar)


def _digest(digest: Digest, policy: Policy, scene: Scene) -> Call | None:
    """The most urgent in a line each, the rest counted; one ping (domain.md 3.12 rule 4)."""
    told = _told(digest, scene)
    if not told:
        return None
    counted = Counter(words.priority(issue) for _, issue, _, _ in told)
    alike = next(iter(counted)) if len(counted) == 1 else ""
    text = f"{_digest_says(digest, policy, len(told), alike)}."
    if not alike:
        text = f"{text[:-1]}: {', '.join(f'{count} {priority}' for priority, count in counted.items())}."
    called = words.mention(policy.tier(digest.place.tier).ping) if digest.place.tier else None
    awake = any(_may_call(issue, its, scene, asked=item.asked) for item, issue, its, _ in told)
    if called and _asks_the_tier(digest.kind, told) and awake:
        text = f"{called} {text}"
    blocks = [section(text)]
    blocks += [
        _digest_line(digest, item, issue, its, link, alike=bool(alike))
        for item, issue, its, link in told[:DIGEST_LINES]
    ]
    rest = len(told) - DIGEST_LINES
    notes = [f"And {rest} more; `{ids.COMMAND} list` shows the most urgent."] if rest > 0 else []
    if digest.kind == Card.__name__:
        notes.append("The card of each follows here, the most urgent first.")
    return _post(scene.channel, text, [*blocks, *([context(" ".join(notes))] if notes else [])])


def _told(digest: Digest, scene: Scene) -> list[Told]:
    """What it tells of and still holds, the most urgent first."""
    told = [each for each in scene.gathered if _still_worth_telling(digest, *each[:3], scene)]
    return sorted(told, key=lambda each: (each[1].priority.rank, each[1].opened_at))


def _asks_the_tier(kind: str, told: Sequence[Told]) -> bool:
    """Who holds an issue is called by name in its line; a notice calls nobody."""
    match kind:
        case Inform.__name__:
            return False
        case Remind.__name__:
            return any(issue.claim is None and item.share >= MENTION_FROM for item, issue, _, _ in told)
        case _:
            return True


def _digest_says(digest: Digest, policy: Policy, count: int, alike: str) -> str:
    """`alike`: the one priority that all have."""
    tier = policy.tier(digest.place.tier).name if digest.place.tier else ""
    what = f"{count} {alike}".rstrip()
    issues, need, run = (f"{what} issue", "needs", "runs") if count == 1 else (f"{what} issues", "need", "run")
    match digest.kind:
        case Card.__name__:
            return f"{issues} {need} somebody in {tier}"
        case TierPing.__name__:
            return f"{issues} still {need} somebody in {tier}"
        case Remind.__name__:
            return f"{issues} with {tier} {run} out of time"
        case _:
            return f"For your information, {issues}"


def _digest_line(
    digest: Digest, item: Gathered, issue: Issue, policy: Policy, link: str | None, *, alike: bool
) -> Block:
    """What the line above all of them does not say; `alike`: it says their priority."""
    name = f"<{link}|{issue.name}>" if link else f"*{issue.name}*"
    line = f"{name} {escape(clip(issue.title, DIGEST_TITLE))}" + ("" if alike else f" ({issue.priority.value})")
    match digest.kind:
        case Card.__name__:
            why = f". {capital(words.hand_off(issue.hand_off, issue, policy, name='it'))}" if issue.hand_off else ""
            claim = button("Claim", f"{ids.ACT}claim", ids.seen(issue, digest.place.tier), spoken=f"Claim {issue.name}")
            return row(f"{line}{why}", claim)
        case TierPing.__name__ if item.cause:
            why = _pinged_because(issue, item.cause) if item.cause is not Cause.UNCLAIMED else ""
            return section(f"{line}: {why}." if why else line)
        case Inform.__name__ if item.cause:
            why = _informed_because(issue, policy, item.cause)
            said = alike and item.cause in (Cause.SEVERITY, Cause.RAISED) and not issue.reopening  # its priority
            return section(f"{line}{'' if said else f': {why}'}. {_stands(issue, policy, item.cause)}.")
        case _:
            who = f"{person(issue.claim.by)}, " if issue.claim and item.share >= MENTION_FROM else ""
            return section(f"{line}: {who}{_used(item.clock, item.share)}. {words.next_step(issue, policy)}.")


def _still_worth_telling(digest: Digest, item: Gathered, issue: Issue, policy: Policy, scene: Scene) -> bool:
    match digest.kind:
        case Card.__name__:
            return needs_somebody(issue, digest.place)
        case TierPing.__name__:
            return _still_unanswered(issue, item.cause, digest.place)
        case Remind.__name__:
            return _still_due(issue, policy, item.clock, item.share, scene)
        case _:
            return _still_worth_knowing(issue, policy, item.cause, scene.now)


def _morning(message: MorningPage, policy: Policy, scene: Scene) -> Call | None:
    if scene.page is None or not scene.page.worries or scene.now >= message.until:
        return None
    tiers = tuple(policy.tier(tier).name for tier in message.tiers)
    return _post(scene.channel, *morning.page(scene.page, tiers, scene.name_of, scene.link_of))


def _applied(message: PolicyApplied, policy: Policy) -> str:
    tier = policy.tier(message.place.tier).name if message.place.tier else ""
    follow = "1 open issue of {} follows" if message.moved == 1 else f"{message.moved} open issues of {{}} follow"
    shifts = [(message.earlier, "due earlier than before"), (message.late, "past a deadline, with only the grace left")]
    said = [f"{count} {'is' if count == 1 else 'are'} {how}" for count, how in shifts if count]
    return f"{follow.format(tier)} the changed escalation policy now: {' and '.join(said) or 'none is due earlier'}."


def _relayed(author: str, said: Words, scene: Scene, relay: Relay | None = None) -> cards.Message:
    called, about, note = (relay.calls, relay.about, relay.note) if relay else (None, "", False)
    only = ", for staff only" if note else ""
    text = disarmed(said.text, scene.name_of)
    files = [f"File: <{link}|{escape(' '.join(name.split()))}>" for name, link in said.files]
    says = f"{person(author)} says about {about}" if about else f"{person(author)} says{only}"
    says = f"{person(called)}: {says}" if called else says
    blocks: list[Block] = [context(says)]
    blocks += [section(piece) for piece in split(text)]
    blocks += [section(line) for line in files]
    lead = f"{person(called)}, " if called else ""
    return "\n".join([f"{lead}{person(author)}{only}: {text}", *files]), blocks


def _alert(alert: DeliveryAlert, issue: Issue, policy: Policy, scene: Scene) -> cards.Message:
    where, error = escape(alert.where), escape(alert.error)
    text = (
        f"{issue.name} {escape(issue.title)}, {words.priority(issue)}: {escape(alert.what)} could not be delivered to "
        f"{where}, because Slack said `{error}`. Whoever should have seen it there has not. "
        f"{words.status(issue, policy)}."
    )
    unheard = alert.called and any(needs_somebody(issue, Place(tier=tier)) for tier in alert.tried)
    has_its_own = needs_somebody(issue, alert.place)  # call
    if unheard and not has_its_own and alert.place.tier and _may_call(issue, policy, scene, asked=alert.asked):
        called = words.mention(policy.tier(alert.place.tier).ping)
        text = f"{called} {text}" if called else text
    buttons = actions(
        button("Claim", f"{ids.ACT}claim", ids.seen(issue), style="primary", spoken=f"Claim {issue.name}")
    )
    return text, [section(text), *([buttons] if issue.status is Status.OPEN else [])]


def _post(channel: str, text: str, blocks: list[Block], *, thread: Post | None = None, broadcast: bool = False) -> Call:
    arguments: dict[str, Any] = {
        "text": clip(text, TEXT_LIMIT),
        "blocks": blocks[:50],
        "unfurl_links": False,
        "unfurl_media": False,
    }
    if thread:
        arguments["thread_ts"] = thread.ts
        if broadcast:
            arguments["reply_broadcast"] = True
    return Call("chat.postMessage", thread.channel if thread else channel, arguments)


def _update(post: Post | None, text: str, blocks: list[Block]) -> Call | None:
    if post is None:
        return None
    return Call("chat.update", post.channel, {"ts": post.ts, "text": clip(text, TEXT_LIMIT), "blocks": blocks[:50]})
