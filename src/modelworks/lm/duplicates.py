"""Which of many numbered things repeat an earlier one: by equal hashes, or through pairs that are alike."""

from typing import Any

import numpy
from numpy.typing import NDArray

from modelworks.lm.words import Hashes, Places


def repeats(hashes: Hashes, numbers: Places, places: NDArray[Any]) -> NDArray[numpy.bool_]:
    """True for each row whose hash occurs in a row that comes earlier, by number and then by place."""
    order = numpy.lexsort((places, numbers, hashes))
    ordered = hashes[order]
    repeated = numpy.zeros(len(hashes), dtype=numpy.bool_)
    repeated[order[1:]] = ordered[1:] == ordered[:-1]
    return repeated


def firsts(hashes: Hashes, numbers: Places) -> Places:
    """For each row the lowest number of a row with its hash."""
    order = numpy.lexsort((numbers, hashes))
    new = numpy.concatenate([[True], hashes[order][1:] != hashes[order][:-1]])[: len(order)]
    found = numpy.empty_like(numbers)
    found[order] = numbers[order][new][numpy.cumsum(new) - 1]
    return found


def candidates(keys: Hashes, numbers: Places) -> tuple[Places, Places]:
    """Pairs (first, second), first < second, of numbers that share a key, each pair once, ascending.

    Of the numbers that share a key, each is paired with the lowest and with the one before it: a linear number of pairs
    from however many that are alike, which still connect all of them.
    """
    order = numpy.lexsort((numbers, keys))
    keys, numbers = keys[order], numbers[order]
    new = numpy.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    lowest = numbers[new][numpy.cumsum(new) - 1]
    later = numpy.flatnonzero(~new)
    first = numpy.concatenate([lowest[later], numbers[later - 1]])
    second = numpy.concatenate([numbers[later], numbers[later]])
    unlike = first != second
    first, second = first[unlike], second[unlike]
    order = numpy.lexsort((second, first))
    first, second = first[order], second[order]
    new = numpy.concatenate([[True], (first[1:] != first[:-1]) | (second[1:] != second[:-1])])[: len(first)]
    return first[new], second[new]


def lowest_connected(numbers: Places, first: Places, second: Places) -> Places:
    """For each of `numbers` (ascending) the lowest number that pairs (first[i], second[i]) lead to from it."""
    places = numpy.arange(len(numbers))
    left, right = numpy.searchsorted(numbers, first), numpy.searchsorted(numbers, second)
    labels = places.copy()
    while True:
        before = labels.copy()
        low = numpy.minimum(labels[left], labels[right])
        for ends in (left, right, before[left], before[right]):
            numpy.minimum.at(labels, ends, low)
        labels = labels[labels]
        if (labels == before).all():
            return numbers[labels]
