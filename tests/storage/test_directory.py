"""Channels, staff and direct message channels."""

from datetime import datetime, timedelta

from bot.ports import Channel
from storage import SqlDatabase


def test_channels_are_replaced_as_a_whole(database: SqlDatabase, now: datetime) -> None:
    support, gone = (
        Channel("C1", "support"),
        Channel("C2", "old-support", is_member=False, is_archived=True, is_private=True),
    )
    database.keep_channels([support, gone], now)
    assert database.channels() == [gone, support]
    renamed = Channel("C1", "helpdesk")
    database.keep_channels([renamed], now)
    assert database.channels() == [renamed]
    database.keep_channels([], now)
    assert database.channels() == []


def test_a_direct_message_channel_is_kept_and_replaced(database: SqlDatabase) -> None:
    assert database.dm_of("U1") is None
    database.keep_dm("U1", "D1")
    database.keep_dm("U1", "D2")
    database.keep_dm("U2", "D3")
    assert database.dm_of("U1") == "D2"


def test_staff_are_replaced_as_a_whole(database: SqlDatabase, now: datetime) -> None:
    database.keep_staff({2: frozenset({"U2"}), 1: frozenset({"U1", "U2"}), 3: frozenset()}, now)
    assert database.staff() == {1: frozenset({"U1", "U2"}), 2: frozenset({"U2"})}
    with database.begin() as tx:
        assert tx.staff_tiers("U2") == {1, 2}
        assert tx.staff_tiers("U9") == frozenset()
    database.keep_staff({1: frozenset({"U3"})}, now)
    assert database.staff() == {1: frozenset({"U3"})}


def test_people_join_and_leave_a_tier(database: SqlDatabase, now: datetime) -> None:
    database.join(1, "U1", now)
    database.join(1, "U1", now)
    database.join(2, "U1", now)
    assert database.staff() == {1: frozenset({"U1"}), 2: frozenset({"U1"})}
    database.leave(1, "U1")
    database.leave(1, "U1")
    assert database.staff() == {2: frozenset({"U1"})}


def test_who_joined_while_the_staff_were_read_stays(database: SqlDatabase, now: datetime) -> None:
    database.join(1, "U1", now - timedelta(seconds=5))
    database.join(1, "U2", now + timedelta(seconds=1))
    database.keep_staff({1: frozenset({"U3"})}, now)
    assert database.staff() == {1: frozenset({"U2", "U3"})}


def test_whose_account_is_deactivated_is_staff_of_no_tier(database: SqlDatabase, now: datetime) -> None:
    database.keep_staff({1: frozenset({"U1", "U2"}), 2: frozenset({"U1"})}, now)
    database.deactivate("U1")
    database.deactivate("U1")
    assert database.staff() == {1: frozenset({"U2"})}
    database.keep_staff({1: frozenset({"U1", "U2"})}, now)
    assert database.staff() == {1: frozenset({"U2"})}

    assert database.reactivate("U1")
    assert not database.reactivate("U1")
    database.keep_staff({1: frozenset({"U1"})}, now)
    assert database.staff() == {1: frozenset({"U1"})}


def test_who_joins_is_active(database: SqlDatabase, now: datetime) -> None:
    database.deactivate("U1")
    database.join(1, "U1", now)
    database.keep_staff({1: frozenset({"U1"})}, now)
    assert database.staff() == {1: frozenset({"U1"})}
