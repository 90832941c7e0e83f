"""The policy file: what it means, what is said about each mistake, and that the files and docs we ship are right."""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from inspect import isclass
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.domain.calendar import ALWAYS, Calendar, Window
from bot.domain.policy import AtOnce, OnStale, Policy, Repeat, Tier, Waiting
from bot.domain.priority import Level, Priority
from bot.policy_file import PolicyError, _File, load_policy, parse_policy
from storage.codec import policy_from, to_json

ROOT = Path(__file__).parents[1]
SHIPPED = (ROOT / "policy.toml").read_text(encoding="utf-8")
DEMO = ROOT / "playground" / "policy.toml"
DOCS = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")

M, H = timedelta(minutes=1), timedelta(hours=1)

SMALL = """\
[[tiers]]
name = "L1"
channel = "support-l1"

[[tiers]]
name = "boss"
channel = "C0123456789"
ping = "S0123456789"
staff_group = "S0123456780"

[matrix]
high = { high = "P1", medium = "P2", low = "P3" }
medium = { high = "P2", medium = "P3", low = "P4" }
low = { high = "P3", medium = "P4", low = "P4" }

[priorities.P1]
windows = { L1 = "5m", boss = "10m" }
first_response = "15m"
update = "30m"
resolution = "4h"
grace = "3m"

[priorities.P2]
windows = { L1 = "5m", boss = "10m" }
first_response = "15m"
update = "30m"
resolution = "4h"
grace = "3m"

[priorities.P3]
windows = { L1 = "5m", boss = "10m" }
first_response = "15m"
update = "30m"
resolution = "4h"
grace = "3m"

[priorities.P4]
windows = { L1 = "5m", boss = "10m" }
first_response = "15m"
update = "30m"
resolution = "4h"
grace = "3m"
"""


def lines(text: str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as refused:
        parse_policy(text, "p.toml")
    return refused.value.lines


def edited(old: str, new: str, text: str = SMALL) -> str:
    assert old in text
    return text.replace(old, new, 1)


def mistakes(old: str, new: str) -> list[str]:
    """What is said when the first `old` of SMALL is `new`, without the file's name."""
    return [line.removeprefix("p.toml:").strip() for line in lines(edited(old, new))]


def mistake(old: str, new: str) -> str:
    (only,) = mistakes(old, new)
    return only


# --- what a file means -----------------------------------------------------------------------------------------------


def test_a_small_file_with_every_default() -> None:
    policy = parse_policy(SMALL, "p.toml")
    assert policy.tiers == (
        Tier(1, "L1", "support-l1", "none", None),
        Tier(2, "boss", "C0123456789", "S0123456789", "S0123456780"),
    )
    targets = policy.targets[Priority.P1]
    assert targets.windows == (5 * M, 10 * M)
    assert (targets.first_response, targets.update, targets.resolution, targets.grace) == (15 * M, 30 * M, 4 * H, 3 * M)
    assert targets.at_once == AtOnce((1,), (), ping=False)
    assert (targets.calendar, targets.reminders, targets.on_stale) == (ALWAYS, (), OnStale.ESCALATE)
    assert targets.repeat == Repeat(1.0, 4 * H)
    assert set(policy.targets) == set(Priority)
    assert policy.waiting == Waiting((24 * H, 72 * H), 120 * H, ALWAYS)
    assert (policy.close_after, policy.fallback) == (timedelta(days=5), None)


def test_windows_belong_to_the_tier_they_name_whatever_their_order() -> None:
    policy = parse_policy(edited('{ L1 = "5m", boss = "10m" }', '{ boss = "10m", L1 = "5m" }'), "p.toml")
    assert policy.targets[Priority.P1].windows == (5 * M, 10 * M)


def test_what_happens_at_once_is_told_by_tiers_names() -> None:
    text = edited('grace = "3m"', 'grace = "3m"\nat_once = { inform = ["boss"], ping = true }')
    assert parse_policy(text, "p.toml").targets[Priority.P1].at_once == AtOnce((1,), (2,), ping=True)
    text = edited('tiers = ["L1", "L2"], inform = ["management"]', 'tiers = ["L3", "L1", "L2"]', SHIPPED)
    assert parse_policy(text, "p.toml").targets[Priority.P1].at_once == AtOnce((1, 2, 3), (), ping=True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("300s", 5 * M),
        ("5m", 5 * M),
        ("2h", 2 * H),
        ("1h 30m", 90 * M),
        ("1h30m", 90 * M),
        ("1h 1m 1s", H + M + timedelta(seconds=1)),
        (" 90 m ", 90 * M),
        ("2000h", 2000 * H),
    ],
)
def test_spans_of_time(written: str, meant: timedelta) -> None:
    text = SMALL.replace('resolution = "4h"', 'resolution = "2000h"').replace('update = "30m"', f'update = "{written}"')
    assert parse_policy(text, "p.toml").targets[Priority.P4].update == meant


def test_a_channels_sign_is_not_part_of_its_name() -> None:
    assert parse_policy(edited('"support-l1"', '"#support-l1"'), "p.toml") == parse_policy(SMALL, "p.toml")


@pytest.mark.parametrize("channel", ["support", "it_help-2", "störungen", "サポート", "C0L1", "G0123456789"])
def test_channels_that_slack_can_have(channel: str) -> None:
    assert parse_policy(edited("support-l1", channel), "p.toml").tier(1).channel == channel


@pytest.mark.parametrize("ping", ["none", "here", "channel", "S0ONCALL", "U0ANA", "W0123456789"])
def test_those_who_can_be_pinged(ping: str) -> None:
    assert parse_policy(edited('ping = "S0123456789"', f'ping = "{ping}"'), "p.toml").tier(2).ping == ping


def test_a_policy_may_lower_the_shortest_window_knowingly() -> None:
    text = 'minimum_window = "2s"\n' + edited('L1 = "5m"', 'L1 = "2s"', edited('grace = "3m"', 'grace = "2s"'))
    assert parse_policy(text, "p.toml").targets[Priority.P1].window(1) == timedelta(seconds=2)


OFFICE = """\
[calendars.office]
zone = "Europe/Berlin"
weekdays = ["13:30-17:00", "9:00-12:30"]
fri = ["09:00 - 15:00"]
sat = ["22:00-24:00"]
holidays = ["2026-12-25", 2027-01-01]
openings = { "2026-12-05" = ["10:00-14:00"], 2026-12-06 = ["10:00-12:00", "13:00-24:00"] }

"""
MORNING, AFTERNOON = Window(9 * 3600, 12 * 3600 + 1800), Window(13 * 3600 + 1800, 17 * 3600)


def with_calendars(text: str = SMALL, calendars: str = OFFICE, **used: str) -> str:
    """SMALL with calendars in it; `used`: which priority has which."""
    for priority, name in used.items():
        text = edited(f"[priorities.{priority}]\n", f'[priorities.{priority}]\ncalendar = "{name}"\n', text)
    return edited("[matrix]", f"{calendars}[matrix]", text)


ALL_OFFICE = dict.fromkeys(("P1", "P2", "P3", "P4"), "office")


def test_a_calendar_says_when_somebody_works() -> None:
    policy = parse_policy(with_calendars(**ALL_OFFICE), "p.toml")
    usual = (MORNING, AFTERNOON)
    assert policy.targets[Priority.P3].calendar == Calendar(
        "office",
        "Europe/Berlin",
        (usual, usual, usual, usual, (Window(9 * 3600, 15 * 3600),), (Window(22 * 3600, 86400),), ()),
        frozenset({date(2026, 12, 25), date(2027, 1, 1)}),
        frozenset(
            {
                (date(2026, 12, 5), (Window(36000, 50400),)),
                (date(2026, 12, 6), (Window(36000, 43200), Window(46800, 86400))),
            }
        ),
    )
    monday = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # in Berlin it is one, and there is half an hour of break left
    assert policy.targets[Priority.P3].calendar.add(monday, M) == monday + 31 * M


def test_the_calendar_that_is_built_in_needs_no_table() -> None:
    text = with_calendars(P1="24x7", P2="24x7", P3="24x7", P4="office")
    targets = parse_policy(text, "p.toml").targets
    assert [targets[priority].calendar.name for priority in Priority] == ["24x7", "24x7", "24x7", "office"]


