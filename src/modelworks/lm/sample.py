"""A seeded sample of things that have sizes."""

from collections.abc import Sequence

import numpy


def sample(sizes: Sequence[int], most: int, seed: int) -> list[int]:
    """The places of things drawn evenly until their sizes sum to `most`, ascending; all if they are less together."""
    order = numpy.random.default_rng(seed).permutation(len(sizes))
    before = numpy.cumsum([0, *(sizes[place] for place in order)])[:-1]
    return sorted(order[before < most].tolist())
