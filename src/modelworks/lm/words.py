"""Hashes of words, word runs and paragraphs, computed over whole batches of UTF-8 text with no loop over words.

A word is a run of bytes above 32, ASCII letters without their case. All hashes have 64 bits, are the same on every
machine, and are for finding equal text, not for security: polynomials modulo 2^64, mixed by the finaliser of
SplitMix64 (Steele, Lea and Flood 2014). Text made to collide, collides.
"""

import functools
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Hashes = NDArray[numpy.uint64]
Places = NDArray[numpy.int64]

_CHUNK = 1 << 16
_BYTE_BASE, _WORD_BASE = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95
_BYTE_INVERSE, _WORD_INVERSE = (pow(base, -1, 1 << 64) for base in (_BYTE_BASE, _WORD_BASE))


@dataclass(frozen=True)
class Words:
    """`starts` int64[w]: the byte at which each word begins; `hashes` uint64[w]."""

    starts: Places
    hashes: Hashes


def mix(values: Hashes) -> Hashes:
    """A bijection of 64-bit numbers after which every bit depends on all bits."""
    mixed = values ^ (values >> numpy.uint64(30))
    mixed *= numpy.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> numpy.uint64(27)
    mixed *= numpy.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> numpy.uint64(31)
    return mixed


def find_words(text: bytes) -> Words:
    """All words of `text`. A word of more than 65,536 bytes counts as several of that length and a shorter one."""
    data = numpy.frombuffer(text, dtype=numpy.uint8)
    pieces = []
    begin = 0
    while begin < len(data):
        end = _piece_end(data, begin)
        pieces.append(_piece(data[begin:end], begin))
        begin = end
    if not pieces:
        return Words(numpy.empty(0, numpy.int64), numpy.empty(0, numpy.uint64))
    return Words(*(numpy.concatenate(parts) for parts in zip(*pieces, strict=True)))


def fold(hashes: Hashes, starts: Places) -> Hashes:
    """One hash for each run of `hashes` that begins at `starts` (ascending, no empty run): its elements in order."""
    if not len(starts):
        return numpy.empty(0, numpy.uint64)
    lengths = numpy.diff(starts, append=len(hashes))
    places = numpy.arange(starts[0], len(hashes)) - numpy.repeat(starts, lengths)
    powers = _powers(_WORD_BASE, int(lengths.max()))
    sums = numpy.add.reduceat(hashes[starts[0] :] * powers[places], starts - starts[0])
    return mix(sums + mix(lengths.astype(numpy.uint64)))


def grams(hashes: Hashes, starts: Places, size: int) -> tuple[Hashes, Places]:
    """(the hash of each run of `size` neighbours in one group, where each begins); groups begin at `starts`.

    Groups may be empty; one that is shorter than `size` gives none.
    """
    count = len(hashes) - size + 1
    groups = numpy.repeat(numpy.arange(len(starts)), numpy.diff(starts, append=len(hashes)))
    if count <= 0:
        return numpy.empty(0, numpy.uint64), numpy.empty(0, numpy.int64)
    sums = numpy.zeros(len(hashes) + 1, dtype=numpy.uint64)
    numpy.cumsum(hashes * _powers(_WORD_BASE, len(hashes)), out=sums[1:])
    summed = (sums[size:] - sums[:count]) * _powers(_WORD_INVERSE, count)
    inside = groups[:count] == groups[size - 1 :]
    return mix(summed[inside]), numpy.flatnonzero(inside)


def _piece_end(data: NDArray[numpy.uint8], begin: int) -> int:
    """Just after the last gap of the piece: where a word is cut depends on that word alone."""
    end = begin + _CHUNK
    if end >= len(data):
        return len(data)
    for width in (_CHUNK // 16, _CHUNK):
        gaps = numpy.flatnonzero(data[end - width : end] <= 32)
        if len(gaps):
            return end - width + int(gaps[-1]) + 1
    return end


def _piece(data: NDArray[numpy.uint8], offset: int) -> tuple[Places, Hashes]:
    inside = numpy.zeros(len(data) + 2, dtype=numpy.bool_)
    inside[1:-1] = data > 32
    edges = numpy.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    sums = numpy.empty(len(data) + 1, dtype=numpy.uint64)
    sums[0] = 0
    values = numpy.take(_byte_values(), data, mode="clip")
    values *= _powers(_BYTE_BASE, _CHUNK)[: len(data)]
    numpy.cumsum(values, out=sums[1:])
    inverse = _powers(_BYTE_INVERSE, _CHUNK)
    hashes = (sums[ends] - sums[starts]) * inverse[starts] + (ends - starts).astype(numpy.uint64)
    return starts + offset, mix(hashes)


@functools.cache
def _byte_values() -> Hashes:
    lowered = numpy.frombuffer(bytes(range(256)).lower(), dtype=numpy.uint8)
    return mix(lowered.astype(numpy.uint64) + numpy.uint64(1))


@functools.cache
def _power_table(base: int, length: int) -> Hashes:
    factors = numpy.full(length, base, dtype=numpy.uint64)
    factors[0] = 1
    return numpy.cumprod(factors, dtype=numpy.uint64)


def _powers(base: int, length: int) -> Hashes:
    """base^0, base^1, ..., `length` of them, modulo 2^64."""
    return _power_table(base, 1 << max(0, length - 1).bit_length())[:length]
