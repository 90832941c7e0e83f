"""`make bench`: what docs/numbers.md states, measured on the real processes, beside what the machine itself takes."""

import argparse
import contextlib
import importlib.metadata
import os
import platform
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from bot.domain.priority import Priority
from bot.policy_file import load_policy
from bot.services.engine import Engine
from storage import open_database
from tests.acceptance.driver import BOT_TOKEN, HOME, Bot, Person, Playground, at_once, until
from tests.acceptance.town import Town, policy_text
from tests.benchmarks import million

Json = dict[str, Any]

STARTS = 5
ISSUES = 100  # one after the other
BURST = 50  # at once
FILL = 100  # more, so that the memory is that after 250 issues
PACE = 1.25  # seconds between two issues: more than Slack's second per message and channel, so that none waits
SLOW = 100  # milliseconds that each call of the slower Slack takes longer
STORED, LIVE, DUE = 1_000_000, 100_000, 300
SAMPLES = 200
STORM = {Priority.P1: 20, Priority.P2: 80, Priority.P3: 300, Priority.P4: 600}
QUIET = """
import slack_bolt, sqlmodel, apscheduler.schedulers.background, pydantic_settings
"""


def load() -> str:
    return " ".join(f"{average:.1f}" for average in os.getloadavg())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Table:
    """What was measured, printed as it comes."""

    def __init__(self) -> None:
        self._pause = threading.Lock()

    def head(self, title: str) -> None:
        say(f"\n{title}\n\n| | |\n|---|---|")

    def row(self, what: str, figure: str) -> None:
        with self._pause:
            say(f"| {what} | {figure} |")


def spread(values: Sequence[float], unit: str = "ms", digits: int = 1, share: float = 0.95) -> str:
    """Median, a percentile and the worst."""
    ordered = sorted(values)
    most = ordered[min(len(ordered) - 1, round(share * len(ordered)))]
    median = statistics.median(ordered)
    shown = f"{median:.{digits}f} {unit} median, {most:.{digits}f} p{share * 100:.0f}"
    return f"{shown}, {ordered[-1]:.{digits}f} max (n={len(ordered)})"


def timed(act: Callable[[], Any], times: int = 1) -> list[float]:
    """Milliseconds of each run."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


# --- what the machine takes -------------------------------------------------------------------------------------------


def floors(table: Table, town: Town) -> None:
    table.head("The machine itself, in this run")
    table.row("Python starts and ends", spread(timed(lambda: python("pass"), STARTS)))
    table.row(
        "... and imports Bolt, SQLModel, APScheduler, pydantic-settings", spread(timed(lambda: python(QUIET), STARTS))
    )
    town.slack.control("limits", enabled=False)
    request = urllib.request.Request(
        f"{town.slack.address}api/api.test", b"{}", {"Authorization": f"Bearer {BOT_TOKEN}"}
    )
    table.row(
        "a bare Web API call to the playground", spread(timed(lambda: urllib.request.urlopen(request).read(), SAMPLES))
    )
    town.slack.control("limits", enabled=True)
    with contextlib.closing(sqlite3.connect(town.folder / "floor.db", isolation_level=None)) as sql:
        sql.execute("PRAGMA journal_mode=WAL")
        sql.execute("PRAGMA synchronous=FULL")
        sql.execute("CREATE TABLE floor (n INTEGER)")
        table.row(
            "one SQLite commit, fsync'd", spread(timed(lambda: sql.execute("INSERT INTO floor VALUES (1)"), SAMPLES))
        )


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


# --- the bot ----------------------------------------------------------------------------------------------------------


def packages() -> tuple[int, float]:
    """How many distributions requirements.txt brings, and their megabytes."""
    wanted = [line for line in (HOME / "requirements.txt").read_text().splitlines() if line and line[0] not in "#-"]
    queue = [Requirement(line) for line in wanted]
    found: dict[str, importlib.metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    while queue:
        requirement = queue.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        distribution = found.setdefault(name, importlib.metadata.distribution(name))
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            needed = (Requirement(line) for line in distribution.requires or ())
            queue += [each for each in needed if not each.marker or each.marker.evaluate({"extra": extra})]
    size = sum(_size(distribution) for distribution in found.values())
    return len(found), size / 1e6


def _size(distribution: importlib.metadata.Distribution) -> int:
    files = (Path(str(file.locate())) for file in distribution.files or () if file.suffix != ".pyc")
    return sum(file.stat().st_size for file in files if file.exists())


def memory(bot: Bot) -> float:
    """Resident megabytes."""
    status = Path(f"/proc/{bot.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1000


def starts(table: Table, town: Town) -> None:
    first: list[float] = []
    later: list[float] = []
    for number in range(STARTS):
        database = f"sqlite:///{town.folder / f'start-{number}.db'}"
        for into in (first, later):
            began = time.perf_counter()
            bot = town.starts_bot(DATABASE_URL=database)
            into.append(time.perf_counter() - began)
            bot.kill()
    table.row("start to connected, new database", spread(first, "s", 2))
    table.row("start to connected", spread(later, "s", 2))


class Crowd:
    """Reporters with their forms open, one issue each."""

    def __init__(self, town: Town, count: int) -> None:
        self._slack = town.slack
        self._slack.control("limits", enabled=False)  # nobody opens hundreds of forms in a second
        self._forms = [self._open(self._slack.person(f"crowd{number}")) for number in range(count)]
        self._slack.control("limits", enabled=True)

    def _open(self, person: Person) -> tuple[Person, Json]:
        person.types("/issue")
        view = person.form.view
        person.leaves()
        return person, view

    def submit(self, title: str) -> None:
        """Answers when the form is acked."""
        person, view = self._forms.pop()
        values = {"title": {"title": {"type": "plain_text_input", "value": title}}}
        self._slack.call("POST", "_page/submit", {"user": person.user, "view_id": view["id"], "values": values})


def one_by_one(table: Table, towns: dict[str, Town], crowds: dict[str, Crowd]) -> None:
    """One issue in each town, in turn, as often as Slack's one message a second allows."""
    tick = threading.Event()
    for town in towns.values():
        town.slack.call("DELETE", "_playground/calls")
    for number in range(ISSUES):
        began = time.monotonic()
        for name, crowd in crowds.items():
            crowd.submit(f"{name} {number}")
        tick.wait(max(0.0, PACE - (time.monotonic() - began)))
    for name, town in towns.items():
        town.bots[-1].has_sent_everything()
        acks = reports(town.slack)[-ISSUES:]
        cards = posted(town.slack)
        to_card = [(cards[f"{name} {n}"] - ack["sent_at"]) * 1000 for n, ack in enumerate(acks)]
        table.row(f"submit to card posted, {name}", spread(to_card))
        table.row(f"ack of a submission, {name}", spread([ack["latency_ms"] for ack in acks]))
    calls = Counter(call["method"] for call in next(iter(towns.values())).slack.calls())
    each = ", ".join(f"{method} {count / ISSUES:g}" for method, count in calls.most_common())
    table.row("Web API calls per new issue", f"{sum(calls.values()) / ISSUES:g} ({each})")


