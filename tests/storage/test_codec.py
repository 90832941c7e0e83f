"""Every event, message, issue and policy comes back from JSON as it went in."""

import json
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import Calendar, Window
from bot.domain.events import Event, IssueClaimed
from bot.domain.issue import Issue
from bot.domain.policy import AtOnce, Policy
from bot.domain.priority import Priority
from bot.messages import Message, Place
from storage.codec import event_from, issue_from, message_from, place_from, policy_from, to_json

BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = st.datetimes(timezones=st.just(UTC))
few = settings(max_examples=30, deadline=None)  # there are many types, and the computer may be busy


def any_value(hint: Any) -> st.SearchStrategy[Any]:
    """Of that type, with instants for datetimes; so a new field or event is covered as soon as it exists."""
    if hint is datetime:
        return INSTANTS
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)  # JSON has no other
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return st.builds(hint, **{each.name: any_value(hints[each.name]) for each in fields(hint)})
    inside = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([any_value(each) for each in inside])
    if get_origin(hint) is tuple and inside[-1] is Ellipsis:
        return st.lists(any_value(inside[0]), max_size=3).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*[any_value(each) for each in inside])
    return st.from_type(hint)


def stored(value: Any) -> Any:
    """What a database gives back."""
    return json.loads(json.dumps(to_json(value), allow_nan=False))


@pytest.mark.parametrize("kind", get_args(Event))
@few
@given(data=st.data())
def test_every_event_comes_back(kind: Any, data: st.DataObject) -> None:
    event = data.draw(any_value(kind))
    assert event_from(kind.__name__, stored(event)) == event
    assert type(event_from(kind.__name__, stored(event))) is kind


@pytest.mark.parametrize("kind", get_args(Message))
@few
@given(data=st.data())
def test_every_message_comes_back(kind: Any, data: st.DataObject) -> None:
    message = data.draw(any_value(kind))
    assert message_from(kind.__name__, stored(message)) == message


@few
@given(issue=any_value(Issue))
def test_every_issue_comes_back(issue: Issue) -> None:
    assert issue_from(stored(issue)) == issue


@pytest.mark.parametrize(
    "span",
    [
        timedelta(microseconds=1),
        timedelta(microseconds=-1),
        timedelta(days=800, microseconds=1),
        timedelta.max,
        timedelta.min,
    ],
)
def test_a_span_is_exact_to_the_microsecond(issue: Issue, span: timedelta) -> None:
    clock = replace(issue.clocks.update, budget=span)
    longer = replace(issue, clocks=replace(issue.clocks, update=clock))
    assert issue_from(stored(longer)).clocks.update.budget == span


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (datetime(2026, 11, 23, 9, 0, 0, 1, tzinfo=BERLIN), datetime(2026, 11, 23, 8, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_written_and_read_in_utc(local: datetime, utc: datetime) -> None:
    data = stored(IssueClaimed(local, "U1", 1))
    assert data["at"] == utc.isoformat()
    assert event_from("IssueClaimed", data).at == utc
    assert event_from("IssueClaimed", data).at.utcoffset() == timedelta()


def test_a_naive_datetime_is_refused() -> None:
    naive = datetime(2026, 11, 23, 9, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="2026-11-23 09:00:00 has no time zone"):
        to_json(IssueClaimed(naive, "U1", 1))


def test_a_policy_with_calendars_comes_back(policy: Policy) -> None:
    hours = (Window(9 * 3600, 12 * 3600), Window(13 * 3600, 17 * 3600))
    office = Calendar(
        "office",
        "Europe/Berlin",
        weekly=(hours, hours, hours, hours, hours, (), ()),
        holidays=frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
        openings=frozenset({(date(2026, 12, 26), hours), (date(2026, 12, 27), hours[:1])}),
    )
    targets = {
        priority: replace(each, calendar=office, at_once=AtOnce((1, 2), (3,), ping=True))
        for priority, each in policy.targets.items()
    }
    whole = replace(policy, targets=targets)
    back = policy_from(stored(whole))
    assert back == whole
    assert back.targets[Priority.P1].calendar.is_open(datetime(2026, 12, 26, 9, 0, tzinfo=BERLIN))


def test_the_same_value_is_always_written_alike() -> None:
    days = [date(2026, 12, day) for day in range(1, 29)]
    orders = [frozenset(days), frozenset(reversed(days))]
    assert len({json.dumps(to_json(Calendar("office", holidays=holidays))) for holidays in orders}) == 1


@pytest.mark.parametrize("place", [Place(tier=2), Place(person="U1")])
def test_a_place_comes_back_from_its_name(place: Place) -> None:
    assert place_from(str(place)) == place


def test_an_issue_stored_before_a_field_existed_is_read(issue: Issue) -> None:
    data = stored(issue)
    del data["hand_off"], data["breached"]
    data["field_of_another_version"] = 1
    assert issue_from(data) == issue


def test_what_cannot_be_read_is_not_told_in_the_error() -> None:
    with pytest.raises(ValueError, match="title") as wrong:
        issue_from({"details": "my password is hunter2"})
    assert "hunter2" not in str(wrong.value)
