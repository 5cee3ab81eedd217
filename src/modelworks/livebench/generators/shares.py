"""Which of all questions that could be asked belong to a release: the shares of two releases have none in common."""

import hashlib
from datetime import date

RELEASES = 24  # months: two releases in different months of two years never share a question


def is_of(content: str, release: date) -> bool:
    """Whether a question with this content belongs to the share of the release's month."""
    drawn = int.from_bytes(hashlib.blake2b(content.encode(), digest_size=8).digest(), "big")
    return drawn % RELEASES == (release.year * 12 + release.month) % RELEASES