def test_a_countrys_holidays_are_taken_from_the_package() -> None:
    text = with_calendars(
        calendars=OFFICE.replace("[calendars.office]\n", '[calendars.office]\nholiday_country = "DE"\n')
    )
    by_country = parse_policy(edited("[priorities.P4]\n", '[priorities.P4]\ncalendar = "office"\n', text), "p.toml")
    in_region = edited('holiday_country = "DE"\n', 'holiday_country = "DE"\nholiday_region = "BE"\n', text)
    by_region = parse_policy(edited("[priorities.P4]\n", '[priorities.P4]\ncalendar = "office"\n', in_region), "p.toml")
    closed, there = (each.targets[Priority.P4].calendar.holidays for each in (by_country, by_region))
    assert {date(2026, 12, 25), date(2027, 1, 1), date(2026, 5, 1), date(2033, 10, 3)} <= closed
    assert date(2027, 3, 8) not in closed
    assert there - closed >= {date(2027, 3, 8)}  # Women's Day is one in Berlin
    assert closed <= there


def test_what_each_priority_and_each_tier_may_say_beside() -> None:
    text = edited(
        'grace = "3m"',
        'grace = "3m"\nreminders = [50, 80]\non_stale = "inform"\nrepeat = { factor = 1.5, cap = "10m" }',
        edited('channel = "support-l1"', 'channel = "support-l1"\nleads = ["U0ANA", "W0BEN"]'),
    )
    policy = parse_policy(f'close_after = "1h"\nfallback = "U0ANA"\n{text}', "p.toml")
    targets = policy.targets[Priority.P1]
    assert (targets.reminders, targets.on_stale) == ((0.5, 0.8), OnStale.INFORM)
    assert targets.repeat == Repeat(1.5, 10 * M)
    assert policy.tier(1).leads == ("U0ANA", "W0BEN")
    assert (policy.close_after, policy.fallback) == (H, "U0ANA")


def test_the_last_tiers_wait_has_a_cap_that_is_not_below_its_window() -> None:
    text = SMALL.replace('boss = "10m"', 'boss = "6h"').replace('first_response = "15m"', 'first_response = "7h"')
    text = text.replace('resolution = "4h"', 'resolution = "8h"')
    assert parse_policy(text, "p.toml").targets[Priority.P1].repeat == Repeat(1.0, 6 * H)
    text = edited('grace = "3m"', 'grace = "3m"\nrepeat = { factor = 2 }', text)
    assert parse_policy(text, "p.toml").targets[Priority.P1].repeat == Repeat(2.0, 6 * H)


def test_how_long_a_reporter_is_waited_for() -> None:
    waiting = '[waiting]\ncalendar = "office"\nnudges = ["2h", "4h", "6h"]\nresolve = "8h"\n'
    policy = parse_policy(with_calendars() + waiting, "p.toml")
    assert (policy.waiting.nudges, policy.waiting.resolve) == ((2 * H, 4 * H, 6 * H), 8 * H)
    assert policy.waiting.calendar.name == "office"
    assert parse_policy(f'{SMALL}[waiting]\nnudges = ["1h", "2h"]\n', "p.toml").waiting == Waiting(
        (H, 2 * H), 120 * H, ALWAYS
    )
    assert parse_policy(f'{SMALL}[waiting]\nresolve = "72h"\n', "p.toml").waiting.resolve == 72 * H


def test_a_policy_with_all_there_is_is_stored_and_read_as_it_was() -> None:
    policy = parse_policy(with_calendars(**ALL_OFFICE), "p.toml")
    assert policy_from(json.loads(json.dumps(to_json(policy)))) == policy


# --- versions --------------------------------------------------------------------------------------------------------


def test_the_version_is_short_and_stands_for_the_meaning() -> None:
    policy = parse_policy(SMALL, "p.toml")
    assert re.fullmatch("[0-9a-f]{12}", policy.version)
    said_otherwise = "# comment\r\n" + SMALL.replace('boss = "10m" }', 'boss = "600s" }').replace(
        'name = "L1"\nchannel = "support-l1"', "channel = '#support-l1' # here\nname='L1'\nping = \"none\""
    ).replace('grace = "3m"', 'grace = "3m"\nat_once = { tiers = ["L1"] }').replace("\n", "\r\n")
    assert parse_policy(said_otherwise, "other.toml") == policy


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "L1"', 'name = "l1"'),
        ('"support-l1"', '"support"'),
        ('ping = "S0123456789"', 'ping = "here"'),
        ('staff_group = "S0123456780"', ""),
        ('low = "P3"', 'low = "P4"'),
        ('L1 = "5m"', 'L1 = "4m"'),
        ('update = "30m"', 'update = "29m"'),
        ('resolution = "4h"', 'resolution = "3h"'),
        ('grace = "3m"', 'grace = "4m"'),
        ('grace = "3m"', 'grace = "3m"\nat_once = { ping = true }'),
        ('grace = "3m"', 'grace = "3m"\nat_once = { inform = ["boss"] }'),
    ],
)
def test_another_meaning_is_another_version(old: str, new: str) -> None:
    text = SMALL.replace("L1 =", "l1 =").replace(old, new) if new == 'name = "l1"' else edited(old, new)
    assert parse_policy(text, "p.toml").version != parse_policy(SMALL, "p.toml").version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Europe/Berlin", "Europe/Paris"),
        ('"9:00-12:30"', '"9:00-12:31"'),
        ('sat = ["22:00-24:00"]\n', ""),
        ('holidays = ["2026-12-25", ', "holidays = ["),
        ('"10:00-14:00"', '"10:00-13:00"'),
        ('"2026-12-05" =', '"2026-12-12" ='),
        ('calendar = "office"', 'calendar = "24x7"'),
        ('grace = "3m"', 'grace = "3m"\nreminders = [80]'),
        ('grace = "3m"', 'grace = "3m"\non_stale = "inform"'),
        ('grace = "3m"', 'grace = "3m"\nrepeat = { factor = 2 }'),
        ('grace = "3m"', 'grace = "3m"\nrepeat = { cap = "5h" }'),
        ('channel = "support-l1"', 'channel = "support-l1"\nleads = ["U0ANA"]'),
        ("[[tiers]]", 'fallback = "U0ANA"\n[[tiers]]'),
        ("[[tiers]]", 'close_after = "1h"\n[[tiers]]'),
        ("[matrix]", '[waiting]\nresolve = "100h"\n[matrix]'),
        ("[matrix]", '[waiting]\nnudges = ["24h", "71h"]\n[matrix]'),
        ("[matrix]", '[waiting]\ncalendar = "office"\n[matrix]'),
    ],
)
def test_another_meaning_of_calendars_and_reminders_is_another_version(old: str, new: str) -> None:
    text = with_calendars(**ALL_OFFICE)
    assert parse_policy(edited(old, new, text), "p.toml").version != parse_policy(text, "p.toml").version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"9:00-12:30"', '"09:00 - 12:30"'),
        ("2027-01-01", '"2027-01-01"'),
        ("sat =", "sun = []\nsat ="),
        ("[calendars.office]", '[calendars.unused]\nzone = "UTC"\nmon = ["09:00-10:00"]\n[calendars.office]'),
        ('grace = "3m"', 'grace = "3m"\nreminders = []\nrepeat = { factor = 1.0, cap = "4h" }\non_stale = "escalate"'),
    ],
)
def test_other_words_for_the_same_are_the_same_version(old: str, new: str) -> None:
    text = with_calendars(**ALL_OFFICE)
    assert parse_policy(edited(old, new, text), "p.toml").version == parse_policy(text, "p.toml").version


def test_the_shipped_policy_keeps_its_version() -> None:
    """Issues in a database are bound to it: a change here is a change for everybody who never edited the file."""
    assert parse_policy(SHIPPED, "policy.toml").version == "069e5f440214"


# --- mistakes, one by one --------------------------------------------------------------------------------------------

