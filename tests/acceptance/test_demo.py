"""What `make demo` runs: one command, one address to open, Ctrl-C, and nothing is left running."""

import os
import signal
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.acceptance.driver import HOME, PATIENCE, Process, free_port, until


def children(pid: int) -> list[int]:
    """Processes started by another; Linux tells."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    "number", [signal.SIGINT, *(pytest.param(each, marks=pytest.mark.soak) for each in (signal.SIGTERM, signal.SIGHUP))]
)
def test_it_opens_a_browser_and_ctrl_c_kill_and_a_closed_terminal_end_all_it_started(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "playground.demo", "--port", str(port)]
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n', encoding="utf-8")
    browser.chmod(0o755)
    desktop = {"PATH": "/usr/bin:/bin", "DISPLAY": ":7", "BROWSER": f"{browser} %s"}
    demo = Process(command, log=tmp_path / "demo.log", cwd=HOME, env=desktop)
    started: list[int] = []
    try:
        line = demo.says("Escalator is ready. Open", within=PATIENCE)
        address = line.split()[-1]
        assert address == f"http://127.0.0.1:{port}/"
        with urllib.request.urlopen(address, timeout=PATIENCE) as page:
            assert page.status == 200
        assert until(lambda: opened.exists() and opened.read_text(), "the browser") == f"{address}\n"
        until(lambda: len(children(demo.pid)) == 2, "two processes")
        started = children(demo.pid)

        demo.signal(number)

        assert demo.ends(within=15) == 0
        until(lambda: not any(alive(pid) for pid in started), "the end of both processes")
        assert "Traceback" not in demo.said
    finally:
        demo.kill()
        for pid in filter(alive, started):
            os.kill(pid, signal.SIGKILL)


BY_MAKE, BY_HAND = {"MAKELEVEL": "1"}, {"PATH": "/usr/bin:/bin"}  # make tells those it starts


@pytest.mark.parametrize(
    ("env", "advice"),
    [
        (BY_MAKE, "Try another port: make demo PORT=3031"),
        (BY_HAND, "Try another port: python -m playground.demo --port 3031"),
    ],
)
def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path, env: dict[str, str], advice: str) -> None:
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    other = Process(command, log=tmp_path / "o", cwd=tmp_path)
    try:
        port = other.says("Serving HTTP").split("port ")[1].split()[0]
        command = [sys.executable, "-m", "playground.demo", "--port", port]
        demo = Process(command, log=tmp_path / "demo.log", cwd=HOME, env=env)
        assert demo.ends() == 1
        (sentence,) = demo.said.splitlines()
        assert sentence.startswith(f"Cannot listen on 127.0.0.1:{port}: ")
        assert sentence.endswith(advice)
    finally:
        other.kill()


@pytest.mark.parametrize(
    ("env", "option", "port"), [(BY_MAKE, "PORT", "99999"), (BY_MAKE, "PORT", "-1"), (BY_HAND, "--port", "http")]
)
def test_a_port_that_is_none_is_said_in_one_sentence(
    tmp_path: Path, env: dict[str, str], option: str, port: str
) -> None:
    command = [sys.executable, "-m", "playground.demo", f"--port={port}"]
    demo = Process(command, log=tmp_path / "demo.log", cwd=HOME, env=env)
    assert demo.ends() == 2
    assert demo.said == f"{option} must be a number from 0 to 65535, not {port}.\n"
