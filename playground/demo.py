"""`make demo`: the playground and, beside it as a process of its own, the bot pointed at it."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).parent
BOT = HERE.parent / "app.py"
READY_WITHIN = 30.0  # seconds for the playground to answer, or the bot to connect
LAST_PORT = 65535
OTHER_PORT = 3031  # than the usual one, to have an example
STOP_WITHIN = 12.0  # seconds; the bot leaves within 10


def main() -> int:
    by_make = "MAKELEVEL" in os.environ  # make tells those it starts; each way of starting has an option of its own
    called, option = ("make demo", "PORT=") if by_make else ("python -m playground.demo", "--port ")
    parser = argparse.ArgumentParser(prog=called, description="Try Escalator in a browser, without Slack.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="3030")
    parser.add_argument("--policy", type=Path, default=HERE / "policy.toml", help="the escalation policy to try")
    options = parser.parse_args()
    if not options.port.isdecimal() or int(options.port) > LAST_PORT:
        sys.stderr.write(f"{option.rstrip(' =')} must be a number from 0 to {LAST_PORT}, not {options.port}.\n")
        return 2
    if reason := _refused(options.host, int(options.port)):
        where = f"{options.host}:{options.port}"
        sys.stderr.write(f"Cannot listen on {where}: {reason}. Try another port: {called} {option}{OTHER_PORT}\n")
        return 1
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the last: its terminal was closed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="escalator-demo-") as folder:
        return _play(options.host, options.port, options.policy, Path(folder), stop)


def _refused(host: str, port: int) -> str | None:
    """Why nobody can listen there. The playground would say it, too, but not to somebody who typed `make demo`."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def _play(host: str, port: str, policy: Path, folder: Path, stop: threading.Event) -> int:
    workspace = _start([sys.executable, "-m", "playground", "--host", host, "--port", port], stdout=subprocess.PIPE)
    assert workspace.stdout is not None
    ready = workspace.stdout.readline().strip()  # "Playground ready at http://127.0.0.1:3030/"
    if not ready:
        return workspace.wait()  # it has said why on stderr
    address = ready.rpartition(" ")[2]
    bot = _start([sys.executable, str(BOT), "run"], env={**os.environ, **_settings(address, policy, folder)})
    try:
        if not _wait(lambda: _connected(address), bot, stop):
            return bot.poll() or 0
        print(f"\n  Escalator is ready. Open  {address}\n\n  Ctrl-C stops it. Nothing is kept.\n", flush=True)
        _open_browser(address)
        while not stop.wait(0.2):
            for process, name in ((workspace, "playground"), (bot, "bot")):
                if process.poll() is not None:
                    sys.stderr.write(f"The {name} has stopped by itself (exit code {process.returncode}).\n")
                    return process.returncode or 1
        return 0
    finally:
        _end(bot)
        _end(workspace)


def _settings(address: str, policy: Path, folder: Path) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": "xoxb-playground-bot",
        "SLACK_APP_TOKEN": "xapp-playground-app",
        "SLACK_API_URL": f"{address}api/",
        "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "POLICY_FILE": str(policy),
        "LOG_LEVEL": "WARNING",
        "HTTP_PORT": "",
    }


def _start(command: list[str], **settings: object) -> "subprocess.Popen[str]":
    """In a session of its own, so that Ctrl-C reaches this process alone, and the bot stops before its Slack does."""
    return subprocess.Popen(command, text=True, cwd=HERE.parent, start_new_session=True, **settings)  # type: ignore[call-overload,no-any-return]  # noqa: S603


def _connected(address: str) -> bool:
    with urlopen(f"{address}_page/workspace", timeout=2) as answer:  # noqa: S310  our own address
        return b'"connected":true' in answer.read().replace(b" ", b"")


def _wait(ready: Callable[[], bool], process: "subprocess.Popen[str]", stop: threading.Event) -> bool:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None and not stop.is_set():
        if ready():
            return True
        stop.wait(0.1)
    if process.poll() is None and not stop.is_set():
        sys.stderr.write("The bot did not connect to the playground in time.\n")
    return False


def _open_browser(address: str) -> None:
    """Where there is a desktop; elsewhere the printed address is enough."""
    if sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
