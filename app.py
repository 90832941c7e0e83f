"""The composition root and the command line: everything is built and wired here, and nowhere else."""

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import dotenv
from apscheduler.schedulers.background import BackgroundScheduler
from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.clock import utc_now
from bot.config import ConfigError, Settings, load_settings, look_past_tokens
from bot.domain.issue import issue_name
from bot.domain.policy import Policy
from bot.domain.refusals import Refused
from bot.logs import set_up_logging
from bot.manifest import required_scopes
from bot.policy_file import PolicyError, load_policy
from bot.ports import Rejected, TryLater, Unsure
from bot.services.bot import Bot
from bot.services.checkup import Finding, look_at_slack
from bot.services.conversation import Conversation
from bot.services.delivery import SETTLE, Courier, Senders
from bot.services.directory import Directory
from bot.services.engine import Engine
from bot.services.health import HealthServer, Pulse
from bot.services.issues import IssueService
from bot.services.morning import MorningPages
from bot.services.moving import look_at_move, move_all, tiers_named
from bot.services.pacing import Pacer, PingBudget
from bot.services.policies import PolicyKeeper, apply_to, keep_holidays, look_ahead, refuse_homeless, refuse_misfit
from bot.services.search import Search
from bot.services.simulation import (
    SimulationError,
    as_json,
    as_text,
    office_zone,
    read_moment,
    read_priority,
    read_script,
    read_zone,
    simulate,
)
from bot.slack.gateway import Answers, Gateway, answering_client, reading_client, reading_slack, sending_client
from handlers import register
from handlers.boundary import NotYet
from handlers.connection import Connection
from storage import AlreadyRunning, CannotOpen, NotThere, SqlDatabase, open_database

log = logging.getLogger("escalator")

FINE, FAILED, WRONG_SETTINGS = 0, 1, 2

IN_HAND = 2.0  # seconds that listeners, and then clocks, get to finish at the end
TICK = 1  # seconds between two looks of the engine
STALLED = 5.0  # seconds without a tick after which it is started anew
DIRECTORY_EVERY = 300  # seconds between two readings of channels and staff
LONG_AGO = timedelta(minutes=15)  # what has waited so long goes to the front (domain.md 3.12 rule 5) ...
QUEUE_LATE = timedelta(minutes=10)  # ... and from here on the log says that sending is late (rule 9)
DELIVERIES_KEPT = timedelta(hours=26)  # Slack's latest redelivery comes after 24 h (slack.md 4.2)
LEAVE_WITHIN = 4.0  # seconds the senders get to finish their calls

Answer = TypeVar("Answer")


class _AskedToStop(Exception):
    """Whatever the main thread was waiting for, it leaves now."""


@dataclass
class Identity:
    """Who the bot is in Slack, known once Slack has answered."""

    user: str = ""
    bot_id: str = ""
    team: str = ""
    team_url: str = ""


