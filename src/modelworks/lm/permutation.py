"""A seeded order of range(size), computed place by place: nothing is stored, however large the range."""

import hashlib
from dataclasses import dataclass

_ROUNDS = 4


@dataclass(frozen=True)
class Permutation:
    """A bijection of range(`size`) onto itself, fixed by `salt`.

    A balanced Feistel network (Luby and Rackoff 1988) with BLAKE2b as its round function, on the next power of four;
    a value outside the range is sent through again until it falls inside (cycle walking: Black and Rogaway 2002).
    """

    size: int
    salt: str

    def __call__(self, place: int) -> int:
        """The number at `place`. Raises IndexError outside range(size)."""
        if not 0 <= place < self.size:
            raise IndexError(f"place {place} is outside range({self.size})")
        half = max(1, ((self.size - 1).bit_length() + 1) // 2)
        value = self._round_trip(place, half)
        while value >= self.size:
            value = self._round_trip(value, half)
        return value

    def _round_trip(self, value: int, half: int) -> int:
        left, right = value >> half, value & ((1 << half) - 1)
        for turn in range(_ROUNDS):
            left, right = right, left ^ seeded_number(f"{self.salt}:{turn}:{right}") & ((1 << half) - 1)
        return left << half | right


def seeded_number(salt: str) -> int:
    """A uniform number of 64 bits that depends on nothing but `salt`."""
    return int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "big")
