"""Claim, release, escalate, resolve, reopen: by the buttons, and in words in the thread."""

import pytest

from tests.acceptance.driver import Refused, at_once
from tests.acceptance.town import Town


def test_the_form_says_the_priority_and_follows_the_choices(calm: Town) -> None:
    maya = calm.person("maya")

    maya.types("/issue Mail is slow")

    form = maya.sees_form("Report an issue")
    assert form.fields == ["title", "details", "impact", "urgency"]
    assert form.element("title")["initial_value"] == "Mail is slow"
    assert "Low (P4)" in form.shown
    maya.chooses("impact", "high")
    maya.chooses("urgency", "high")
    assert "Critical (P1)" in maya.form.shown
    maya.does("close", view_id=maya.form.view["id"])
    maya.sees_no_form()


def test_a_title_is_needed(calm: Town) -> None:
    lena = calm.person("lena")
    before = calm.slack.raw("C0L1")

    lena.types("/issue")
    lena.fills(title="   ")

    assert lena.form.errors == {"title": "Say in one line what is wrong, for example: VPN is down in Berlin."}
    assert calm.slack.raw("C0L1") == before
    lena.fills(title="Headset is dead")
    lena.sees_no_form()
    lena.sees("Headset is dead", "Waiting for L1", where="dm")


def test_the_card_says_what_one_needs_to_know(calm: Town) -> None:
    tom, ana = calm.person("tom"), calm.person("ana")

    issue = tom.reports("Forklift terminal is dark", details="Since the power cut.\nAisle 4.")

    card = ana.card(issue, "support-l1")
    for words in (
        "Forklift terminal is dark",
        "nobody in L1 has claimed it",
        "Normal (P3)",
        "<@U0TOM>",
        "It goes to L2",
    ):
        assert words in card.shown
    assert "<!date^" in card.shown
    assert "Since the power cut.\nAisle 4." in card.shown
    assert card.buttons == ["Claim", "Escalate", "Resolve", "More actions", "Why?", "History"]
    assert not card.calls_me  # a first card of a Normal issue is simply there
    assert issue in card.notification
    assert "Forklift terminal is dark" in card.notification


def test_claim_release_escalate_by_hand_resolve_reopen(calm: Town) -> None:
    maya, ana, chen, dana = (calm.person(name) for name in ("maya", "ana", "chen", "dana"))
    issue = maya.reports("VPN is down in Berlin")
    card = ana.card(issue, "support-l1")

    ana.presses("Claim", card)
    card = ana.sees_it_become(card, "Claimed by <@U0ANA>")
    maya.receipt(issue, "<@U0ANA> is on it")
    maya.sees("<@U0ANA> is on it", where="dm", under=maya.receipt(issue))

    ana.presses("Release", card)
    card = ana.sees_it_become(card, "nobody in L1 has claimed it")
    maya.receipt(issue, "Waiting for L1")

    ana.presses("Escalate", card)
    assert "goes to *L2*" in ana.sees_form("Escalate").shown
    ana.fills(reason="Gateway is down", tried="Restarted the client, then the gateway")
    ana.sees_no_form()
    ana.sees_it_become(card, "moved to", "L2")
    higher = dana.card(issue, "support-l2", "<@U0ANA> escalated", "Gateway is down", "Restarted the client")
    assert higher.calls_me
    maya.receipt(issue, "Waiting for L2")

    dana.presses("Claim", higher)
    higher = dana.sees_it_become(higher, "Claimed by <@U0DANA>")
    dana.presses("Resolve", higher)
    dana.fills(fix="Replaced the certificate")
    higher = dana.sees_it_become(higher, "Resolved by <@U0DANA>", "Replaced the certificate")
    assert higher.buttons == ["Reopen", "Why?", "History"]
    receipt = maya.receipt(issue, "Resolved by <@U0DANA>", "Replaced the certificate")

    maya.presses("Not fixed", receipt)
    maya.fills(reason="It is gone again")
    maya.sees_it_become(receipt, "Open again, and waiting for L2")
    dana.sees_it_become(higher, "nobody in L2 has claimed it")
    dana.sees("is back", where="support-l2", under=higher)

    dana.presses("History", dana.card(issue, "support-l2"))
    told = dana.sees_form("History").shown
    for words in ("Gateway is down", "Replaced the certificate", "It is gone again"):
        assert words in told
    chen.card(issue, "support-l2")


