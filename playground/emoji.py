"""The names of emoji: those that the page can draw, read from its own list, so that there is one."""

import re
from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "static" / "js" / "emoji.js"


@cache
def names() -> frozenset[str]:
    """Short names and their aliases. In the list, a group is a string of names that each precede their character."""
    text = LIST.read_text(encoding="utf-8")
    groups, aliases = text.partition("const GROUPS")[2].partition("};")[0], text.partition("const ALIASES")[2]
    listed = [name for group in re.findall(r'": "(.+)"', groups) for name in group.split()[::2]]
    return frozenset([*listed, *re.findall(r'(\w+): "', aliases.partition("};")[0])])


def known(name: str) -> bool:
    """Whether there is an emoji `name`, with a skin tone or without; every flag is."""
    plain, _, tone = name.partition("::")
    if tone and not re.fullmatch(r"skin-tone-[2-6]", tone):
        return False
    return plain in names() or bool(re.fullmatch(r"flag-[a-z]{2}", plain))
