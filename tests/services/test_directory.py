"""Who is where: read from Slack, kept in the database, and kept when Slack does not say."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bot.policy_file import load_policy
from bot.ports import Channel, Rejected, TryLater, Unsure
from bot.services.directory import NAMES_KEPT, Directory
from storage import SqlDatabase
from tests.fake_slack import BOT, FakeSlack
from tests.harness import POLICY, START, Clock


class Slack(FakeSlack):
    """Counts what it is asked, refuses what it is told to, and has user groups."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.refusals: dict[str, Exception] = {}
        self.meanwhile: dict[str, Callable[[], None]] = {}  # what happens, once, when it is asked
        self.groups: dict[str, frozenset[str]] = {}
        self.names = {"U0MAYA": "Maya"}

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.meanwhile:
            self.meanwhile.pop(what)()
        if what in self.refusals:
            raise self.refusals[what]

    def channels(self) -> Sequence[Channel]:
        self._ask("channels")
        return super().channels()

    def members(self, channel: str) -> frozenset[str]:
        self._ask(channel)
        return super().members(channel)

    def group_members(self, group: str) -> frozenset[str]:
        self._ask(group)
        if group not in self.groups:
            raise Rejected("no_such_subteam")
        return self.groups[group]

    def is_deactivated(self, user: str) -> bool:
        self._ask(user)
        return True

    def user_name(self, user: str) -> str:
        self._ask(user)
        return self.names[user]


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Office:
    """The directory and the policy it goes by."""

    def __init__(self, store: SqlDatabase, slack: Slack, clock: Clock) -> None:
        self.policy = load_policy(POLICY)
        self.store = store
        self.directory = Directory(
            store, slack, lambda: self.policy, clock, bot_user=lambda: BOT, monotonic=clock.monotonic
        )

    def tier_has_group(self, number: int, group: str) -> None:
        tiers = [replace(t, staff_group=group) if t.number == number else t for t in self.policy.tiers]
        self.policy = replace(self.policy, tiers=tuple(tiers))

    @property
    def staff(self) -> dict[int, frozenset[str]]:
        return self.store.staff()


@pytest.fixture
def office(store: SqlDatabase, slack: Slack, clock: Clock) -> Office:
    return Office(store, slack, clock)


ALL = {
    1: frozenset({"U0ANA", "U0BEN"}),
    2: frozenset({"U0CHEN", "U0DANA"}),
    3: frozenset({"U0EMIL"}),
    4: frozenset({"U0FAY"}),
}


def test_staff_are_the_members_of_each_tiers_channel_without_the_bot(office: Office) -> None:
    office.directory.refresh()
    assert office.staff == ALL
    found = office.directory.channel_of(office.policy.tier(2))
    assert found is not None
    assert (found.id, found.name) == ("C0L2", "support-l2")


def test_a_tier_with_a_user_group_has_its_members_instead(office: Office, slack: Slack) -> None:
    office.tier_has_group(2, "S0ONCALL")
    slack.groups["S0ONCALL"] = frozenset({"U0TOM"})
    office.directory.refresh()
    assert office.staff == {**ALL, 2: frozenset({"U0TOM"})}


def test_who_has_left_meanwhile_is_staff_no_more(office: Office, slack: Slack) -> None:
    office.directory.refresh()
    slack.members_of["C0L1"].remove("U0ANA")
    office.directory.refresh()
    assert office.staff[1] == {"U0BEN"}