def test_the_thread_understands_what_the_buttons_do(calm: Town) -> None:
    tom, ana, ben, dana = (calm.person(name) for name in ("tom", "ana", "ben", "dana"))
    issue = tom.reports("Label printer prints blanks")
    card = ana.card(issue, "support-l1")

    said = ana.replies(card, "@Escalator claim")
    ana.sees_reaction("white_check_mark", said)
    ana.sees_it_become(card, "Claimed by <@U0ANA>")

    ben.replies(card, "@Escalator escalate")
    ben.is_told("Say also why, and what was tried, like this: `@Escalator escalate")
    ben.replies(card, "@Escalator escalate heads are worn; tried: cleaned them twice")
    dana.card(issue, "support-l2", "<@U0BEN> escalated", "heads are worn", "cleaned them twice")

    higher = dana.card(issue, "support-l2")
    dana.replies(higher, "@Escalator resolve new print heads")
    dana.sees_it_become(higher, "Resolved by <@U0DANA>", "new print heads")
    tom.receipt(issue, "new print heads")
    dana.replies(higher, "@Escalator reopen stripes again")
    dana.sees_it_become(higher, "nobody in L2 has claimed it")
    dana.replies(higher, "@Escalator dance")
    assert "`release`" in dana.is_told("In this thread I understand")


def test_an_issue_that_waits_for_its_reporter_goes_on_with_the_answer(calm: Town) -> None:
    emil, ana = calm.person("emil"), calm.person("ana")
    issue = emil.reports("Share does not mount")
    card = ana.card(issue, "support-l1")
    ana.presses("Claim", card)
    card = ana.sees_it_become(card, "Claimed by")

    ana.presses("Wait", card)
    ana.fills(waiting="reporter", note="Which share is it?")

    ana.sees_it_become(card, "Waiting for its reporter's answer", "its clocks stand still")
    receipt = emil.receipt(issue)
    emil.sees("<@U0ANA> needs to know", "Which share is it?", where="dm", under=receipt)
    emil.replies(receipt, "The one of the lab")
    ana.sees("The one of the lab", where="support-l1", under=card)
    ana.sees_it_become(card, "Claimed by <@U0ANA>")


def test_what_the_card_has_no_button_for_is_in_its_menu(calm: Town) -> None:
    emil, ana, ben = (calm.person(name) for name in ("emil", "ana", "ben"))
    issue = emil.reports("Licence server is full")
    card = ana.card(issue, "support-l1")
    ana.presses("Claim", card)
    card = ana.sees_it_become(card, "Claimed by")

    ana.presses("More actions", card)
    assert "Hand over" in ana.sees_form("More for").shown
    ana.presses_in_form("handover")
    ana.sees_form("Hand over")
    ana.fills(person="U0BEN", note="Two licences can go")
    ana.sees_no_form()

    ben.sees("<@U0ANA> hands", "Two licences can go", where="support-l1", under=card)
    ben.presses("Accept", ben.sees_it_become(card, "hands it to <@U0BEN>"))
    ben.sees_it_become(card, "Claimed by <@U0BEN>")
    ben.presses("Why?", ben.card(issue, "support-l1"))
    assert "Claimed by you." in ben.sees_form("Why?").shown


def test_of_two_who_claim_at_once_one_has_it_and_the_other_is_told_who(calm: Town) -> None:
    lena, ana, ben = (calm.person(name) for name in ("lena", "ana", "ben"))
    issue = lena.reports("CRM shows yesterday's numbers")
    cards = {ana: ana.card(issue, "support-l1"), ben: ben.card(issue, "support-l1")}

    at_once(*(lambda who=who, card=card: who.presses("Claim", card) for who, card in cards.items()))

    claimed = ana.card(issue, "support-l1", "Claimed by")
    (holder,) = [person for person in (ana, ben) if f"Claimed by <@{person.user}>" in claimed.shown]
    (other,) = {ana, ben} - {holder}
    other.is_told(f"{issue} is already claimed by <@{holder.user}>")
    lena.sees(f"<@{holder.user}> is on it", where="dm", under=lena.receipt(issue))
    lena.opens_the_page()
    assert len([line for line in lena.read("dm", under=lena.receipt(issue)) if line.says(["is on it"])]) == 1


