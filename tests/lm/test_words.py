"""Claims about the hashes of words and of runs of words."""

import random

import numpy
import pytest

from modelworks.lm import words as words_module
from modelworks.lm.layout import Layout
from modelworks.lm.words import find_words, fold, grams

TEXT = "Der  schnelle\tbraune Fuchs\n\nspringt über den\nfaulen Hund, über den"


def test_words_are_found_where_they_begin_and_equal_words_have_equal_hashes() -> None:
    found = find_words(TEXT.encode())
    starts = [len(TEXT[: place + 1].encode()) - len(TEXT[place].encode()) for place in range(len(TEXT))]
    expected = [starts[p] for p in range(len(TEXT)) if not TEXT[p].isspace() and (p == 0 or TEXT[p - 1].isspace())]
    assert found.starts.tolist() == expected
    split = TEXT.lower().split()
    by_word = dict(zip(split, found.hashes.tolist(), strict=True))
    assert [by_word[word] for word in split] == found.hashes.tolist()
    assert len(set(by_word.values())) == len(set(split))


def test_case_and_white_space_do_not_matter_and_everything_else_does() -> None:
    assert find_words(b"ABC d").hashes.tolist() == find_words(b"\n abc\t\td").hashes.tolist()
    hashes = [
        int(find_words(text).hashes[0]) for text in (b"ab", b"ba", b"abb", b"b", b"a", b"aa", b"\xc3\xa4", b"\x7f")
    ]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("before", [0, 1, 65_000, 65_535, 65_536, 131_071])
def test_the_hash_of_a_word_does_not_depend_on_what_lies_before_it(before: int) -> None:
    for word in (b"word", b"x" * 5_000, b"y" * 200_000):
        alone = find_words(word).hashes.tolist()
        prefix = (b"ab " * before)[: max(0, before - 1)] + b" " * bool(before)
        assert find_words(prefix + word).hashes.tolist()[-len(alone) :] == alone


def test_an_empty_text_has_no_words() -> None:
    for text in (b"", b" \n\n "):
        assert len(find_words(text).hashes) == 0


def test_runs_are_equal_exactly_where_their_words_are_equal_and_stay_in_their_group() -> None:
    generator = random.Random(3)
    texts = [" ".join(generator.choices("abc", k=generator.choice([0, 1, 2, 3, 30]))) for _ in range(200)]
    content = "\n".join(texts).encode()
    found = find_words(content)
    begins = numpy.cumsum([0, *(len(text) + 1 for text in texts)])[:-1]
    hashes, places = grams(found.hashes, numpy.searchsorted(found.starts, begins), 3)
    expected, flat = [], [word for text in texts for word in text.split()]
    first = 0
    for text in texts:
        count = len(text.split())
        expected += range(first, first + count - 2)
        first += count
    assert places.tolist() == expected
    runs = [tuple(flat[place : place + 3]) for place in places]
    by_run = dict(zip(runs, hashes.tolist(), strict=True))
    assert [by_run[run] for run in runs] == hashes.tolist()
    assert len(set(by_run.values())) == len(by_run) == 27


def test_a_fold_depends_on_order_and_length() -> None:
    one, two, zero = numpy.array([1, 2, 0], dtype=numpy.uint64)
    groups = [[one, two], [two, one], [one], [one, zero], [zero], [zero, zero], [one, two]]
    flat = numpy.array([value for group in groups for value in group], dtype=numpy.uint64)
    starts = numpy.cumsum([0, *map(len, groups)])[:-1]
    folded = fold(flat, starts).tolist()
    assert folded[0] == folded[-1]
    assert len(set(folded)) == len(groups) - 1


def test_the_hashes_are_the_same_on_every_machine() -> None:
    found = find_words(b"the same everywhere")
    run, _ = grams(found.hashes, numpy.array([0]), 3)
    assert [f"{value:016x}" for value in (*found.hashes.tolist(), *run.tolist())] == [
        "cdcd0767b06bd8c6",
        "0c8c60720d868219",
        "8b5571c979401a89",
        "414617f8bd7a2473",
    ]


def test_a_layout_gives_every_paragraph_its_words_and_bytes() -> None:
    texts = [["one two", "  three\nfour "], ["é"], ["five", "six", "seven eight"]]
    layout = Layout(texts)
    assert layout.sizes.tolist() == [7, 13, 2, 4, 3, 11]
    assert layout.first_words.tolist() == [0, 2, 4, 5, 6, 7]
    assert layout.first_paragraphs.tolist() == [0, 2, 3]
    assert layout.text_words.tolist() == [0, 4, 5]
    assert len(Layout([]).sizes) == len(Layout([]).words) == 0


def test_a_piece_ends_after_a_gap_wherever_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    content = TEXT.encode() * 50
    whole = find_words(content)
    monkeypatch.setattr(words_module, "_CHUNK", 64)
    pieces = find_words(content)
    assert pieces.starts.tolist() == whole.starts.tolist()
    assert pieces.hashes.tolist() == whole.hashes.tolist()