SPAN = 'expected a span of time such as "90s", "15m", "2h" or "1h 30m", not'


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"15 minutes"', f'{SPAN} "15 minutes"'),
        ('"15min"', f'{SPAN} "15min"'),
        ('"30m 1h"', f'{SPAN} "30m 1h"'),
        ('"-5m"', f'{SPAN} "-5m"'),
        ('"1.5h"', f'{SPAN} "1.5h"'),
        ('"\N{ARABIC-INDIC DIGIT FIVE}m"', f'{SPAN} "\N{ARABIC-INDIC DIGIT FIVE}m"'),
        ('""', f'{SPAN} ""'),
        ("30", f"{SPAN} 30"),
        ("0.5", f"{SPAN} 0.5"),
        ("true", f"{SPAN} true"),
        ("12:30:00", f"{SPAN} 12:30:00"),
        ("2026-01-01", f"{SPAN} 2026-01-01"),
        ('["5m"]', f"{SPAN} a list"),
        ("{ h = 1 }", f"{SPAN} a table"),
        (f"0x{'f' * 5000}", f"{SPAN} a huge number"),
        (f'"{"x" * 50}"', f'{SPAN} "{"x" * 37}..."'),
        ('"a\\nb"', f'{SPAN} "a\\nb"'),
        ('"0m"', 'expected some time, not "0m"'),
        ('"2000h 1s"', '"2000h 1s" is longer than 2000h, a working year'),
        ('"999999h"', '"999999h" is longer than 2000h, a working year'),
        ('"1d"', 'a day may mean 24 hours or a working day; write hours, such as "24h", instead of "1d"'),
        ('"2 days"', 'a day may mean 24 hours or a working day; write hours, such as "24h", instead of "2 days"'),
    ],
)
def test_a_span_that_is_none(written: str, said: str) -> None:
    assert mistake('resolution = "4h"', f"resolution = {written}") == f"20: priorities.P1.resolution: {said}"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"Support L1"', '"Support L1"'),
        ('"Support"', '"Support"'),
        ('"support.l1"', '"support.l1"'),
        ('""', '""'),
        ('"U0123456789"', '"U0123456789"'),
        ('"##x"', '"##x"'),
        ("1", "1"),
        (f'"{"x" * 81}"', f'"{"x" * 37}..."'),
    ],
)
def test_a_channel_that_slack_cannot_have(written: str, shown: str) -> None:
    said = f'expected a channel\'s name such as "support-l1", or its id such as "C0123456789", not {shown}'
    assert mistake('"support-l1"', written) == f"3: tiers[1].channel: {said}"


@pytest.mark.parametrize("written", ["@here", "everyone", "C0123456789", "s0123456789", "<!here>", "S0 1"])
def test_a_ping_at_nobody(written: str) -> None:
    said = (
        'expected "none", "here", "channel", the id of a user group (S0123456789) or of a person (U0123456789), '
        f'not "{written}"'
    )
    assert mistake('ping = "S0123456789"', f'ping = "{written}"') == f"8: tiers[2].ping: {said}"


@pytest.mark.parametrize("written", ["U0123456789", "it-oncall", "@it-oncall"])
def test_a_staff_group_that_is_none(written: str) -> None:
    said = f'expected the id of a user group, such as "S0123456789", not "{written}"'
    assert mistake('"S0123456780"', f'"{written}"') == f"9: tiers[2].staff_group: {said}"


@pytest.mark.parametrize("written", ["", " L1", "L1 ", "<!channel>", "*L1*", "L1\\n", "x" * 41])
def test_a_tier_name_that_cannot_stand_in_a_message(written: str) -> None:
    text = SMALL.replace('name = "L1"', f'name = "{written}"').replace("L1 =", f'"{written}" =')
    (said,) = lines(text)
    assert said.startswith("p.toml:2: tiers[1].name: expected a name of at most 40 letters, digits, spaces")


def test_a_priority_that_is_none() -> None:
    said = '12: matrix.high.low: expected "P1", "P2", "P3" or "P4", not'
    assert mistake('low = "P3"', 'low = "p3"') == f'{said} "p3"'
    assert mistake('low = "P3"', "low = 3") == f"{said} 3"
    assert mistake('low = "P3"', 'low = ["P3"]') == f"{said} a list"


def test_a_yes_that_is_none() -> None:
    said = "22: priorities.P1.at_once.ping: expected true or false, without quotes, not"
    assert mistake('grace = "3m"', 'grace = "3m"\nat_once = { ping = "yes" }') == f'{said} "yes"'
    assert mistake('grace = "3m"', 'grace = "3m"\nat_once = { ping = 1 }') == f"{said} 1"


def test_too_few_tiers() -> None:
    tiers = SMALL[: SMALL.index("[matrix]")]
    one = tiers[: tiers.index("\n\n") + 2]
    text = edited(tiers, one).replace(', boss = "10m"', "")
    assert lines(text) == ("p.toml:1: tiers: expected at least two, so that there is somebody to escalate to, not 1",)
    none = edited(tiers, "tiers = []\n")
    assert lines(none) == ("p.toml:1: tiers: expected at least two, so that there is somebody to escalate to, not 0",)
    missing = edited(tiers, "")
    assert lines(missing) == ("p.toml: tiers: is missing; it begins with the line [[tiers]]",)


def test_two_tiers_are_not_alike() -> None:
    text = SMALL.replace('"boss"', '"l1"').replace("boss =", "l1 =")
    assert lines(text) == ('p.toml:6: tiers[2].name: "l1" is the name of tiers[1] too',)
    assert mistake('"boss"', '"L1"') == '6: tiers[2].name: "L1" is the name of tiers[1] too'
    assert mistake('"C0123456789"', '"#support-l1"') == (
        '7: tiers[2].channel: "#support-l1" is the channel of tiers[1] too'
    )


def test_windows_are_the_tiers() -> None:
    path = "17: priorities.P1.windows"
    assert mistake(', boss = "10m" }', " }") == f'{path}: has no window for boss; write for example boss = "1h"'
    assert mistake("boss =", "bos =") == f'{path}.bos: is not a tier; did you mean "boss"?'
    assert mistake("{ L1 =", '{ L9 = "5m", L1 =') == f"{path}.L9: is not a tier; the tiers are L1 and boss"
    assert mistake("{ L1 =", '{ "a b" = "5m", L1 =') == f'{path}."a b": is not a tier; the tiers are L1 and boss'
    assert mistakes("boss =", "Xyz =") == [
        f"{path}.Xyz: is not a tier; the tiers are L1 and boss",
        f'{path}: has no window for boss; write for example boss = "1h"',
    ]


def test_a_window_that_pings_people_every_few_seconds() -> None:
    assert mistake('L1 = "5m"', 'L1 = "119s"') == (
        "17: priorities.P1.windows.L1: expected at least 2m, the minimum_window, not 1m 59s"
    )
    assert mistake('update = "30m"', 'update = "30s"') == (
        "19: priorities.P1.update: expected at least 2m, the minimum_window, not 30s"
    )
    assert lines(f'minimum_window = "6m"\n{SMALL}')[0] == (
        "p.toml:18: priorities.P1.windows.L1: expected at least 6m, the minimum_window, not 5m"
    )
    assert lines(f'minimum_window = "1s"\n{SMALL}') == ("p.toml:1: minimum_window: expected at least 2s, not 1s",)


def test_both_lower_tiers_are_asked_before_the_promise_breaks() -> None:
    assert mistake('first_response = "15m"', 'first_response = "14m"') == (
        "18: priorities.P1.first_response: expected at least 15m, the windows of L1 and boss together, "
        "so that both are asked before the promise breaks; not 14m"
    )


@pytest.mark.parametrize(
    ("key", "span", "line"),
    [("first_response", "20m", 25), ("update", "30m", 26), ("resolution", "4h", 27), ("windows.boss", "10m", 24)],
)
def test_what_is_more_severe_cannot_wait_longer(key: str, span: str, line: int) -> None:
    text = SMALL.replace('first_response = "15m"', 'first_response = "20m"')
    name = key.rpartition(".")[2]
    assert lines(edited(f'{name} = "{span}"', f'{name} = "{span} 1s"', text)) == (
        f"p.toml:{line}: priorities.P2.{key}: expected at least {span} 1s, as P1 has, which is more severe; not {span}",
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('boss = ["L1"]', '.boss[1]: "L1" is not above boss, so it knows already'),
        ('boss = ["CEO"]', '.boss[1]: "CEO" is not a tier; the tiers are L1 and boss'),
        ('bos = ["boss"]', '.bos: is not a tier; did you mean "boss"?'),
        ('L1 = ["boss"]', ".L1: is the first tier; nothing moves up into it"),
        ('boss = "L1"', '.boss: expected a list of tiers\' names, such as ["L1"], not "L1"'),
    ],
)
def test_who_cannot_be_told_of_a_climb(written: str, said: str) -> None:
    assert mistake('grace = "3m"', f'grace = "3m"\ntell = {{ {written} }}') == f"22: priorities.P1.tell{said}"


def test_who_is_told_of_a_climb_stands_by_number_and_may_be_nobody() -> None:
    told = {priority: targets.tell for priority, targets in parse_policy(SHIPPED, "p.toml").targets.items()}
    assert told == {Priority.P1: {}, Priority.P2: {3: (4,)}, Priority.P3: {}, Priority.P4: {}}
    policy = parse_policy(SHIPPED, "p.toml")
    assert policy_from(json.loads(json.dumps(to_json(policy)))) == policy
    nobody = edited("tell = { L3", "tell = { L2 = [], L3", SHIPPED)
    assert parse_policy(nobody, "p.toml") == policy
    silent = edited('digest = "09:00"\n', "", SHIPPED)
    before = edited('tell = { L3 = ["management"] }', "", edited('ask_leader = "5m"', "", silent))
    assert parse_policy(before, "p.toml").version == "e4e1006cfcb8"


