"""A workspace and a bot in it, in a folder of their own; what tests start with and stop at the end."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

from tests.acceptance.driver import APP_TOKEN, BOT, BOT_TOKEN, Bot, Person, Playground, Refused, free_port

PEOPLE = ("maya", "tom", "lena", "ana", "ben", "chen", "dana", "emil", "fay")
CHANNELS = ("C0L1", "C0L2", "C0L3", "C0MGMT")  # the tiers'
TIERS = {"L1": "support-l1", "L2": "support-l2", "L3": "support-l3", "management": "it-managers"}


def policy_text(
    *, first: str = "", window: str = "1h", last: str = "1h", update: str = "1h", l2_staff: str = ""
) -> str:
    """Four tiers, all with the same window but the first and the last; P1 goes to L1 and L2 at once, and management
    is told. `l2_staff` is the user group that is L2's staff instead of its channel's members.
    """
    lines = ['minimum_window = "2s"']
    for name, channel in TIERS.items():
        lines += ["[[tiers]]", f'name = "{name}"', f'channel = "{channel}"', 'ping = "here"']
        if name == "L2" and l2_staff:
            lines.append(f'staff_group = "{l2_staff}"')
    lines += [
        "[matrix]",
        'high = { high = "P1", medium = "P2", low = "P3" }',
        'medium = { high = "P2", medium = "P3", low = "P4" }',
        'low = { high = "P3", medium = "P4", low = "P4" }',
    ]
    spans = dict.fromkeys(TIERS, window) | {"management": last} | ({"L1": first} if first else {})
    windows = ", ".join(f'{name} = "{span}"' for name, span in spans.items())
    for priority in ("P1", "P2", "P3", "P4"):
        lines += [
            f"[priorities.{priority}]",
            f"windows = {{ {windows} }}",
            f'update = "{update}"',
            'first_response = "2h"',
            'resolution = "8h"',
            'grace = "2s"',
        ]
        if priority == "P1":
            lines.append('at_once = { tiers = ["L1", "L2"], inform = ["management"], ping = true }')
    return "\n".join(lines) + "\n"


class Town:
    """One workspace, and the bots that were started in it one after the other."""

    def __init__(self, folder: Path, *, policy: str = "", with_slack: bool = True) -> None:
        self.folder = folder
        self.policy = folder / "policy.toml"
        self.policy.write_text(policy or policy_text(), encoding="utf-8")
        self.database_url = f"sqlite:///{folder / 'escalator.db'}"
        self.bots: list[Bot] = []
        self.port = free_port()
        self._seen = 0
        self._slack: Playground | None = None
        if with_slack:
            self.open_slack()

    @property
    def slack(self) -> Playground:
        assert self._slack is not None, "Slack is down"
        return self._slack

    def open_slack(self, module: str = "playground") -> None:
        self._slack = Playground(self.folder / "playground.log", port=self.port, module=module)

    def person(self, name: str) -> Person:
        return self.slack.person(name)

    def settings(self, **changes: str) -> dict[str, str]:
        """The environment of a bot; a change to "" leaves a setting out."""
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": f"http://127.0.0.1:{self.port}/api/",
            "DATABASE_URL": self.database_url,
            "POLICY_FILE": str(self.policy),
            "HTTP_PORT": str(free_port()),
            "PATH": "/usr/bin:/bin",
        }
        return {name: value for name, value in {**settings, **changes}.items() if value}

    def runs(self, *arguments: str, **settings: str) -> Bot:
        """A process of the bot, started just now; "run" unless told otherwise."""
        log = self.folder / f"bot-{len(self.bots) + 1}.log"
        bot = Bot(arguments or ("run",), self.settings(**settings), log=log, cwd=self.folder)
        self.bots.append(bot)
        return bot

    def starts_bot(self, **settings: str) -> Bot:
        """... that is connected."""
        return self.runs(**settings).connects()

    def checks(self, **settings: str) -> tuple[int, list[str]]:
        """`python app.py check`: exit code and lines."""
        check = self.runs("check", **settings)
        return check.ends(), check.said.splitlines()

    def close(self) -> None:
        for bot in self.bots:
            bot.kill()
        if self._slack:
            self._slack.close()

    def new_faults(self) -> list[str]:
        """Those since it was asked last."""
        faults = self.faults()
        new, self._seen = faults[self._seen :], len(faults)
        return new

    def faults(self) -> list[str]:
        """What no bot should ever have written."""
        marks = ("Traceback", "CRITICAL", "reference ")
        return [line for bot in self.bots for line in bot.said.splitlines() if any(mark in line for mark in marks)]


@contextlib.contextmanager
def on_postgres(town: Town, server_url: str, name: str) -> Iterator[None]:
    """On an empty database of its own, which the first bot migrates; the bots are gone when it goes."""
    server = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            town.database_url = server.url.set(database=name).render_as_string(hide_password=False)
            yield
        finally:
            town.close()
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def roots(slack: Playground, title: str) -> dict[str, int]:
    """How many cards and receipts about an issue there are, where there are any."""
    dms = [f"D0{name.upper()}" for name in PEOPLE]
    counts: Counter[str] = Counter()
    for channel in (*CHANNELS, *dms):
        with contextlib.suppress(Refused):  # a conversation that nobody has begun
            messages = [message for message in slack.raw(channel) if message["user"] == BOT]
            counts[channel] = sum(
                title in message["text"] for message in messages if message.get("thread_ts") in (None, message["ts"])
            )
    return {channel: count for channel, count in counts.items() if count}
