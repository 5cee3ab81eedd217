"""Claims about the baselines, on texts whose cost is known."""

import random

import numpy
import pytest

from modelworks.lm.baselines import lzma_bits, unigram_bits, zlib_bits


def test_the_unigram_cost_of_a_known_text_is_exact() -> None:
    train, held_out = numpy.frombuffer(b"aab", numpy.uint8) - 97, numpy.frombuffer(b"abc", numpy.uint8) - 97
    # add-one counts of a, b, c, d: 3, 2, 1, 1 of 7
    expected = -sum(numpy.log2([3 / 7, 2 / 7, 1 / 7]))
    assert unigram_bits(train, held_out, 4) == pytest.approx(expected)


def test_uniform_bytes_cost_eight_bits_each_under_an_empty_unigram() -> None:
    nothing = numpy.array([], dtype=numpy.uint8)
    assert unigram_bits(nothing, numpy.arange(256), 256) == pytest.approx(256 * 8)


def test_incompressible_bytes_cost_their_length_and_a_little() -> None:
    noise = random.Random(1).randbytes(10_000)
    for bits in (zlib_bits(noise), lzma_bits(noise)):
        assert 80_000 < bits < 80_400


def test_the_primer_pays_for_what_it_already_holds() -> None:
    noise = random.Random(1).randbytes(10_000)
    assert lzma_bits(noise, primer=noise) < 4_000
    far = random.Random(2).randbytes(1 << 17)
    assert lzma_bits(noise, primer=noise + far) < 4_000
    assert lzma_bits(noise, primer=far) > 79_000
