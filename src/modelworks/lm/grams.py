"""Which runs of words of a text also occur in the training text: a sorted table of 64-bit hashes, on disk.

A hash stands for its words: two different runs share one with a probability of about 1e-19, so among a thousand runs
looked up in a table of a thousand million, none is expected to be taken for another.
"""

import functools
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy
from numpy.typing import NDArray

Hashes = NDArray[numpy.uint64]

_FACTOR = 0x9E3779B97F4A7C15
_BLOCK = 1 << 21
_TYPE = numpy.dtype("<u8")


def grams(text: str, words: int) -> Hashes:
    """uint64[n]: a hash for each run of `words` words; case and white space do not distinguish two runs."""
    found = text.lower().split()
    count = len(found) - words + 1
    if count < 1:
        return numpy.empty(0, dtype=_TYPE)
    single = numpy.asarray([_word(word) for word in found], dtype=_TYPE)
    total = numpy.zeros(count, dtype=_TYPE)
    for place in range(words):
        total = total * numpy.uint64(_FACTOR) + single[place : place + count]
    return total


def write_table(path: Path, hashes: Iterable[Hashes]) -> int:
    """Write the different `hashes`, sorted, as little-endian uint64 one after another; how many there are.

    Memory does not grow with their number: sorted runs go to disk, and are merged one range of values after another.
    """
    with tempfile.TemporaryDirectory(prefix="grams-") as folder, open(path, "wb") as out:
        runs = [_write_run(Path(folder, f"{number}.u64"), run) for number, run in enumerate(_blocks(hashes))]
        sizes = [run.stat().st_size // _TYPE.itemsize for run in runs]
        ranges = max(1, -(-sum(sizes) // _BLOCK))
        edges = numpy.asarray([-(-number * 2**64 // ranges) for number in range(1, ranges)], dtype=_TYPE)
        cuts = [[0, *numpy.searchsorted(read_table(run), edges).tolist(), len(read_table(run))] for run in runs]
        total = 0
        for number in range(ranges if runs else 0):
            parts = [_read_part(run, *cut[number : number + 2]) for run, cut in zip(runs, cuts, strict=True)]
            merged = _different(numpy.concatenate(parts))
            merged.tofile(out)
            total += len(merged)
        return total


def read_table(path: Path) -> Hashes:
    """Map what `write_table` wrote. Raises ValueError if its length is not that of whole hashes."""
    size = path.stat().st_size
    if size % _TYPE.itemsize:
        raise ValueError(f"{path}: {size} bytes are no table of 64-bit hashes: build it anew")
    return numpy.memmap(path, dtype=_TYPE, mode="r") if size else numpy.empty(0, dtype=_TYPE)


def known(table: Hashes, hashes: Hashes) -> NDArray[numpy.bool_]:
    """Which of `hashes` are in the sorted `table`."""
    if not len(table):
        return numpy.zeros(len(hashes), dtype=bool)
    place = numpy.minimum(numpy.searchsorted(table, hashes), len(table) - 1)
    return numpy.asarray(table[place] == hashes)


@functools.lru_cache(maxsize=1 << 16)
def _word(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def _blocks(hashes: Iterable[Hashes]) -> Iterator[Hashes]:
    waiting: list[Hashes] = []
    size = 0
    for part in hashes:
        waiting.append(part)
        size += len(part)
        if size >= _BLOCK:
            yield _different(numpy.concatenate(waiting))
            waiting, size = [], 0
    if size:
        yield _different(numpy.concatenate(waiting))


def _different(hashes: Hashes) -> Hashes:
    """Each once, sorted. (numpy.unique hashes them first, which takes ten times as long.)"""
    ordered = numpy.sort(hashes)
    return ordered[numpy.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def _read_part(path: Path, begin: int, end: int) -> Hashes:
    """Read, not mapped: mapped pages would count as memory until another needs them."""
    return numpy.fromfile(path, dtype=_TYPE, count=end - begin, offset=begin * _TYPE.itemsize)


def _write_run(path: Path, run: Hashes) -> Path:
    run.astype(_TYPE).tofile(path)
    return path