@pytest.mark.parametrize("written", ['"09:00"', '"9:00"', "09:00:00"])
def test_the_leads_morning_is_a_time_of_day(written: str) -> None:
    policy = parse_policy(edited('digest = "09:00"', f"digest = {written}", SHIPPED), "p.toml")
    assert policy == parse_policy(SHIPPED, "p.toml")
    assert policy.digest == time(9)
    assert policy_from(json.loads(json.dumps(to_json(policy)))) == policy


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"9 am"', 'expected a time of day such as "09:00", not "9 am"'),
        ('"09:00:30"', 'expected a time of day such as "09:00", not "09:00:30"'),
        ("09:00:30", 'expected a time of day such as "09:00", not 09:00:30'),
        ("9", 'expected a time of day such as "09:00", not 9'),
        ("false", 'expected a time of day such as "09:00", not false'),
        ('["09:00"]', 'expected a time of day such as "09:00", not a list'),
        ('"24:00"', 'there is no "24:00"; a day goes from "00:00" to "23:59"'),
        ('"12:60"', 'there is no "12:60"; a day goes from "00:00" to "23:59"'),
    ],
)
def test_what_is_no_time_of_day_is_refused(written: str, said: str) -> None:
    assert lines(edited('digest = "09:00"', f"digest = {written}", SHIPPED)) == (f"p.toml:13: digest: {said}",)


def test_a_file_without_the_leads_morning_has_none_and_keeps_its_version() -> None:
    silent = parse_policy(edited('digest = "09:00"\n', "", SHIPPED), "p.toml")
    assert silent.digest is None
    assert silent.version == "ee45f70fc31f"  # as before the key was known
    assert len({silent.version, *(_at(hour).version for hour in ("08:00", "09:00"))}) == 3


def _at(hour: str) -> Policy:
    return parse_policy(edited('digest = "09:00"', f'digest = "{hour}"', SHIPPED), "p.toml")


def test_it_is_not_solved_before_anybody_answers() -> None:
    assert mistake('resolution = "4h"', 'resolution = "14m"') == (
        "20: priorities.P1.resolution: expected at least 15m, the first_response; not 14m"
    )
    parse_policy(edited('resolution = "4h"', 'resolution = "15m"'), "p.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('low = { high = "P3", medium = "P4"', 'low = { high = "P4", medium = "P1"',
         ['14: matrix.low.medium: expected "P4" or milder, as matrix.low.high is, which is worse; not "P1"']),
        ('high = { high = "P1", medium = "P2", low = "P3" }', 'high = { high = "P3", medium = "P2", low = "P3" }',
         ['12: matrix.high.medium: expected "P3" or milder, as matrix.high.high is, which is worse; not "P2"',
          '13: matrix.medium.high: expected "P3" or milder, as matrix.high.high is, which is worse; not "P2"']),
        ('low = "P3"', 'low = "P5"', ['12: matrix.high.low: expected "P1", "P2", "P3" or "P4", not "P5"']),
    ],
)  # fmt: skip
def test_what_is_worse_is_never_milder(old: str, new: str, said: list[str]) -> None:
    assert mistakes(old, new) == said


def demo(old: str, new: str) -> str:
    """Faster than people may be called, for a try."""
    return f'minimum_window = "1m"\n{edited(old, new)}'


def test_the_last_tier_is_not_called_every_few_minutes() -> None:
    said = "expected at least 10m, as boss is the last tier and is reminded so often; not 9m"
    assert mistake('boss = "10m"', 'boss = "9m"') == f"17: priorities.P1.windows.boss: {said}"
    parse_policy(demo('boss = "10m"', 'boss = "9m"'), "p.toml")


def test_a_resolved_issue_does_not_close_at_once() -> None:
    said = 'close_after: expected at least 1h, in which the reporter can say "not fixed"; not 59m'
    assert mistake("[[tiers]]", 'close_after = "59m"\n[[tiers]]') == f"1: {said}"
    parse_policy(demo("[[tiers]]", 'close_after = "1m"\n[[tiers]]'), "p.toml")
    assert lines(demo("[[tiers]]", 'close_after = "59s"\n[[tiers]]')) == (
        "p.toml:2: close_after: expected at least 1m, the minimum_window, not 59s",
    )


AT_ONCE = "22: priorities.P1.at_once"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tiers = []", '.tiers: expected the first tier, and any next ones without a gap: ["L1"]'),
        ('tiers = ["boss"]', '.tiers: expected the first tier, and any next ones without a gap: ["L1"]'),
        ('tiers = ["L1", "L1"]', '.tiers[2]: "L1" stands in the list twice'),
        ('tiers = ["L1", "bos"]', '.tiers[2]: "bos" is not a tier; did you mean "boss"?'),
        ('tiers = ["L1", 2]', ".tiers[2]: expected a tier's name in quotes, not 2"),
        ('tiers = "L1"', '.tiers: expected a list of tiers\' names, such as ["L1"], not "L1"'),
        ('tiers = ["L1"], inform = ["L1"]', '.inform[1]: "L1" has a card already, by at_once.tiers'),
        ('tiers = ["L1", "boss"]',
         '.tiers[2]: "boss" is the last tier, so nobody would be left to go to; name it in at_once.inform'),
        ('inform = ["boss", "boss"]', '.inform[2]: "boss" stands in the list twice'),
        ('inform = ["CEO"]', '.inform[1]: "CEO" is not a tier; the tiers are L1 and boss'),
        ('notify = ["boss"]', ".notify: is not a known key; known are tiers, inform and ping"),
    ],
)  # fmt: skip
def test_what_cannot_happen_at_once(written: str, said: str) -> None:
    assert mistake('grace = "3m"', f'grace = "3m"\nat_once = {{ {written} }}') == f"{AT_ONCE}{said}"


# --- mistakes in calendars -------------------------------------------------------------------------------------------


def calendar_mistakes(old: str, new: str, **used: str) -> list[str]:
    """What is said when the first `old` of OFFICE is `new`; the calendar's header is on line 11."""
    text = with_calendars(calendars=edited(old, new, OFFICE), **used)
    return [line.removeprefix("p.toml:").strip() for line in lines(text)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"09:00-17:00"', 'expected a list of hours, such as ["09:00-12:30", "13:30-17:00"], not "09:00-17:00"'),
        ('["9-17"]', 'expected hours such as "09:00-17:00", not "9-17"'),
        ("[9]", 'expected hours such as "09:00-17:00", not 9'),
        ('["17:00-09:00"]', '"17:00-09:00" ends before it begins; what is past midnight belongs to the next day'),
        ('["24:00-24:00"]', '"24:00-24:00" ends before it begins; what is past midnight belongs to the next day'),
        ('["09:00-24:30"]', 'there is no 24:30, in "09:00-24:30"; a day ends at 24:00'),
        ('["09:60-10:00"]', 'there is no 09:60, in "09:60-10:00"; a day ends at 24:00'),
        ('["09:00-12:30", "12:00-17:00"]', '"12:00-17:00" begins before "09:00-12:30" ends'),
        ('["13:00-14:00", "09:00-17:00"]', '"13:00-14:00" begins before "09:00-17:00" ends'),
    ],
)
def test_hours_that_are_none_or_contradict_each_other(written: str, said: str) -> None:
    assert calendar_mistakes('["09:00 - 15:00"]', written) == [f"14: calendars.office.fri: {said}"]
    assert calendar_mistakes('["10:00-14:00"]', written) == [f"17: calendars.office.openings.2026-12-05: {said}"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"2026-02-30"', 'there is no day "2026-02-30"'),
        ('"2027-02-29"', 'there is no day "2027-02-29"'),
        ('"2026-13-01"', 'there is no day "2026-13-01"'),
        ('"25.12.2026"', 'expected a date of this century, such as "2026-12-25", not "25.12.2026"'),
        ('"0226-12-25"', 'expected a date of this century, such as "2026-12-25", not "0226-12-25"'),
        ("20261225", 'expected a date of this century, such as "2026-12-25", not 20261225'),
        ("2026-12-25T00:00:00", 'expected a date of this century, such as "2026-12-25", not 2026-12-25 00:00:00'),
    ],
)
def test_a_day_that_does_not_exist(written: str, said: str) -> None:
    assert calendar_mistakes("2027-01-01", written) == [f"16: calendars.office.holidays[2]: {said}"]


