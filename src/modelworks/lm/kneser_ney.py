"""A byte-level n-gram model with interpolated modified Kneser-Ney smoothing: a strong baseline that only counts.

Source: Chen and Goodman (1999), An empirical study of smoothing techniques for language modeling, section 3.

    p(w | h) = (max(c(hw) - D(c(hw)), 0) + (D1 N1(h) + D2 N2(h) + D3 N3(h)) p(w | h')) / c(h)

h' is h without its first byte; c is a count at the highest order and the number of different preceding bytes below it;
N1, N2 and N3 are how many bytes follow h once, twice and more often. Below the unigrams lies the uniform distribution
over the 256 bytes. Each text begins after a mark that no byte equals, so that no n-gram spans two texts.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

_SYMBOL_BITS = 9
_START = 256
_HIGHEST_ORDER = 63 // _SYMBOL_BITS
_BLOCK_BYTES = 1 << 22
_FALLBACK = (0.5, 1.0, 1.5)

Keys = NDArray[numpy.int64]
Values = NDArray[numpy.float64]


@dataclass(frozen=True)
class _Order:
    """The n-grams of one length as sorted keys, what each adds to its byte, and what each context leaves below."""

    grams: Keys
    own: Values
    contexts: Keys
    below: Values

    def probability(self, keys: Keys, lower: Values) -> Values:
        """p(w | h) of the n-grams `keys`, from p(w | h') `lower`."""
        context_found, context = _find(self.contexts, keys >> _SYMBOL_BITS)
        found, place = _find(self.grams, keys)
        own = numpy.where(found, self.own[place], 0.0)
        return numpy.where(context_found, own + self.below[context] * lower, lower)


class KneserNey:
    """A model of `order`-grams, fitted on texts; memory grows with the number of different n-grams."""

    def __init__(self, texts: Iterable[bytes], order: int = 5) -> None:
        if not 1 <= order <= _HIGHEST_ORDER:
            raise ValueError(f"order must be 1 to {_HIGHEST_ORDER}, got {order}")
        self.order = order
        grams, counts = _count(texts, order)
        self._orders: list[_Order] = []
        for length in range(order, 0, -1):
            self._orders.insert(0, _smoothed(grams, counts))
            grams, counts = numpy.unique(grams & _mask(length - 1), return_counts=True)

    def probabilities(self, text: bytes) -> Values:
        """float64[len(text)]: the probability of each byte after those before it in `text`."""
        keys = _keys(text, self.order)
        result = numpy.full(len(keys), 1 / 256)
        for length, order in enumerate(self._orders, 1):
            result = order.probability(keys & _mask(length), result)
        return result

    def bits(self, texts: Iterable[bytes]) -> float:
        """The bits that `texts` cost, each from its own start."""
        return math.fsum(-float(numpy.log2(self.probabilities(text)).sum()) for text in texts)


def _mask(length: int) -> int:
    return (1 << _SYMBOL_BITS * length) - 1


def _keys(text: bytes, order: int) -> Keys:
    """int64[len(text)]: the `order`-gram that ends at each byte, `_START` standing for what lies before the text."""
    symbols = numpy.concatenate([numpy.full(order - 1, _START), numpy.frombuffer(text, dtype=numpy.uint8)])
    keys = numpy.zeros(len(text), dtype=numpy.int64)
    for place in range(order):
        keys = keys << _SYMBOL_BITS | symbols[place : place + len(text)].astype(numpy.int64)
    return keys


def _count(texts: Iterable[bytes], order: int) -> tuple[Keys, Keys]:
    """The different n-grams, sorted, and how often each occurs: counted block by block."""
    grams, counts = numpy.empty(0, dtype=numpy.int64), numpy.empty(0, dtype=numpy.int64)
    for block in _blocks(texts, order):
        fresh, found = numpy.unique(block, return_counts=True)
        everything = numpy.concatenate([grams, fresh])
        grams, place = numpy.unique(everything, return_inverse=True)
        sums = numpy.bincount(place, weights=numpy.concatenate([counts, found]), minlength=len(grams))
        counts = sums.astype(numpy.int64)
    return grams, counts


def _blocks(texts: Iterable[bytes], order: int) -> Iterator[Keys]:
    waiting: list[Keys] = []
    size = 0
    for text in texts:
        waiting.append(_keys(text, order))
        size += len(text)
        if size >= _BLOCK_BYTES:
            yield numpy.concatenate(waiting)
            waiting, size = [], 0
    if waiting:
        yield numpy.concatenate(waiting)


def _smoothed(grams: Keys, counts: Keys) -> _Order:
    discounts = _discounts(counts)
    discount = numpy.asarray([0.0, *discounts])[numpy.minimum(counts, 3)]
    contexts, first = numpy.unique(grams >> _SYMBOL_BITS, return_index=True)
    if not len(grams):
        return _Order(numpy.zeros(1, numpy.int64) - 1, numpy.zeros(1), numpy.zeros(1, numpy.int64) - 1, numpy.ones(1))
    totals = numpy.add.reduceat(counts, first).astype(numpy.float64)
    below = numpy.add.reduceat(discount, first) / totals
    place = numpy.repeat(numpy.arange(len(contexts)), numpy.diff([*first.tolist(), len(grams)]))
    return _Order(grams, (counts - discount) / totals[place], contexts, below)


def _discounts(counts: Keys) -> tuple[float, float, float]:
    """D1, D2, D3 from the numbers of n-grams that occur 1, 2, 3 and 4 times (equation 26 of the paper).

    Where these are too few to give discounts between 0 and 1, 2, 3 (unigrams of a long text), 0.5, 1, 1.5.
    """
    once, twice, thrice, four = (int((counts == times).sum()) for times in (1, 2, 3, 4))
    if not (once and twice and thrice and four):
        return _FALLBACK
    share = once / (once + 2 * twice)
    found = 1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * four / thrice
    fits = all(0 <= value <= most for most, value in enumerate(found, 1))
    return found if fits else _FALLBACK


def _find(sorted_keys: Keys, wanted: Keys) -> tuple[NDArray[numpy.bool_], NDArray[numpy.intp]]:
    """Which of `wanted` are among `sorted_keys`, and where (anywhere for those that are not)."""
    place = numpy.minimum(numpy.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return sorted_keys[place] == wanted, place
