"""Both sides talk, each in their own thread; edits and deletions follow; nobody is called by somebody's words."""

from tests.acceptance.driver import Message, Person
from tests.acceptance.town import Town


def threads(town: Town, reporter: Person, title: str, *, details: str = "") -> tuple[str, Message, Message]:
    """A new issue: its name, its receipt, and its card as Ana sees it; people have had the time to read them."""
    issue = reporter.reports(title, details=details)
    card = town.person("ana").card(issue, "support-l1")
    town.bots[0].has_sent_everything()
    return issue, reporter.receipt(issue), card


def test_words_go_both_ways_and_edits_and_deletions_follow(calm: Town) -> None:
    maya, ana = calm.person("maya"), calm.person("ana")
    _, receipt, card = threads(calm, maya, "Outlook asks for a password")

    asked = ana.replies(card, "Since when?")
    question = maya.sees("Since when?", "<@U0ANA>", where="dm", under=receipt)
    ana.sees_reaction("white_check_mark", asked)
    told = maya.replies(receipt, "Since tuesday")
    answer = ana.sees("Since tuesday", "<@U0MAYA>", where="support-l1", under=card)
    maya.sees_reaction("white_check_mark", told)

    maya.edits(told, "Since Monday")
    ana.sees_it_become(answer, "Since Monday")
    ana.edits(asked, "Since when, exactly?")
    maya.sees_it_become(question, "Since when, exactly?")

    maya.deletes(told)
    ana.sees_it_go(answer)
    ana.deletes(asked)
    maya.sees_it_go(question)


def test_a_receipt_after_a_conversation_is_still_in_the_reporters_own_dm(calm: Town) -> None:
    ben, ana = calm.person("ben"), calm.person("ana")
    _, receipt, card = threads(calm, ben, "Monitor flickers")
    said = ana.replies(card, "Which one?")
    ben.sees("Which one?", where="dm", under=receipt)
    ana.sees_reaction("white_check_mark", said)

    second = ben.reports("Keyboard is sticky")

    assert second in ben.receipt(second).shown
    ana.opens_the_page()
    assert [message for message in ana.read("support-l1") if message.says([second])] == [ana.card(second, "support-l1")]


def test_notes_stay_among_staff(calm: Town) -> None:
    maya, ana, ben = (calm.person(name) for name in ("maya", "ana", "ben"))
    _, receipt, card = threads(calm, maya, "Expense report is stuck")

    first = ana.replies(card, "🔒 She forgot her password again")
    second = ben.replies(card, "@Escalator note ask finance first")
    ana.sees_reaction("lock", first)
    ben.sees_reaction("lock", second)
    ana.replies(card, "We are looking into it")

    maya.sees("We are looking into it", where="dm", under=receipt)
    maya.opens_the_page()
    assert len(maya.read("dm", under=receipt)) == 1


def test_words_follow_the_issue_to_its_new_tier(calm: Town) -> None:
    tom, ana, dana = (calm.person(name) for name in ("tom", "ana", "dana"))
    issue, receipt, card = threads(calm, tom, "Conveyor belt stops at night")
    ana.presses("Escalate", card)
    ana.fills(reason="Motor controller", tried="Reset")
    card = dana.card(issue, "support-l2")

    tom.replies(receipt, "It stopped again")

    dana.sees("It stopped again", where="support-l2", under=card)


def test_hostile_words_arrive_as_plain_text_and_call_nobody(calm: Town) -> None:
    tom, ana, ben = (calm.person(name) for name in ("tom", "ana", "ben"))
    title = "<!channel> & <@U0ANA> *bold* <https://evil.example|bank>"
    issue, receipt, card = threads(calm, tom, title, details="<!here> <@U0BEN>")
    assert title in card.shown  # a header is plain text
    assert "&lt;!channel&gt; &amp; &lt;@U0ANA&gt;" in card.notification
    assert "<!here> <@U0BEN>" in card.shown
    quoted = next(block for block in card.body["blocks"] if block["type"] == "rich_text")
    assert [piece["type"] for piece in quoted["elements"][0]["elements"]] == ["text"]

    tom.replies(receipt, "@channel @here @ana @it-oncall <!everyone> <https://evil.example|your bank>")

    said = ana.sees("evil.example", where="support-l1", under=card)
    for word in ("@channel @here @ana @", "&lt;!everyone&gt;", "<https://evil.example>"):
        assert word in said.shown
    for word in ("<!", "<@U0ANA>", "|your"):
        assert word not in said.shown
        assert word not in said.notification
    for person in (ana, ben):
        person.opens_the_page()
        shown = [person.card(issue, "support-l1"), *person.read("support-l1", under=card)]
        assert [message.calls_me for message in shown] == [False, False]


def test_a_file_comes_along_as_a_link(calm: Town) -> None:
    lena, ana = calm.person("lena"), calm.person("ana")
    _, receipt, card = threads(calm, lena, "Quote has the wrong logo")

    picture = {"name": "logo.png", "mimetype": "image/png", "content_base64": "iVBORw0KGgo="}
    lena.does("message", channel=receipt.place[0], text="Look", thread_ts=receipt.thread, files=[picture])

    said = ana.sees("Look", "File:", where="support-l1", under=card)
    assert "logo.png" in said.shown
    assert f"<{calm.slack.address}" in said.shown


def test_long_and_foreign_words_arrive_whole(calm: Town) -> None:
    lena, ana = calm.person("lena"), calm.person("ana")
    title = "🚒 השרת נפל · 数据库宕机 · !!!"
    details = "é & <b> " * 370  # 2,960 characters, more when escaped
    _, receipt, card = threads(calm, lena, title, details=details)

    assert title in card.shown
    assert details[:1000] in card.shown
    lena.replies(receipt, "ß" * 5000)
    ana.sees("ß" * 100, where="support-l1", under=card)
    relayed = ana.read("support-l1", under=card)
    assert sum(message.shown.count("ß") for message in relayed) == 5000


def test_words_under_a_card_whose_post_slack_has_not_confirmed_yet_are_not_lost(calm: Town) -> None:
    fay, ana = calm.person("fay"), calm.person("ana")
    calm.slack.fault("slow", "chat.postMessage", channel="C0L1", ms=1000)  # it is there, but the answer takes a second
    fay.types("/issue")
    fay.fills(title="Boardroom screen is black")
    card = ana.sees("Boardroom screen is black", where="support-l1")

    ana.replies(card, "Is the cable in?")

    fay.sees("Is the cable in?", where="dm", under=fay.sees("Boardroom screen is black", where="dm"))
