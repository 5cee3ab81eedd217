"""MinHash: the Jaccard similarity of two texts' sets of word runs, estimated from short signatures (Broder 1997).

Texts whose similarity is s agree in each of `permutations` places with probability s. Cut into `bands` bands of r
places, they share a whole band with probability 1 - (1 - s^r)^bands, so only texts that share one need comparing
(Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3).
"""

import hashlib
from functools import cache

import numpy
from numpy.typing import NDArray

from modelworks.lm.words import Hashes, Places, fold, grams, mix

Signatures = NDArray[numpy.uint16]


def signatures(words: Hashes, starts: Places, shingle_words: int, permutations: int) -> NDArray[numpy.uint32]:
    """uint32[documents, permutations], of documents whose words begin at `starts`; none may be empty.

    A document of fewer than `shingle_words` words has one shingle: all of it.
    """
    shingles, places = grams(words, starts, shingle_words)
    documents = numpy.searchsorted(starts, places, side="right") - 1
    short = numpy.bincount(documents, minlength=len(starts)) == 0
    if short.any():
        shingles = numpy.concatenate([shingles, fold(words, starts)[short]])
        documents = numpy.concatenate([documents, numpy.flatnonzero(short)])
        order = numpy.argsort(documents, kind="stable")
        shingles, documents = shingles[order], documents[order]
    firsts = numpy.searchsorted(documents, numpy.arange(len(starts)))
    small = (shingles >> numpy.uint64(32)).astype(numpy.uint32)
    found = numpy.empty((permutations, len(starts)), dtype=numpy.uint32)
    permuted = numpy.empty_like(small)
    for row, (factor, summand) in zip(found, _permutations(permutations), strict=True):
        numpy.multiply(small, factor, out=permuted)
        permuted += summand
        row[:] = numpy.minimum.reduceat(permuted, firsts)
    return numpy.ascontiguousarray(found.T)


def band_keys(signature: NDArray[numpy.uint32], bands: int) -> Hashes:
    """uint64[documents, bands]: equal where all places of that band are. `bands` divides the number of places."""
    documents, places = signature.shape
    rows = signature.astype(numpy.uint64).reshape(documents, bands, places // bands)
    keys = numpy.repeat(numpy.arange(bands, dtype=numpy.uint64)[None], documents, axis=0)
    for place in range(rows.shape[2]):
        keys = mix(keys + rows[:, :, place] + numpy.uint64(0x9E3779B97F4A7C15))
    return keys


def shorten(signature: NDArray[numpy.uint32]) -> Signatures:
    """The low 16 bits: unlike places then agree once in 65,536 times, and a signature is half as large."""
    return signature.astype(numpy.uint16)


def similarity(first: Signatures, second: Signatures) -> NDArray[numpy.float64]:
    """The share of equal places, row by row: estimates Jaccard s with variance s (1 - s) / places."""
    return (first == second).mean(axis=1)


@cache
def _permutations(count: int) -> list[tuple[numpy.uint32, numpy.uint32]]:
    """Odd factors and summands: x -> factor * x + summand permutes the 32-bit numbers."""
    drawn = numpy.frombuffer(hashlib.shake_128(b"minhash").digest(8 * count), dtype="<u4").reshape(count, 2)
    return [(numpy.uint32(factor | 1), numpy.uint32(summand)) for factor, summand in drawn]
