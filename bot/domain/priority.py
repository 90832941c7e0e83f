"""How much an issue hurts and how fast it grows, and the priority that follows (domain.md 7.1)."""

from enum import StrEnum


class Level(StrEnum):
    """One axis of the matrix; the values are the forms' stable values."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Priority(StrEnum):
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @property
    def word(self) -> str:
        return _WORDS[self]

    @property
    def rank(self) -> int:
        """1 for P1 .. 4 for P4: the smaller goes first in every queue."""
        return int(self.value[1])


SEVERE = (Priority.P1, Priority.P2)

_WORDS = {Priority.P1: "Critical", Priority.P2: "High", Priority.P3: "Normal", Priority.P4: "Low"}