def test_a_day_that_does_not_exist_in_an_opening_or_without_quotes() -> None:
    assert calendar_mistakes("2026-12-06", '"2026-02-30"') == [
        '17: calendars.office.openings.2026-02-30: there is no day "2026-02-30"'
    ]
    assert calendar_mistakes("2027-01-01", "2027-02-29") == [
        "16:27: is not TOML: there is no such day, or no such time"
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"Europe/Berln"', '"Europe/Berln" is not a time zone; did you mean "Europe/Berlin"?'),
        ('"europe/berlin "', '"europe/berlin " is not a time zone; did you mean "Europe/Berlin"?'),
        ('"Berlin"', '"Berlin" is not a time zone; did you mean "Europe/Berlin"?'),
        ('"New York"', '"New York" is not a time zone; did you mean "America/New_York"?'),
        ('"Mars"', '"Mars" is not a time zone; write for example "Europe/Berlin" or "UTC"'),
        ('"../secret"', '"../secret" is not a time zone; write for example "Europe/Berlin" or "UTC"'),
        ('"Europe"', '"Europe" is not a time zone; write for example "Europe/Berlin" or "UTC"'),
        ('"localtime"', '"localtime" is not a time zone; write for example "Europe/Berlin" or "UTC"'),
        ('"Factory"', '"Factory" is not a time zone; write for example "Europe/Berlin" or "UTC"'),
        ('"posixrules"', '"posixrules" is not a time zone; write for example "Europe/Berlin" or "UTC"'),
        ('""', '"" is not a time zone; write for example "Europe/Berlin" or "UTC"'),
        ("1", '1 is not a time zone; write for example "Europe/Berlin" or "UTC"'),
    ],
)
def test_a_time_zone_that_is_none(written: str, said: str) -> None:
    assert calendar_mistakes('"Europe/Berlin"', written) == [f"12: calendars.office.zone: {said}"]


def test_a_calendar_is_told_its_zone() -> None:
    assert calendar_mistakes('zone = "Europe/Berlin"\n', "") == [
        '11: calendars.office.zone: is missing; write for example zone = "Europe/Berlin"'
    ]


def test_a_calendar_that_never_opens() -> None:
    hours = OFFICE[OFFICE.index("weekdays") : OFFICE.index("holidays")]
    said = '11: calendars.office: never opens; write for example weekdays = ["09:00-17:00"]'
    assert calendar_mistakes(hours, "") == [said]
    assert calendar_mistakes(hours, "weekdays = []\nsun = []\n") == [said]
    days = ", ".join(f'"{name}" = []' for name in ("mon", "tue", "wed", "thu", "fri"))
    assert calendar_mistakes(hours, f'weekdays = ["09:00-17:00"]\n{days.replace(", ", chr(10))}\n') == [said]


def test_a_day_that_is_open_and_closed() -> None:
    assert calendar_mistakes('"2026-12-05"', '"2026-12-25"') == [
        "17: calendars.office.openings.2026-12-25: is one of holidays too; it cannot be both"
    ]
    assert calendar_mistakes('["10:00-14:00"]', "[]") == [
        "17: calendars.office.openings.2026-12-05: expected hours; a day without work belongs in holidays"
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('holiday_country = "Germany"',
         'country: expected the two capital letters of a country, such as "DE", not "Germany"'),
        ('holiday_country = "XX"',
         'country: "XX" is not a country whose holidays are known; they are named as "DE", "GB" or "US"'),
        ('holiday_region = "BE"', 'region: needs its country; write for example holiday_country = "DE"'),
        ("holiday_region = 1", 'region: expected the short name of a region, such as "BE", not 1'),
    ],
)  # fmt: skip
def test_a_country_whose_holidays_nobody_knows(written: str, said: str) -> None:
    assert calendar_mistakes("zone =", f"{written}\nzone =") == [f"12: calendars.office.holiday_{said}"]


def test_a_region_whose_holidays_nobody_knows() -> None:
    (said,) = calendar_mistakes("zone =", 'holiday_country = "DE"\nholiday_region = "XX"\nzone =')
    assert said.startswith(
        '13: calendars.office.holiday_region: "XX" is not a region of DE; its regions are BB, BE, BW'
    )
    (said,) = calendar_mistakes("zone =", 'holiday_country = "JP"\nholiday_region = "XX"\nzone =')
    assert said == '13: calendars.office.holiday_region: "XX" is not a region of JP; it has none'


def test_the_package_of_holidays_is_asked_for_only_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)  # as if it were not installed
    assert parse_policy(with_calendars(**ALL_OFFICE), "p.toml").tier(1).name == "L1"
    (said,) = calendar_mistakes("zone =", 'holiday_country = "AT"\nzone =')
    hint = "needs one more package; install it: pip install -r requirements-holidays.txt"
    assert said == f"12: calendars.office.holiday_country: {hint}"


def test_a_calendar_that_nobody_has_heard_of() -> None:
    text = with_calendars(P3="ofice", P4="shop")
    assert lines(text) == (
        'p.toml:39: priorities.P3.calendar: "ofice" is not a calendar; did you mean "office"?',
        'p.toml:47: priorities.P4.calendar: "shop" is not a calendar; the calendars are 24x7 and office',
    )
    assert lines(f"{SMALL}[waiting]\ncalendar = 3\n") == (
        "p.toml:44: waiting.calendar: expected a calendar's name in quotes, not 3",
    )
    assert lines(f'{SMALL}[waiting]\ncalendar = "shop"\n') == (
        'p.toml:44: waiting.calendar: "shop" is not a calendar; the calendars are 24x7',
    )


def test_a_calendar_of_the_built_in_ones_name() -> None:
    text = with_calendars(calendars='[calendars.24x7]\nzone = "UTC"\nmon = ["09:00-10:00"]\n')
    assert lines(text) == ("p.toml:11: calendars.24x7: is built in, open round the clock; give yours another name",)


def test_a_calendar_of_which_one_thing_is_wrong_is_known_all_the_same() -> None:
    assert calendar_mistakes('fri = ["09:00', 'fri = ["19:00', **ALL_OFFICE) == [
        '14: calendars.office.fri: "19:00 - 15:00" ends before it begins; what is past midnight belongs to the next day'
    ]


def test_a_calendar_too_rarely_open_for_what_is_promised() -> None:
    rare = '[calendars.rare]\nzone = "UTC"\nfri = ["09:00-09:05"]\n'
    text = with_calendars(calendars=rare, P4="rare")
    text = f'{text}[waiting]\ncalendar = "rare"\nnudges = ["1h", "2h"]\n'
    most = 'expected at most 4h 50m, as "rare" is open no longer in 400 days; not'
    assert lines(text.replace('resolution = "4h"', 'resolution = "5h"')) == (
        f"p.toml:45: priorities.P4.resolution: {most} 5h",
        f"p.toml:47: waiting.resolve: {most} 120h",
    )


@pytest.mark.parametrize(
    ("wider", "narrower", "moment"),
    [
        ('weekdays = ["09:00-17:00"]', 'weekdays = ["09:00-17:01"]', "Fri 2027-01-01 at 17:00 (UTC)"),
        ('weekdays = ["09:00-17:00"]', 'weekdays = ["08:59-17:00"]', "Fri 2027-01-01 at 08:59 (UTC)"),
        ('weekdays = ["09:00-17:00"]', 'sun = ["10:00-11:00"]', "Sun 2027-01-03 at 10:00 (UTC)"),
        ('weekdays = ["09:00-12:00", "13:00-17:00"]', 'weekdays = ["09:00-17:00"]', "Fri 2027-01-01 at 12:00 (UTC)"),
        ('weekdays = ["09:00-17:00"]\nholidays = ["2031-07-01"]', 'weekdays = ["09:00-17:00"]',
         "Tue 2031-07-01 at 09:00 (UTC)"),
        ('weekdays = ["09:00-17:00"]\nopenings = { 2031-07-01 = ["09:00-12:00"] }', 'weekdays = ["09:00-17:00"]',
         "Tue 2031-07-01 at 12:00 (UTC)"),
        ('weekdays = ["09:00-17:00"]', 'weekdays = ["09:00-17:00"]\nopenings = { 2031-07-05 = ["09:00-12:00"] }',
         "Sat 2031-07-05 at 09:00 (UTC)"),
    ],
)  # fmt: skip
def test_what_is_more_severe_is_worked_on_whenever_the_milder_is(wider: str, narrower: str, moment: str) -> None:
    calendars = f'[calendars.a]\nzone = "UTC"\n{wider}\n[calendars.b]\nzone = "UTC"\n{narrower}\n'
    text = with_calendars(calendars=calendars, P2="a", P3="b", P4="b")
    (said,) = lines(text)
    assert said.partition(": ")[2] == (
        "priorities.P2.calendar: expected to be open whenever that of P3 is, which is less severe; "
        f'on {moment} "b" is and "a" is not'
    )


