"""The whole climb with nobody reacting, and the silence that follows a claim."""

from tests.acceptance.ahead import Found, ahead
from tests.acceptance.town import Town, on_postgres, policy_text

FAST = policy_text(first="3s", window="2s", last="2s")


@ahead
def test_an_ignored_issue_climbs_to_management_and_a_claimed_one_stays_on_sqlite(found: Found) -> None:
    the_climb(found(policy=FAST))


@ahead
def test_an_ignored_issue_climbs_to_management_and_a_claimed_one_stays_on_postgres(
    found: Found, postgres_url: str
) -> None:
    town = found(policy=FAST)
    with on_postgres(town, postgres_url, "the_climb"):
        the_climb(town)


def the_climb(town: Town) -> None:
    town.starts_bot()
    maya, tom, ana, chen, emil, fay = (town.person(name) for name in ("maya", "tom", "ana", "chen", "emil", "fay"))

    claimed = maya.reports("Printer on the third floor is out of paper")
    ana.presses("Claim", ana.card(claimed, "support-l1"))
    maya.receipt(claimed, "is on it")
    ignored = tom.reports("VPN is down in Berlin")

    # L1 -> L2 -> L3 -> management, each called once, with the reason.
    first = ana.card(ignored, "support-l1", "nobody in L1 has claimed it")
    for person, channel, left in ((chen, "support-l2", "L1"), (emil, "support-l3", "L2"), (fay, "it-managers", "L3")):
        card = person.card(ignored, channel, f"Nobody in {left} claimed {ignored} in time")
        assert card.calls_me
        assert "Claim" in card.buttons
    assert ana.sees_it_become(first, "moved to", "management").buttons == []
    tom.receipt(ignored, "Waiting for management")

    # The last tier is never left in silence: reminders in the thread, shown in the channel, and no second card.
    top = fay.card(ignored, "it-managers")
    assert "Escalate" not in top.buttons
    for count in (1, 2):
        reminder = fay.sees(f"Reminder {count} of the last tier.", ignored, where="it-managers", under=top)
        assert reminder.calls_me
        assert reminder.body["subtype"] == "thread_broadcast"
    assert [card.place for card in fay.read("it-managers") if card.says([ignored, "Status"])] == [top.place]

    # All this while, the claimed one, whose window ran out long before, has stayed where it was.
    assert ana.card(claimed, "support-l1", "Claimed by").buttons
    for person, channel in ((chen, "support-l2"), (emil, "support-l3"), (fay, "it-managers")):
        person.opens_the_page()
        assert not [message for message in person.read(channel) if message.says([claimed])]
    assert [call for call in town.slack.calls() if call["error"]] == []


@ahead
def test_a_critical_issue_is_with_two_tiers_and_management_at_once(found: Found) -> None:
    town = found(policy=FAST)
    town.starts_bot()
    maya, ana, chen, emil, fay = (town.person(name) for name in ("maya", "ana", "chen", "emil", "fay"))

    issue = maya.reports("Nobody can log in", impact="high", urgency="high")

    for person, channel in ((ana, "support-l1"), (chen, "support-l2")):
        card = person.card(issue, channel, "Critical (P1)")
        assert card.calls_me
        assert card.buttons == ["Claim", "Escalate", "Resolve", "More actions", "Why?", "History"]
    fay.sees("For your information", issue, "Critical (P1)", where="it-managers")
    emil.card(issue, "support-l3", f"Nobody in L1 or L2 claimed {issue} in time")


@ahead
def test_a_claimant_who_says_nothing_loses_the_issue_and_one_who_answers_keeps_it(found: Found) -> None:
    town = found(policy=policy_text(window="1h", update="4s"))
    town.starts_bot()
    maya, tom, ana, chen = (town.person(name) for name in ("maya", "tom", "ana", "chen"))
    answered, silent = maya.reports("Scanner jams"), tom.reports("Badge does not open the door")
    for issue in (answered, silent):
        ana.presses("Claim", ana.card(issue, "support-l1"))
    kept, lost = (ana.card(issue, "support-l1", "Claimed by") for issue in (answered, silent))

    ana.replies(kept, "A technician is on the way.")
    maya.sees("A technician is on the way.", where="dm", under=maya.receipt(answered))

    chen.card(silent, "support-l2", "was claimed in L1", "did not hear anything in time", "nobody in L2 has claimed it")
    chen.opens_the_page()  # the answered one was claimed first, and would have come first
    assert not [message for message in chen.read("support-l2") if message.says([answered])]
    ana.sees("You can still claim it", where="support-l1", under=lost)
    tom.receipt(silent, "Waiting for L2")
