"""Claims about deduplication, the split and the measure of overlap."""

import pytest

from modelworks.lm.corpus import Overlap, byte_count, deduplicate, overlap, paragraphs, sections, split
from modelworks.lm.sources import Document


def words(start: int, count: int) -> str:
    return " ".join(f"w{number}" for number in range(start, start + count))


def test_a_repeated_paragraph_is_kept_only_where_it_first_occurs() -> None:
    documents = [Document("a", "one\n\ntwo  words"), Document("b", "two\nwords\n\nthree"), Document("c", "one")]
    assert deduplicate(documents) == [Document("a", "one\n\ntwo  words"), Document("b", "three")]


def test_paragraphs_are_cut_at_blank_lines_of_any_kind_and_keep_their_indentation() -> None:
    assert paragraphs("\n  a\n  b\n \t\n\n\nc\r\n\r\nd\n\n   \n") == ["  a\n  b", "c", "d"]


def test_no_paragraph_of_the_validation_text_occurs_in_the_training_text() -> None:
    shared = [f"shared paragraph {number}" for number in range(10)]
    documents = [Document(f"d{number}", "\n\n".join([*shared, f"own paragraph of {number}"])) for number in range(30)]
    train, validation = split(deduplicate(documents), 0.1, seed=1)
    sides = [{part for document in side for part in paragraphs(document.text)} for side in (train, validation)]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 40


def test_sections_fit_keep_every_paragraph_and_leave_small_documents_whole() -> None:
    small, large = Document("small", "x\n\ny"), Document("large", "\n\n".join(str(n) * 40 for n in range(10, 20)))
    cut = sections([small, large], 200)
    assert cut[0] == small
    assert [part.id for part in cut[1:]] == ["large#0", "large#1", "large#2", "large#3", "large#4"]
    assert all(len(part.text.encode()) <= 200 for part in cut)
    assert "\n\n".join(part.text for part in cut[1:]) == large.text


def test_a_paragraph_larger_than_a_section_stays_whole() -> None:
    parts = sections([Document("d", "a\n\n" + "b" * 500 + "\n\nc")], 256)
    assert [part.text for part in parts] == ["a", "b" * 500, "c"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("sizes", [[100] * 20, [5000, *[10] * 9], [1, 2, 3, 4, 5000, 6000], [10, 10], [7, 9000]])
def test_validation_holds_at_least_the_asked_share_of_the_bytes(sizes: list[int], seed: int) -> None:
    documents = [Document(f"d{index}", "é" * size) for index, size in enumerate(sizes)]
    train, validation = split(documents, 0.1, seed)
    assert byte_count(validation) >= 0.1 * byte_count(documents)
    assert sorted(d.id for d in train + validation) == sorted(d.id for d in documents)
    assert train and validation


def test_another_seed_splits_otherwise_and_the_same_seed_alike() -> None:
    documents = [Document(f"d{index}", "x" * 100) for index in range(50)]
    assert split(documents, 0.2, 1) == split(documents, 0.2, 1)
    assert split(documents, 0.2, 1) != split(documents, 0.2, 2)


def test_a_single_section_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"1 section\(s\) cannot be split.*lower k2\.corpus\.section_bytes"):
        split([Document("only", "text")], 0.1, 1)


def test_the_overlap_counts_planted_n_grams_exactly() -> None:
    train = [Document("t", words(0, 40))]
    planted = words(100, 5) + " " + words(10, 15).upper().replace(" ", "\n") + " " + words(200, 5)
    assert overlap(train, [Document("v", planted)], 13) == Overlap(found=3, total=25 - 12)
    assert overlap(train, [Document("v", words(10, 12))], 13) == Overlap(found=0, total=0)
    assert overlap(train, [Document("v", words(300, 13))], 13) == Overlap(found=0, total=1)


def test_the_overlap_counts_repeats_and_never_spans_two_documents() -> None:
    train = [Document("t1", "a b c"), Document("t2", "d e f")]
    assert overlap(train, [Document("v", "a b c a b c"), Document("w", "c d")], 2) == Overlap(found=4, total=6)
    assert Overlap(found=4, total=6).share == pytest.approx(2 / 3)
