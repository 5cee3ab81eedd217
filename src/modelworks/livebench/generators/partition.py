"""Which release a question may be in, so that two releases share none."""

import hashlib
from datetime import date

CLASSES = 24


def is_of_release(identity: str, release: date) -> bool:
    """Whether a question with this content belongs to the release's month: one in 24 does.

    Releases of different months, less than two years apart, are disjoint by construction, whatever their seeds.
    """
    number = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "big")
    return number % CLASSES == (release.year * 12 + release.month) % CLASSES
