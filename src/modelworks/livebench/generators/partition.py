"""Which release a question may be in, by its content alone: so releases are apart, whatever their seeds."""

import hashlib
from datetime import date

# As many as the smallest space allows: of the 4,095 sums of two numbers of two digits, which two tasks share, about 85
# are left to each task and release. More classes would leave less, and level 1 would lose its easiest questions.
CLASSES = 24


def is_of_release(release: date, *content: object) -> bool:
    """Whether the question made of `content` belongs to the month of `release`: to one of each `CLASSES` in a row.

    Equal questions must have equal content, in lists, tuples, texts and numbers (no sets: their order is not theirs).
    Then two releases share none if their months differ by anything but a multiple of `CLASSES`.
    """
    return _number(content) % CLASSES == _class_of(release)


def is_same_share(one: date, other: date) -> bool:
    """Whether releases of two days draw on the same share: nothing but chance keeps these apart."""
    return _class_of(one) == _class_of(other)


def share(count: int, *content: object) -> int:
    """Which of `count` tasks that draw on one space gets this content, in range(count); in every month all get some."""
    return _number(content) // CLASSES % count


def _class_of(release: date) -> int:
    return (release.year * 12 + release.month) % CLASSES


def _number(content: tuple[object, ...]) -> int:
    return int.from_bytes(hashlib.sha256(repr(content).encode()).digest()[:8], "big")