class Escalator:
    """One running bot. `run` returns when it was asked to stop."""

    def __init__(self, settings: Settings, policies: PolicyKeeper, database: SqlDatabase) -> None:
        self._settings = settings
        self._policies = current = policies
        self._database = database
        self._identity = Identity()
        self._asked_to_stop = False  # a flag, not an Event: a signal handler must take no lock
        self._token = settings.slack_bot_token.get_secret_value()
        self._client = sending_client(self._token, settings.slack_api_url)
        gateway = Gateway(self._client)
        pacer = Pacer()

        def user() -> str:
            return self._identity.user

        self._directory = Directory(
            database,
            Gateway(reading_client(self._token, settings.slack_api_url)),
            current,
            utc_now,
            bot_user=user,
        )
        courier = Courier(
            database,
            gateway,
            self._directory,
            current,
            pacer=pacer,
            pings=PingBudget(),
            clock=utc_now,
            team_url=lambda: self._identity.team_url,
        )
        self._senders = Senders(courier, pacer)
        wake, ask_again = self._senders.wake, self._directory.refresh_before_no
        self._engine = Engine(database, current, utc_now, wake)
        self._morning = MorningPages(database, current, utc_now, wake)
        self._bot = Bot(
            issues=IssueService(database, current, utc_now, wake, ask_again),
            conversation=Conversation(database, current, utc_now, wake, ask_again),
            search=Search(database, current, utc_now),
            directory=self._directory,
            answers=Answers(answering_client(self._token, settings.slack_api_url)),
            policy=current,
            user=user,
        )
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._started_engine = time.monotonic()
        self._slack: Connection | None = None

    def stop(self) -> None:
        self._asked_to_stop = True

    def reload(self) -> None:
        """Read the policy again, beside whatever this thread is in the middle of."""

        def again() -> None:
            if self._policies.reload():
                self._directory.refresh()  # it may name other channels
                self._keep_holidays()

        threading.Thread(target=again, name="reload", daemon=True).start()

    def run(self) -> int:
        started = time.monotonic()
        health = self._health_server()
        self._database.end_holds(utc_now() + SETTLE)
        self._database.try_anew()
        self._start_clocks()  # before Slack answers: an outage of theirs stops no clock of ours
        try:
            with contextlib.suppress(_AskedToStop):
                self._meet_slack()
                self._aside(self._directory.refresh)
                self._senders.start()
                self._connect()
                log.info("Escalator is connected to %s after %.1f s", self._identity.team, time.monotonic() - started)
                while True:
                    self._wait(1)
        finally:
            self._leave(health)
        return FINE

    def _wait(self, seconds: float) -> None:
        """All that the main thread does: look after the engine, and raise _AskedToStop when we were."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._asked_to_stop:
                raise _AskedToStop
            self._look_after_the_engine()
            threading.Event().wait(min(0.2, seconds))

    def _aside(self, work: Callable[[], Answer]) -> Answer:
        """Have what may hang on Slack done in a thread of its own, and wait for it as `_wait` does."""
        answer: Future[Answer] = Future()

        def do() -> None:
            try:
                answer.set_result(work())
            except Exception as error:  # raised again where it is waited for
                answer.set_exception(error)

        threading.Thread(target=do, name="aside", daemon=True).start()
        while not answer.done():
            self._wait(0.02)
        return answer.result()

    def _start_clocks(self) -> None:
        now = utc_now()
        self._scheduler.add_job(self._engine.run_once, "interval", seconds=TICK, id="engine", next_run_time=now)
        self._scheduler.add_job(self._directory.refresh, "interval", seconds=DIRECTORY_EVERY, id="directory")
        self._scheduler.add_job(self._keep_holidays, id="holidays")  # once: the file may have changed meanwhile
        # Not at its time of day, which a new policy may change, and which may pass while nobody runs.
        self._scheduler.add_job(self._morning.run_once, "interval", minutes=1, id="morning", next_run_time=now)
        self._scheduler.add_job(self._look_after_the_queue, "interval", minutes=1, id="queue")
        self._scheduler.add_job(self._policies.complain, "interval", hours=1, id="policy")
        self._scheduler.add_job(self._forget, "interval", hours=1, id="forget")
        self._scheduler.start()

    def _forget(self) -> None:
        self._database.forget_deliveries(utc_now() - DELIVERIES_KEPT)

    def _keep_holidays(self) -> None:
        keep_holidays(self._policies(), self._database, utc_now)
        self._senders.wake()

    def _look_after_the_queue(self) -> None:
        now = utc_now()
        self._database.hurry(now - LONG_AGO)
        oldest = self._database.oldest_waiting()
        if oldest and now - oldest > QUEUE_LATE:
            log.error("%s messages wait to be sent, the oldest since %s", self._database.waiting(), oldest)

    def _meet_slack(self) -> None:
        """Ask Slack who we are, for as long as it takes."""
        wait = 1
        while True:
            try:
                answer = self._aside(lambda: reading_slack(self._client.auth_test))
            except (Unsure, TryLater, Rejected) as error:
                log.error(
                    "Slack does not let us in (%s); trying again in %s s. Deadlines are kept meanwhile.", error, wait
                )
                self._wait(wait)
                wait = min(wait * 2, 30)
            else:
                self._identity.user = answer["user_id"]
                self._identity.bot_id = answer.get("bot_id") or ""
                self._identity.team = answer.get("team") or "Slack"
                self._identity.team_url = answer.get("url") or "https://slack.com/"
                return

    def _connect(self) -> None:
        self._slack = Connection(self._listening_app(), self._settings.slack_app_token.get_secret_value())
        self._slack.start()
        while not self._slack.is_connected:
            self._wait(0.02)

    def _listening_app(self) -> App:
        who = self._identity
        quiet = logging.getLogger("escalator.slack")
        quiet.setLevel(logging.ERROR)  # while it is built: it would warn that client and authorize beat the token
        app = App(
            client=self._client,
            logger=quiet,
            authorize=lambda: AuthorizeResult(
                enterprise_id=None, team_id=None, bot_user_id=who.user, bot_id=who.bot_id, bot_token=self._token
            ),
            process_before_response=True,  # an ack means stored
            request_verification_enabled=False,  # Socket Mode needs none
            attaching_conversation_kwargs_enabled=False,  # no hidden calls
        )
        quiet.setLevel(logging.WARNING)
        register(app, self._bot)

        @app.error
        def unexpected(error: Exception) -> BoltResponse | None:
            """The second net; `handlers.boundary` is the first. Events are not acked: Slack sends them again."""
            if not isinstance(error, NotYet):
                log.error("a listener failed", exc_info=error)
            return None

        return app

    def _look_after_the_engine(self) -> None:
        """A step of the wall clock backwards would hold all jobs for as long as the step (libraries.md 3)."""
        now = time.monotonic()
        if now - max(self._engine.last_run, self._started_engine) > STALLED:
            log.error("the engine has not ticked for %s s and is started anew", STALLED)
            self._started_engine = now
            for job in self._scheduler.get_jobs():
                every, ahead = getattr(job.trigger, "interval", None), job.next_run_time - utc_now()
                if job.id == "engine" or (every and ahead > every):
                    job.modify(next_run_time=utc_now())

    def _health_server(self) -> HealthServer | None:
        if self._settings.http_port is None:
            return None
        host, port = self._settings.http_host, self._settings.http_port
        try:
            server = HealthServer(host, port, self._pulse)
        except OSError as error:
            self._database.close()
            raise CannotOpen(f"HTTP_PORT: cannot listen on {host}:{port} ({error.strerror}).") from None
        server.start()
        return server

    def _pulse(self) -> Pulse:
        oldest = self._database.oldest_waiting()
        return Pulse(
            engine_age=time.monotonic() - self._engine.last_run,
            connected=self._slack is not None and self._slack.is_connected,
            waiting=self._database.waiting(),
            oldest=max(0.0, (utc_now() - oldest).total_seconds()) if oldest else 0.0,
        )

    def _leave(self, health: HealthServer | None) -> None:
        """First no more clocks, then no more calls in, then what is being sent; what is not sent stays stored."""
        log.info("Escalator is stopping")
        clocks = threading.Thread(target=self._scheduler.shutdown, daemon=True)  # waits for its jobs; one asks Slack
        clocks.start()
        if self._slack is not None:
            self._slack.finish(IN_HAND)
            logging.getLogger("escalator.slack").setLevel(logging.CRITICAL)  # a frame torn by the close is no news
            self._slack.abandon()
        self._senders.stop(LEAVE_WITHIN)
        if health:
            health.stop()
        clocks.join(IN_HAND)
        self._database.close()
        log.info("Escalator has stopped")


def run(settings: Settings) -> int:
    database = open_database(settings.database_url.get_secret_value())
    try:
        policies = PolicyKeeper(settings.policy_file, database, utc_now)
    except PolicyError:
        database.close()
        raise
    escalator = Escalator(settings, policies, database)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: escalator.stop())
    if hasattr(signal, "SIGHUP"):  # Windows has none
        signal.signal(signal.SIGHUP, lambda *_: escalator.reload())
    return escalator.run()


def check() -> int:
    """Report line by line; 0 only if the bot could do its whole job."""
    findings = []
    for finding in _findings():
        print(finding, flush=True)
        findings.append(finding)
    failed = [finding for finding in findings if finding.level == "fail"]
    if any(finding.subject in ("settings", "policy") for finding in failed):
        return WRONG_SETTINGS
    return FAILED if failed else FINE


def _findings() -> Iterator[Finding]:
    try:
        settings = load_settings(os.environ, Path(".env"))
    except ConfigError as error:
        yield from (Finding.fail("settings", line, "") for line in error.lines)
        without_tokens = look_past_tokens(os.environ, Path(".env"))
        if without_tokens:
            policy = yield from _policy_findings(without_tokens)
            yield from _database_findings(without_tokens, policy)
        return
    yield Finding.fine("settings", "complete, and the tokens are of the right kinds")
    policy = yield from _policy_findings(settings)
    yield from _database_findings(settings, policy)
    if policy:
        client, app_client = (
            WebClient(token=token.get_secret_value(), base_url=settings.slack_api_url, timeout=10, retry_handlers=[])
            for token in (settings.slack_bot_token, settings.slack_app_token)
        )
        required = required_scopes(Path(__file__).with_name("manifest.yaml").read_text(encoding="utf-8"))
        yield from look_at_slack(client, app_client, policy, required=required, clock=utc_now)


def _policy_findings(settings: Settings) -> Generator[Finding, None, Policy | None]:
    try:
        policy = load_policy(settings.policy_file)
    except PolicyError as error:
        yield from (Finding.fail("policy", line, "") for line in error.lines)
        return None
    tiers = " -> ".join(tier.name for tier in policy.tiers)
    yield Finding.fine("policy", f"{settings.policy_file}: {tiers}")
    return policy


def _database_findings(settings: Settings, policy: Policy | None) -> Iterator[Finding]:
    """And whether the policy fits what is in the database; None if it has mistakes."""
    levels: dict[str, Literal["ok", "warn", "fail"]] = {"ok": "ok", "warning": "warn", "error": "fail"}
    try:
        database = open_database(settings.database_url.get_secret_value(), migrate=False)
        try:
            found = database.check()
            yield from (Finding(levels[each.level], "database", each.text.rstrip(".")) for each in found)
            if database.is_current and not any(each.level == "error" for each in found):
                yield from _fit_findings(settings.policy_file, database, policy)
        finally:
            database.close()
    except AlreadyRunning:
        yield Finding.fine("database", "in use by a bot that is running now")
        yield from _fit_beside_findings(settings, policy)
    except CannotOpen as error:
        yield Finding.fail("database", str(error).rstrip("."), "see DATABASE_URL in .env")


def _fit_beside_findings(settings: Settings, policy: Policy | None) -> Iterator[Finding]:
    """Whether the bot that is running now would take the policy."""
    try:
        database = open_database(settings.database_url.get_secret_value(), migrate=False, alone=False)
    except CannotOpen as error:
        yield Finding.fail("database", str(error).rstrip("."), "see DATABASE_URL in .env")
        return
    try:
        if policy and database.is_current:
            refuse_misfit(policy, database, settings.policy_file.name, utc_now())
    except PolicyError as error:
        yield from (Finding.fail("policy", line, "") for line in error.lines)
        policy = None
    finally:
        database.close()
    if policy is None:
        yield Finding.fine("policy", "the bot that is running now keeps the one it has until the file is mended")


def _fit_findings(file: Path, database: SqlDatabase, policy: Policy | None) -> Iterator[Finding]:
    try:
        if policy:
            refuse_misfit(policy, database, file.name, utc_now())
            return
    except PolicyError as error:
        yield from (Finding.fail("policy", line, "") for line in error.lines)
    if kept := database.in_force():
        version, since = kept[0].version, f"{kept[1]:%Y-%m-%d %H:%M} UTC"
        yield Finding.fine(
            "policy", f"a start keeps version {version}, in force since {since}, until the file is mended"
        )


def show_simulation(chosen: argparse.Namespace) -> int:
    """What the policy would do; needs neither Slack nor a database. Raises PolicyError, SimulationError."""
    named = os.environ.get("POLICY_FILE") or dotenv.dotenv_values(".env").get("POLICY_FILE")
    policy = load_policy(Path(chosen.policy or named or "policy.toml"))
    priority = read_priority(chosen.priority)
    zone = read_zone(chosen.zone) if chosen.zone else office_zone(policy)
    at = read_moment(chosen.at, utc_now(), zone)
    script = read_script(_script(chosen.script), at, zone, policy) if chosen.script else []
    rungs = simulate(policy, priority, at, script)
    if chosen.json:
        print(json.dumps(as_json(rungs, policy, zone), indent=2, ensure_ascii=False))
    else:
        print(as_text(rungs, policy, zone))
    return FINE


def _script(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SimulationError(f"{name}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SimulationError(f"{name}: is not UTF-8 text.") from None


def apply_policy(settings: Settings, chosen: argparse.Namespace) -> int:
    """Move the open issues to the policy as it is in the file now. Raises PolicyError, CannotOpen."""
    policy = load_policy(settings.policy_file)
    database = _open_for_a_command(settings)
    if database is None:
        return FAILED
    try:
        refuse_homeless(policy, database, settings.policy_file.name, utc_now())
        outlook = look_ahead(policy, database, utc_now())
        if not outlook.moving:
            print(f"All issues not closed yet ({outlook.unfinished}) follow version {policy.version} already.")
            return FINE
        print(
            f"{len(outlook.moving)} of {outlook.unfinished} issues not closed yet move to version {policy.version} of "
            f"the policy. {outlook.earlier} of them would have an earlier next deadline; {outlook.late} would be past "
            "a deadline at once, and have only the grace left that the policy gives."
        )
        if not chosen.yes and not _yes("Move them?"):
            print("Nothing was changed.")
            return FAILED
        moved, troubles = apply_to(outlook.moving, policy, database, utc_now)
        for trouble in troubles:
            print(trouble, file=sys.stderr)
        print(
            f"{moved} issues were moved. When the bot runs, their cards and receipts are redrawn, and each channel "
            "reads of it once."
        )
        return FAILED if troubles else FINE
    finally:
        database.close()


def move_issues(settings: Settings, chosen: argparse.Namespace) -> int:
    """Empty a tier, so that it can be taken out of the policy. Raises PolicyError, CannotOpen, Refused."""
    try:
        database = _open_for_a_command(settings)
    except NotThere:  # nor is a policy in force, so the tiers are those of the file
        tiers_named(load_policy(settings.policy_file), chosen.from_tier, chosen.to_tier, chosen.reason)
        raise
    if database is None:
        return FAILED
    try:
        move = look_at_move(database, chosen.from_tier, chosen.to_tier, chosen.reason, utc_now())
        for reason in move.staying:
            print(reason, file=sys.stderr)
        if not move.moving:
            print("No issue can be moved." if move.staying else f"No open issue is with {chosen.from_tier}.")
            return FAILED if move.staying else FINE
        count = "1 open issue moves" if len(move.moving) == 1 else f"{len(move.moving)} open issues move"
        print(f"{count} from {move.from_name} to {move.to_name}: {', '.join(map(issue_name, move.moving))}.")
        if not chosen.yes and not _yes("Move them?"):
            print("Nothing was changed.")
            return FAILED
        moved, troubles = move_all(move, chosen.reason, database, utc_now)
        for trouble in troubles:
            print(trouble, file=sys.stderr)
        were = "1 issue was" if moved == 1 else f"{moved} issues were"
        print(f"{were} moved. When the bot runs, cards go to {move.to_name}.")
        return FAILED if troubles or move.staying else FINE
    finally:
        database.close()


def _open_for_a_command(settings: Settings) -> SqlDatabase | None:
    """None, and the reason is told, if the bot is running on it. Raises NotThere, CannotOpen."""
    try:
        return open_database(settings.database_url.get_secret_value(), make=False)
    except AlreadyRunning:
        print(
            "The bot is running on this database. Stop it, run this again, and start it: what comes due in these few "
            "seconds is done when it starts.",
            file=sys.stderr,
        )
        return None


def _yes(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().casefold() in ("y", "yes")
    except EOFError:
        print()
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="app.py", description="Escalator, a Slack bot for IT escalation.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="run the bot until Ctrl-C (the default)")
    commands.add_parser("check", help="say line by line whether the bot could run here")
    _add_policy_commands(commands)
    chosen = parser.parse_args(arguments)
    os.environ.pop("SLACK_CLIENT_ID", None)  # with it in the environment Bolt would go about OAuth (slack.md 3.3)
    if chosen.command == "check":
        return check()
    try:
        if chosen.command == "simulate":
            return show_simulation(chosen)
        settings = load_settings(os.environ, Path(".env"))
        set_up_logging(settings.log_level, settings.log_format)
        if chosen.command == "policy":
            code: int = chosen.act(settings, chosen)
            return code
        return run(settings)
    except (ConfigError, PolicyError, SimulationError) as error:
        print("\n".join(error.lines), file=sys.stderr)
        return WRONG_SETTINGS
    except NotThere as nothing:
        print(f"{nothing} So there is no issue to move; the first start of the bot makes the database.")
        return FINE
    except (AlreadyRunning, CannotOpen, Refused) as error:
        print(error, file=sys.stderr)
        return FAILED


def _add_policy_commands(commands: Any) -> None:
    shown = commands.add_parser("simulate", help="show how an issue would climb, step by step")
    shown.add_argument("--priority", required=True, help="P1, P2, P3 or P4")
    shown.add_argument("--at", required=True, help='when it is reported: "Sat 02:00", "2026-11-27 16:50"')
    shown.add_argument("--zone", help="the time zone of --at and of what is shown; else that of the office hours")
    shown.add_argument("--policy", help="the policy file; else POLICY_FILE, or policy.toml")
    shown.add_argument(
        "--script",
        help='a file of lines such as "+10m claim L1", "+2h reply", each that long after the last; "-" reads it here',
    )
    shown.add_argument("--json", action="store_true", help="the same facts for a program")
    policy = commands.add_parser("policy", help="what an edited policy means for open issues").add_subparsers(
        required=True
    )
    apply = policy.add_parser("apply", help="move open issues to the policy's new version")
    apply.add_argument("--open", action="store_true", required=True, help="the issues that are open now")
    apply.set_defaults(act=apply_policy)
    move = policy.add_parser("move", help="move the open issues of one tier to another")
    move.add_argument("--from", required=True, dest="from_tier", metavar="TIER", help="the tier they are with now")
    move.add_argument("--to", required=True, dest="to_tier", metavar="TIER", help="the tier that gets them")
    move.add_argument("--reason", required=True, help="why, as it is to stand on their cards")
    move.set_defaults(act=move_issues)
    for command in (apply, move):
        command.add_argument("--yes", action="store_true", help="do not ask before it is done")


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read it, `head` for instance, has seen enough
        code = FINE
    os._exit(code)  # and not sys.exit, which waits for each thread of a pool that still hangs on Slack
