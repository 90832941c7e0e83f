"""Writes the next migration: python -m storage.migrations 0002 "Add the colour of an issue".

It compares the tables with a fresh database at the newest revision. Read what it wrote: triggers, CHECKs and data are
not its business. Then set storage.upgrade.HEAD.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.opening import parse
from storage.upgrade import upgrade, write_revision


def main() -> None:
    revision, message = sys.argv[1:]
    with TemporaryDirectory() as scratch:
        url = parse(f"sqlite:///{Path(scratch) / 'scratch.db'}")
        upgrade(url)
        write_revision(url, revision, message)


if __name__ == "__main__":
    main()