def test_who_is_not_staff_is_told_so_and_nobody_else_is(calm: Town) -> None:
    """L2's staff here is a user group, and Chen is in the channel but not in the group."""
    ana, chen, dana = (calm.person(name) for name in ("ana", "chen", "dana"))
    issue = ana.reports("Badge printer is offline")
    ana.presses("Escalate", ana.card(issue, "support-l1"))
    ana.fills(reason="Needs the vendor", tried="Power cycle")
    card = chen.card(issue, "support-l2")

    chen.presses("Claim", card)
    chen.is_told(f"Only support staff can do that with {issue}")
    chen.replies(card, "@Escalator claim")
    chen.presses("Escalate", card)

    chen.opens_the_page()
    assert "nobody in L2 has claimed it" in chen.card(issue, "support-l2").shown
    assert chen.views == []
    dana.opens_the_page()
    assert not [body for body in dana.ephemerals.values() if issue in body["text"]]


def test_who_only_looks_into_the_channel_is_told_too(calm: Town) -> None:
    """Maya may read #support-l1, as everybody may, and is no member of it."""
    chen, maya = calm.person("chen"), calm.person("maya")
    issue = chen.reports("Coffee machine is offline")

    maya.presses("Claim", maya.card(issue, "support-l1"))

    maya.is_told(f"Only support staff can do that with {issue}")
    assert "nobody in L1 has claimed it" in maya.card(issue, "support-l1").shown


def test_a_button_of_a_card_that_slack_shows_too_long_is_refused_with_the_reason(calm: Town) -> None:
    """The old card cannot be redrawn for a while, so its buttons stay."""
    emil, ana, ben, dana = (calm.person(name) for name in ("emil", "ana", "ben", "dana"))
    issue = emil.reports("Gate camera is blind")
    old = ben.card(issue, "support-l1")
    calm.slack.fault("rate_limited", "chat.update", channel="C0L1", retry_after=2)
    ana.presses("Escalate", ana.card(issue, "support-l1"))
    ana.fills(reason="Lens is broken", tried="Wiped it")
    dana.card(issue, "support-l2")

    ben.presses("Escalate", old)

    ben.is_told(f"{issue} has changed since this card was drawn: it is with L2 now")
    assert ben.sees_it_become(old, "moved to").buttons == []
    with pytest.raises(Refused, match="no longer there"):
        ben.presses("Escalate", old)


def test_a_form_that_was_open_while_the_issue_moved_is_refused_in_the_form(calm: Town) -> None:
    ben, ana, dana = (calm.person(name) for name in ("ben", "ana", "dana"))
    issue = ben.reports("Projector flickers")
    card = ana.card(issue, "support-l1")
    for person in (ana, ben):
        person.presses("Escalate", card)
        person.sees_form("Escalate")

    ana.fills(reason="Bulb", tried="Another cable")
    ben.fills(reason="Cable", tried="Another bulb")

    (said,) = ben.form.errors.values()
    assert said.startswith(f"{issue} has changed since this card was drawn: it is with L2 now, moved there by @ana ")
    dana.card(issue, "support-l2", "Bulb")
    dana.opens_the_page()
    assert len([card for card in dana.read("support-l2") if card.says([issue, "Status"])]) == 1


def test_the_command_answers_only_the_one_who_asked(calm: Town) -> None:
    dana, fay = calm.person("dana"), calm.person("fay")
    issue = dana.reports("Backup tape is full")

    dana.types("/issue help")
    assert "@Escalator claim" in dana.is_told("How to use Escalator")
    dana.types("/issue mine")
    assert issue in dana.is_told("What you reported", "Backup tape is full")
    dana.types("/issue list")
    dana.is_told("Open issues", "ISS-")
    dana.types(f"/issue show {issue}")
    dana.is_told("Backup tape is full", "It goes to L2")
    dana.types("/issue show ISS-9999")
    dana.is_told("There is no ISS-9999")
    dana.types(f"/issue why {issue}")
    dana.is_told("The rule.", "make it Normal (P3)")

    fay.opens_the_page()
    assert not [body for body in fay.ephemerals.values() if issue in body["text"]]
    assert not [message for message in fay.read("it-help") if "Backup tape" in message.shown]