def test_summer_time_begins_on_different_days() -> None:
    """London is five hours from New York, but four for two weeks in March and one in autumn."""
    calendars = (
        '[calendars.a]\nzone = "Europe/London"\nweekdays = ["14:00-22:00"]\n'
        '[calendars.b]\nzone = "America/New_York"\nweekdays = ["09:00-17:00"]\n'
    )
    (said,) = lines(with_calendars(calendars=calendars, P3="a", P4="b"))
    assert 'on Mon 2027-03-15 at 09:00 (America/New_York) "b" is and "a" is not' in said
    wider = calendars.replace("14:00-22:00", "13:00-22:00")
    assert parse_policy(with_calendars(calendars=wider, P3="a", P4="b"), "p.toml").tier(1).name == "L1"


def test_calendars_that_differ_in_name_alone_are_alike() -> None:
    calendars = OFFICE + OFFICE.replace("office", "other")
    assert parse_policy(with_calendars(calendars=calendars, P3="office", P4="other"), "p.toml")
    assert parse_policy(with_calendars(calendars=calendars, P3="other", P4="office"), "p.toml")


def test_a_milder_priority_may_not_run_round_the_clock_alone() -> None:
    (said,) = lines(with_calendars(P3="office"))
    assert said.startswith(
        "p.toml:39: priorities.P3.calendar: expected to be open whenever that of P4 is, which is less severe; on "
    )
    assert said.endswith('"24x7" is and "office" is not')


# --- mistakes in what else is promised -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("reminders = 80", "reminders: expected a list of percents, such as [50, 80], not 80"),
        ("reminders = [0]", "reminders[1]: expected whole percents from 1 to 99, such as 80, not 0"),
        ("reminders = [50, 100]", "reminders[2]: expected whole percents from 1 to 99, such as 80, not 100"),
        ("reminders = [0.5]", "reminders[1]: expected whole percents from 1 to 99, such as 80, not 0.5"),
        ('reminders = ["80%"]', 'reminders[1]: expected whole percents from 1 to 99, such as 80, not "80%"'),
        ("reminders = [true]", "reminders[1]: expected whole percents from 1 to 99, such as 80, not true"),
        ("reminders = [80, 50]", "reminders: expected each percent once, in rising order: [50, 80]"),
        ("reminders = [80, 80]", "reminders: expected each percent once, in rising order: [80]"),
        ('on_stale = "remind"', 'on_stale: expected "escalate" or "inform", not "remind"'),
        ("on_stale = ['inform']", 'on_stale: expected "escalate" or "inform", not a list'),
        ("repeat = { factor = 0.9 }", "repeat.factor: expected a number from 1 to 10, such as 1.5, not 0.9"),
        ("repeat = { factor = nan }", "repeat.factor: expected a number from 1 to 10, such as 1.5, not nan"),
        ("repeat = { factor = inf }", "repeat.factor: expected a number from 1 to 10, such as 1.5, not inf"),
        ('repeat = { factor = "2" }', 'repeat.factor: expected a number from 1 to 10, such as 1.5, not "2"'),
        ("repeat = { factor = true }", "repeat.factor: expected a number from 1 to 10, such as 1.5, not true"),
        ('repeat = { cap = "9m" }',
         "repeat.cap: expected at least 10m, the window of boss, after which it is reminded first; not 9m"),
        ('repeat = { cap = "0m" }', 'repeat.cap: expected some time, not "0m"'),
        ("repeat = 2", "repeat: expected a table, not 2"),
        ("calendar = 24", "calendar: expected a calendar's name in quotes, not 24"),
    ],
)  # fmt: skip
def test_what_a_priority_cannot_promise(written: str, said: str) -> None:
    assert mistake('grace = "3m"', f'grace = "3m"\n{written}') == f"22: priorities.P1.{said}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('grace = "3m"', 'grace = "300h"', "21: priorities.P1.grace: expected at most 5m, the window of L1"),
        ('grace = "3m"', 'grace = "5m 1s"', "21: priorities.P1.grace: expected at most 5m, the window of L1"),
        ('update = "30m"', 'update = "2m"', "21: priorities.P1.grace: expected at most 2m, the update"),
    ],
)
def test_a_grace_is_no_longer_than_what_a_raise_shortens(old: str, new: str, said: str) -> None:
    written = "3m" if "update" in new else new.split('"')[1]
    meant = mistake(old, new)
    assert meant == f"{said}, which a raise would not shorten otherwise; not {written}"
    assert parse_policy(edited('grace = "3m"', 'grace = "5m"'), "p.toml").targets[Priority.P1].grace == 5 * M


@pytest.mark.parametrize("target", ["first_response", "update", "resolution", "grace", "windows.L1"])
def test_a_target_of_zero(target: str) -> None:
    name = target.rpartition(".")[2]
    old = re.search(rf'{name} = "\w+"', SMALL)
    assert old is not None
    assert mistake(old[0], f'{name} = "0s"').endswith(f'priorities.P1.{target}: expected some time, not "0s"')


def test_people_are_named_by_their_ids() -> None:
    said = 'expected the id of a person, such as "U0123456789", not'
    assert mistake('name = "L1"', 'name = "L1"\nleads = ["U0ANA", "@ben"]') == f'3: tiers[1].leads[2]: {said} "@ben"'
    assert mistake('name = "L1"', 'name = "L1"\nleads = ["S0123456789"]').endswith(f'{said} "S0123456789"')
    assert mistake('name = "L1"', 'name = "L1"\nleads = "U0ANA"') == (
        '3: tiers[1].leads: expected a list of people\'s ids, such as ["U0123456789"], not "U0ANA"'
    )
    assert lines(f'fallback = "C0123456789"\n{SMALL}') == (f'p.toml:1: fallback: {said} "C0123456789"',)


TWICE = 'expected at least two, so that the reporter is asked again twice before silence is taken for "solved"'


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('nudges = "8h"', '44: waiting.nudges: expected a list of spans of time, such as ["8h", "24h"], not "8h"'),
        ('nudges = ["8h", "0h"]', '44: waiting.nudges[2]: expected some time, not "0h"'),
        ('nudges = ["8h", "8h"]',
         "44: waiting.nudges[2]: expected more than 8h, as each counts from the question; not 8h"),
        ('nudges = ["9s", "8h"]', "44: waiting.nudges[1]: expected at least 2m, the minimum_window, not 9s"),
        ('resolve = "71h"', "44: waiting.resolve: expected at least 72h, when the reporter is asked last; not 71h"),
        ('nudges = ["8h", "121h"]',
         "43: waiting.resolve: expected at least 121h, when the reporter is asked last; not 120h"),
        ('nudges = ["8h"]',
         f"44: waiting.nudges: {TWICE}; not 1"),
        ("nudges = []",
         f"44: waiting.nudges: {TWICE}; not 0"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_waited_for(written: str, said: str) -> None:
    assert lines(f"{SMALL}[waiting]\n{written}\n") == (f"p.toml:{said}",)


KNOWN = "known are minimum_window, close_after, fallback, digest, tiers, calendars, matrix, priorities and waiting"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('channel = "support-l1"', 'chanel = "x"', '3: tiers[1].chanel: is not a known key; did you mean "channel"?'),
        ("grace =", "Grace =", '21: priorities.P1.Grace: is not a known key; did you mean "grace"?'),
        ("[matrix]", "[matrx]", '11: matrx: is not a known key; did you mean "matrix"?'),
        ("[priorities.P4]", "[priorities.P5]", '37: priorities.P5: is not a known key; did you mean "P4"?'),
        ("[[tiers]]", 'zone = "UTC"\n[[tiers]]', f"1: zone: is not a known key; {KNOWN}"),
        ("[[tiers]]", "[calendar]\n[[tiers]]", '1: calendar: is not a known key; did you mean "calendars"?'),
        ("[[tiers]]", '"a\\nb" = 1\n[[tiers]]', f'1: "a\\nb": is not a known key; {KNOWN}'),
        (
            "[[tiers]]",
            "[[tiers]]\nid = 1",
            "2: tiers[1].id: is not a known key; known are name, channel, ping, staff_group and leads",
        ),
    ],
)
def test_an_unknown_key_is_one_mistake_and_not_two(old: str, new: str, said: str) -> None:
    assert mistake(old, new) == said


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ('name = "L1"\n', '1: tiers[1].name: is missing; write for example name = "L1"'),
        ('channel = "support-l1"\n', '1: tiers[1].channel: is missing; write for example channel = "support-l1"'),
        (', low = "P3"', '12: matrix.high.low: is missing; write for example low = "P3"'),
        ('low = { high = "P3", medium = "P4", low = "P4" }\n',
         '11: matrix.low: is missing; write for example low = { high = "P3", medium = "P4", low = "P4" }'),
        ('update = "30m"\n', '16: priorities.P1.update: is missing; write for example update = "30m"'),
        ('windows = { L1 = "5m", boss = "10m" }\n',
         '16: priorities.P1.windows: is missing; write for example windows = { L1 = "5m", L2 = "10m" }'),
    ],
)  # fmt: skip
def test_a_key_that_is_missing_has_an_example_beside_it(old: str, said: str) -> None:
    assert mistake(old, "") == said


