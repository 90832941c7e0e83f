"""Reads the escalation policy from TOML, and tells every mistake in it at once, in plain words.

The shape of the file is the pydantic models'; what its values owe each other is checked by `_rules`, on whatever can be
read, so that a mistake of one kind hides none of the other.
"""

import json
import re
import tomllib
import warnings
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from inspect import isclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.domain.calendar import ALWAYS, Calendar, Window, Windows
from bot.domain.policy import AtOnce, OnStale, Policy, Repeat, Targets, Tier, Waiting
from bot.domain.priority import Level, Priority

MINIMUM_WINDOW = timedelta(minutes=2)  # a policy may lower it, knowingly
SHORTEST_MINIMUM = timedelta(seconds=2)  # two ticks of the engine
SHORTEST_PING = timedelta(minutes=10)  # between two reminders of the last tier (domain.md 3.1), unless it is a demo
SHORTEST_CLOSE = timedelta(hours=1)  # in which a reporter can say "not fixed"; the same
FEWEST_NUDGES = 2  # before silence is taken for "solved" (domain.md T16)
FEWEST_TIERS = 2  # there must be somebody to escalate to
ALIKE = 0.8  # the same for time zones, of which there are many
SLIGHT = 0.5  # how alike an unknown key and an absent one must be, to be taken for the same
LONGEST = timedelta(hours=2000)  # a working year; past it, a calendar's answer would be years away
FAR = timedelta(days=400)  # within which the hours of a calendar must hold every span that runs in it
STEEPEST = 10  # times longer from one reminder of the last tier to the next, at most
WORKING_DAYS = 5  # Monday to Friday
HOLIDAY_YEARS = range(2020, 2041)  # of a country; fixed, so that a file means the same every year
SAMPLE = [date(2027, 1, 1) + timedelta(days=n) for n in range(366)]  # days on which two calendars are compared


_KeyPath = tuple[str | int, ...]  # list positions count from 0


class PolicyError(Exception):
    """The policy cannot be used. `lines`: one per mistake, "file:line: key: what was expected"."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class _Mistake:
    path: _KeyPath
    text: str  # goes on after the key: "is missing"


def load_policy(path: Path) -> Policy:
    """Raises PolicyError, also if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PolicyError((f"{path.name}: is not UTF-8 text",)) from None
    except OSError as error:
        raise PolicyError((f"{path}: cannot be read: {error.strerror}",)) from None
    return parse_policy(text, path.name)


def parse_policy(text: str, file_name: str) -> Policy:
    """`file_name` is for messages alone. Raises PolicyError."""
    text = text.replace("\r\n", "\n")
    document = _document(text, file_name)
    file: _File | None = None
    mistakes: list[_Mistake] = []
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        mistakes += _shape(error)
    mistakes += _rules(document)
    if mistakes or file is None:
        raise PolicyError(tuple(_lines(mistakes, _places(text), file_name)))
    return _policy(file)


# --- single values ---------------------------------------------------------------------------------------------------

_DURATION = re.compile(r"(?:([0-9]{1,6})\s*h)?\s*(?:([0-9]{1,6})\s*m)?\s*(?:([0-9]{1,6})\s*s)?")
_LOCAL = {"localtime", "posixrules", "Factory"}  # names of files, not of places: each machine has its own
_ID = re.compile(r"[A-Z][A-Z0-9]{2,30}")


def _duration(value: object) -> timedelta:
    text = value.strip() if isinstance(value, str) else ""
    if re.search(r"[0-9]\s*d", text):
        raise ValueError(
            f'a day may mean 24 hours or a working day; write hours, such as "24h", instead of {_shown(value)}'
        )
    match = _DURATION.fullmatch(text)
    if not match or not text:
        raise ValueError(f'expected a span of time such as "90s", "15m", "2h" or "1h 30m", not {_shown(value)}')
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not span:
        raise ValueError(f"expected some time, not {_shown(value)}")
    if span > LONGEST:
        raise ValueError(f"{_shown(value)} is longer than {_words(LONGEST)}, a working year")
    return span


def _moment(value: object) -> time:
    """A time of day, to the minute."""
    if isinstance(value, time) and not value.second and not value.microsecond:
        return value  # TOML has times without quotes, too
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError(f'expected a time of day such as "09:00", not {_shown(value)}')
    try:
        return time(int(match[1]), int(match[2]))
    except ValueError:
        raise ValueError(f'there is no {_shown(value)}; a day goes from "00:00" to "23:59"') from None


def _tier_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\w(?:[\w ./-]{0,38}[\w])?", value):
        raise ValueError(
            f'expected a name of at most 40 letters, digits, spaces, ".", "/" or "-", such as "L1", not {_shown(value)}'
        )
    return value


def _channel(value: object) -> str:
    name = value.removeprefix("#") if isinstance(value, str) else ""
    is_id = _ID.fullmatch(name) and name[0] in "CG"
    is_name = re.fullmatch(r"[\w-]{1,80}", name) and name == name.lower()
    if not is_id and not is_name:
        raise ValueError(
            f'expected a channel\'s name such as "support-l1", or its id such as "C0123456789", not {_shown(value)}'
        )
    return name


def _ping(value: object) -> str:
    if value in ("none", "here", "channel"):
        return str(value)
    if not isinstance(value, str) or not _ID.fullmatch(value) or value[0] not in "SUW":
        raise ValueError(
            'expected "none", "here", "channel", the id of a user group (S0123456789) or of a person (U0123456789), '
            f"not {_shown(value)}"
        )
    return value


def _group(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value) or value[0] != "S":
        raise ValueError(f'expected the id of a user group, such as "S0123456789", not {_shown(value)}')
    return value


