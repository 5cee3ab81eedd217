"""Claims about the measure of what validation and training text share, and what is left out for it."""

import random

import numpy
import pytest

from modelworks.lm import overlap as overlap_module
from modelworks.lm.layout import Layout
from modelworks.lm.overlap import Grams, Index, Overlap


def words(start: int, count: int) -> str:
    return " ".join(f"w{number}" for number in range(start, start + count))


def measure(train: list[str], validation: list[str], size: int) -> Overlap:
    held = Grams(size)
    held.add("all", validation)
    index = Index(held.held["all"], size, held.one_in)
    for text in train:
        index.search(Layout([text.split("\n\n")]))
    return index.count(held.held["all"])


def test_the_overlap_counts_planted_runs_exactly() -> None:
    train = [words(0, 40)]
    planted = words(100, 5) + " " + words(10, 15).upper().replace(" ", "\n") + " " + words(200, 5)
    assert measure(train, [planted], 13) == Overlap(found=3, total=25 - 12)
    assert measure(train, [words(10, 12)], 13) == Overlap(found=0, total=0)
    assert measure(train, [words(300, 13)], 13) == Overlap(found=0, total=1)


def test_the_overlap_counts_repeats_and_never_spans_two_texts() -> None:
    assert measure(["a b c", "d e f"], ["a b c a b c", "c d"], 2) == Overlap(found=4, total=6)
    assert Overlap(found=4, total=6).share == pytest.approx(2 / 3)
    assert Overlap(0, 0).share == 0


@pytest.mark.parametrize("seed", range(10))
def test_the_overlap_is_that_of_sets_of_words(seed: int) -> None:
    generator = random.Random(seed)
    train, validation = ([" ".join(generator.choices("abcdef", k=60)) for _ in range(8)] for _ in range(2))
    runs = [[tuple(t.split()[i : i + 4]) for t in texts for i in range(57)] for texts in (train, validation)]
    expected = Overlap(sum(run in set(runs[0]) for run in runs[1]), len(runs[1]))
    assert measure(train, validation, 4) == expected


def test_a_search_names_the_paragraphs_that_a_wanted_run_touches() -> None:
    held = Grams(4)
    held.add("all", ["b1 b2 c1 c2", "e1 e2 e3 e4 e5"])
    index = Index(held.held["all"], 4, held.one_in)
    texts = [["a1 a2 a3 a4", "b0 b1 b2", "c1 c2 c3", "d"], ["b1 b2", "x"], ["c1 c2", "e0 e1 e2 e3 e4"]]
    assert index.search(Layout(texts)).tolist() == [False, True, True, False, False, False, False, True]
    assert index.search(Layout([])).tolist() == []


def test_a_sample_of_many_runs_does_not_depend_on_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap_module, "_MOST_GRAMS", 500)
    texts = [words(1000 * number, 100) for number in range(60)]
    found = []
    for order in (texts, texts[::-1]):
        held = Grams(13)
        for text in order:
            held.add("all", [text])
        found.append((held.one_in, sorted(held.held["all"].tolist())))
    assert found[0] == found[1]
    one_in, hashes = found[0]
    assert one_in in (8, 16, 32)
    assert len(hashes) == pytest.approx(60 * 88 / one_in, rel=0.3)
    index = Index(numpy.array(hashes, dtype=numpy.uint64), 13, one_in)
    for text in texts[:30]:
        index.search(Layout([[text]]))
    assert index.count(numpy.array(hashes, dtype=numpy.uint64)).share == pytest.approx(0.5, abs=0.15)
