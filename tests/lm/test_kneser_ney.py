"""Claims about the Kneser-Ney model: a distribution, and the one of the paper."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy
import pytest

from modelworks.lm import kneser_ney
from modelworks.lm.kneser_ney import KneserNey

START = 256


class Plain:
    """The equations of Chen and Goodman (1999), one n-gram at a time."""

    def __init__(self, texts: Sequence[bytes], order: int) -> None:
        marked = [[START] * (order - 1) + list(text) for text in texts]
        grams = [tuple(t[i : i + order]) for t in marked for i in range(len(t) - order + 1)]
        self.counts: list[Counter[tuple[int, ...]]] = [Counter(grams)]
        for _ in range(order - 1):
            self.counts.insert(0, Counter(gram[1:] for gram in self.counts[0]))
        self.order = order

    def discount(self, level: int, count: int) -> float:
        if not count:
            return 0.0
        numbers = Counter(self.counts[level].values())
        n = [numbers[times] for times in range(5)]
        if not all(n[1:]):
            return [0.5, 1.0, 1.5][min(count, 3) - 1]
        y = n[1] / (n[1] + 2 * n[2])
        found = [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
        if not all(0 <= value <= most for most, value in enumerate(found, 1)):
            found = [0.5, 1.0, 1.5]
        return found[min(count, 3) - 1]

    def probability(self, context: tuple[int, ...], byte: int) -> float:
        lower = self.probability(context[1:], byte) if context else 1 / 256
        level = len(context)
        following = {gram[-1]: c for gram, c in self.counts[level].items() if gram[:-1] == context}
        total = sum(following.values())
        if not total:
            return lower
        count = following.get(byte, 0)
        left = sum(self.discount(level, c) for c in following.values())
        return (count - self.discount(level, count) + left * lower) / total


def texts() -> list[bytes]:
    generator = random.Random(3)
    words = [generator.randbytes(generator.randint(1, 4)) for _ in range(12)]
    return [b" ".join(generator.choices(words, k=generator.randint(1, 60))) for _ in range(8)]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_each_probability_equals_that_of_the_plain_equations(order: int) -> None:
    train, held_out = texts()[:6], [*texts()[6:], b"", b"quite new", texts()[0]]
    model, plain = KneserNey(train, order), Plain(train, order)
    for text in held_out:
        marked = [START] * (order - 1) + list(text)
        expected = [
            plain.probability(tuple(marked[i : i + order - 1]), marked[i + order - 1]) for i in range(len(text))
        ]
        assert model.probabilities(text).tolist() == pytest.approx(expected, rel=1e-12)
    whole = sum(-math.log2(p) for text in held_out for p in model.probabilities(text))
    assert model.bits(held_out) == pytest.approx(whole)


@pytest.mark.parametrize("train", [texts(), [], [b""], [b"a"], [b"aaaaaaaa"]])
def test_probabilities_of_all_bytes_sum_to_one_after_any_context(train: list[bytes]) -> None:
    model = KneserNey(train)
    generator = random.Random(5)
    known = b"".join(texts())
    starts = [generator.randrange(len(known) - 9) for _ in range(8)]
    for context in [b"", b"a", *(known[start : start + 9] for start in starts), generator.randbytes(6)]:
        last = [model.probabilities(context + bytes([byte]))[-1] for byte in range(256)]
        assert sum(last) == pytest.approx(1, abs=1e-12)
        assert min(last) > 0


def test_counting_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = KneserNey(texts()).probabilities(texts()[0])
    monkeypatch.setattr(kneser_ney, "_BLOCK_BYTES", 50)
    assert numpy.array_equal(KneserNey(texts()).probabilities(texts()[0]), whole)


def test_an_order_whose_keys_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="order must be 1 to 7, got 8"):
        KneserNey([], order=8)