def _priority(value: object) -> Priority:
    if value not in tuple(Priority):
        raise ValueError(f'expected "P1", "P2", "P3" or "P4", not {_shown(value)}')
    return Priority(str(value))


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a tier's name in quotes, not {_shown(value)}")  # noqa: TRY004 - pydantic's way
    return value


def _names(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"expected {_TIER_LIST}, not {_shown(value)}")  # noqa: TRY004
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, without quotes, not {_shown(value)}")  # noqa: TRY004
    return value


def _user(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value) or value[0] not in "UW":
        raise ValueError(f'expected the id of a person, such as "U0123456789", not {_shown(value)}')
    return value


def _percent(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 99:  # noqa: PLR2004 - percents
        raise ValueError(f"expected whole percents from 1 to 99, such as 80, not {_shown(value)}")
    return value


def _factor(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 1 <= value <= STEEPEST:
        raise ValueError(f"expected a number from 1 to {STEEPEST}, such as 1.5, not {_shown(value)}")
    return float(value)


def _on_stale(value: object) -> OnStale:
    if value not in tuple(OnStale):
        raise ValueError(f'expected "escalate" or "inform", not {_shown(value)}')
    return OnStale(str(value))


def _calendar_name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a calendar's name in quotes, not {_shown(value)}")  # noqa: TRY004
    return value


def _zone(value: object) -> str:
    name = value if isinstance(value, str) else ""
    try:
        zone_of(name)
    except (LookupError, ValueError, OSError):  # a misspelt key, an ill-formed one, a directory of zones
        guess = zone_like(name)
        hint = f"did you mean {_shown(guess)}?" if guess else 'write for example "Europe/Berlin" or "UTC"'
        raise ValueError(f"{_shown(value)} is not a time zone; {hint}") from None
    return name


def zone_of(name: str) -> ZoneInfo:
    """Raises LookupError, ValueError or OSError."""
    if name in _LOCAL:
        raise LookupError(name)
    return ZoneInfo(name)


def zone_like(name: str) -> str | None:
    """A city alone is enough to tell which one was meant."""
    known = sorted(available_timezones() - _LOCAL)
    cities = {zone.rpartition("/")[2]: zone for zone in known}
    city = _guess(name.replace(" ", "_"), cities, ALIKE)
    return _guess(name.replace(" ", "_"), known, ALIKE) or (cities[city] if city else None)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = str(value)  # TOML has dates without quotes, too
    match = re.fullmatch(r"(20[0-9]{2})-([0-9]{2})-([0-9]{2})", value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f'expected a date of this century, such as "2026-12-25", not {_shown(value)}')
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        raise ValueError(f"there is no day {_shown(value)}") from None


def _country(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{2}", value):
        raise ValueError(f'expected the two capital letters of a country, such as "DE", not {_shown(value)}')
    return value


def _region(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f'expected the short name of a region, such as "BE", not {_shown(value)}')
    return value


_TIER_LIST = 'a list of tiers\' names, such as ["L1"]'
_FROM_TO = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")


def _hours(value: object) -> Windows:
    """The open hours of one day, earliest first."""
    if not isinstance(value, list):
        example = '["09:00-12:30", "13:30-17:00"]'
        raise ValueError(f"expected a list of hours, such as {example}, not {_shown(value)}")  # noqa: TRY004
    windows = sorted(((_window(text), text) for text in value), key=lambda each: each[0].start)
    for (earlier, first), (later, second) in pairwise(windows):
        if later.start < earlier.end:
            raise ValueError(f"{_shown(second)} begins before {_shown(first)} ends")
    return tuple(window for window, _ in windows)


def _opening(value: object) -> Windows:
    if not (windows := _hours(value)):
        raise ValueError("expected hours; a day without work belongs in holidays")
    return windows


def _window(value: object) -> Window:
    match = _FROM_TO.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError(f'expected hours such as "09:00-17:00", not {_shown(value)}')
    start, end = (
        _time_of_day(hour, minute, _shown(value)) for hour, minute in (match.groups()[:2], match.groups()[2:])
    )
    if start >= end:
        raise ValueError(f"{_shown(value)} ends before it begins; what is past midnight belongs to the next day")
    return Window(start, end)


def _time_of_day(hour: str, minute: str, shown: str) -> int:
    """Seconds since midnight; 24:00 is the end of the day."""
    seconds = (int(hour) * 60 + int(minute)) * 60
    if int(minute) > 59 or seconds > 24 * 3600:  # noqa: PLR2004 - minutes
        raise ValueError(f"there is no {hour}:{minute}, in {shown}; a day ends at 24:00")
    return seconds


# --- the file --------------------------------------------------------------------------------------------------------

_Duration = Annotated[timedelta, BeforeValidator(_duration)]
_Level = Annotated[Priority, BeforeValidator(_priority)]
_TierName = Annotated[str, BeforeValidator(_word)]
_Person = Annotated[str, BeforeValidator(_user)]
_CalendarName = Annotated[str, BeforeValidator(_calendar_name)]
_OpenHours = Annotated[Windows | None, BeforeValidator(_hours)]

# The examples are what a message offers for a key that is missing; a table without one is written with its header.
# The description is what a list should have been.


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _TierTable(_Table):
    name: Annotated[str, BeforeValidator(_tier_name)] = Field(examples=['"L1"'])
    channel: Annotated[str, BeforeValidator(_channel)] = Field(examples=['"support-l1"'])
    ping: Annotated[str, BeforeValidator(_ping)] = "none"
    staff_group: Annotated[str | None, BeforeValidator(_group)] = None
    leads: list[_Person] = Field(default=[], description='a list of people\'s ids, such as ["U0123456789"]')


class _CalendarTable(_Table):
    zone: Annotated[str, BeforeValidator(_zone)] = Field(examples=['"Europe/Berlin"'])
    weekdays: _OpenHours = None  # Monday to Friday, where the day itself says nothing
    mon: _OpenHours = None
    tue: _OpenHours = None
    wed: _OpenHours = None
    thu: _OpenHours = None
    fri: _OpenHours = None
    sat: _OpenHours = None
    sun: _OpenHours = None
    holidays: list[Annotated[date, BeforeValidator(_day)]] = Field(
        default=[], description='a list of dates, such as ["2026-12-25"]'
    )
    holiday_country: Annotated[str | None, BeforeValidator(_country)] = None
    holiday_region: Annotated[str | None, BeforeValidator(_region)] = None
    openings: dict[Annotated[date, BeforeValidator(_day)], Annotated[Windows, BeforeValidator(_opening)]] = {}

    @property
    def weekly(self) -> tuple[Windows, ...]:
        own = (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)
        usual = (*(self.weekdays or () for _ in range(WORKING_DAYS)), (), ())
        return tuple(windows if given is None else given for given, windows in zip(own, usual, strict=True))


class _Urgencies(_Table):
    high: _Level = Field(examples=['"P1"'])
    medium: _Level = Field(examples=['"P2"'])
    low: _Level = Field(examples=['"P3"'])


class _Matrix(_Table):
    """impact -> urgency -> priority"""

    high: _Urgencies = Field(examples=['{ high = "P1", medium = "P2", low = "P3" }'])
    medium: _Urgencies = Field(examples=['{ high = "P2", medium = "P3", low = "P4" }'])
    low: _Urgencies = Field(examples=['{ high = "P3", medium = "P4", low = "P4" }'])


class _AtOnceTable(_Table):
    tiers: list[_TierName] | None = Field(default=None, description=_TIER_LIST)  # None: the first
    inform: list[_TierName] = Field(default=[], description=_TIER_LIST)
    ping: Annotated[bool, BeforeValidator(_yes_or_no)] = False


class _RepeatTable(_Table):
    factor: Annotated[float, BeforeValidator(_factor)] = Repeat.factor
    cap: _Duration | None = None  # None: four hours, or the last tier's window if that is longer


class _PriorityTable(_Table):
    calendar: _CalendarName = ALWAYS.name
    windows: dict[str, _Duration] = Field(examples=['{ L1 = "5m", L2 = "10m" }'])
    first_response: _Duration = Field(examples=['"15m"'])
    update: _Duration = Field(examples=['"30m"'])
    resolution: _Duration = Field(examples=['"4h"'])
    grace: _Duration = Field(examples=['"3m"'])
    at_once: _AtOnceTable = _AtOnceTable()
    reminders: list[Annotated[int, BeforeValidator(_percent)]] = Field(
        default=[], description="a list of percents, such as [50, 80]"
    )
    on_stale: Annotated[OnStale, BeforeValidator(_on_stale)] = OnStale.ESCALATE
    repeat: _RepeatTable = _RepeatTable()
    ask_leader: _Duration | None = Field(default=None, examples=['"5m"'])
    tell: dict[str, Annotated[list[_TierName], BeforeValidator(_names)]] = {}


class _Priorities(_Table):
    P1: _PriorityTable
    P2: _PriorityTable
    P3: _PriorityTable
    P4: _PriorityTable


_WAITING = Waiting()  # the defaults


class _WaitingTable(_Table):
    calendar: _CalendarName = ALWAYS.name
    nudges: list[_Duration] = Field(
        default=list(_WAITING.nudges), description='a list of spans of time, such as ["8h", "24h"]'
    )
    resolve: _Duration = _WAITING.resolve


class _File(_Table):
    minimum_window: _Duration = MINIMUM_WINDOW
    close_after: _Duration = Policy.close_after
    fallback: Annotated[str | None, BeforeValidator(_user)] = None
    digest: Annotated[time | None, BeforeValidator(_moment)] = None
    tiers: list[_TierTable] = Field(description="a table per tier, each with the header [[tiers]]")
    calendars: dict[Annotated[str, BeforeValidator(_tier_name)], _CalendarTable] = {}
    matrix: _Matrix
    priorities: _Priorities
    waiting: _WaitingTable = _WaitingTable()


def _policy(file: _File) -> Policy:
    names = [tier.name for tier in file.tiers]
    calendars = {ALWAYS.name: ALWAYS, **{name: _calendar(name, table) for name, table in file.calendars.items()}}

    def numbers(of: Iterable[str]) -> tuple[int, ...]:
        return tuple(sorted(names.index(name) + 1 for name in of))

    def targets(table: _PriorityTable) -> Targets:
        at_once = table.at_once
        return Targets(
            first_response=table.first_response,
            windows=tuple(table.windows[name] for name in names),
            update=table.update,
            resolution=table.resolution,
            grace=table.grace,
            at_once=AtOnce(
                tiers=numbers(names[:1] if at_once.tiers is None else at_once.tiers),
                inform=numbers(at_once.inform),
                ping=at_once.ping,
            ),
            calendar=calendars[table.calendar],
            reminders=tuple(percent / 100 for percent in table.reminders),
            on_stale=table.on_stale,
            repeat=Repeat(
                table.repeat.factor,
                max(Repeat.cap, table.windows[names[-1]]) if table.repeat.cap is None else table.repeat.cap,
            ),
            ask_leader=table.ask_leader,
            tell={names.index(name) + 1: numbers(told) for name, told in table.tell.items() if told},
        )

    policy = Policy(
        version="",
        tiers=tuple(
            Tier(number, tier.name, tier.channel, tier.ping, tier.staff_group, tuple(tier.leads))
            for number, tier in enumerate(file.tiers, start=1)
        ),
        matrix={
            impact: {urgency: getattr(getattr(file.matrix, impact), urgency) for urgency in Level} for impact in Level
        },
        targets={priority: targets(getattr(file.priorities, priority)) for priority in Priority},
        waiting=Waiting(tuple(file.waiting.nudges), file.waiting.resolve, calendars[file.waiting.calendar]),
        close_after=file.close_after,
        fallback=file.fallback,
        digest=file.digest,
    )
    return versioned(policy)


def _calendar(name: str, table: _CalendarTable) -> Calendar:
    """Raises _NoHolidays."""
    closed = frozenset(table.holidays)
    if table.holiday_country:
        closed |= _public_holidays(table.holiday_country, table.holiday_region)
    return Calendar(name, table.zone, table.weekly, closed, frozenset(table.openings.items()))


class _NoHolidays(Exception):
    """A country's holidays are not to be had. `key` is the one at fault; the text goes on after it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


@cache  # the first time takes a second
def _public_holidays(country: str, region: str | None) -> frozenset[date]:
    """Raises _NoHolidays."""
    try:
        import holidays  # noqa: PLC0415 - an optional package, and a slow one to import
    except ImportError:
        raise _NoHolidays(
            "holiday_country", "needs one more package; install it: pip install -r requirements-holidays.txt"
        ) from None
    regions = holidays.list_supported_countries().get(country)
    if regions is None:
        raise _NoHolidays(
            "holiday_country",
            f'{_shown(country)} is not a country whose holidays are known; they are named as "DE", "GB" or "US"',
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that some countries' are known for fewer years
            return frozenset(holidays.country_holidays(country, subdiv=region, years=HOLIDAY_YEARS))
    except NotImplementedError:
        known = f"its regions are {', '.join(regions)}" if regions else "it has none"
        raise _NoHolidays("holiday_region", f"{_shown(region)} is not a region of {country}; {known}") from None


def versioned(policy: Policy) -> Policy:
    """Under a version that is the same for every policy that means the same."""
    content = asdict(replace(policy, version=""))
    for targets in content["targets"].values():
        for later in ("tell", "ask_leader"):
            if not targets[later]:
                del targets[later]  # files that do not use what came later keep the version they had before
    if content["digest"] is None:
        del content["digest"]  # the same
    meaning = json.dumps(content, sort_keys=True, default=_plain)
    return replace(policy, version=sha256(meaning.encode()).hexdigest()[:12])


def _plain(value: object) -> object:
    match value:
        case timedelta():
            return value.total_seconds()
        case frozenset():
            return sorted(map(str, value))
        case _:
            return str(value)


# --- what the values owe each other ----------------------------------------------------------------------------------


def _rules(document: object) -> Iterator[_Mistake]:
    """Speaks only of what can be read; the rest is `_shape`'s."""
    yield from _tier_rules(_at(document, "tiers"))
    calendars = yield from _calendar_rules(document)
    shortest = _span(document, "minimum_window") or MINIMUM_WINDOW
    if shortest < SHORTEST_MINIMUM:
        yield _Mistake(("minimum_window",), f"expected at least {_words(SHORTEST_MINIMUM)}, not {_words(shortest)}")
    yield from _close_rule(document, shortest)
    yield from _matrix_rule(document)
    names = _tier_names(document)
    for priority in Priority:
        table = ("priorities", priority.value)
        yield from _shortest_rule(document, table, shortest)
        if names:
            yield from _window_names_rule(document, (*table, "windows"), names)
            yield from _first_response_rule(document, table, names)
            yield from _at_once_rules(document, (*table, "at_once"), names)
            yield from _tell_rules(document, (*table, "tell"), names)
            yield from _ask_leader_rule(document, table, names[0])
            yield from _cap_rule(document, table, names[-1])
            if len(names) >= FEWEST_TIERS and shortest >= MINIMUM_WINDOW:
                yield from _ping_rule(document, table, names[-1])
        yield from _resolution_rule(document, table)
        yield from _grace_rule(document, table, shortest)
        yield from _reminders_rule(document, (*table, "reminders"))
        keys = (*_windows(document, table), *((*table, key) for key in _SPANS), (*table, "repeat", "cap"))
        yield from _calendar_use_rules(document, table, calendars, {key: _span(document, *key) for key in keys})
    for severe, milder in pairwise(Priority):
        yield from _severity_rule(document, severe, milder)
        yield from _widening_rule(document, severe, milder, calendars)
    yield from _waiting_rules(document, shortest)
    resolve = ("waiting", "resolve")
    spans = {**_nudges(document), resolve: _span(document, *resolve) or _WAITING.resolve}
    yield from _calendar_use_rules(document, resolve[:1], calendars, spans)


_SPANS = ("first_response", "update", "resolution")  # of a priority, beside its windows


def _tier_names(document: object) -> list[str]:
    """None at all if one of them is wrong: what other tables say of tiers cannot be judged then."""
    tiers = _at(document, "tiers")
    names = [_at(tier, "name") for tier in tiers] if isinstance(tiers, list) else []
    readable = [name for name in names if isinstance(name, str)]
    return readable if len(set(readable)) == len(names) else []


def _tier_rules(tiers: object) -> Iterator[_Mistake]:
    if not isinstance(tiers, list):
        return
    if len(tiers) < FEWEST_TIERS:
        yield _Mistake(("tiers",), f"expected at least two, so that there is somebody to escalate to, not {len(tiers)}")
    for key in ("name", "channel"):
        seen: dict[str, int] = {}
        for index, tier in enumerate(tiers):
            value = _at(tier, key)
            if isinstance(value, str):
                first = seen.setdefault(value.removeprefix("#").casefold(), index)
                if first != index:
                    yield _Mistake(
                        ("tiers", index, key), f"{_shown(value)} is the {key} of {_key(('tiers', first))} too"
                    )


def _close_rule(document: object, shortest: timedelta) -> Iterator[_Mistake]:
    """Where `minimum_window` is lowered, as for a demo, all goes faster."""
    span = _span(document, "close_after")
    if span and shortest >= MINIMUM_WINDOW and span < SHORTEST_CLOSE:
        text = (
            f'expected at least {_words(SHORTEST_CLOSE)}, in which the reporter can say "not fixed"; not {_words(span)}'
        )
        yield _Mistake(("close_after",), text)
    elif span and span < shortest:
        yield _Mistake(
            ("close_after",), f"expected at least {_words(shortest)}, the minimum_window, not {_words(span)}"
        )


def _matrix_rule(document: object) -> Iterator[_Mistake]:
    """Else "it got worse" could make it milder."""
    levels = [level.value for level in Level]  # the worst first
    for row, impact in enumerate(levels):
        for column, urgency in enumerate(levels):
            key = ("matrix", impact, urgency)
            worse = [("matrix", levels[row - 1], urgency)] if row else []
            worse += [("matrix", impact, levels[column - 1])] if column else []
            mildest = max(((_rank(document, each), _key(each)) for each in worse), default=(0, ""))
            if 0 < _rank(document, key) < mildest[0]:
                yield _Mistake(
                    key,
                    f'expected "P{mildest[0]}" or milder, as {mildest[1]} is, which is worse; '
                    f"not {_shown(_at(document, *key))}",
                )


def _rank(document: object, path: _KeyPath) -> int:
    """Of the priority that stands there; 0 for anything else."""
    value = _at(document, *path)
    return next((each.rank for each in Priority if each == value), 0)


def _shortest_rule(document: object, table: _KeyPath, shortest: timedelta) -> Iterator[_Mistake]:
    for key in (*_windows(document, table), (*table, "update")):
        span = _span(document, *key)
        if span and span < shortest:
            yield _Mistake(key, f"expected at least {_words(shortest)}, the minimum_window, not {_words(span)}")


def _window_names_rule(document: object, path: _KeyPath, names: list[str]) -> Iterator[_Mistake]:
    windows = _at(document, *path)
    if not isinstance(windows, dict):
        return
    absent = [name for name in names if name not in windows]
    for key in windows:
        if key not in names:
            guess = _guess(key, absent, SLIGHT)
            absent = [name for name in absent if name != guess]
            yield _Mistake((*path, key), f"is not a tier; {_suggestion(guess, names, 'the tiers are')}")
    for name in absent:
        yield _Mistake(path, f'has no window for {name}; write for example {_key((name,))} = "1h"')


def _first_response_rule(document: object, table: _KeyPath, names: list[str]) -> Iterator[_Mistake]:
    spans = [_span(document, *table, "windows", name) for name in names[:2]]
    promise = _span(document, *table, "first_response")
    match spans:
        case [timedelta() as first, timedelta() as second] if promise and first + second > promise:
            yield _Mistake(
                (*table, "first_response"),
                f"expected at least {_words(first + second)}, the windows of {names[0]} and {names[1]} together, "
                f"so that both are asked before the promise breaks; not {_words(promise)}",
            )


def _resolution_rule(document: object, table: _KeyPath) -> Iterator[_Mistake]:
    answered, solved = _span(document, *table, "first_response"), _span(document, *table, "resolution")
    if answered and solved and solved < answered:
        yield _Mistake(
            (*table, "resolution"), f"expected at least {_words(answered)}, the first_response; not {_words(solved)}"
        )


def _grace_rule(document: object, table: _KeyPath, shortest: timedelta) -> Iterator[_Mistake]:
    """What a raise leaves at least must not be longer than what it shortens; what is too short is told as that."""
    grace = _span(document, *table, "grace")
    keys = (*_windows(document, table), *((*table, key) for key in _SPANS))
    spans = {key: span for key in keys if (span := _span(document, *key)) and span >= shortest}
    if grace and spans and grace > min(spans.values()):
        key = min(spans, key=lambda each: spans[each])
        what = f"the window of {key[-1]}" if "windows" in key else f"the {key[-1]}"
        yield _Mistake(
            (*table, "grace"),
            f"expected at most {_words(spans[key])}, {what}, which a raise would not shorten otherwise; "
            f"not {_words(grace)}",
        )


def _ping_rule(document: object, table: _KeyPath, last: str) -> Iterator[_Mistake]:
    window = _span(document, *table, "windows", last)
    if window and window < SHORTEST_PING:
        yield _Mistake(
            (*table, "windows", last),
            f"expected at least {_words(SHORTEST_PING)}, as {last} is the last tier and is reminded so often; "
            f"not {_words(window)}",
        )


def _at_once_rules(document: object, path: _KeyPath, names: list[str]) -> Iterator[_Mistake]:
    lists = {key: _at(document, *path, key) for key in ("tiers", "inform")}
    listed = {key: value if isinstance(value, list) else [] for key, value in lists.items()}
    for key, tiers in listed.items():
        for index, name in enumerate(tiers):
            place = (*path, key, index)
            if isinstance(name, str) and name not in names:
                suggestion = _suggestion(_guess(name, names), names, "the tiers are")
                yield _Mistake(place, f"{_shown(name)} is not a tier; {suggestion}")
            elif tiers.index(name) != index:
                yield _Mistake(place, f"{_shown(name)} stands in the list twice")
            elif key == "inform" and name in listed["tiers"]:
                yield _Mistake(place, f"{_shown(name)} has a card already, by at_once.tiers")
    cards = listed["tiers"]
    if isinstance(lists["tiers"], list) and all(name in names for name in cards):
        first_ones = names[: max(len({*cards}), 1)]
        if {*first_ones} != {*cards}:
            expected = json.dumps(first_ones, ensure_ascii=False)
            yield _Mistake((*path, "tiers"), f"expected the first tier, and any next ones without a gap: {expected}")
        elif names[-1] in cards:
            yield _Mistake(
                (*path, "tiers", cards.index(names[-1])),
                f"{_shown(names[-1])} is the last tier, so nobody would be left to go to; name it in at_once.inform",
            )


def _tell_rules(document: object, path: _KeyPath, names: list[str]) -> Iterator[_Mistake]:
    table = _at(document, *path)
    for entered, told in table.items() if isinstance(table, dict) else ():
        if entered not in names:
            suggestion = _suggestion(_guess(entered, names), names, "the tiers are")
            yield _Mistake((*path, entered), f"is not a tier; {suggestion}")
            continue
        if entered == names[0]:
            yield _Mistake((*path, entered), "is the first tier; nothing moves up into it")
        for index, name in enumerate(told if isinstance(told, list) else ()):
            place = (*path, entered, index)
            if isinstance(name, str) and name not in names:
                suggestion = _suggestion(_guess(name, names), names, "the tiers are")
                yield _Mistake(place, f"{_shown(name)} is not a tier; {suggestion}")
            elif told.index(name) != index:
                yield _Mistake(place, f"{_shown(name)} stands in the list twice")
            elif isinstance(name, str) and names.index(name) <= names.index(entered):
                yield _Mistake(place, f"{_shown(name)} is not above {entered}, so it knows already")


def _ask_leader_rule(document: object, table: _KeyPath, first: str) -> Iterator[_Mistake]:
    tiers = _at(document, *table, "at_once", "tiers")
    turn = tiers[-1] if isinstance(tiers, list) and tiers else first
    window, asked = _span(document, *table, "windows", str(turn)), _span(document, *table, "ask_leader")
    if window and asked and asked >= window:
        what = f"the window of {turn}, after which it goes up"
        yield _Mistake((*table, "ask_leader"), f"expected less than {_words(window)}, {what}; not {_words(asked)}")


def _severity_rule(document: object, severe: Priority, milder: Priority) -> Iterator[_Mistake]:
    table = ("priorities", milder.value)
    for key in (*_windows(document, table), *((*table, name) for name in _SPANS)):
        less, more = _span(document, *key), _span(document, "priorities", severe.value, *key[2:])
        if less and more and less < more:
            yield _Mistake(
                key, f"expected at least {_words(more)}, as {severe} has, which is more severe; not {_words(less)}"
            )


def _cap_rule(document: object, table: _KeyPath, last: str) -> Iterator[_Mistake]:
    window, cap = _span(document, *table, "windows", last), _span(document, *table, "repeat", "cap")
    if window and cap and cap < window:
        yield _Mistake(
            (*table, "repeat", "cap"),
            f"expected at least {_words(window)}, the window of {last}, after which it is reminded first; "
            f"not {_words(cap)}",
        )


def _reminders_rule(document: object, path: _KeyPath) -> Iterator[_Mistake]:
    percents = _at(document, *path)
    readable = [each for each in percents if isinstance(each, int)] if isinstance(percents, list) else []
    if any(later <= earlier for earlier, later in pairwise(readable)):
        yield _Mistake(path, f"expected each percent once, in rising order: {sorted(set(readable))}")


def _waiting_rules(document: object, shortest: timedelta) -> Iterator[_Mistake]:
    nudges, given = _nudges(document), _at(document, "waiting", "nudges")
    if isinstance(given, list) and len(given) < FEWEST_NUDGES:
        yield _Mistake(
            ("waiting", "nudges"),
            'expected at least two, so that the reporter is asked again twice before silence is taken for "solved"; '
            f"not {len(given)}",
        )
    for key, span in nudges.items():
        if span < shortest:
            yield _Mistake(key, f"expected at least {_words(shortest)}, the minimum_window, not {_words(span)}")
    for (_, before), (key, span) in pairwise(nudges.items()):
        if span <= before:
            yield _Mistake(
                key, f"expected more than {_words(before)}, as each counts from the question; not {_words(span)}"
            )
    default = () if _at(document, "waiting", "nudges") is not None else _WAITING.nudges
    last = max((*nudges.values(), *default), default=shortest)
    resolve = _span(document, "waiting", "resolve") or _WAITING.resolve
    if resolve < last:
        yield _Mistake(
            ("waiting", "resolve"),
            f"expected at least {_words(last)}, when the reporter is asked last; not {_words(resolve)}",
        )


def _nudges(document: object) -> dict[_KeyPath, timedelta]:
    nudges = _at(document, "waiting", "nudges")
    keys = (("waiting", "nudges", index) for index in range(len(nudges) if isinstance(nudges, list) else 0))
    return {key: span for key in keys if (span := _span(document, *key))}


# calendars


def _calendar_rules(document: object) -> Generator[_Mistake, None, dict[str, Calendar | None]]:
    """Answers with every calendar there is by its name; None for one that cannot be read."""
    calendars: dict[str, Calendar | None] = {ALWAYS.name: ALWAYS}
    tables = _at(document, "calendars")
    for name, content in tables.items() if isinstance(tables, dict) else ():
        path = ("calendars", name)
        if name == ALWAYS.name:
            yield _Mistake(path, "is built in, open round the clock; give yours another name")
            continue
        calendars[name] = None
        try:
            table = _CalendarTable.model_validate(content)
        except ValidationError:
            continue  # `_shape` says it
        mistakes = [*_calendar_table_rules(path, table)]
        yield from mistakes
        if not mistakes:
            calendars[name] = _calendar(name, table)
    return calendars


def _calendar_table_rules(path: _KeyPath, table: _CalendarTable) -> Iterator[_Mistake]:
    if not any(table.weekly):
        yield _Mistake(path, 'never opens; write for example weekdays = ["09:00-17:00"]')
    for day in sorted(table.openings.keys() & set(table.holidays)):
        yield _Mistake((*path, "openings", str(day)), "is one of holidays too; it cannot be both")
    if table.holiday_region and not table.holiday_country:
        yield _Mistake((*path, "holiday_region"), 'needs its country; write for example holiday_country = "DE"')
    elif table.holiday_country:
        try:
            _public_holidays(table.holiday_country, table.holiday_region)
        except _NoHolidays as error:
            yield _Mistake((*path, error.key), str(error))


def _calendar_use_rules(
    document: object,
    table: _KeyPath,
    calendars: Mapping[str, Calendar | None],
    spans: Mapping[_KeyPath, timedelta | None],
) -> Iterator[_Mistake]:
    """The calendar that a table names exists, and is open enough for the spans that run in it."""
    name = _at(document, *table, "calendar")
    if not isinstance(name, str):
        return
    if name not in calendars:
        suggestion = _suggestion(_guess(name, calendars), calendars, "the calendars are")
        yield _Mistake((*table, "calendar"), f"{_shown(name)} is not a calendar; {suggestion}")
        return
    if calendar := calendars[name]:
        most = _open_time(calendar)
        for key, span in spans.items():
            if span and span > most:
                yield _Mistake(
                    key,
                    f"expected at most {_words(most) or 'nothing'}, as {_shown(name)} is open no longer "
                    f"in {FAR.days} days; not {_words(span)}",
                )


@cache
def _open_time(calendar: Calendar) -> timedelta:
    """At least this much within FAR, whenever it begins."""
    years = {SAMPLE[0].year, *(day.year for day in calendar.holidays)}
    starts = (datetime(year, 1, 1, tzinfo=UTC) for year in years)
    return min(calendar.between(start, start + FAR) for start in starts)


def _widening_rule(
    document: object, severe: Priority, milder: Priority, calendars: Mapping[str, Calendar | None]
) -> Iterator[_Mistake]:
    """Else a raise of priority could move a deadline later (domain.md 3.1)."""
    names = [_at(document, "priorities", each.value, "calendar") or ALWAYS.name for each in (severe, milder)]
    more, less = (calendars.get(name) if isinstance(name, str) else None for name in names)
    moment = _open_alone(less, more) if more and less else None
    if more and less and moment:
        local, names = less.local(moment), [_shown(each.name) for each in (less, more)]
        yield _Mistake(
            ("priorities", severe.value, "calendar"),
            f"expected to be open whenever that of {milder} is, which is less severe; "
            f"on {local:%a %Y-%m-%d} at {local:%H:%M} ({less.zone}) {names[0]} is and {names[1]} is not",
        )


def _open_alone(calendar: Calendar, other: Calendar) -> datetime | None:
    """A moment at which `other` is not open though `calendar` is, on a usual day if possible; None: there seems none.

    Such times begin where the one opens or the other closes, so only these are looked at.
    """
    if replace(other, name="") in (replace(calendar, name=""), replace(ALWAYS, name="")):
        return None
    unusual = {day for each in (calendar, other) for day in (*each.holidays, *(day for day, _ in each.openings))}
    # There, it may be the day before or after.
    around = sorted({day + timedelta(days=n) for day in unusual for n in (-1, 0, 1)})
    moments = (
        datetime.combine(day, time(), ZoneInfo(each.zone)) + timedelta(seconds=second)
        for day in (*SAMPLE, *around)
        for each, edge in ((calendar, "start"), (other, "end"))
        for second in _edges(each, day, edge)
    )
    return next((moment for moment in moments if calendar.is_open(moment) and not other.is_open(moment)), None)


def _edges(calendar: Calendar, day: date, edge: str) -> Iterator[int]:
    """Seconds since midnight at which it opens ("start") or closes ("end")."""
    usual = () if day in calendar.holidays else calendar.weekly[day.weekday()] if calendar.weekly else (_WHOLE_DAY,)
    return (getattr(window, edge) for window in dict(calendar.openings).get(day, usual))


_WHOLE_DAY = Window(0, 86400)


# values


def _windows(document: object, table: _KeyPath) -> Iterator[_KeyPath]:
    """The keys of a priority's windows, whether or not they are tiers."""
    windows = _at(document, *table, "windows")
    return ((*table, "windows", name) for name in windows) if isinstance(windows, dict) else iter(())


def _at(value: object, *path: str | int) -> object:
    """What stands at a path of the document; None if there is nothing."""
    for part in path:
        match value, part:
            case dict(), str():
                value = value.get(part)
            case list(), int() if part < len(value):
                value = value[part]
            case _:
                return None
    return value


def _span(document: object, *path: str | int) -> timedelta | None:
    try:
        return _duration(_at(document, *path))
    except ValueError:
        return None


# --- what to say about it --------------------------------------------------------------------------------------------


def _shape(error: ValidationError) -> Iterator[_Mistake]:
    """Pydantic's findings in our words."""
    errors = error.errors()
    missing = {each["loc"] for each in errors if each["type"] == "missing"}
    misspelt = set()
    for each in errors:
        if each["type"] == "extra_forbidden":
            *table, key = each["loc"]
            fields = _table_at(table).model_fields
            absent = [name for name in fields if (*table, name) in missing]
            guess = _guess(str(key), absent, SLIGHT) or _guess(str(key), fields)
            misspelt.add((*table, guess))
            yield _Mistake(each["loc"], f"is not a known key; {_suggestion(guess, fields, 'known are')}")
    for each in errors:
        path, value = each["loc"], each["input"]
        if path[-1] == "[key]":  # pydantic's way to say that the key itself is wrong
            path = path[:-1]
        match each["type"]:
            case "extra_forbidden":
                pass
            case "missing":
                if path not in misspelt:
                    yield _Mistake(path, _missing(path))
            case "value_error":
                yield _Mistake(path, str(each["ctx"]["error"]))
            case "list_type":
                expected = _table_at(path[:-1]).model_fields[str(path[-1])].description
                yield _Mistake(path, f"expected {expected}, not {_shown(value)}")
            case _:
                yield _Mistake(path, f"expected a table, not {_shown(value)}")


def _missing(path: _KeyPath) -> str:
    *table, key = path
    example = _table_at(table).model_fields[str(key)].examples
    if example:
        return f"is missing; write for example {key} = {example[0]}"
    return f"is missing; it begins with the line {'[[tiers]]' if key == 'tiers' else f'[{_key(path)}]'}"


def _table_at(path: Iterable[str | int]) -> type[_Table]:
    table: type[_Table] = _File
    names_vary = False  # in a table of tables any key will do
    for part in path:
        if isinstance(part, str) and not names_vary:
            annotation = table.model_fields[part].annotation
            table = next(
                each for each in (annotation, *get_args(annotation)) if isclass(each) and issubclass(each, _Table)
            )
            names_vary = get_origin(annotation) is dict
        else:
            names_vary = False
    return table


def _guess(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    spelt = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), spelt, n=1, cutoff=likeness)
    return spelt[close[0]] if close else None


def _suggestion(guess: str | None, known: Iterable[str], otherwise: str) -> str:
    if guess is not None:
        return f"did you mean {_shown(guess)}?"
    *first, last = known
    return f"{otherwise} {', '.join(first)} and {last}" if first else f"{otherwise} {last}"


def _shown(value: object) -> str:
    """A value as the file has it, shortened."""
    match value:
        case str():
            return json.dumps(value if len(value) <= 40 else f"{value[:37]}...", ensure_ascii=False)  # noqa: PLR2004
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= 10**15:
            return "a huge number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)


def _words(span: timedelta) -> str:
    """As a policy writes it: "1h 30m"."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count)


def _key(path: Iterable[str | int]) -> str:
    """tiers[2].name: list positions as people count them, from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += f"{'.' if text else ''}{part if bare else _shown(part)}"
    return text


def _lines(mistakes: Iterable[_Mistake], places: Mapping[_KeyPath, int], file_name: str) -> Iterator[str]:
    """In the file's order. What has no line of its own has that of the table it belongs to."""

    def line(mistake: _Mistake) -> int:
        path = mistake.path
        while path and path not in places:
            path = path[:-1]
        return places.get(path, 0)

    for mistake in sorted(mistakes, key=line):
        where = f"{file_name}:{line(mistake)}" if line(mistake) else file_name
        yield f"{where}: {_key(mistake.path)}: {mistake.text}"


# --- TOML ------------------------------------------------------------------------------------------------------------

_CLEARER = {
    "Cannot overwrite a value": "this key was given before",
    "Cannot declare": "this table was begun before",
    "Cannot mutate immutable namespace": "this table was complete before",
    "Invalid value": 'expected a value; text stands in quotes, such as "here"',
    "Invalid statement": 'expected a key, such as update = "30m", or a table\'s header, such as [matrix]',
    'Expected "\'"': "a quote is not closed",
    "Unclosed inline table": 'a brace is not closed; text stands in quotes, such as { L1 = "20m" }',
    "Expected newline": 'expected the end of the line here; text stands in quotes, such as "20m"',
    "Unterminated string": "a quote is not closed",
    "Invalid date": "there is no such day, or no such time",
    "Illegal character": "a character that cannot stand here; perhaps a quote is not closed",
}


def _document(text: str, file_name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, line, column = _taken_apart(str(error), text)
        clearer = next((ours for theirs, ours in _CLEARER.items() if message.startswith(theirs)), message)
        raise PolicyError((f"{file_name}:{line}:{column}: is not TOML: {clearer}",)) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise PolicyError((f"{file_name}: is not a policy: a number or a nesting in it is absurd",)) from None


def _taken_apart(message: str, text: str) -> tuple[str, int, int]:
    """What tomllib complains of, and where: line and column count from 1."""
    what, _, where = message.rpartition(" (at ")
    line_and_column = re.fullmatch(r"line (\d+), column (\d+)\)", where)
    if line_and_column:
        return what, int(line_and_column[1]), int(line_and_column[2])
    lines = text.split("\n")
    return what, len(lines), len(lines[-1]) + 1


def _places(text: str) -> dict[_KeyPath, int]:
    """The line on which each key is first written; of valid TOML. tomllib does not tell."""
    places: dict[_KeyPath, int] = {}
    table: _KeyPath = ()
    entries: Counter[_KeyPath] = Counter()
    lines = text.split("\n")
    start = 0
    while start < len(lines):
        end = start + 1
        while (statement := _statement(lines[start:end])) is None and end < len(lines):
            end += 1
        if lines[start].lstrip().startswith("["):
            table = _header(statement or {}, entries)
            found: Iterable[_KeyPath] = (table[:length] for length in range(1, len(table) + 1))
        else:
            found = ((*table, *path) for path in _paths(statement or {}))
        for path in found:
            places.setdefault(path, start + 1)
        start = end
    return places


def _statement(lines: Sequence[str]) -> dict[str, Any] | None:
    """What these lines say by themselves; None if they break off inside a value."""
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _header(statement: object, entries: Counter[_KeyPath]) -> _KeyPath:
    """The table that a line like [a.b] or [[a.b]] opens; `entries` counts the [[...]] so far."""
    path: _KeyPath = ()
    while isinstance(statement, dict) and statement:
        ((key, statement),) = statement.items()
        path = (*path, key)
        if isinstance(statement, list):
            entries[path] += 1
        if path in entries:
            path = (*path, entries[path] - 1)
    return path


def _paths(value: object, path: _KeyPath = ()) -> Iterator[_KeyPath]:
    items: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*path, key)
        yield from _paths(inner, (*path, key))