def test_tables_that_are_none() -> None:
    assert mistake(SMALL[: SMALL.index("[matrix]")], "tiers = 3\n") == (
        "1: tiers: expected a table per tier, each with the header [[tiers]], not 3"
    )
    matrix = SMALL[SMALL.index("high =") : SMALL.index("medium = {")]
    assert mistake(matrix, 'high = "P1"\n') == '12: matrix.high: expected a table, not "P1"'
    assert mistake('windows = { L1 = "5m", boss = "10m" }', 'windows = "5m"') == (
        '17: priorities.P1.windows: expected a table, not "5m"'
    )


# --- mistakes, together ----------------------------------------------------------------------------------------------


def test_all_mistakes_at_once_in_the_files_order() -> None:
    text = edited('channel = "support-l1"', 'channel = "Support"')
    text = edited('medium = "P2"', 'medium = "P9"', text)
    text = edited('first_response = "15m"', 'first_response = "5m"', text)  # a rule, beside mistakes of shape
    text = edited('update = "30m"', "update = 30", text)
    text = f"{text}surplus = 1\n"
    assert [re.match(r"p\.toml:(\d+): ([^:]+):", line).groups() for line in lines(text)] == [  # type: ignore[union-attr]
        ("3", "tiers[1].channel"),
        ("12", "matrix.high.medium"),
        ("18", "priorities.P1.first_response"),
        ("19", "priorities.P1.update"),
        ("43", "priorities.P4.surplus"),
    ]


def test_an_empty_file() -> None:
    assert lines("") == (
        "p.toml: tiers: is missing; it begins with the line [[tiers]]",
        "p.toml: matrix: is missing; it begins with the line [matrix]",
        "p.toml: priorities: is missing; it begins with the line [priorities]",
    )


def test_a_missing_table_is_told_where_its_kin_begins() -> None:
    third = SMALL[SMALL.index("[priorities.P3]") : SMALL.index("[priorities.P4]")]
    assert mistake(third, "") == "16: priorities.P3: is missing; it begins with the line [priorities.P3]"


def test_lines_are_counted_alike_in_a_file_from_windows() -> None:
    text = edited("update =", "updat =")
    assert lines(text.replace("\n", "\r\n")) == lines(text)


def test_lines_are_found_through_text_and_lists_of_many_lines() -> None:
    text = (
        '"a" = """\n[matrix]\nname = "x"\n"""\nb = [\n  1, # ]\n  { c = 2 },\n]\n# [c]\n'
        + edited('channel = "support-l1"', "channel = 1").replace("[priorities.P1]", "  [ priorities . 'P1' ] # x")
        + "  priorities = 1\n"
    )
    assert [line.partition(": ")[0] for line in lines(text)] == ["p.toml:1", "p.toml:5", "p.toml:12", "p.toml:52"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nping = here\n", '2:8: is not TOML: expected a value; text stands in quotes, such as "here"'),
        ('a = "x\n', "1:7: is not TOML: a character that cannot stand here; perhaps a quote is not closed"),
        ("a = 'x\n", "2:1: is not TOML: a quote is not closed"),
        ("a = [1,\n2", "2:2: is not TOML: Unclosed array"),
        ('a = """x\ny', "2:2: is not TOML: a quote is not closed"),
        ("a = 1\na = 2", "2:6: is not TOML: this key was given before"),
        ("[a]\n[a]\n", "2:3: is not TOML: this table was begun before"),
        ("update 30m\n", "1:8: is not TOML: Expected '=' after a key in a key/value pair"),
        (
            "a = 1\n\n!\n",
            '3:1: is not TOML: expected a key, such as update = "30m", or a table\'s header, such as [matrix]',
        ),
        (f"a = {'[' * 9000}", " is not a policy: a number or a nesting in it is absurd"),
        (f"a = {'1' * 9000}", " is not a policy: a number or a nesting in it is absurd"),
    ],
)
def test_what_is_not_toml_is_one_line_with_its_place(text: str, said: str) -> None:
    assert lines(text) == (f"p.toml:{said}",)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    def said(path: Path) -> tuple[str, ...]:
        with pytest.raises(PolicyError) as refused:
            load_policy(path)
        return refused.value.lines

    missing, latin = tmp_path / "missing.toml", tmp_path / "latin.toml"
    latin.write_bytes(b"# \xe9\n")
    assert said(missing) == (f"{missing}: cannot be read: No such file or directory",)
    assert said(tmp_path) == (f"{tmp_path}: cannot be read: Is a directory",)
    assert said(latin) == ("latin.toml: is not UTF-8 text",)


def test_a_windows_editors_mark_at_the_beginning_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(f"\ufeff{SMALL}".replace("\n", "\r\n").encode())
    assert load_policy(path) == parse_policy(SMALL, "p.toml")


JUNK = st.sampled_from(
    [
        "1",
        "-1",
        '""',
        '"L1"',
        "true",
        "[]",
        "{}",
        "[[]]",
        '{ L1 = "1s" }',
        '["boss", 1]',
        "2026-01-01",
        "nan",
        "x",
        '"1d"',
    ]
)
VALUES = [match.span(1) for match in re.finditer(r'(?<== )("[^"\n]*")', SMALL)]
KEYS = [match.span(1) for match in re.finditer(r"(\w+) =", SMALL)]


@given(st.lists(st.tuples(st.sampled_from(VALUES), JUNK), max_size=6), st.lists(st.sampled_from(KEYS), max_size=3))
def test_whatever_stands_in_it_the_answer_is_a_policy_or_plain_lines(
    values: list[tuple[tuple[int, int], str]], keys: list[tuple[int, int]]
) -> None:
    text = SMALL
    edits = dict(values) | dict.fromkeys(keys, "zzz")
    for (start, end), junk in sorted(edits.items(), reverse=True):
        text = text[:start] + junk + text[end:]
    try:
        policy = parse_policy(text, "p.toml")
    except PolicyError as error:
        told = error.lines
    else:
        told = ()
        assert len(policy.tiers) == len(policy.targets[Priority.P1].windows) == 2
    for line in told:
        assert re.match(r"p\.toml(:\d+){0,2}: \S[^\n]+$", line), line
        assert not re.search("[Ii]nput|pydantic|[Vv]alidat|type=|instance|dictionary|None", line), line


@given(st.text(max_size=200) | st.text(alphabet="ab=[]{}\"'.#\n 1,", max_size=60))
def test_no_text_at_all_is_a_crash(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text, "p.toml")


# --- the files we ship -----------------------------------------------------------------------------------------------


def test_the_shipped_policy_is_the_fields_default() -> None:
    policy = load_policy(ROOT / "policy.toml")
    assert [(tier.name, tier.channel, tier.ping, tier.staff_group) for tier in policy.tiers] == [
        ("L1", "support-l1", "here", None),
        ("L2", "support-l2", "here", None),
        ("L3", "support-l3", "here", None),
        ("management", "it-managers", "here", None),
    ]
    levels = (Level.HIGH, Level.MEDIUM, Level.LOW)
    assert [[policy.priority(impact, urgency).value for urgency in levels] for impact in levels] == [
        ["P1", "P2", "P3"],
        ["P2", "P3", "P4"],
        ["P3", "P4", "P4"],
    ]
    found = {
        priority.value: (each.windows, each.first_response, each.update, each.resolution, each.grace)
        for priority, each in policy.targets.items()
    }
    assert found == {
        "P1": ((5 * M, 10 * M, 15 * M, 15 * M), 15 * M, 30 * M, 4 * H, 3 * M),
        "P2": ((20 * M, 30 * M, H, H), H, 2 * H, 8 * H, 5 * M),
        "P3": ((2 * H, 2 * H, 4 * H, 8 * H), 4 * H, 8 * H, 24 * H, 10 * M),
        "P4": ((4 * H, 4 * H, 8 * H, 16 * H), 8 * H, 24 * H, 40 * H, 10 * M),
    }
    assert {
        priority.value: (each.calendar.name, each.reminders, each.on_stale, each.repeat)
        for priority, each in policy.targets.items()
    } == {
        "P1": ("24x7", (0.8,), OnStale.ESCALATE, Repeat(1.0, 15 * M)),
        "P2": ("office", (0.5, 0.8), OnStale.ESCALATE, Repeat(1.5, 4 * H)),
        "P3": ("office", (0.5, 0.8), OnStale.ESCALATE, Repeat(1.0, 8 * H)),
        "P4": ("office", (0.8,), OnStale.INFORM, Repeat(1.0, 16 * H)),
    }
    office = policy.targets[Priority.P2].calendar
    assert office == Calendar("office", "UTC", ((Window(9 * 3600, 17 * 3600),),) * 5 + ((), ()))
    assert policy.waiting == Waiting((8 * H, 24 * H), 40 * H, office)
    assert (policy.close_after, policy.fallback) == (timedelta(days=5), None)
    assert policy.targets[Priority.P1].at_once == AtOnce((1, 2), (4,), ping=True)
    for priority in (Priority.P2, Priority.P3, Priority.P4):
        assert policy.targets[priority].at_once == AtOnce((1,), (), ping=False)


