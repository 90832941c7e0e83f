"""The policy file: what it means, what is said about each mistake, and that the files and docs we ship are right."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import ALWAYS
from bot.domain.policy import AtOnce, Tier
from bot.domain.priority import Level, Priority
from bot.policy_file import PolicyError, load_policy, parse_policy

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
    assert targets.calendar == ALWAYS
    assert set(policy.targets) == set(Priority)


def test_windows_belong_to_the_tier_they_name_whatever_their_order() -> None:
    policy = parse_policy(edited('{ L1 = "5m", boss = "10m" }', '{ boss = "10m", L1 = "5m" }'), "p.toml")
    assert policy.targets[Priority.P1].windows == (5 * M, 10 * M)


def test_what_happens_at_once_is_told_by_tiers_names() -> None:
    text = edited('grace = "3m"', 'grace = "3m"\nat_once = { inform = ["boss"], ping = true }')
    assert parse_policy(text, "p.toml").targets[Priority.P1].at_once == AtOnce((1,), (2,), ping=True)
    text = edited('grace = "3m"', 'grace = "3m"\n[priorities.P1.at_once]\ntiers = ["boss", "L1"]')
    assert parse_policy(text, "p.toml").targets[Priority.P1].at_once == AtOnce((1, 2), (), ping=False)


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
    text = SMALL.replace('grace = "3m"', f'grace = "{written}"')
    assert parse_policy(text, "p.toml").targets[Priority.P4].grace == meant


def test_a_channels_sign_is_not_part_of_its_name() -> None:
    assert parse_policy(edited('"support-l1"', '"#support-l1"'), "p.toml") == parse_policy(SMALL, "p.toml")


@pytest.mark.parametrize("channel", ["support", "it_help-2", "störungen", "サポート", "C0L1", "G0123456789"])
def test_channels_that_slack_can_have(channel: str) -> None:
    assert parse_policy(edited("support-l1", channel), "p.toml").tier(1).channel == channel


@pytest.mark.parametrize("ping", ["none", "here", "channel", "S0ONCALL", "U0ANA", "W0123456789"])
def test_those_who_can_be_pinged(ping: str) -> None:
    assert parse_policy(edited('ping = "S0123456789"', f'ping = "{ping}"'), "p.toml").tier(2).ping == ping


def test_a_policy_may_lower_the_shortest_window_knowingly() -> None:
    text = 'minimum_window = "2s"\n' + edited('L1 = "5m"', 'L1 = "2s"')
    assert parse_policy(text, "p.toml").targets[Priority.P1].window(1) == timedelta(seconds=2)


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
        ('boss = "10m"', 'boss = "9m"'),
        ('L1 = "5m"', 'L1 = "4m"'),
        ('update = "30m"', 'update = "29m"'),
        ('resolution = "4h"', 'resolution = "3h"'),
        ('grace = "3m"', 'grace = "4m"'),
        ('grace = "3m"', 'grace = "3m"\nat_once = { ping = true }'),
        ('grace = "3m"', 'grace = "3m"\nat_once = { inform = ["boss"] }'),
        ('grace = "3m"', 'grace = "3m"\nat_once = { tiers = ["L1", "boss"] }'),
    ],
)
def test_another_meaning_is_another_version(old: str, new: str) -> None:
    text = SMALL.replace("L1 =", "l1 =").replace(old, new) if new == 'name = "l1"' else edited(old, new)
    assert parse_policy(text, "p.toml").version != parse_policy(SMALL, "p.toml").version


def test_the_shipped_policy_keeps_its_version() -> None:
    """Issues in a database are bound to it: a change here is a change for everybody who never edited the file."""
    assert parse_policy(SHIPPED, "policy.toml").version == "e0714cb00c43"


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
        ('tiers = ["L1", "boss"], inform = ["boss"]', '.inform[1]: "boss" has a card already, by at_once.tiers'),
        ('inform = ["boss", "boss"]', '.inform[2]: "boss" stands in the list twice'),
        ('inform = ["CEO"]', '.inform[1]: "CEO" is not a tier; the tiers are L1 and boss'),
        ('notify = ["boss"]', ".notify: is not a known key; known are tiers, inform and ping"),
    ],
)
def test_what_cannot_happen_at_once(written: str, said: str) -> None:
    assert mistake('grace = "3m"', f'grace = "3m"\nat_once = {{ {written} }}') == f"{AT_ONCE}{said}"


KNOWN = "known are minimum_window, tiers, matrix and priorities"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('channel = "support-l1"', 'chanel = "x"', '3: tiers[1].chanel: is not a known key; did you mean "channel"?'),
        ("grace =", "Grace =", '21: priorities.P1.Grace: is not a known key; did you mean "grace"?'),
        ("[matrix]", "[matrx]", '11: matrx: is not a known key; did you mean "matrix"?'),
        ("[priorities.P4]", "[priorities.P5]", '37: priorities.P5: is not a known key; did you mean "P4"?'),
        ("[[tiers]]", 'calendar = "office"\n[[tiers]]', f"1: calendar: is not a known key; {KNOWN}"),
        ("[[tiers]]", '"a\\nb" = 1\n[[tiers]]', f'1: "a\\nb": is not a known key; {KNOWN}'),
        (
            "[[tiers]]",
            "[[tiers]]\nid = 1",
            "2: tiers[1].id: is not a known key; known are name, channel, ping and staff_group",
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
        "1: tiers: expected a table per tier, each with the header [[tiers]]"
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
    assert policy.targets[Priority.P1].at_once == AtOnce((1, 2), (4,), ping=True)
    for priority in (Priority.P2, Priority.P3, Priority.P4):
        assert policy.targets[priority].at_once == AtOnce((1,), (), ping=False)


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
        assert all(timedelta(seconds=20) <= window <= timedelta(seconds=40) for window in targets.windows)
        assert M <= targets.update <= 2 * M
        assert targets.at_once == shipped.targets[priority].at_once
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
    assert len(examples) == 4
    for example in examples:
        if "[matrix]" in example and "[[tiers]]" in example:
            assert len(parse_policy(example, "policy.toml").tiers) == 2
        else:
            assert example in SHIPPED


def test_the_docs_mistakes_are_told_as_the_docs_say() -> None:
    text, accepted, told = SHIPPED, 0, 0
    blocks = [block for block in BLOCKS if block[0] != "toml"]
    for (kind, block), following in zip(blocks, [*(kind for kind, _ in blocks[1:]), ""], strict=True):
        if kind == "diff":
            text = _applied(block, text)
            if "+staff_group" in block:
                parse_policy(text, "policy.toml")
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
    assert (accepted, told) == (1, 5)


def test_the_docs_name_every_key_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([^|]+)` \| ([^|]+) \|", DOCS, re.MULTILINE))
    for key, default in {
        "minimum_window": '`"2m"`',
        "tiers.ping": '`"none"`',
        "tiers.staff_group": "the channel's members",
        "priorities.P1.at_once.tiers": "the first tier",
        "priorities.P1.at_once.inform": "`[]`",
        "priorities.P1.at_once.ping": "`false`",
    }.items():
        assert rows.pop(key) == default
    assert all(default.startswith("required") for default in rows.values())
    documented = {part for key in [*rows, *re.findall(r"`([\w.]+)`", DOCS)] for part in key.split(".")}
    assert {key for span in KEYS if (key := SMALL[slice(*span)]) not in ("L1", "boss")} <= documented