def burst(table: Table, name: str, town: Town, crowd: Crowd) -> Callable[[], None]:
    """All at once; what is still to be posted is waited for by what this answers."""
    before = issues(town)
    at_once(*(lambda n=n: crowd.submit(f"{name} at once {n}") for n in range(BURST)))
    stored = issues(town) - before
    acks = reports(town.slack)[-BURST:]
    late = sum(ack["latency_ms"] > 1000 for ack in acks)
    table.row(f"{BURST} at once, {name}: acks", spread([ack["latency_ms"] for ack in acks]))
    table.row(f"{BURST} at once, {name}: acked after 1 s / stored when acked", f"{late} / {stored} of {BURST}")

    def finish() -> None:
        until(lambda: len(of_burst()) == BURST, "all cards", within=120)
        seconds = max(of_burst()) - min(ack["sent_at"] for ack in acks)
        table.row(f"{BURST} at once, {name}: all cards posted after", f"{seconds:.1f} s")

    def of_burst() -> list[float]:
        return [at for title, at in posted(town.slack).items() if title.startswith(f"{name} at once")]

    return finish


def reports(slack: Playground) -> list[Json]:
    return sorted((ack for ack in slack.acks() if ack["name"] == "issue_report"), key=lambda ack: float(ack["sent_at"]))


def posted(slack: Playground) -> dict[str, float]:
    """Title of each card -> when its post arrived at Slack, epoch seconds."""
    found = {}
    for call in slack.calls("chat.postMessage"):
        if call["args"].get("channel") == "C0L1" and call["error"] is None:
            title = re.search(r"ISS-\d+, ([^,]+),", call["args"]["text"])
            assert title, call["args"]["text"]
            found[title[1]] = float(call["at"])
    return found


def issues(town: Town) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{town.folder / 'escalator.db'}?mode=ro", uri=True)) as sql:
        return int(sql.execute("SELECT count(*) FROM issue").fetchone()[0])


def refused(slack: Playground) -> int:
    return sum(call["error"] is not None for call in slack.calls())


# --- the engine over a million issues ---------------------------------------------------------------------------------


def engine(table: Table, folder: Path) -> None:
    table.head(f"The engine over {STORED:,} stored issues, {LIVE:,} of them open (SQLite)")
    town = Town(folder, with_slack=False)
    policy = load_policy(town.policy)
    file = folder / "escalator.db"
    few = folder / "few.db"
    million.make(few, policy, stored=1000, live=1000)
    million.make(file, policy, stored=STORED, live=LIVE)
    for path, what in ((few, "1,000 stored and open"), (file, f"{STORED:,} stored, {LIVE:,} open")):
        database = open_database(f"sqlite:///{path}")
        ticking = Engine(database, lambda: policy, lambda: datetime.now(UTC), lambda: None)  # noqa: TID251 - the benchmark's own clock
        ticking.run_once()
        table.row(f"an empty tick, {what}", spread(timed(ticking.run_once, SAMPLES), digits=2))
        database.close()
    due = million.moments(DUE, first=timedelta(seconds=8), within=timedelta(seconds=20))
    million.add(file, policy, due)
    town.open_slack()
    bot = town.starts_bot()
    until(lambda: len(million.lateness(file)) == DUE, "all deadlines", within=60)
    table.row(f"{DUE} deadlines within 20 s, each acted on after", spread(million.lateness(file), "s", 2, 0.99))
    table.row("memory of the bot over them", f"{memory(bot):.0f} MB")
    town.close()


