"""Two processes of the bot on one PostgreSQL do what one does, also when one of them is killed (invariant 39)."""

from bot.services.delivery import HOLD
from tests.acceptance.ahead import Found, ahead
from tests.acceptance.driver import PATIENCE, until
from tests.acceptance.town import Town, on_postgres, policy_text, roots

REPORTERS = ("maya", "tom", "lena", "ben")
EACH = 2  # issues


@ahead
def test_two_bots_on_one_postgres_do_the_work_of_one(found: Found, postgres_url: str) -> None:
    town = found(policy=policy_text(window="2s", first="6s", last="1h"))
    with on_postgres(town, postgres_url, "two_bots"):
        two_bots(town)


def two_bots(town: Town) -> None:
    first, second = town.starts_bot(), town.starts_bot()
    until(lambda: first.health()["healthy"] and second.health()["healthy"], "both alive")
    ana = town.person("ana")
    titles = {f"Case {number} of {name}": name for name in REPORTERS for number in range(EACH)}
    issues = {title: town.person(name).reports(title) for title, name in titles.items()}
    kept = "Case 0 of maya"
    ana.presses("Claim", ana.card(issues[kept], "support-l1"))
    until(lambda: any(roots(town.slack, title).get("C0L2") for title in titles), "the first of them in L2")

    second.kill()

    climbed = [title for title in titles if title != kept]
    until(lambda: all(roots(town.slack, title).get("C0MGMT") for title in climbed), "all of them with management")
    first.has_sent_everything(HOLD.total_seconds() + PATIENCE)  # what the other had in hand is held for it
    for title, name in titles.items():
        once = {"C0L1": 1, f"D0{name.upper()}": 1}
        above = {} if title == kept else {"C0L2": 1, "C0L3": 1, "C0MGMT": 1}
        assert roots(town.slack, title) == once | above
