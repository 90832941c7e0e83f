"""What open pages are told: one queue for each page, filled by the workspace, emptied by its WebSocket."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Frame = dict[str, Any]


class Feed:
    def __init__(self) -> None:
        self._pages: defaultdict[str, list[asyncio.Queue[Frame]]] = defaultdict(list)

    @contextmanager
    def page(self, user: str) -> Iterator[asyncio.Queue[Frame]]:
        """The frames for one open page, for as long as it is open."""
        queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._pages[user].append(queue)
        try:
            yield queue
        finally:
            self._pages[user].remove(queue)

    def tell(self, user: str, frame: Frame) -> None:
        for queue in self._pages[user]:
            queue.put_nowait(frame)

    def tell_all(self, frame: Frame) -> None:
        """Tell every open page."""
        for user in self.watchers():
            self.tell(user, frame)

    def watchers(self) -> list[str]:
        """The people of whom a page is open right now."""
        return [user for user, pages in self._pages.items() if pages]