# --- a storm ----------------------------------------------------------------------------------------------------------


def storm(table: Table, folder: Path) -> None:
    """Every deadline of a thousand issues passes in one minute, and all of them come to one channel."""
    count = sum(STORM.values())
    table.head(f"{count:,} deadlines in one minute, all of them for one channel")
    both = 'at_once = { tiers = ["L1", "L2"], inform = ["management"], ping = true }'
    town = Town(
        folder, policy=policy_text().replace(both, 'at_once = { tiers = ["L1"], ping = true }'), with_slack=False
    )
    file = folder / "escalator.db"
    priorities = [priority for priority, number in STORM.items() for _ in range(number)]
    random.Random(2).shuffle(priorities)
    due = million.moments(count, first=timedelta(seconds=30), within=timedelta(seconds=60))
    million.add_storm(file, load_policy(town.policy), list(zip(priorities, due, strict=True)))
    town.open_slack()
    town.starts_bot()
    until(lambda: len(million.told(file)) == count, "everybody told", within=240)
    late = million.told(file)
    p1 = [late[number] for number, priority in enumerate(priorities, start=1) if priority is Priority.P1]
    table.row(f"{len(p1)} P1 told after their deadline", spread(p1, "s", 1, 0.99))
    table.row(f"all {count:,} told after their deadline", spread(list(late.values()), "s", 1, 0.99))
    posts = [call for call in town.slack.calls("chat.postMessage") if call["args"].get("channel") == "C0L2"]
    told = [call for call in posts if "need somebody in" in call["args"]["text"]]
    pings = sum("<!here>" in call["args"]["text"] for call in posts)
    table.row("digests until then / pings of the channel", f"{len(told)} / {pings}")
    table.row("calls that Slack refused", str(refused(town.slack)))
    town.close()


# --- all of it --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def towns(folder: Path) -> Iterator[dict[str, Town]]:
    made = {}
    for name, directory in (("quick Slack", "quick"), (f"{SLOW} ms slower Slack", "slow")):
        (folder / directory).mkdir()
        town = Town(folder / directory, with_slack=False)
        town.open_slack(module="tests.benchmarks.workspace")
        made[name] = town
    try:
        yield made
    finally:
        for town in made.values():
            town.close()


def main() -> int:
    argparse.ArgumentParser(prog="make bench", description=__doc__).parse_args()
    began = time.monotonic()
    say(f"{platform.platform()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")  # noqa: TID251
    say(f"load average at the start: {load()} on {os.cpu_count()} cores, which everything measured here shares")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="escalator-bench-") as name:
        folder = Path(name)
        with towns(folder) as both:
            quick, slow = both.values()
            floors(table, quick)
            table.head("The bot")
            count, megabytes = packages()
            table.row("run-time packages, all told", f"{count}, {megabytes:.0f} MB")
            starts(table, quick)
            bot = quick.starts_bot()
            slow.starts_bot()
            table.row("memory after start", f"{memory(bot):.0f} MB, one process")
            counts = {"quick": ISSUES + BURST + FILL, "slow": ISSUES + BURST}
            crowds = dict(
                zip(
                    both,
                    (Crowd(town, count) for town, count in zip(both.values(), counts.values(), strict=True)),
                    strict=True,
                )
            )
            slow.slack.fault("slow", "", count=None, ms=SLOW)
            one_by_one(table, both, crowds)
            finish = [burst(table, name, town, crowds[name]) for name, town in both.items()]
            filling = threading.Thread(target=fill, args=(crowds["quick Slack"],))
            filling.start()
            (folder / "million").mkdir()
            engine(table, folder / "million")  # meanwhile a message a second is posted
            (folder / "storm").mkdir()
            storm(table, folder / "storm")
            table.head("The bot, in the end")
            for wait in finish:
                wait()
            filling.join()
            bot.has_sent_everything(within=150)
            table.row(f"memory after {ISSUES + BURST + FILL} issues", f"{memory(bot):.0f} MB")
            table.row("calls that Slack refused, 429s among them", str(refused(quick.slack) + refused(slow.slack)))
    say(f"\n{time.monotonic() - began:.0f} s in all; load average at the end: {load()}")
    return 0


def fill(crowd: Crowd) -> None:
    pause = threading.Event()
    for number in range(FILL):
        crowd.submit(f"fill {number}")
        pause.wait(PACE / 2)


if __name__ == "__main__":
    sys.exit(main())
