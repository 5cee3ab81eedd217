"""What a text costs without a language model: counting, and general-purpose compressors."""

import lzma
import math
import zlib

import numpy
from numpy.typing import NDArray

_LARGEST_DICTIONARY = 1 << 29


def unigram_bits(train: NDArray[numpy.integer], held_out: NDArray[numpy.integer], symbols: int) -> float:
    """Bits of `held_out` under the add-one frequencies of `train`; both hold symbols from 0 to `symbols - 1`."""
    counts = numpy.bincount(train, minlength=symbols) + 1.0
    return float(-numpy.log2(counts / counts.sum())[held_out].sum())


def zlib_bits(text: bytes) -> int:
    """Bits of `text` as a zlib stream of the highest level."""
    return 8 * len(zlib.compress(text, 9))


def lzma_bits(text: bytes, primer: bytes = b"") -> int:
    """Bits that `text` adds to an lzma stream that already holds `primer`.

    The raw stream without container, tuned for text (pb 0), with a dictionary that reaches back over everything
    (to 512 MiB): the strongest setting that lzma has.
    """
    return 8 * (len(_lzma(primer + text)) - (len(_lzma(primer)) if primer else 0))


def _lzma(text: bytes) -> bytes:
    size = min(_LARGEST_DICTIONARY, max(1 << 16, 1 << math.ceil(math.log2(max(1, len(text))))))
    filters = [
        {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": size, "lc": 3, "lp": 0, "pb": 0}
    ]
    return lzma.compress(text, format=lzma.FORMAT_RAW, filters=filters)
