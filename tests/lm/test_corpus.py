"""Claims about paragraphs, sections and the split."""

import numpy
import pytest

from modelworks.lm.corpus import BOTH, TRAIN, VALIDATION, byte_count, name_hash, paragraphs, sections, split


def parts_of(documents: list[tuple[str, int, int]], fraction: float, seed: int) -> list[int]:
    """The parts of (name, source, bytes) rows."""
    names = numpy.array([name_hash(name) for name, _, _ in documents], dtype=numpy.uint64)
    sources = numpy.array([source for _, source, _ in documents], dtype=numpy.int16)
    sizes = numpy.array([size for _, _, size in documents], dtype=numpy.int64)
    return split(names, sources, sizes, fraction, seed).tolist()


def test_paragraphs_are_cut_at_blank_lines_of_any_kind_and_keep_their_indentation() -> None:
    assert paragraphs("\n  a\n  b\n \t\n\n\nc\r\n\r\nd\n\n   \n") == ["  a\n  b", "c", "d"]


def test_the_first_line_of_every_paragraph_keeps_its_indentation() -> None:
    assert paragraphs("intro\n\n    code\n    more\n\n\t\n  list") == ["intro", "    code\n    more", "  list"]


def test_a_line_of_unicode_white_space_is_blank_and_white_space_alone_is_no_paragraph() -> None:
    assert paragraphs("a\n\u00a0\u2003\nb\n\n \u3000 \n\nc") == ["a", "b", "c"]
    assert paragraphs(" \n\n\t\n") == paragraphs("") == []


def test_no_paragraph_holds_a_blank_line_so_that_joining_them_can_be_undone() -> None:
    text = "\n\n x \n\n\n\r\ry\r\nz\n \n\n\f\nq \n"
    assert "\n\n".join(paragraphs(text)).split("\n\n") == paragraphs(text)


def test_sections_fit_keep_every_paragraph_and_leave_small_documents_whole() -> None:
    large = [str(number) * 40 for number in range(10, 20)]
    assert sections(["x", "y"], 200) == [["x", "y"]]
    cut = sections(large, 200)
    assert [len(section) for section in cut] == [2, 2, 2, 2, 2]
    assert all(byte_count("\n\n".join(section)) <= 200 for section in cut)
    assert [one for section in cut for one in section] == large


def test_a_paragraph_larger_than_a_section_stays_whole() -> None:
    assert sections(["a", "é" * 250, "c"], 256) == [["a"], ["é" * 250], ["c"]]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("sizes", [[100] * 20, [5000, *[10] * 9], [1, 2, 3, 4, 5000, 6000], [10, 10], [7, 9000]])
def test_validation_holds_at_least_the_asked_share_of_the_bytes_of_each_source(sizes: list[int], seed: int) -> None:
    documents = [(f"d{source}-{place}", source, size) for source in (0, 1) for place, size in enumerate(sizes)]
    parts = parts_of(documents, 0.1, seed)
    for source in (0, 1):
        own = [part for part, (_, of, _) in zip(parts, documents, strict=True) if of == source]
        assert set(own) == {TRAIN, VALIDATION}
        assert sum(size for size, part in zip(sizes, own, strict=True) if part == VALIDATION) >= 0.1 * sum(sizes)


@pytest.mark.parametrize("seed", range(20))
def test_a_document_of_two_sources_has_one_part_and_each_source_its_share(seed: int) -> None:
    documents = [(f"m{place}", source, 100 + 900 * source) for place in range(60) for source in (0, 1)]
    documents += [(f"only-{place}", 0, 100) for place in range(20)]
    parts = parts_of(documents, 0.1, seed)
    by_name: dict[str, set[int]] = {}
    sizes = [{TRAIN: 0, VALIDATION: 0}, {TRAIN: 0, VALIDATION: 0}]
    for (name, source, size), part in zip(documents, parts, strict=True):
        by_name.setdefault(name, set()).add(part)
        sizes[source][part] += size
    assert all(len(found) == 1 for found in by_name.values())
    for size in sizes:
        assert 0.1 <= size[VALIDATION] / (size[TRAIN] + size[VALIDATION]) <= 0.2


def test_rows_of_one_name_in_one_source_are_one_document() -> None:
    documents = [(f"d{place % 10}", 0, 50) for place in range(100)]
    parts = parts_of(documents, 0.2, 3)
    assert all(parts[place] == parts[place % 10] for place in range(100))
    assert parts.count(VALIDATION) == 20


def test_another_seed_splits_otherwise_and_order_does_not_matter() -> None:
    documents = [(f"d{place}", 0, 100) for place in range(50)]
    assert parts_of(documents, 0.2, 1) == parts_of(documents[::-1], 0.2, 1)[::-1]
    assert parts_of(documents, 0.2, 1) != parts_of(documents, 0.2, 2)


def test_one_more_document_moves_few_others() -> None:
    documents = [(f"d{place}", 0, 100) for place in range(200)]
    before, after = parts_of(documents, 0.1, 1), parts_of([*documents, ("new", 0, 100)], 0.1, 1)
    assert sum(one != other for one, other in zip(before, after, strict=False)) <= 2


def test_the_one_document_of_a_source_is_left_to_its_sections_unless_another_source_has_it() -> None:
    assert parts_of([("only", 0, 9), *((f"d{n}", 1, 9) for n in range(9))], 0.1, 1)[0] == BOTH
    shared = parts_of([("d0", 0, 9), *((f"d{n}", 1, 9) for n in range(9))], 0.1, 1)
    assert BOTH not in shared
    assert shared[0] == shared[1]


def test_no_documents_are_split_into_nothing() -> None:
    assert parts_of([], 0.1, 1) == []
