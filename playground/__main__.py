"""The command line: python -m playground."""

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
import sys
from pathlib import Path

from playground.manifest import ManifestError, read
from playground.server import LOCAL_NAMES, Playground, Server, address, listen

MOST_PORT = 65_535


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="playground", description="A local Slack workspace to try the bot in.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=3030, help="port to listen on; 0 takes any free one")
    parser.add_argument("--manifest", type=Path, default=Path("manifest.yaml"), help="the Slack app's manifest")
    parser.add_argument("--control", action="store_true", help="open the control interface under /_playground/")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="playground: %(message)s")
    try:
        manifest = read(options.manifest)
    except ManifestError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not 0 <= options.port <= MOST_PORT:
        sys.stderr.write(f"There is no port {options.port}; choose one from 0 to {MOST_PORT}.\n")
        return 2
    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        reason = error.strerror or error
        sys.stderr.write(
            f"Cannot listen on {options.host}:{options.port}: {reason}. Choose another port with --port.\n"
        )
        return 1
    local_only = options.host in LOCAL_NAMES
    playground = Playground(manifest, address(listener), control=options.control, local_only=local_only)
    asyncio.run(_serve(Server(playground), listener))
    return 0


async def _serve(server: Server, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows, where Ctrl-C ends the process by itself
            loop.add_signal_handler(number, stop)
    sys.stdout.write(f"Playground ready at {address(listener)}/\n")
    sys.stdout.flush()
    await server.serve(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
