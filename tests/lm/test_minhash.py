"""Claims about near-duplicate detection: its error follows from theory, and the figures are shown."""

import random
from collections.abc import Callable
from functools import cache

import numpy
import pytest

from modelworks.lm.duplicates import candidates, firsts, lowest_connected, repeats
from modelworks.lm.layout import Layout
from modelworks.lm.minhash import band_keys, shorten, signatures, similarity

PERMUTATIONS, BANDS, THRESHOLD, WORDS = 128, 16, 0.8, 5
PAIRS = 400


def planted(jaccard: float, pairs: int, seed: int) -> list[list[str]]:
    """Texts, two after each other with exactly that Jaccard similarity of their sets of 5-word runs."""
    shingles = {0.5: 150, 0.7: 170, 0.8: 180, 0.9: 190}[jaccard]
    common = round(2 * shingles * jaccard / (1 + jaccard))
    generator = random.Random(seed)
    texts = []
    for _ in range(pairs):
        words = [f"w{number}" for number in generator.sample(range(10**9), 2 * shingles + 2 * WORDS)]
        start, rest = words[: common + WORDS - 1], words[common + WORDS - 1 :]
        own = shingles - common
        texts += [[" ".join([*start, *rest[:own]])], [" ".join([*start, *rest[own : 2 * own]])]]
    return texts


def exact(first: str, second: str) -> float:
    runs = []
    for text in (first, second):
        words = text.split()
        runs.append({tuple(words[place : place + WORDS]) for place in range(len(words) - WORDS + 1)})
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


@cache
def expected(jaccard: float) -> float:
    """How likely a pair shares a band and is estimated at the threshold, if places agree independently."""
    agree = numpy.random.default_rng(1).random((100_000, PERMUTATIONS)) < jaccard
    shared = agree.reshape(len(agree), BANDS, -1).all(axis=2).any(axis=1)
    return float((shared & (agree.mean(axis=1) >= THRESHOLD)).mean())


def found(texts: list[list[str]]) -> list[tuple[int, int]]:
    """The pairs of texts that the stages would find."""
    layout = Layout(texts)
    sketch = signatures(layout.words, layout.text_words, WORDS, PERMUTATIONS)
    keys = band_keys(sketch, BANDS)
    first, second = candidates(keys.ravel(), numpy.repeat(numpy.arange(len(texts)), BANDS))
    alike = similarity(shorten(sketch)[first], shorten(sketch)[second]) >= THRESHOLD
    return list(zip(first[alike].tolist(), second[alike].tolist(), strict=True))


@pytest.mark.parametrize("jaccard", [0.5, 0.7, 0.8, 0.9])
def test_planted_pairs_are_found_as_often_as_theory_says(
    jaccard: float, record_property: Callable[[str, object], None]
) -> None:
    texts = planted(jaccard, PAIRS, seed=11)
    assert exact(texts[0][0], texts[1][0]) == pytest.approx(jaccard)
    pairs = found(texts)
    assert all(second == first + 1 and first % 2 == 0 for first, second in pairs), "unrelated texts are never a pair"
    chance = expected(jaccard)
    record_property("found", f"Jaccard {jaccard}: {len(pairs)} of {PAIRS} pairs, {chance:.2%} expected")
    margin = 4 * (PAIRS * chance * (1 - chance)) ** 0.5 + 1
    assert abs(len(pairs) - PAIRS * chance) <= margin


def test_the_settings_find_near_copies_and_leave_others_alone() -> None:
    assert expected(0.9) > 0.99
    assert 0.4 < expected(0.8) < 0.6
    assert expected(0.7) < 0.02


@pytest.mark.parametrize("jaccard", [0.7, 0.8, 0.9])
def test_a_shared_band_is_as_likely_as_the_curve_says(jaccard: float) -> None:
    layout = Layout(planted(jaccard, PAIRS, seed=12))
    keys = band_keys(signatures(layout.words, layout.text_words, WORDS, PERMUTATIONS), BANDS)
    shared = int((keys[::2] == keys[1::2]).any(axis=1).sum())
    chance = 1 - (1 - jaccard ** (PERMUTATIONS // BANDS)) ** BANDS
    assert abs(shared - PAIRS * chance) <= 4 * (PAIRS * chance * (1 - chance)) ** 0.5 + 1


def test_the_estimate_has_the_spread_of_independent_places() -> None:
    layout = Layout(planted(0.8, PAIRS, seed=13))
    sketch = shorten(signatures(layout.words, layout.text_words, WORDS, PERMUTATIONS))
    estimates = similarity(sketch[::2], sketch[1::2])
    assert estimates.mean() == pytest.approx(0.8, abs=0.01)
    assert estimates.std() == pytest.approx((0.8 * 0.2 / PERMUTATIONS) ** 0.5, rel=0.2)


def test_a_text_shorter_than_a_run_is_one_run() -> None:
    layout = Layout([["a b"], ["x y z"], ["A\nb"], ["a b c"], ["a b c d e f"]])
    sketch = signatures(layout.words, layout.text_words, WORDS, PERMUTATIONS)
    assert (sketch[0] == sketch[2]).all()
    assert (sketch[0] == sketch[3]).mean() < 0.1
    alone = Layout([["a b c d e f"]])
    assert (signatures(alone.words, alone.text_words, WORDS, PERMUTATIONS)[0] == sketch[4]).all()


def test_many_copies_give_few_pairs_that_connect_them_all() -> None:
    copies = 1000
    keys = numpy.full(copies, 7, dtype=numpy.uint64)
    first, second = candidates(keys, numpy.arange(copies))
    assert len(first) < 2 * copies
    assert (lowest_connected(numpy.arange(copies), first, second) == 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_the_lowest_connected_number_is_found_in_any_graph(seed: int) -> None:
    generator = random.Random(seed)
    numbers = sorted(generator.sample(range(1000), 60))
    pairs = [tuple(generator.sample(numbers, 2)) for _ in range(generator.choice([0, 10, 40, 100]))]
    lowest = {number: number for number in numbers}
    for _ in numbers:
        for pair in pairs:
            lowest |= dict.fromkeys(pair, min(lowest[end] for end in pair))
    ends = [numpy.array([pair[side] for pair in pairs], dtype=numpy.int64) for side in (0, 1)]
    assert lowest_connected(numpy.array(numbers), *ends).tolist() == list(lowest.values())


def test_a_long_chain_is_one_cluster_whatever_its_order() -> None:
    numbers = numpy.random.default_rng(2).permutation(3000)
    kept = lowest_connected(numpy.arange(3000), numbers[:-1], numbers[1:])
    assert (kept == 0).all()


def test_repeats_are_all_but_the_first_by_number_and_place() -> None:
    hashes = numpy.array([5, 5, 6, 5, 6, 7], dtype=numpy.uint64)
    numbers = numpy.array([3, 1, 2, 1, 2, 0])
    places = numpy.array([0, 4, 1, 2, 0, 0])
    assert repeats(hashes, numbers, places).tolist() == [True, True, True, False, False, False]
    assert firsts(hashes, numbers).tolist() == [1, 1, 2, 1, 2, 0]
    none = numpy.empty(0, dtype=numpy.uint64)
    assert len(repeats(none, places[:0], places[:0])) == len(firsts(none, places[:0])) == 0
