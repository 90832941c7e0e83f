"""The playground with a crowd of reporters, so that nobody meets the limit on one person's reports."""

import argparse
import asyncio
import sys
from pathlib import Path

from playground.manifest import read
from playground.people import User
from playground.server import Playground, Server, address, listen

CROWD = 420


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", action="store_true", required=True)  # as the playground's own command line has it
    listener = listen("127.0.0.1", parser.parse_args().port)
    playground = Playground(read(Path("manifest.yaml")), address(listener), control=True)
    for number in range(CROWD):
        move_in(playground, User(f"U0CROWD{number}", f"crowd{number}", f"Crowd {number}", "Staff", "UTC", "#777777"))
    sys.stdout.write(f"Playground ready at {address(listener)}/\n")
    sys.stdout.flush()
    asyncio.run(Server(playground).serve(sockets=[listener]))


def move_in(playground: Playground, user: User) -> None:
    playground.workspace.users[user.id] = user
    playground.workspace.ephemerals[user.id] = {}
    playground.workspace.channels["C0ITHELP"].members.append(user.id)
    playground.api.views.stacks[user.id] = []


if __name__ == "__main__":
    main()