PRESETS = sorted((ROOT / "presets").glob("*.toml"))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_preset_can_be_copied_and_used(preset: Path) -> None:
    policy = load_policy(preset)
    assert all(tier.channel for tier in policy.tiers)
    assert preset.read_text(encoding="utf-8").startswith(
        f"# {preset.stem.replace('small', 'a-small').replace('-', ' ').upper()}."
    )


def test_the_presets_are_what_their_names_say() -> None:
    small, office, clock = (
        load_policy(ROOT / "presets" / f"{name}.toml") for name in ("small-team", "office-hours", "round-the-clock")
    )
    assert len(PRESETS) == 3
    assert office == load_policy(ROOT / "policy.toml")
    assert [tier.name for tier in small.tiers] == ["helpdesk", "management"]
    assert [small.targets[priority].window(1) for priority in (Priority.P1, Priority.P2)] == [10 * M, 30 * M]
    assert {targets.calendar for targets in clock.targets.values()} == {clock.waiting.calendar} == {ALWAYS}


def test_each_key_of_the_shipped_policy_is_commented_where_it_first_stands() -> None:
    seen = set()
    table = ""
    text = SHIPPED.splitlines()
    for number, line in enumerate(text):
        if header := re.match(r"\[+([a-z]+)", line):
            table = header[1]
        key = re.match(r"(\w+) = ", line)
        if key and (table, key[1]) not in seen:
            seen.add((table, key[1]))
            assert "  # " in line or text[number - 1].startswith("# "), line


def test_the_demo_shows_the_climb_within_two_minutes() -> None:
    demo, shipped = load_policy(DEMO), load_policy(ROOT / "policy.toml")
    assert demo.tiers == shipped.tiers
    assert demo.matrix == shipped.matrix
    climbs = {}
    for priority, targets in demo.targets.items():
        first = max(targets.at_once.tiers)
        climbs[priority] = sum(targets.windows[first - 1 : -1], timedelta())
        assert all(timedelta(seconds=20) <= window <= timedelta(seconds=40) for window in targets.windows[:-1])
        assert (targets.windows[-1], targets.repeat) == (M, Repeat(10, H))  # the last tier is not pestered
        assert M <= targets.update <= 2 * M
        assert targets.at_once == shipped.targets[priority].at_once
        assert targets.calendar == demo.waiting.calendar == ALWAYS
    assert climbs[Priority.P1] < climbs[Priority.P2] < climbs[Priority.P3] < climbs[Priority.P4] <= 2 * M
    assert "DEMO" in DEMO.read_text(encoding="utf-8").splitlines()[0]


# --- the docs --------------------------------------------------------------------------------------------------------

BLOCKS = re.findall(r"^```(toml|diff|text)\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)


def _applied(diff: str, text: str) -> str:
    """`diff` has the old lines and the new ones, as they stand in a file; the first place that has the old changes."""
    old = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line[0] in " -")
    new = "".join(f"{line[1:]}\n" for line in diff.splitlines() if line[0] in " +")
    return edited(f"\n{old}", f"\n{new}", text)


def test_the_docs_examples_are_excerpts_of_what_we_ship_or_whole_files() -> None:
    examples = [block for kind, block in BLOCKS if kind == "toml"]
    shipped = [SHIPPED, *(preset.read_text(encoding="utf-8") for preset in PRESETS)]
    assert len(examples) == 7
    for example in examples:
        if "[matrix]" in example and "[[tiers]]" in example:
            assert len(parse_policy(example, "policy.toml").tiers) == 2
        else:
            assert any(example in text for text in shipped), example


def test_the_docs_mistakes_are_told_as_the_docs_say() -> None:
    text, accepted, told = SHIPPED, 0, 0
    blocks = [block for block in BLOCKS if block[0] != "toml"]
    for (kind, block), following in zip(blocks, [*(kind for kind, _ in blocks[1:]), ""], strict=True):
        if kind == "diff":
            text = _applied(block, text)
            if "+staff_group" in block or "+openings" in block:
                assert parse_policy(text, "policy.toml") != parse_policy(SHIPPED, "policy.toml")
                accepted += 1
                text = SHIPPED
            else:
                assert following in ("diff", "text")
        else:
            with pytest.raises(PolicyError) as refused:
                parse_policy(text, "policy.toml")
            assert "\n".join(refused.value.lines) + "\n" == block
            told += 1
            text = SHIPPED
    assert (accepted, told) == (2, 6)


def _rows(*columns: str) -> list[tuple[str, ...]]:
    """The rows of the docs' tables that have these columns."""
    header = f"| {' | '.join(columns)} |\n"
    tables = DOCS.split(header)[1:]
    assert tables, header
    rows = [line for table in tables for line in table.split("\n\n")[0].splitlines()[1:]]
    found = [tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in rows]
    assert all(len(row) == len(columns) for row in found), [row for row in found if len(row) != len(columns)]
    return found


def _written(value: object) -> str:
    """As TOML, in one line."""
    match value:
        case dict():
            return f"{{ {', '.join(f'{json.dumps(key)} = {_written(each)}' for key, each in value.items())} }}"
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(value)


def _with(key: str, written: str, text: str = SHIPPED) -> str:
    """A policy in which `key` has this value. A key of [[tiers]] is that of the first."""
    document = tomllib.loads(text)
    *tables, name = key.split(".")
    table: Any = document
    for part in tables:
        table = table.setdefault(part, {})
        table = table[0] if isinstance(table, list) else table
    table[name] = tomllib.loads(f"x = {written}")["x"]
    return "".join(f"{json.dumps(name)} = {_written(value)}\n" for name, value in document.items())


def _fields(table: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of the file with the names by which the docs call those that vary."""
    for name, field in table.model_fields.items():
        key = f"{path}{name}"
        inner = [
            each
            for each in (field.annotation, *get_args(field.annotation))
            if isclass(each) and issubclass(each, BaseModel)
        ]
        if not inner or name in ("P2", "P3", "P4", "medium", "low"):
            yield key, field
        elif name == "calendars":
            yield from _fields(inner[0], f"{key}.office.")
        else:
            yield from _fields(inner[0], f"{key}.")


KEY_ROWS = _rows("key", "default", "example", "what it says")
MISTAKE_ROWS = _rows("key", "written", "said")


def test_the_docs_name_every_key_with_its_default() -> None:
    rows = {key.strip("`"): default for key, default, _, _ in KEY_ROWS}
    keys = dict(_fields(_File))
    office = '[calendars.office]\nzone = "UTC"\nweekdays = ["09:00-17:00"]\n'
    least = with_calendars(calendars=office, P2="office", P3="office", P4="office")
    for key in [key for key in keys if re.match(r"matrix|priorities\.P[234]", key)]:
        del keys[key]
    assert set(rows) == {*keys, "matrix.high.low"}
    for key, field in keys.items():
        default = rows[key]
        if field.is_required():
            assert default.startswith("required"), key
        elif default.startswith("`"):
            assert parse_policy(_with(key, default.strip("`"), least), "p.toml") == parse_policy(least, "p.toml"), key


@pytest.mark.parametrize(("key", "example"), [(key.strip("`"), example.strip("`")) for key, _, example, _ in KEY_ROWS])
def test_the_docs_example_of_a_key_can_be_used(key: str, example: str) -> None:
    text = _with(key, example)
    if key == "calendars.office.holiday_region":
        text = edited('"holiday_region"', '"holiday_country" = "DE", "holiday_region"', text)
    assert parse_policy(text, "p.toml").last_tier == 4


@pytest.mark.parametrize(("key", "written", "said"), [tuple(cell.strip("`") for cell in row) for row in MISTAKE_ROWS])
def test_the_docs_mistake_of_a_key_is_told_as_the_docs_say(key: str, written: str, said: str) -> None:
    (line,) = lines(_with(key, written))
    assert line.partition(": ")[2] == said.replace("&#124;", "|")


def test_every_key_has_its_mistake_in_the_docs() -> None:
    assert {key.strip("`") for key, *_ in MISTAKE_ROWS} >= {key.strip("`") for key, *_ in KEY_ROWS}