@pytest.mark.parametrize("trouble", [Unsure("timeout"), TryLater(30), TryLater(60, "invalid_auth"), Rejected("x")])
@pytest.mark.parametrize("what", ["channels", "C0L1", "C0MGMT"])
def test_what_slack_does_not_tell_stays_as_it_was(
    office: Office, slack: Slack, trouble: Exception, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    office.directory.refresh()
    slack.refusals[what] = trouble
    office.directory.refresh()
    assert office.staff == ALL
    assert office.directory.channel_of(office.policy.tier(1)) is not None
    assert str(trouble) in caplog.text


def test_one_tier_that_cannot_be_read_does_not_keep_the_others_from_it(office: Office, slack: Slack) -> None:
    """A wrong group of tier 3 must not leave tier 1 without staff from the first start on."""
    office.tier_has_group(3, "S0GONE")
    office.directory.refresh()
    assert {tier: members for tier, members in office.staff.items() if tier != 3} == {
        tier: members for tier, members in ALL.items() if tier != 3
    }


def test_a_channel_the_bot_is_not_in_keeps_its_last_known_staff_and_is_named_in_the_log(
    office: Office, slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    office.directory.refresh()
    slack.members_of["C0L2"].remove(BOT)
    office.directory.refresh()
    assert office.staff == ALL
    assert office.directory.channel_of(office.policy.tier(2)) is None
    assert "tier L2: the bot is not in #support-l2; type /invite @Escalator there" in caplog.text


@pytest.mark.parametrize("wanted", ["support-l3", "#support-l3", "C0L3"])
def test_a_policy_may_name_a_channel_or_give_its_id(office: Office, wanted: str) -> None:
    office.directory.refresh()
    found = office.directory.channel_of(replace(office.policy.tier(1), channel=wanted))
    assert found is not None
    assert found.id == "C0L3"


# --- joining and leaving ----------------------------------------------------------------------------------------------


def test_who_joins_is_staff_and_who_leaves_is_not_without_asking_slack(office: Office, slack: Slack) -> None:
    office.directory.refresh()
    slack.asked.clear()
    office.directory.joined("C0L1", "U0TOM")
    office.directory.joined("C0L1", "U0TOM")
    assert office.staff[1] == {"U0ANA", "U0BEN", "U0TOM"}
    office.directory.left("C0L1", "U0TOM")
    office.directory.left("C0L1", "U0NOBODY")
    assert office.staff == ALL
    assert not slack.asked


def test_who_leaves_while_slack_is_asked_is_gone(office: Office, slack: Slack, clock: Clock) -> None:
    """L1 was read with them in it, and is kept when L2 has been read, too."""

    def leaves() -> None:
        office.directory.left("C0L1", "U0ANA")

    slack.meanwhile["C0L2"] = leaves
    office.directory.refresh()
    assert office.staff[1] == {"U0BEN"}
    clock.advance(seconds=1)
    office.directory.refresh()
    assert office.staff == ALL  # Slack says so


def test_who_leaves_while_slack_is_asked_twice_at_once_is_gone(office: Office, slack: Slack) -> None:
    def leaves_and_another_asks() -> None:
        office.directory.left("C0L1", "U0ANA")
        slack.refusals["channels"] = Unsure("timed out")
        office.directory.refresh()

    slack.meanwhile["C0L2"] = leaves_and_another_asks
    office.directory.refresh()
    assert office.staff[1] == {"U0BEN"}


def test_other_channels_make_nobody_staff(office: Office) -> None:
    office.directory.refresh()
    office.directory.joined("C0RANDOM", "U0TOM")
    office.directory.left("C0RANDOM", "U0ANA")
    assert office.staff == ALL


def test_joining_the_channel_of_a_tier_with_a_group_makes_nobody_staff(office: Office, slack: Slack) -> None:
    office.tier_has_group(2, "S0ONCALL")
    slack.groups["S0ONCALL"] = frozenset({"U0CHEN"})
    office.directory.refresh()
    office.directory.joined("C0L2", "U0TOM")
    office.directory.left("C0L2", "U0CHEN")
    assert office.staff[2] == {"U0CHEN"}


def test_when_the_bot_itself_is_invited_or_removed_all_is_read_anew(office: Office, slack: Slack) -> None:
    slack.members_of["C0L2"].remove(BOT)
    office.directory.refresh()
    assert 2 not in office.staff
    slack.members_of["C0L2"].add(BOT)
    office.directory.joined("C0L2", BOT)
    assert office.staff == ALL
    slack.members_of["C0L2"].remove(BOT)
    office.directory.left("C0L2", BOT)
    assert office.directory.channel_of(office.policy.tier(2)) is None


# --- before a no ------------------------------------------------------------------------------------------------------


def test_before_a_no_slack_is_asked_once_more_but_not_for_every_no(office: Office, slack: Slack, clock: Clock) -> None:
    assert office.directory.refresh_before_no()
    slack.asked.clear()
    clock.advance(seconds=9.9)
    assert not office.directory.refresh_before_no()
    assert not slack.asked
    clock.advance(seconds=0.1)
    assert office.directory.refresh_before_no()
    assert "channels" in slack.asked


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_name_is_asked_for_once(office: Office, slack: Slack) -> None:
    assert [office.directory.name_of("U0MAYA") for _ in range(3)] == ["Maya"] * 3
    assert slack.asked == ["U0MAYA"]


def test_a_name_slack_does_not_tell_is_the_id_and_is_asked_for_again(
    office: Office, slack: Slack, clock: Clock
) -> None:
    slack.refusals["U0MAYA"] = Rejected("user_not_found")
    assert office.directory.name_of("U0MAYA") == "U0MAYA"
    del slack.refusals["U0MAYA"]
    assert office.directory.name_of("U0MAYA") == "U0MAYA"  # a slow Slack is not asked for every message
    clock.advance(minutes=6)
    assert office.directory.name_of("U0MAYA") == "Maya"


def test_names_do_not_fill_the_memory(office: Office, slack: Slack) -> None:
    slack.names |= {f"U{number}": "x" for number in range(NAMES_KEPT + 1)}
    for user in slack.names:
        office.directory.name_of(user)
    assert len(office.directory._names) <= NAMES_KEPT


def test_what_was_read_is_dated(office: Office, store: SqlDatabase) -> None:
    office.directory.refresh()
    with store.read() as connection:
        kept = connection.exec_driver_sql("SELECT DISTINCT kept_at FROM staff").scalars().all()
    assert [str(each)[:19] for each in kept] == [START.strftime("%Y-%m-%d %H:%M:%S")]
