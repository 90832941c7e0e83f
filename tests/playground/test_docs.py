"""What docs/playground.md says is what there is."""

import re
from collections import deque
from pathlib import Path

from playground.control import FAULTS, Control, Faults
from playground.limits import CHANNEL_BURST, POSTS_PER_MINUTE
from playground.manifest import Manifest
from playground.people import channels, users
from playground.server import Playground

DOCS = (Path(__file__).parent.parent.parent / "docs" / "playground.md").read_text(encoding="utf-8")


def test_every_fault_is_documented() -> None:
    table = DOCS.partition("| `kind` |")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(FAULTS)


def test_every_control_call_is_documented() -> None:
    api = Playground(Manifest("A", "A"), "http://127.0.0.1:1").api
    paths = {getattr(route, "path", "") for route in Control(api, Faults(), deque()).routes()}

    assert set(re.findall(r"/_playground/\w+", DOCS)) == paths


def test_everybody_and_every_channel_is_documented() -> None:
    for user in users("Escalator"):
        assert f"`{user.id}`" in DOCS
    for channel in channels():
        assert f"`{channel.id}` #{channel.name}" in DOCS


def test_the_burst_allowance_is_written_down() -> None:
    assert f"or a file | {CHANNEL_BURST} | 1 a second |" in DOCS
    assert f"| {POSTS_PER_MINUTE} | {POSTS_PER_MINUTE} a minute |" in DOCS
